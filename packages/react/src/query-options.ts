/** A completion as a query: options for whatever takes options in TanStack Query. No hooks, so that servers can ask ahead. */
import type { DataTag, QueryFunction, QueryKey, UseQueryOptions } from '@tanstack/react-query'
import type { Completion, CompletionError, CompletionStoreOptions, Message } from 'completion-stream'
import { keyOf } from './query-key.ts'
import { readAnswer } from './query-progress.ts'

/**
 * What to ask, whom, and how to cache the answer: the options of `createCompletionStore`, the question, and those of
 * `useQuery`. Read when a request starts: new objects and functions at each render are fine.
 */
export interface CompletionQueryOptions<Parsed = unknown, Written = Parsed>
  extends
    CompletionStoreOptions<Parsed, Written>,
    Omit<
      UseQueryOptions<Completion<NoInfer<Parsed>>, CompletionError>,
      'queryKey' | 'queryFn' | 'select' | 'notifyOnChangeProps'
    > {
  /** The question. Without it and without messages nothing is asked, as with `enabled: false`. */
  prompt?: string
  /** The conversation so far, the question last. */
  messages?: readonly Message[]
  /**
   * Where the answer is cached. Default: `['completion', { model, system, prompt, messages, … }]`, with the fields of
   * `request`. It is hashed at each render: where messages hold files, an own key is cheaper.
   */
  queryKey?: QueryKey
}

/** Options for `useQuery`, `useSuspenseQuery`, `prefetchQuery`, `ensureQueryData` … The key knows the type of the data. */
export type CompletionQuery<Parsed = unknown> = Omit<
  UseQueryOptions<Completion<Parsed>, CompletionError>,
  'queryKey' | 'queryFn'
> & {
  queryKey: DataTag<QueryKey, Completion<Parsed>, CompletionError>
  queryFn: QueryFunction<Completion<Parsed>>
}

/**
 * A completion as a query. Its data is the finished `Completion`, plain JSON; an answer that was stopped or cut is never
 * data. While it arrives, `useCompletionQuery` and `completionProgress` show it, on the same key and from the same request.
 *
 *     const { data } = useSuspenseQuery(completionQuery({ model: 'gpt-4o-mini', provider: '/api', prompt }))
 *
 * An answer is kept as it is: it never gets stale, and nothing but a mount without an answer, `refetch` and
 * `invalidateQueries` asks (again). A failed request is not sent again by the query: `maxRetries` does that, and only
 * before the first token. There is no waiting for a network either: the request itself waits, and shows it in `attempts`.
 */
export function completionQuery<Parsed = unknown, Written = Parsed>(
  options: CompletionQueryOptions<Parsed, Written>,
): CompletionQuery<Parsed> {
  // What is the completion's own; the rest is the query's.
  const { model, system, request, prompt, messages, provider, fetch, headers, ...rest } = options
  const { fallbacks, maxRetries, timeout, limits, continuation, countTokens, throttle, resumeUrl, ...others } = rest
  // An option that is undefined is none.
  const query: typeof others = Object.fromEntries(Object.entries(others).filter(([, value]) => value !== undefined))
  const input = { ...(prompt !== undefined && { prompt }), ...(messages && { messages }) }
  const asked = { model, system, ...request, ...input }
  const isAsked = !!asked.prompt?.trim() || !!asked.messages?.length
  return {
    staleTime: Infinity,
    retry: false,
    networkMode: 'always',
    // What failed or was stopped counts as stale: looking at the page must not ask again.
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
    ...query,
    ...(!isAsked && { enabled: false }),
    meta: { model, ...query.meta },
    queryKey: (query.queryKey ?? keyOf(asked)) as CompletionQuery<Parsed>['queryKey'],
    queryFn: (context) => readAnswer(context, options, input),
  }
}
