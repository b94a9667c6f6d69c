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

/** Which sentence is to be said, if any, of what in particular, and what it is a function of. */
type News = readonly [sentence?: keyof StreamSentences, of?: unknown, ...about: unknown[]]

/** What was said last, and of what. */
interface Said {
  /** The store, where the state has verbs. */
  store: unknown
  /** The answer that was waited for. */
  awaited: unknown
  failures: number
  /** What was written when the last request failed. */
  written: ChatPart | undefined
  news: News
  sentence: string
}

/**
 * The props of an invisible live region for the result of `useCompletionStream` or `useChat`, or for their state. It says
 * nothing of what was there when it was mounted, and how an answer ended only if it was waited for since.
 *
 *     <p {...useStreamAnnouncer(stream)} />
 *
 * @param sentences what to say instead, such as in another language
 */
export function useStreamAnnouncer(
  state: CompletionState | ChatState,
  sentences?: Partial<StreamSentences>,
): StreamAnnouncerProps {
  const [former, setFormer] = useState(() => said(state))
  const now = said(state, former, sentences)
  if (now !== former) setFormer(now)
  return { role: 'status', 'aria-live': 'polite', 'aria-atomic': true, style: hidden, children: now.sentence }
}

/** What is said of a state after what was said before: the same object if nothing is new. */
function said(state: CompletionState | ChatState, former?: Said, sentences?: Partial<StreamSentences>): Said {
  const { attempts = [], parts = [] } = answerOf(state)
  const { stop: store } = state as { stop?: unknown }
  const answer = 'messages' in state ? state.messages.at(-1)?.id : (store ?? true)
  const isBusy = state.status === 'submitted' || state.status === 'streaming'
  const awaited = isBusy ? answer : former?.awaited
  const failures = attempts.length
  // A failure is news until something more arrives.
  const written = former?.failures === failures ? former.written : parts.at(-1)
  const news = newsOf(state, written === parts.at(-1))
  const now: Said = { store, awaited, failures, written, news, sentence: '' }
  if (!former) return now
  const isSame = former.news[0] === news[0] && former.news[1] === news[1]
  // While a failure is dealt with the page may know more of it: that there is a network again.
  const mayChange = news[0] === 'waiting' || news[0] === 'offline'
  if (isSame && !(mayChange && former.sentence)) now.sentence = former.sentence
  // An error may come before anybody saw that something was asked.
  else if (isBusy || awaited === answer || (state.error && store === former.store)) {
    const sentence = wordsOf(news, { ...english, ...sentences })
    // A screen reader does not read the same again.
    const isAgain = sentence === former.sentence.trimEnd()
    if (isSame && isAgain) now.sentence = former.sentence
    else now.sentence = sentence && sentence === former.sentence ? `${sentence}\u00a0` : sentence
  }
  const isOld =
    isSame &&
    former.sentence === now.sentence &&
    former.store === store &&
    former.awaited === awaited &&
    former.failures === failures &&
    former.written === written
  return isOld ? former : now
}

function wordsOf([name, , ...about]: News, sentences: StreamSentences): string {
  const words = name && sentences[name]
  return typeof words === 'function' ? (words as (...of: unknown[]) => string)(...about) : (words ?? '')
}

function answerOf(state: CompletionState | ChatState): Answer {
  if (!('messages' in state)) return state
  const last = state.messages.at(-1)
  return last?.role === 'assistant' ? last : {}
}

function newsOf(state: CompletionState | ChatState, isFailureNew: boolean): News {
  const { parts = [], finishReason, attempts = [] } = answerOf(state)
  const asking = callThat(parts, ({ state: where, approval }) => where === 'input-complete' && approval === 'requested')
  switch (state.status) {
    case 'idle':
      return []
    case 'error':
      return state.error ? ['error', state.error, state.error] : []
    case 'ready': {
      if (wasStopped(state)) return ['stopped']
      if (asking) return ['approval', asking.id, asking.name]
      const open = callThat(parts, ({ state: where, awaitsOutput }) => where === 'input-complete' && !!awaitsOutput)
      if (open) return ['answer', open.id, open.name]
      if (finishReason === 'length') return ['length']
      if (finishReason === 'content_filter') return ['contentFilter']
      return [parts.some((part) => part.type === 'refusal') ? 'refused' : 'ready']
    }
    default: {
      const failed = isFailureNew ? attempts.at(-1) : undefined
      // It is about to end, and then says why.
      if (failed?.action === 'fail') return []
      if (failed?.delayMs === Infinity) return ['offline', attempts.length]
      if (failed) return ['waiting', attempts.length, failed, attempts]
      if (asking) return ['approval', asking.id, asking.name]
      const running = callThat(parts, ({ state: where }) => where === 'running')
      if (running) return ['tool', running.id, running.name]
      return [state.status]
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
