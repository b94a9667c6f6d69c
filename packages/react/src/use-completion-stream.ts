/** One streamed completion in a component. */
import { useEffect, useState } from 'react'
import { createCompletionStore } from 'completion-stream'
import type { CompletionState, CompletionStore, CompletionStoreOptions } from 'completion-stream'
import { useLatest } from './use-latest.ts'
import { useStore } from './use-store.ts'

/** Read when a request starts: new objects and functions at each render are fine, and the latest ones count. */
export type UseCompletionStreamOptions = CompletionStoreOptions

/** The completion as far as it has come, and the verbs. The verbs stay the same from render to render. */
export interface CompletionStreamResult extends CompletionState {
  /** Asks; whatever runs is stopped first. Resolves to the completion, or to undefined when it failed: see `error`. */
  start: CompletionStore['start']
  /** Ends the answer where it is; the text is kept. */
  stop: CompletionStore['stop']
  /** Asks the last question again. */
  retry: CompletionStore['retry']
  /** Asks for the rest of an answer that was cut, was stopped or reached its length limit, and joins it to what is there. */
  continue: CompletionStore['continue']
  /** Back to the beginning. */
  reset: CompletionStore['reset']
}

/**
 * Streams completions into a component. It renders at most once per frame while an answer arrives, and at once when the
 * status changes. Unmounting stops the answer and closes its connection.
 *
 *     const { text, status, finishReason, start, stop } = useCompletionStream({ model: 'gpt-4o-mini', provider: '/api' })
 */
export function useCompletionStream(options: UseCompletionStreamOptions): CompletionStreamResult {
  const latest = useLatest(options)
  const [store] = useState(() => createCompletionStore(latest))
  useEffect(() => () => store.stop(), [store])
  const { start, stop, retry, continue: goOn, reset } = store
  return { ...useStore(store), start, stop, retry, continue: goOn, reset }
}
