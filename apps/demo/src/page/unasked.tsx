/** The last question was not asked, because a file of it cannot be read: why, and what can be done about it. */
import type { CompletionError, UserMessage } from 'completion-stream'
import type { ReactNode } from 'react'
import { LABELS, type Remedies } from '../message/remedies.ts'

interface UnaskedProps {
  question: UserMessage
  /** Missing after a reload. */
  error: CompletionError | undefined
  /** Missing while nothing can be sent. */
  remedies?: Remedies
}

/** The notice above the composer. The question itself stands in the conversation, with what could be read of it. */
export function Unasked({ question, error, remedies }: UnaskedProps): ReactNode {
  const saysSomething = question.parts.some((part) => part.type === 'file' || question.text.trim() !== '')
  return (
    <div className="trouble" role="alert">
      <p>{error?.message ?? 'The last question was not asked.'}</p>
      {remedies && (
        <button type="button" className="secondary" onClick={saysSomething ? remedies.again : remedies.edit}>
          {saysSomething ? (error ? 'Ask without it' : 'Ask it now') : LABELS.edit}
        </button>
      )}
    </div>
  )
}
