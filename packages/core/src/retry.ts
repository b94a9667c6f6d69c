/** What to do after a request that failed: the rules, as one pure function. */
import type { CompletionError } from './errors.ts'

/** Where a stream stands after a failure. */
export interface Situation {
  error: CompletionError
  /** Failures in a row, this one included, without anything new in between. */
  failures: number
  maxRetries: number
  /** Something of the answer has been handed out: to ask again would be to answer twice. */
  begun: boolean
  /** The endpoint can go on where the connection broke. */
  canResume: boolean
  /** There is somebody else to ask. */
  hasFallback: boolean
  /** The browser says that there is no network. */
  isOffline: boolean
  /** What is left of the time for all of it, in ms. */
  leftMs: number
  /** From 0 to 1, so that many clients do not come back in the same moment. */
  random: number
}

/**
 * What comes next, after `delayMs`: `retry` asks the same again, `resume` asks for what comes after what arrived,
 * `fallback` asks somebody else, `fail` gives up. An infinite delay ends when the browser is online again.
 */
export interface Decision {
  action: 'retry' | 'resume' | 'fallback' | 'fail'
  delayMs: number
}

/** A longer wait than this is not slept through but told: the error's `retryAfterMs` says how long. */
const maxWaitMs = 60_000

/** How long to wait: as the server asks, or half a second, doubled with each failure up to eight, less up to a quarter. */
function waitMs({ error, failures, random }: Situation): number {
  return error.retryAfterMs ?? Math.min(250 * 2 ** failures, 8000) * (1 - random / 4)
}

/** Before the first token, retry. After it, resume if the server can. Otherwise ask somebody else, or fail. */
export function decide(situation: Situation): Decision {
  const { error, failures, maxRetries, begun, canResume, hasFallback, isOffline, leftMs } = situation
  const { code, phase, retryable } = error
  // A server that took the request and is still at it would only do the work twice.
  const isAgain = retryable && (begun ? canResume : phase !== 'firstChunk')
  // Silence may be the connection's or the model's: it is the model's when it goes on.
  const most = phase === 'chunk' ? Math.min(1, maxRetries) : maxRetries
  if (isAgain && most && leftMs > 0) {
    const action = begun ? 'resume' : 'retry'
    if (isOffline && /network|interrupted|timeout/.test(code)) return { action, delayMs: Infinity }
    const delayMs = waitMs(situation)
    if (failures <= most && delayMs < leftMs && delayMs <= maxWaitMs) return { action, delayMs }
  }
  return { action: hasFallback && !begun && leftMs > 0 ? 'fallback' : 'fail', delayMs: 0 }
}
