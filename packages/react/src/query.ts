/** Completions in TanStack Query: `@completion-stream/react/query`. What has no hooks in it works on servers, too. */
export { useCompletionQuery } from './query-hook.ts'
export type { CompletionQueryResult } from './query-hook.ts'
export { completionMutation } from './query-mutation.ts'
export type { CompletionMutation, CompletionMutationOptions } from './query-mutation.ts'
export { completionQuery } from './query-options.ts'
export type { CompletionQuery, CompletionQueryOptions } from './query-options.ts'
export { completionProgress } from './query-progress.ts'
export type { CompletionProgress } from './query-progress.ts'
