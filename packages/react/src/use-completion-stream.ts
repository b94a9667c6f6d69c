/** One streamed completion in a component, or in several that name the same id. */
import { createCompletionStore } from 'completion-stream'
import type { CompletionState, CompletionStore, CompletionStoreOptions } from 'completion-stream'
import { useShared } from './use-shared.ts'
import type { Shelf, Verbs } from './use-shared.ts'
import { useStore } from './use-store.ts'

/**
 * Who answers and how, read when a request starts: new objects and functions at each render are fine, and the latest ones
 * count. Or a store that the app has made: it is shown, and not stopped when the component unmounts.
 */
export type UseCompletionStreamOptions<Parsed = unknown, Written = Parsed> =
  | (CompletionStoreOptions<Parsed, Written> & {
      /**
       * Components with the same id have the same completion. Each asks with its own options; the answer is stopped when the
       * last of them unmounts or is hidden, and the id is free then.
       */
      id?: string
      store?: undefined
    })
  | { store: CompletionStore<Parsed, Written>; id?: undefined }

/** The completion as far as it has come, and the verbs. The verbs stay the same from render to render. */
export interface CompletionStreamResult<Parsed = unknown, Written = Parsed>
  extends CompletionState<Parsed, Written>, Verbs<CompletionStore<Parsed, Written>> {}

const shelf: Shelf = new Map()

/**
 * Streams completions into a component. It renders at most once per frame while an answer arrives, and at once when the
 * status changes. Unmounting stops the answer and closes its connection.
 *
 *     const { text, status, finishReason, start, stop } = useCompletionStream({ model: 'gpt-4o-mini', provider: '/api' })
 */
export function useCompletionStream<Parsed = unknown, Written = Parsed>(
  options: UseCompletionStreamOptions<Parsed, Written>,
): CompletionStreamResult<Parsed, Written> {
  const { store, seat } = useShared(
    shelf,
    createCompletionStore<Parsed, Written>,
    // Options with a store are never asked for.
    options as CompletionStoreOptions<Parsed, Written>,
    options.store ?? options.id,
  )
  return { ...useStore(store), ...seat.verbs }
}
