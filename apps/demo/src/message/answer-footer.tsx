/** What stands under an answer: how it ended, its numbers, and what can be done with it. */
import type { ReactNode } from 'react'
import { CopyButton } from './copy-button.tsx'
import { endingOf, type Answer } from './ending.ts'
import { ErrorDetails } from './error-details.tsx'
import { factsOf } from './facts.ts'
import type { Notice } from './notice.ts'
import { LABELS, remediesFor, type Remedies } from './remedies.ts'
import { RetryNotice } from './retry-notice.tsx'

interface AnswerFooterProps {
  answer: Answer
  /** What happened to the request before the one that runs. */
  notice?: Notice
  /** There for the last answer only, once it has ended. */
  remedies?: Remedies
  /** There are earlier questions. */
  isFollowUp: boolean
  /** It waits for what somebody says about a call. */
  waits: boolean
}

/** The footer. */
export function AnswerFooter({ answer, notice, remedies, isFollowUp, waits }: AnswerFooterProps): ReactNode {
  const { words, tone, detail } = endingOf(answer, waits)
  const live = tone === 'live'
  return (
    <footer className="answer-footer">
      {detail && (
        <div className="answer-detail">
          <p>{detail}</p>
          {answer.error && <ErrorDetails error={answer.error} />}
        </div>
      )}
      {notice && <RetryNotice key={notice.count} notice={notice} />}
      <div className="answer-line" hidden={notice !== undefined}>
        <span className="badge" data-tone={tone}>
          {words}
        </span>
        {!live && (
          <ul className="facts" aria-label="Numbers">
            {factsOf(answer).map((fact) => (
              <li key={fact.meaning} title={fact.meaning} data-odd={fact.isOdd}>
                {fact.text}
              </li>
            ))}
          </ul>
        )}
        {!live && (
          <div className="answer-actions">
            {answer.text && <CopyButton text={answer.text} what="answer" />}
            {remedies && <RemedyButtons answer={answer} remedies={remedies} isFollowUp={isFollowUp} />}
          </div>
        )}
      </div>
    </footer>
  )
}

function RemedyButtons({
  answer,
  remedies,
  isFollowUp,
}: Required<Omit<AnswerFooterProps, 'notice' | 'waits'>>): ReactNode {
  return remediesFor(answer, isFollowUp).map((remedy, index) => (
    <button
      key={remedy}
      type="button"
      className={index === 0 && remedy !== 'regenerate' ? 'secondary' : 'ghost'}
      onClick={remedies[remedy]}
    >
      {LABELS[remedy]}
    </button>
  ))
}
