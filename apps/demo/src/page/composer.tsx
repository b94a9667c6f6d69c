/** Where the next question is written: Enter sends, Shift+Enter breaks the line, and the button stops a running answer. */
import { useImperativeHandle, useLayoutEffect, useRef, useState, type ReactNode, type Ref } from 'react'

/** What the page may ask of the composer. */
export interface ComposerHandle {
  focus(): void
}

interface ComposerProps {
  ref?: Ref<ComposerHandle>
  /** An answer is on its way. */
  busy: boolean
  /** Missing while nothing can be sent. */
  onSend?: (text: string) => void
  onStop: () => void
  maxTokens: number | undefined
  onMaxTokens: (limit: number | undefined) => void
}

const LIMITS = [60, 200, 1000]

/** The form at the bottom of the page. */
export function Composer({ ref, busy, onSend, onStop, maxTokens, onMaxTokens }: ComposerProps): ReactNode {
  const [text, setText] = useState('')
  const field = useRef<HTMLTextAreaElement>(null)
  useImperativeHandle(ref, () => ({ focus: () => field.current?.focus() }), [])

  // Grows with its text, up to the height that the style sheet allows.
  useLayoutEffect(() => {
    const element = field.current!
    element.style.height = 'auto'
    element.style.height = `${element.scrollHeight}px`
  }, [text])

  function send(): void {
    const trimmed = text.trim()
    if (busy || trimmed === '' || !onSend) return
    setText('')
    onSend(trimmed)
  }

  return (
    <form
      className="composer"
      onSubmit={(event) => {
        event.preventDefault()
        if (busy) onStop()
        else send()
      }}
    >
      <div className="field">
        <label className="hidden" htmlFor="prompt">
          Your question
        </label>
        <textarea
          id="prompt"
          ref={field}
          rows={1}
          value={text}
          placeholder="Ask about completion-stream"
          autoComplete="off"
          autoFocus
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return
            event.preventDefault()
            send()
          }}
        />
        {/* One button for both, so that focus stays on it when its meaning changes. */}
        <button type="submit" className="primary" disabled={!busy && (text.trim() === '' || !onSend)}>
          {busy ? 'Stop' : 'Send'}
        </button>
      </div>
      <div className="below-field">
        <label>
          Length limit{' '}
          <select
            value={maxTokens ?? ''}
            onChange={(event) => onMaxTokens(event.target.value === '' ? undefined : Number(event.target.value))}
          >
            <option value="">none</option>
            {LIMITS.map((limit) => (
              <option key={limit} value={limit}>
                {limit} tokens
              </option>
            ))}
          </select>
        </label>
        <p className="keys">
          {busy ? <kbd>Esc</kbd> : <kbd>Enter</kbd>} {busy ? 'stops' : 'sends'}
        </p>
      </div>
    </form>
  )
}
