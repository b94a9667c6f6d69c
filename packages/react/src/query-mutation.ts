/** A completion as a mutation: a prompt goes in, an answer comes out. */
import type { UseMutationOptions } from '@tanstack/react-query'
import { buildCompletion, createCompletionStore } from 'completion-stream'
import type {
  Completion,
  CompletionError,
  CompletionInput,
  CompletionStore,
  CompletionStoreOptions,
} from 'completion-stream'

/** Whom to ask and how: the options of `createCompletionStore`, or a store, which shows the answer while it arrives. */
export type CompletionMutationOptions<Parsed = unknown, Written = Parsed> =
  | (CompletionStoreOptions<Parsed, Written> & { store?: undefined })
  | { store: CompletionStore<Parsed, Written> }

/** Options for `useMutation`; the variables are a prompt or fields of the request. */
export type CompletionMutation<Parsed = unknown> = Required<
  Pick<
    UseMutationOptions<Completion<Parsed>, CompletionError, CompletionInput>,
    'mutationKey' | 'mutationFn' | 'retry' | 'networkMode'
  >
>

/**
 * A completion as a mutation, for answers that belong to no key: each `mutate(prompt)` asks.
 *
 *     const { mutate, data, isPending } = useMutation(completionMutation({ model: 'gpt-4o-mini', provider: '/api' }))
 *
 * With a store, that shows the answer while it arrives, and its `stop()` ends it. Stopping is no failure: the mutation
 * succeeds with what had arrived, whose `finishReason` is null. A failure is a CompletionError, with the text in `partial`.
 */
export function completionMutation<Parsed = unknown, Written = Parsed>(
  options: CompletionMutationOptions<Parsed, Written>,
): CompletionMutation<Parsed> {
  return {
    mutationKey: options.store ? ['completion'] : ['completion', { model: options.model }],
    retry: false,
    networkMode: 'always',
    async mutationFn(input) {
      const store = options.store ?? createCompletionStore(options)
      const completion = await store.start(input)
      if (completion) return completion
      const { error } = store.getState()
      if (error) throw error
      // Stopped before anything was sent.
      return buildCompletion([]) as Completion<Parsed>
    },
  }
}
