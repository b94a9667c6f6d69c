/** What is being done about a request that failed, while the next one is waited for: gone with its first token. */
import type { ChatMessage, FailedAttempt } from 'completion-stream'
import { useMemo, useState, useSyncExternalStore } from 'react'
import type { Answer } from './ending.ts'
import { TITLES } from './trouble.ts'

/** How the page deals with failures, as it was told when the request was sent. */
export interface Plan {
  maxRetries: number
  /** The model to ask when the chosen one fails for good. */
  fallback: string | undefined
}

/** One failed request and what follows it. */
export interface Notice {
  /** Which failure of the answer it is, from 1. */
  count: number
  /** What happened, as a sentence. */
  reason: string
  /** What is done about it, in the words before "in 2 s" and those after. */
  action: string
  /** Empty where requests are not counted. */
  attempt: string
  /** How long that takes to begin, in ms. Infinite: until there is a network. */
  delayMs: number
}

const NONE: readonly FailedAttempt[] = []

/** The notice of a running answer; undefined while all goes well. The same object for as long as it is the same failure. */
export function useNotice(message: ChatMessage | undefined, plan: Plan): Notice | undefined {
  const answer = message?.role === 'assistant' ? message : undefined
  const isRunning = answer?.status === 'submitted' || answer?.status === 'streaming'
  const attempts = isRunning ? answer.attempts : NONE
  const extent = isRunning ? extentOf(answer) : ''
  const [seen, setSeen] = useState<{ attempts: typeof attempts; extent: string; notice?: Notice }>({
    attempts: NONE,
    extent: '',
  })
  // While rendering, so that the notice and the failure show in the same frame.
  if (attempts !== seen.attempts) setSeen({ attempts, extent, notice: noticeOf(attempts, plan) })
  const notice = extent === seen.extent ? seen.notice : undefined
  const isOnline = useSyncExternalStore(watchNetwork, () => navigator.onLine)
  return useMemo(() => (notice?.delayMs === Infinity && isOnline ? onceOnline(notice) : notice), [notice, isOnline])
}

/** What to say of the last failure. */
export function noticeOf(attempts: readonly FailedAttempt[], { maxRetries, fallback }: Plan): Notice | undefined {
  const failed = attempts.at(-1)
  if (!failed || failed.action === 'fail') return undefined
  const { action, delayMs } = failed
  const base = { count: attempts.length, delayMs, reason: reasonOf(failed), attempt: '' }
  if (action === 'fallback') return { ...base, action: `Asking ${fallback ?? 'another model'} instead` }
  // Not counted: whatever arrived in between makes it the first attempt again.
  if (action === 'resume') return { ...base, action: 'Taking it up again' }
  const attempt = delayMs === Infinity ? '' : `(attempt ${inARow(attempts) + 1} of ${maxRetries + 1})`
  return { ...base, attempt, action: 'Trying again' }
}

/** A notice of waiting for a network, once there is one: the request is on its way. */
export function onceOnline(notice: Notice): Notice {
  return { ...notice, reason: 'Back online.', delayMs: 0 }
}

/** The same for a screen reader, which reads it once: nothing in it counts down. */
export function spokenNotice({ reason, action, attempt, delayMs }: Notice): string {
  if (delayMs === Infinity) return `${reason} ${OFFLINE}`
  const seconds = Math.round(delayMs / 1000)
  const wait = seconds > 0 ? ` in ${seconds} ${seconds === 1 ? 'second' : 'seconds'}` : ''
  return `${reason} ${action}${wait}${attempt && ` ${attempt}`}.`
}

/** What stands in place of an action while there is no network. */
export const OFFLINE = 'It goes on as soon as there is a connection.'

function reasonOf({ action, delayMs, error: { code, status, phase } }: FailedAttempt): string {
  if (delayMs === Infinity) return 'You are offline.'
  if (action === 'resume') return phase ? 'Nothing more came.' : 'The connection broke.'
  if (code === 'rate_limit' && status === 429) return 'Too many requests.'
  return `${TITLES[code]}.`
}

/** How many requests of the same kind failed without anything in between; waiting for a network does not count. */
function inARow(attempts: readonly FailedAttempt[]): number {
  const { action, provider, model } = attempts.at(-1)!
  const other = attempts.findLastIndex(
    (one) => one.action !== action || one.provider !== provider || one.model !== model || one.delayMs === Infinity,
  )
  return attempts.length - 1 - other
}

function watchNetwork(listener: () => void): () => void {
  addEventListener('online', listener)
  addEventListener('offline', listener)
  return () => {
    removeEventListener('online', listener)
    removeEventListener('offline', listener)
  }
}

/** Changes with every piece that arrives. */
function extentOf({ parts }: Answer): string {
  const last = parts.at(-1)
  if (!last) return ''
  if (last.type === 'tool-call') return `${parts.length} ${last.toolCall.arguments.length} ${last.toolCall.state}`
  return `${parts.length} ${'text' in last ? last.text.length : ''}`
}
