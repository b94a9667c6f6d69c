/** What a person says about a call of a tool: whether it may run, or which option it is. */
import type { ChatToolCall } from 'completion-stream'
import { useId, type ReactNode } from 'react'
import { choiceOf } from '../../tools/choose.ts'
import { SET_ACCENT } from '../../tools/set-accent.ts'

/** What the page does about each. The same object for as long as the page is there. */
export interface CallAnswers {
  approve(toolCallId: string, approved: boolean): void
  choose(toolCallId: string, option: string): void
  /** No option is chosen. */
  skip(toolCallId: string): void
}

/** Moves focus to the next call that waits, else to the next question, before the buttons go away. */
function moveOn(from: HTMLElement): void {
  const own = from.closest('.call-answer')
  const others = [...document.querySelectorAll<HTMLElement>('.call-answer button')].filter((one) => !own?.contains(one))
  const next = others[0] ?? document.querySelector<HTMLElement>('#prompt')
  next?.focus()
}

/** Asks for leave to run a call. */
export function Approval({ call, answers }: { call: ChatToolCall; answers: CallAnswers }): ReactNode {
  const { accent } = Object(call.input) as { accent?: unknown }
  const isAccent = call.name === SET_ACCENT && typeof accent === 'string'
  return (
    <div className="call-answer">
      <p>{isAccent ? `May the accent colour of this page become ${accent}?` : 'May this tool run?'}</p>
      <div className="call-buttons">
        {[true, false].map((approved) => (
          <button
            key={String(approved)}
            type="button"
            className={approved ? 'primary' : 'secondary'}
            onClick={(event) => {
              moveOn(event.currentTarget)
              answers.approve(call.id, approved)
            }}
          >
            {approved ? 'Allow' : 'Deny'}
          </button>
        ))}
      </div>
    </div>
  )
}

/** Asks what the model wants to know. */
export function Choice({ call, answers }: { call: ChatToolCall; answers: CallAnswers }): ReactNode {
  const id = useId()
  const { question = 'The model asks something that nobody can read.', options = [] } = choiceOf(call.input) ?? {}
  return (
    <div className="call-answer">
      <p id={id}>{question}</p>
      <div className="call-buttons" role="group" aria-labelledby={id}>
        {options.map((option) => (
          <button
            key={option}
            type="button"
            className="secondary"
            onClick={(event) => {
              moveOn(event.currentTarget)
              answers.choose(call.id, option)
            }}
          >
            {option}
          </button>
        ))}
        <button
          type="button"
          className="ghost"
          onClick={(event) => {
            moveOn(event.currentTarget)
            answers.skip(call.id)
          }}
        >
          None of these
        </button>
      </div>
    </div>
  )
}
