/** Says in words how an answer ended, or where it stands. */
import type { ChatMessage, CompletionErrorCode } from 'completion-stream'

/** An assistant's message. */
export type Answer = Extract<ChatMessage, { role: 'assistant' }>

/** A few words, and how they are meant. */
export interface Ending {
  words: string
  tone: 'live' | 'good' | 'quiet' | 'warn' | 'bad'
  /** A further sentence, where one helps. */
  detail?: string
}

/** How the answer stands. */
export function endingOf(answer: Answer): Ending {
  switch (answer.status) {
    case 'submitted':
      return { words: 'Waiting for the first token…', tone: 'live' }
    case 'streaming':
      return { words: liveWords(answer), tone: 'live' }
    case 'stopped':
      return { words: 'Stopped by you', tone: 'quiet' }
    case 'error':
      return failure(answer)
    case 'ready':
      return success(answer)
  }
}

function liveWords(answer: Answer): string {
  const last = answer.parts.at(-1)
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

function failure(answer: Answer): Ending {
  const { error } = answer
  if (error?.code === 'interrupted') {
    const kept = answer.parts.length > 0
    return {
      words: kept ? 'Connection cut — what arrived is kept' : 'Connection cut',
      tone: 'bad',
      detail: error.message,
    }
  }
  return { words: error ? TITLES[error.code] : 'Failed', tone: 'bad', detail: error?.message }
}

const TITLES: Record<CompletionErrorCode, string> = {
  interrupted: 'Connection cut',
  bad_request: 'Request not accepted',
  limit_exceeded: 'Answer too large',
  authentication: 'Key not accepted',
  permission: 'Not allowed',
  rate_limit: 'Rate limited',
  server: 'Server error',
  overloaded: 'Provider overloaded',
  network: 'Not reachable',
  timeout: 'Timed out',
  not_found: 'Not found',
  provider: 'Provider error',
  invalid_response: 'Unreadable answer',
  context_window_exceeded: 'Conversation too long',
  content_policy: 'Against the content policy',
}
