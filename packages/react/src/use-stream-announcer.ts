/** Tells a screen reader where an answer stands: one sentence per state and per failed request, never one per token. */
import { useState } from 'react'
import type { CSSProperties } from 'react'
import type {
  AssistantMessage,
  ChatPart,
  ChatState,
  ChatToolCall,
  CompletionError,
  CompletionState,
  FailedAttempt,
} from 'completion-stream'

/** What is said. Those that tell of something in particular are functions of it. */
export interface StreamSentences {
  submitted: string
  streaming: string
  /** A tool of the page runs. */
  tool(name: string): string
  /** A tool waits for a person's approval. */
  approval(name: string): string
  /** A tool that the page does not run itself waits for its output, usually a person's. */
  answer(name: string): string
  ready: string
  /** The model declined to answer. */
  refused: string
  stopped: string
  /** It reached its length limit. */
  length: string
  contentFilter: string
  error(error: CompletionError): string
  /** A request failed, and another one follows in `delayMs`. `attempts` are all that failed so far. */
  waiting(failed: FailedAttempt, attempts: readonly FailedAttempt[]): string
  /** A request failed because there is no network, which is waited for. */
  offline: string
}

/** What a live region needs to be read and not seen. */
export interface StreamAnnouncerProps {
  role: 'status'
  'aria-live': 'polite'
  'aria-atomic': true
  style: CSSProperties
  children: string
}

const english: StreamSentences = {
  submitted: 'Waiting for the answer.',
  streaming: 'The answer is arriving.',
  tool: (name) => `Running the tool ${name}.`,
  approval: (name) => `The tool ${name} waits for your approval.`,
  answer: (name) => `The tool ${name} waits for your answer.`,
  ready: 'The answer is finished.',
  refused: 'The model declined to answer.',
  stopped: 'The answer was stopped.',
  length: 'The answer reached its length limit.',
  contentFilter: 'The content filter ended the answer.',
  error: ({ message }) => `The answer failed. ${message}`,
  waiting({ action, delayMs }) {
    if (action === 'fallback') return 'No answer. Asking another model.'
    const seconds = Math.round(delayMs / 1000)
    const when = seconds > 0 ? ` in ${seconds} ${seconds === 1 ? 'second' : 'seconds'}` : ''
    return `${action === 'resume' ? 'The connection broke' : 'No answer'}. Trying again${when}.`
  },
  offline: 'You are offline. It goes on as soon as there is a connection.',
}

const hidden: CSSProperties = {
  position: 'absolute',
  width: 1,
  height: 1,
  margin: -1,
  overflow: 'hidden',
  clipPath: 'inset(50%)',
  whiteSpace: 'nowrap',
}

/** An answer of either kind, as far as it is spoken of. */
type Answer = Partial<Pick<AssistantMessage, 'parts' | 'finishReason' | 'attempts'>>

/**
 * The props of an invisible live region for the result of `useCompletionStream` or `useChat`, or for their state. It says
 * nothing of what was there when it was mounted.
 *
 *     <p {...useStreamAnnouncer(stream)} />
 *
 * @param sentences what to say instead, such as in another language
 */
export function useStreamAnnouncer(
  state: CompletionState | ChatState,
  sentences?: Partial<StreamSentences>,
): StreamAnnouncerProps {
  const { attempts, parts } = answerOf(state)
  const written = parts?.at(-1)
  const [failed, setFailed] = useState({ attempts, written })
  if (failed.attempts !== attempts) setFailed({ attempts, written })
  // A failure is news until something more arrives.
  const isNews = failed.attempts !== attempts || failed.written === written
  const sentence = sentenceOf(state, { ...english, ...sentences }, isNews)
  const [silent, setSilent] = useState<string | undefined>(sentence)
  if (silent !== undefined && silent !== sentence) setSilent(undefined)
  const children = silent === sentence ? '' : sentence
  return { role: 'status', 'aria-live': 'polite', 'aria-atomic': true, style: hidden, children }
}

function answerOf(state: CompletionState | ChatState): Answer {
  if (!('messages' in state)) return state
  const last = state.messages.at(-1)
  return last?.role === 'assistant' ? last : {}
}

function sentenceOf(state: CompletionState | ChatState, say: StreamSentences, isNews: boolean): string {
  const { parts = [], finishReason, attempts = [] } = answerOf(state)
  const asking = callThat(parts, ({ state: where, approval }) => where === 'input-complete' && approval === 'requested')
  switch (state.status) {
    case 'idle':
      return ''
    case 'error':
      return state.error ? say.error(state.error) : ''
    case 'ready': {
      if (wasStopped(state)) return say.stopped
      if (asking) return say.approval(asking.name)
      // Only a conversation goes on with what a call comes to.
      const open = 'messages' in state && callThat(parts, ({ state: where }) => where === 'input-complete')
      if (open && finishReason === 'tool_calls') return say.answer(open.name)
      if (finishReason === 'length') return say.length
      if (finishReason === 'content_filter') return say.contentFilter
      return parts.some((part) => part.type === 'refusal') ? say.refused : say.ready
    }
    default: {
      const failed = isNews ? attempts.at(-1) : undefined
      // It is about to end, and then says why.
      if (failed?.action === 'fail') return ''
      if (failed) return failed.delayMs === Infinity ? say.offline : say.waiting(failed, attempts)
      if (asking) return say.approval(asking.name)
      const running = callThat(parts, ({ state: where }) => where === 'running')
      if (running) return say.tool(running.name)
      return state.status === 'submitted' ? say.submitted : say.streaming
    }
  }
}

function callThat(parts: readonly ChatPart[], is: (call: ChatToolCall) => boolean): ChatToolCall | undefined {
  for (const part of parts) if (part.type === 'tool-call' && is(part.toolCall)) return part.toolCall
  return undefined
}

function wasStopped(state: CompletionState | ChatState): boolean {
  if (!('messages' in state)) return state.stopped
  const last = state.messages.at(-1)
  return last?.role === 'assistant' && last.status === 'stopped'
}
