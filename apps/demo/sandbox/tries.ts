/** Counts how often the same is asked, for scenes that go wrong at first: a retry is the same request as before. */
import type { CompletionRequest } from 'completion-stream'

/** Whoever asks the same later than this has not tried before. */
const FORGET_MS = 120_000

/** A counter that tells how often the same conversation was sent to the same model, a moment ago. */
export function tryCounter(): (request: CompletionRequest) => number {
  const seen = new Map<string, { count: number; at: number }>()
  return ({ model, messages }) => {
    const now = performance.now()
    for (const [key, { at }] of seen) if (now - at > FORGET_MS) seen.delete(key)
    const key = JSON.stringify([model, messages])
    const count = seen.get(key)?.count ?? 0
    seen.set(key, { count: count + 1, at: now })
    return count
  }
}
