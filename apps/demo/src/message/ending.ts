/** Says in words how an answer ended, or where it stands. */
import type { ChatMessage } from 'completion-stream'
import { TITLES } from './trouble.ts'

/** An assistant's message. */
export type Answer = Extract<ChatMessage, { role: 'assistant' }>

/** A few words, and how they are meant. */
export interface Ending {
  words: string
  tone: 'live' | 'good' | 'quiet' | 'warn' | 'bad'
  /** A further sentence, where one helps. */
  detail?: string
}

/**
 * How the answer stands.
 *
 * @param waits for what somebody says about a call of a tool
 */
export function endingOf(answer: Answer, waits = false): Ending {
  switch (answer.status) {
    case 'submitted':
    case 'streaming':
      return { words: liveWords(answer), tone: 'live' }
    case 'stopped':
      return { words: 'Stopped by you', tone: 'quiet' }
    case 'error':
      return failure(answer)
    case 'ready':
      if (waits) return { words: 'Waits for you', tone: 'warn' }
      return success(answer)
  }
}

function liveWords(answer: Answer): string {
  const last = answer.parts.at(-1)
  // One that is taken up again after a reload may have some already.
  if (!last && answer.status === 'submitted') return 'Waiting for the first token…'
  if (last?.type === 'reasoning') return 'Thinking…'
  if (last?.type === 'server-tool') return 'The provider runs a tool…'
  if (last?.type !== 'tool-call') return 'Writing…'
  const { state } = last.toolCall
  if (state === 'running') return 'Running a tool…'
  return state === 'output' || state === 'error' ? 'Reading the result…' : 'Calling a tool…'
}

function success(answer: Answer): Ending {
  switch (answer.finishReason) {
    case 'stop':
      return answer.parts.some((part) => part.type === 'refusal')
        ? { words: 'Finished: declined to answer', tone: 'warn' }
        : { words: 'Finished', tone: 'good' }
    case 'length':
      return { words: 'Reached the length limit', tone: 'warn' }
    case 'content_filter':
      return { words: 'Blocked by the content filter', tone: 'bad' }
    case 'tool_calls':
    case 'function_call':
      return { words: 'Asked for a tool', tone: 'quiet' }
    default:
      return { words: answer.nativeFinishReason ? `Ended: ${answer.nativeFinishReason}` : 'Ended', tone: 'quiet' }
  }
}

function failure({ error }: Answer): Ending {
  return { words: error ? TITLES[error.code] : 'Failed', tone: 'bad', detail: error?.message }
}
