/**
 * The answer of a query while it arrives. It is kept beside the query and not in its cache entry: a token is no change of
 * the cache, and what is not finished can neither be persisted nor be taken for data.
 */
import { CancelledError, notifyManager } from '@tanstack/react-query'
import type {
  dataTagSymbol,
  Query,
  QueryCache,
  QueryClient,
  QueryFunctionContext,
  QueryKey,
  QueryState,
} from '@tanstack/react-query'
import { completionState, createCompletionStore } from 'completion-stream'
import type {
  Completion,
  CompletionError,
  CompletionInput,
  CompletionState,
  CompletionStore,
  CompletionStoreOptions,
  Store,
} from 'completion-stream'
import { idle, isRunning, submitted } from './query-state.ts'

/** The answer of a query as far as it has come, observable. */
export interface CompletionProgress<Parsed = unknown, Written = Parsed> extends Store<
  CompletionState<Parsed, Written>
> {
  /**
   * Ends the answer where it is. The connection is closed, and the text stays in the state as long as a component watches
   * the query; the query's data is what it was before.
   */
  stop(): void
}

/** One request of a query. */
interface Run {
  readonly store: CompletionStore
  /** Its last state while it ran: how it ends is the query's to say. */
  shown: CompletionState
  /** `stop()` ended it: what had arrived is shown although it is no data. */
  isKept: boolean
}

/** What is known of a query beside its own state. */
interface Entry {
  run?: Run
  /** What is shown, and the query's state that it was made of. */
  state: CompletionState
  madeOf?: QueryState
}

/** Who listens, by the hashes of the queries: they may come, go and come back. */
type Audience = Map<string, Set<() => void>>

const entries = new WeakMap<Query, Entry>()
const audiences = new WeakMap<QueryCache, Audience>()

/** By what a query is found: what `completionQuery` returned, or a key. */
export interface QueryName<Parsed = unknown> {
  queryKey: QueryKey & { [dataTagSymbol]?: Completion<Parsed> }
  queryKeyHashFn?: (queryKey: QueryKey) => string
}

/**
 * The answer of a query for code outside of components, or for `useStore`. It only watches: a component with `useQuery` or
 * `useCompletionQuery`, or a `prefetchQuery`, asks.
 *
 *     const progress = completionProgress(queryClient, { queryKey: ['summary', id] })
 *     const text = useStore(progress, (state) => state.text)
 */
export function completionProgress<Parsed = unknown, Written = Parsed>(
  client: QueryClient,
  name: QueryName<Parsed>,
): CompletionProgress<Parsed, Written> {
  return progressOf(client, client.defaultQueryOptions(name).queryHash) as CompletionProgress<Parsed, Written>
}

/** The same by the query's hash. */
export function progressOf(client: QueryClient, hash: string): CompletionProgress {
  const cache = client.getQueryCache()
  const audience = audienceOf(cache)
  const getState = (): CompletionState => {
    const query = cache.get(hash)
    return query ? shownOf(query) : idle
  }
  return {
    getState,
    // A server renders what its cache holds.
    getInitialState: getState,
    subscribe(listener) {
      const listeners = audience.get(hash) ?? new Set()
      audience.set(hash, listeners.add(listener))
      return () => {
        listeners.delete(listener)
        if (!listeners.size && audience.get(hash) === listeners) audience.delete(hash)
      }
    },
    stop() {
      const query = cache.get(hash)
      if (!query || query.state.fetchStatus === 'idle') return
      void query.cancel({ revert: true })
      const { run } = entryOf(query)
      if (!run) return
      run.isKept = true
      changed(query, audience)
    },
  }
}

/** What a query's function does: asks, and resolves to the finished answer. */
export async function readAnswer<Parsed, Written>(
  context: QueryFunctionContext,
  options: CompletionStoreOptions<Parsed, Written>,
  input: CompletionInput,
): Promise<Completion<Parsed>> {
  const cache = context.client.getQueryCache()
  const audience = audienceOf(cache)
  // Whoever hashes the key, and how: it is the same object.
  const query = cache.getAll().find(({ queryKey }) => queryKey === context.queryKey)
  const store = createCompletionStore(options)
  const done = store.start(input)
  if (query) {
    const entry = entryOf(query)
    const run: Run = { store: store as CompletionStore, shown: submitted, isKept: false }
    entry.run?.store.stop()
    entry.run = run
    entry.madeOf = undefined
    store.subscribe(() => {
      if (entry.run !== run) return
      const state = run.store.getState()
      const runs = isRunning(state)
      if (runs) run.shown = state
      // Where the query asks again by itself, that is what is waited for.
      else if (state.error) run.shown = { ...state, status: 'submitted', error: undefined }
      if (runs || run.isKept) changed(query, audience)
    })
    // In a render nobody may be told at once.
    notifyManager.schedule(() => tell(audience, query))
  } else context.signal.addEventListener('abort', store.stop)
  const completion = await done
  const { error, stopped } = store.getState()
  if (error) throw error
  if (!completion || stopped) throw new CancelledError({ silent: true })
  return completion
}

function entryOf(query: Query): Entry {
  let entry = entries.get(query)
  if (!entry) entries.set(query, (entry = { state: idle }))
  return entry
}

/** What there is to show of a query: the same object until something changes. */
function shownOf(query: Query): CompletionState {
  const entry = entryOf(query)
  if (entry.madeOf === query.state) return entry.state
  entry.madeOf = query.state
  return (entry.state = stateFrom(query.state, entry.run))
}

function stateFrom({ data, error, fetchStatus, status }: QueryState, run: Run | undefined): CompletionState {
  // A query that fetches without a run of ours waits for a server's answer that is on its way here.
  if (fetchStatus !== 'idle') return run?.shown ?? submitted
  const last = run?.store.getState() ?? idle
  if (run?.isKept) return last.error ? { ...last, status: 'ready', stopped: true, error: undefined } : last
  if (status === 'error') {
    // One that came from elsewhere has lost its class, but not its fields.
    const failure = error as CompletionError
    return last.error === failure ? last : completionState('error', failure.partial, failure)
  }
  const completion = data as Completion | undefined
  if (!completion) return idle
  const { attempts, timing, ...rest } = last
  if (rest.completion === completion) return last
  const state = completionState('ready', completion)
  return rest.completion?.id === completion.id ? { ...state, attempts, timing } : state
}

/** Who listens to a cache's queries. Watches the cache from the first time on. */
function audienceOf(cache: QueryCache): Audience {
  const known = audiences.get(cache)
  if (known) return known
  const audience: Audience = new Map()
  audiences.set(cache, audience)
  cache.subscribe((event) => {
    const { query, type } = event
    const { run } = entries.get(query) ?? {}
    if (type === 'observerRemoved') {
      // Whoever comes in the same go (a component that makes way for another one, StrictMode) takes the answer over. That
      // is why the query's signal is left alone: with it, the request would be over by now.
      if (run) queueMicrotask(() => query.getObserversCount() || leave(query, run))
      return
    }
    const isUpdate = type === 'updated'
    if (!isUpdate && type !== 'removed' && type !== 'added') return
    const action = isUpdate ? event.action.type : type
    if (run && action !== 'invalidate') {
      run.isKept = false
      // Cancelled, reset, removed, or about to ask anew.
      if (action === 'fetch' || action === 'removed' || query.state.fetchStatus !== 'fetching') run.store.stop()
      if (action === 'fetch') entryOf(query).run = undefined
    }
    // In a render nobody may be told at once.
    if (audience.has(query.queryHash)) notifyManager.schedule(() => tell(audience, query))
  })
  return audience
}

/** The last one who watched is gone: what is not finished is of no use to anybody. */
function leave(query: Query, run: Run): void {
  const entry = entryOf(query)
  if (entry.run !== run) return
  run.isKept = false
  entry.madeOf = undefined
  if (query.state.fetchStatus === 'fetching') void query.cancel({ revert: true })
}

function changed(query: Query, audience: Audience): void {
  entryOf(query).madeOf = undefined
  tell(audience, query)
}

function tell(audience: Audience, { queryHash }: Query): void {
  audience.get(queryHash)?.forEach((listener) => listener())
}
