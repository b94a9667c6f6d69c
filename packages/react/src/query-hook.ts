'use client'
/** A query's answer in a component, while it arrives. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import type { UseQueryResult } from '@tanstack/react-query'
import type { Completion, CompletionError, CompletionState } from 'completion-stream'
import { useCallback, useMemo } from 'react'
import { completionQuery } from './query-options.ts'
import type { CompletionQueryOptions } from './query-options.ts'
import { progressOf } from './query-progress.ts'
import type { CompletionProgress } from './query-progress.ts'
import { isRunning, submitted } from './query-state.ts'
import { useStore } from './use-store.ts'

/** The answer as far as it has come, and what the query says of it. `status` and `error` are the answer's. */
export interface CompletionQueryResult<Parsed = unknown, Written = Parsed> extends CompletionState<Parsed, Written> {
  /** The finished answer that is cached: while another one streams, the one before. */
  data: Completion<Parsed> | undefined
  /** Whether a request runs. */
  isFetching: boolean
  /** Asks (again). */
  refetch: UseQueryResult<Completion<Parsed>, CompletionError>['refetch']
  /** Ends the answer where it is: the text stays on screen, and is not cached. */
  stop: CompletionProgress['stop']
  /** Everything else that `useQuery` returns; what is read of it is rendered when it changes. */
  query: UseQueryResult<Completion<Parsed>, CompletionError>
}

/**
 * Asks as a query does, once for all components on the key, and shows the answer in each of them as it arrives: at most one
 * render per frame. When the last one unmounts the request is cancelled, and nothing of it is cached.
 *
 *     const { text, status, error, refetch, stop } = useCompletionQuery({ model: 'gpt-4o-mini', provider: '/api', prompt })
 *
 * @param selector what the component shows: it renders when that changes, and when a request begins or ends
 * @param isEqual as in `useStore`
 */
export function useCompletionQuery<Parsed = unknown, Written = Parsed>(
  options: CompletionQueryOptions<Parsed, Written>,
): CompletionQueryResult<Parsed, Written>
export function useCompletionQuery<Slice, Parsed = unknown, Written = Parsed>(
  options: CompletionQueryOptions<Parsed, Written>,
  selector: (state: CompletionState<Parsed, Written>) => Slice,
  isEqual?: (former: Slice, slice: Slice) => boolean,
): Slice
export function useCompletionQuery(
  options: CompletionQueryOptions,
  selector?: (state: CompletionState) => unknown,
  isEqual?: (former: unknown, slice: unknown) => boolean,
): unknown {
  const client = useQueryClient()
  const asked = completionQuery(options)
  const { queryHash } = client.defaultQueryOptions(asked)
  const progress = useMemo(() => progressOf(client, queryHash), [client, queryHash])
  const query = useQuery({ ...asked, queryHash, notifyOnChangeProps: undefined })
  const { isFetching } = query
  const select = useCallback(
    (state: CompletionState): unknown => {
      // The request that an effect is about to send counts as sent.
      const current = isFetching && !isRunning(state) ? submitted : state
      return selector ? selector(current) : current
    },
    [isFetching, selector],
  )
  const shown = useStore(progress, select, isEqual)
  if (selector) return shown
  const { data, refetch } = query
  return { ...(shown as CompletionState), data, isFetching, refetch, stop: progress.stop, query }
}
