/** What a person can do about an answer that has ended, the best first. */
import { openCalls } from 'completion-stream'
import type { Answer } from './ending.ts'

/** Something to do about an answer. */
export type Remedy = 'continue' | 'again' | 'regenerate' | 'edit' | 'newChat'

/** What the page does for each. */
export type Remedies = Record<Remedy, () => void>

/** What the buttons say. */
export const LABELS: Record<Remedy, string> = {
  continue: 'Continue',
  again: 'Try again',
  regenerate: 'Regenerate',
  edit: 'Edit the question',
  newChat: 'Ask in a new chat',
}

/** @param isFollowUp whether there are earlier questions in the conversation, which could be left out */
export function remediesFor(answer: Answer, isFollowUp: boolean): Remedy[] {
  const { status, error, finishReason } = answer
  if (status === 'ready') {
    const isCut = finishReason === 'length' && hasBegun(answer)
    // It ended with calls that came to nothing: it took as many requests as it may, or they were no JSON.
    const called = answer.parts.findLast((part) => part.type === 'tool-call')?.toolCall.state
    const isHalf = finishReason === 'tool_calls' && called?.endsWith('complete') && openCalls(answer).length === 0
    return isCut || isHalf ? ['continue', 'regenerate'] : ['regenerate']
  }
  if (error?.code === 'context_window_exceeded') return isFollowUp ? ['newChat', 'edit'] : ['edit']
  if (error?.code === 'content_policy') return ['edit', 'again']
  return hasBegun(answer) ? ['continue', 'again'] : ['again']
}

/** Whether there is something to go on with: text, or a tool call that has its result. */
function hasBegun({ parts }: Answer): boolean {
  return parts.some((part) => {
    if (part.type === 'tool-call') return part.toolCall.state === 'output' || part.toolCall.state === 'error'
    return part.type === 'text' && part.text.trim() !== ''
  })
}
