/** The questions that wait for their turn, above the composer. */
import { openCalls, type ChatMessage, type UserMessage } from 'completion-stream'
import type { ReactNode } from 'react'

interface QueueProps {
  queued: readonly UserMessage[]
  /** An answer is on its way; they go out by themselves once it is whole. */
  busy: boolean
  /** What they wait for. */
  last: ChatMessage | undefined
  onRemove: (id: string) => void
  onSend: () => void
}

/** The list; nothing to be seen while it is empty. */
export function Queue({ queued, busy, last, onRemove, onSend }: QueueProps): ReactNode {
  const waits = queued.length > 0
  return (
    <section className="queue" aria-label="Questions that wait" data-empty={!waits}>
      {/* Always there, so that what is put into it is read aloud. */}
      <p role="status">{waits && reason(queued.length, busy, last)}</p>
      {waits && !busy && (
        <button type="button" className="secondary" onClick={onSend}>
          Send now
        </button>
      )}
      {waits && (
        <ol>
          {queued.map((message) => (
            <li key={message.id}>
              <span>{wordsOf(message)}</span>
              <button
                type="button"
                className="ghost icon"
                aria-label={`Do not ask: ${wordsOf(message)}`}
                title="Do not ask this"
                onClick={() => onRemove(message.id)}
              >
                <svg viewBox="0 0 16 16" aria-hidden="true">
                  <path d="m4.5 4.5 7 7m0-7-7 7" />
                </svg>
              </button>
            </li>
          ))}
        </ol>
      )}
    </section>
  )
}

function reason(count: number, busy: boolean, last: ChatMessage | undefined): string {
  const waits = count === 1 ? 'One question waits' : `${count} questions wait`
  if (busy) return `${waits} for the end of this answer.`
  if (last?.role === 'user') return `${waits}: the question before was not asked.`
  if (last?.status === 'error') return `${waits}: the answer before failed.`
  if (last?.status === 'stopped') return `${waits}: the answer before was stopped.`
  if (openCalls(last).length > 0) return `${waits} until you have answered above.`
  return `${waits}: the answer before is not finished.`
}

function wordsOf({ text, parts }: UserMessage): string {
  const names = parts.flatMap((part) => (part.type === 'file' ? [part.file.name ?? 'a file'] : []))
  return [text, ...names].filter(Boolean).join(' · ')
}
