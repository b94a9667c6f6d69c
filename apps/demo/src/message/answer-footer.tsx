/** What stands under an answer: how it ended, its numbers, and what can be done with it. */
import type { ReactNode } from 'react'
import { CopyButton } from './copy-button.tsx'
import { endingOf, type Answer } from './ending.ts'
import { factsOf } from './facts.ts'

/** `onRetry` is there for the last answer only, once it has ended. */
export function AnswerFooter({ answer, onRetry }: { answer: Answer; onRetry?: () => void }): ReactNode {
  const { words, tone, detail } = endingOf(answer)
  const live = tone === 'live'
  const unfinished = answer.status === 'stopped' || answer.status === 'error'
  return (
    <footer className="answer-footer">
      {detail && <p className="answer-detail">{detail}</p>}
      <div className="answer-line">
        <span className="badge" data-tone={tone}>
          {words}
        </span>
        {!live && (
          <ul className="facts" aria-label="Numbers">
            {factsOf(answer).map((fact) => (
              <li key={fact.meaning} title={fact.meaning}>
                {fact.text}
              </li>
            ))}
          </ul>
        )}
        {!live && (
          <div className="answer-actions">
            {answer.text && <CopyButton text={answer.text} what="answer" />}
            {onRetry && (
              <button type="button" className={unfinished ? 'secondary' : 'ghost'} onClick={onRetry}>
                {unfinished ? 'Retry' : 'Regenerate'}
              </button>
            )}
          </div>
        )}
      </div>
    </footer>
  )
}
