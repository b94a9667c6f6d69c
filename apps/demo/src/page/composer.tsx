/** Where the next question is written: Enter sends it, or queues it while an answer arrives; Shift+Enter breaks the line. */
import type { ChatInput } from 'completion-stream'
import { useImperativeHandle, useLayoutEffect, useRef, useState, type ReactNode, type Ref } from 'react'
import { useFileDrop } from './file-drop.ts'
import { usePickedFiles } from './picked-files.ts'
import { PickedList } from './picked-list.tsx'
import { Settings, type SettingsProps } from './settings.tsx'

/** What the page may ask of the composer. */
export interface ComposerHandle {
  focus(): void
}

interface ComposerProps extends SettingsProps {
  ref?: Ref<ComposerHandle>
  /** What is written there at first. */
  draft: string
  /** Missing while nothing can be sent. */
  onSend?: (input: ChatInput) => void
  onStop: () => void
}

/** The form at the bottom of the page. */
export function Composer(props: ComposerProps): ReactNode {
  const { ref, draft, busy, onSend, onStop } = props
  const [text, setText] = useState(draft)
  const field = useRef<HTMLTextAreaElement>(null)
  const picker = useRef<HTMLInputElement>(null)
  const { picked, problem, add, remove, clear } = usePickedFiles()
  const isOver = useFileDrop(add)
  useImperativeHandle(ref, () => ({ focus: () => field.current?.focus() }), [])

  // Grows with its text, up to the height that the style sheet allows.
  useLayoutEffect(() => {
    const element = field.current!
    element.style.height = 'auto'
    element.style.height = `${element.scrollHeight}px`
    // The buttons beside it come and go with `busy`.
  }, [text, busy])

  // It has no room beside the buttons of a narrow page.
  const isLong = text.length > 24 || text.includes('\n')
  const isWritten = text.trim() !== '' || picked.length > 0
  const stops = busy && !isWritten

  function send(): void {
    if (!isWritten || !onSend) return
    const words = text.trim()
    setText('')
    clear()
    onSend(picked.length > 0 ? { text: words, attachments: picked.map(({ file }) => file) } : words)
  }

  return (
    <form
      className="composer"
      onSubmit={(event) => {
        event.preventDefault()
        if (stops) onStop()
        else send()
      }}
    >
      {problem && (
        <p className="trouble" role="alert">
          {problem}
        </p>
      )}
      <div className="field" data-over={isOver}>
        {picked.length > 0 && (
          <PickedList
            picked={picked}
            onRemove={(id) => {
              remove(id)
              field.current?.focus()
            }}
          />
        )}
        <div className="field-row" data-long={isLong}>
          <input
            ref={picker}
            type="file"
            multiple
            hidden
            aria-label="Files to attach"
            onChange={({ target }) => {
              void add([...(target.files ?? [])])
              // So that the same file can be picked again.
              target.value = ''
              field.current?.focus()
            }}
          />
          <button
            type="button"
            className="ghost icon attach"
            aria-label="Attach files"
            title="Attach files"
            onClick={() => picker.current?.click()}
          >
            <svg viewBox="0 0 16 16" aria-hidden="true">
              <path d="m13 7.6-4.9 4.9a3.1 3.1 0 0 1-4.4-4.4l5.2-5.2a2.1 2.1 0 0 1 3 3l-5.2 5.1a1 1 0 0 1-1.5-1.4l4.6-4.6" />
            </svg>
          </button>
          <label className="hidden" htmlFor="prompt">
            Your question
          </label>
          <textarea
            id="prompt"
            ref={field}
            rows={1}
            value={text}
            placeholder={isOver ? 'Drop the files here' : 'Ask a question'}
            autoComplete="off"
            autoFocus
            onChange={(event) => setText(event.target.value)}
            onPaste={(event) => {
              const { files, types } = event.clipboardData
              // What also comes as text, such as cells of a table, is meant as text.
              if (files.length === 0 || types.includes('text/plain')) return
              event.preventDefault()
              void add([...files])
            }}
            onKeyDown={(event) => {
              if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return
              event.preventDefault()
              send()
            }}
          />
          {busy && isWritten && (
            <button type="button" className="secondary icon stop" title="Stop (Esc)" onClick={onStop}>
              <svg viewBox="0 0 16 16" aria-hidden="true">
                <rect x="4" y="4" width="8" height="8" rx="1.5" />
              </svg>
              <span className="hidden">Stop</span>
            </button>
          )}
          {/* One button for all, so that focus stays on it when its meaning changes. */}
          <button type="submit" className="primary" disabled={!stops && (!isWritten || !onSend)}>
            {stops ? 'Stop' : busy ? 'Queue' : 'Send'}
          </button>
        </div>
      </div>
      <Settings {...props} keys={{ enter: stops ? undefined : busy ? 'queues' : 'sends', escape: busy }} />
    </form>
  )
}
