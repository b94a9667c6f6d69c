/** Where the next question is written: Enter sends, Shift+Enter breaks the line, and the button stops a running answer. */
import { useImperativeHandle, useLayoutEffect, useRef, useState, type ReactNode, type Ref } from 'react'

/** What the page may ask of the composer. */
export interface ComposerHandle {
  focus(): void
  /** Puts a text into the field, to be worked on. */
  edit(text: string): void
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
  /** The models that may answer when the chosen one fails, and which of them does. */
  fallbacks: readonly string[]
  fallback: string | undefined
  onFallback: (model: string | undefined) => void
}

const LIMITS = [60, 200, 1000]

/** The form at the bottom of the page. */
export function Composer(props: ComposerProps): ReactNode {
  const { ref, busy, onSend, onStop, maxTokens, onMaxTokens, fallbacks, fallback, onFallback } = props
  const [text, setText] = useState('')
  const field = useRef<HTMLTextAreaElement>(null)
  useImperativeHandle(ref, () => {
    const focus = (): void => field.current?.focus()
    return {
      focus,
      edit(words) {
        setText(words)
        focus()
      },
    }
  }, [])

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
        {fallbacks.length > 0 && (
          <label>
            Fallback{' '}
            <select
              value={fallback ?? ''}
              disabled={busy}
              onChange={(event) => onFallback(event.target.value === '' ? undefined : event.target.value)}
            >
              <option value="">none</option>
              {fallbacks.map((id) => (
                <option key={id}>{id}</option>
              ))}
            </select>
          </label>
        )}
        <p className="keys">
          {busy ? <kbd>Esc</kbd> : <kbd>Enter</kbd>} {busy ? 'stops' : 'sends'}
        </p>
      </div>
    </form>
  )
}
