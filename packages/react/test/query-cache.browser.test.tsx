/** What the query cache makes of completions: its verbs, focus and network, hydration, a persisted cache. */
import { createSyncStoragePersister } from '@tanstack/query-sync-storage-persister'
import {
  dehydrate,
  focusManager,
  HydrationBoundary,
  onlineManager,
  QueryClient,
  QueryClientProvider,
  useSuspenseQuery,
} from '@tanstack/react-query'
import { PersistQueryClientProvider } from '@tanstack/react-query-persist-client'
import { act, cleanup, render, renderHook, screen, waitFor } from '@testing-library/react'
import { Suspense } from 'react'
import type { ReactNode } from 'react'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openai } from 'completion-stream'
import { scriptedProvider } from '@completion-stream/testing'
import type { Script } from '@completion-stream/testing'
import { completionProgress, completionQuery, useCompletionQuery } from '../src/query.ts'
import type { CompletionQueryOptions } from '../src/query.ts'

let client: QueryClient
beforeEach(() => void (client = new QueryClient()))
afterEach(() => {
  cleanup()
  client.clear()
  localStorage.clear()
  focusManager.setFocused(undefined)
  onlineManager.setOnline(true)
})

function Provided({ children }: { children: ReactNode }) {
  return <QueryClientProvider client={client}>{children}</QueryClientProvider>
}

function scripted(script: Script) {
  const model = scriptedProvider(script, { tokensPerSecond: Number.POSITIVE_INFINITY, firstTokenMs: 0 })
  const provider = openai({ baseURL: 'http://model.test/v1', fetch: model })
  const ask: CompletionQueryOptions = { model: 'm', provider, prompt: 'Hi', maxRetries: 0 }
  return { model, ask }
}

/** An answer that begins with its number and never ends, and which of them were left. */
function endless() {
  const gone: number[] = []
  const script = scripted(async function* ({ turn, signal }) {
    signal.addEventListener('abort', () => void gone.push(turn))
    yield `answer ${turn}`
    yield { stall: true }
  })
  return { ...script, gone }
}

const queryKey = ['completion', { model: 'm', prompt: 'Hi' }]
const entries = () =>
  client
    .getQueryCache()
    .getAll()
    .map(({ state }) => `${state.status} ${state.fetchStatus}`)
const settle = () => new Promise((resolve) => setTimeout(resolve, 30))

async function backAndForth() {
  await act(async () => {
    focusManager.setFocused(false)
    focusManager.setFocused(true)
    onlineManager.setOnline(false)
    onlineManager.setOnline(true)
    await settle()
  })
}

describe('a completion as a query', () => {
  it('is not asked again when the window has focus or a network again, nor by another mount', async () => {
    const { ask, model } = scripted(['Hello'])
    const { result } = renderHook(() => useCompletionQuery(ask), { wrapper: Provided })
    await waitFor(() => expect(result.current.status).toBe('ready'))
    await backAndForth()
    renderHook(() => useCompletionQuery(ask), { wrapper: Provided })
    await settle()
    expect(model.requests).toHaveLength(1)
  })

  it('is not asked again by focus or network when it failed or was stopped', async () => {
    const failing = scripted(['Hel', { cut: true }])
    const failed = renderHook(() => useCompletionQuery(failing.ask), { wrapper: Provided })
    await waitFor(() => expect(failed.result.current.status).toBe('error'))
    const { ask, model } = endless()
    const stopped = renderHook(() => useCompletionQuery({ ...ask, queryKey: ['own'] }), { wrapper: Provided })
    await waitFor(() => expect(stopped.result.current.text).toBe('answer 0'))
    act(() => stopped.result.current.stop())
    await backAndForth()
    expect(failed.result.current).toMatchObject({ status: 'error', text: 'Hel' })
    expect(stopped.result.current).toMatchObject({ stopped: true, text: 'answer 0' })
    expect([failing.model.requests.length, model.requests.length]).toEqual([1, 1])
  })

  it('is sent without a network, too: the request itself waits for one, or needs none', async () => {
    const { ask } = scripted(['Hello'])
    onlineManager.setOnline(false)
    const { result } = renderHook(() => useCompletionQuery(ask), { wrapper: Provided })
    await waitFor(() => expect(result.current.status).toBe('ready'))
  })

  it('is not asked again by the query when it fails, whatever the client retries', async () => {
    const { ask, model } = scripted(['Hel', { cut: true }])
    client.setDefaultOptions({ queries: { retry: 3, retryDelay: 0, staleTime: 0 } })
    const { result } = renderHook(() => useCompletionQuery(ask), { wrapper: Provided })
    await waitFor(() => expect(result.current.status).toBe('error'))
    expect(model.requests).toHaveLength(1)
  })

  it('takes the options of a query over its own', () => {
    const { ask } = scripted(['Hello'])
    const options = completionQuery({ ...ask, staleTime: 5, retry: 2, queryKey: ['own'], meta: { area: 'x' } })
    expect(options).toMatchObject({ staleTime: 5, retry: 2, queryKey: ['own'], meta: { model: 'm', area: 'x' } })
  })

  it('takes an option that is undefined for none', async () => {
    client.setDefaultOptions({ queries: { gcTime: 7 } })
    const { ask, model } = scripted(['Hello'])
    const options = { ...ask, staleTime: undefined, retry: undefined, gcTime: undefined }
    expect(completionQuery(options)).toMatchObject({ staleTime: Infinity, retry: false })
    expect(client.defaultQueryOptions(completionQuery(options)).gcTime).toBe(7)
    const { result } = renderHook(() => useCompletionQuery(options), { wrapper: Provided })
    await waitFor(() => expect(result.current.status).toBe('ready'))
    renderHook(() => useCompletionQuery(options), { wrapper: Provided })
    await settle()
    expect(model.requests).toHaveLength(1)
  })

  it.each([
    [
      'client',
      (hash: (key: readonly unknown[]) => string) => client.setDefaultOptions({ queries: { queryKeyHashFn: hash } }),
    ],
    [
      'key',
      (hash: (key: readonly unknown[]) => string) => client.setQueryDefaults(['completion'], { queryKeyHashFn: hash }),
    ],
  ])('streams and stops where the %s has a hash function of its own', async (_, setHash) => {
    setHash((key) => `v1 ${JSON.stringify(key)}`)
    const { ask, gone } = endless()
    const { result } = renderHook(() => useCompletionQuery(ask), { wrapper: Provided })
    await waitFor(() => expect(result.current.text).toBe('answer 0'))
    act(() => result.current.stop())
    await waitFor(() => expect(gone).toEqual([0]))
    expect(result.current).toMatchObject({ status: 'ready', stopped: true, text: 'answer 0' })
  })

  it('closes its connection where its function runs for another query', async () => {
    const { ask, gone, model } = endless()
    const { queryFn } = completionQuery(ask)
    const other = client.fetchQuery({ queryKey: ['other'], queryFn: (context) => queryFn({ ...context, queryKey }) })
    const settled = other.catch((error: Error) => error.message)
    await waitFor(() => expect(model.requests).toHaveLength(1))
    await settle()
    await client.cancelQueries({ queryKey: ['other'] })
    await waitFor(() => expect(gone).toEqual([0]))
    await settled
  })

  it('is submitted while the query waits to ask again by itself, and can be stopped then', async () => {
    const { ask, model } = scripted(['Hel', { cut: true }])
    const options = { ...ask, retry: 1, retryDelay: 60_000 }
    const { result } = renderHook(() => useCompletionQuery(options), { wrapper: Provided })
    await waitFor(() => expect(result.current).toMatchObject({ status: 'submitted', text: 'Hel', isFetching: true }))
    act(() => result.current.stop())
    expect(result.current).toMatchObject({ status: 'ready', stopped: true, text: 'Hel', error: undefined })
    expect(result.current.isFetching).toBe(false)
    expect(model.requests).toHaveLength(1)
  })

  it('is not asked without a question: blanks and an empty conversation are none', () => {
    const { ask } = scripted(['Hello'])
    const isEnabled = (more: object) => completionQuery({ ...ask, prompt: undefined, ...more }).enabled
    expect([{}, { prompt: '' }, { prompt: ' \n' }, { messages: [] }].map(isEnabled)).toEqual(Array(4).fill(false))
    expect(isEnabled({ messages: [{ role: 'user', content: 'Hi' }] })).toBeUndefined()
  })

  it('has a key of its own for each schema that tells no JSON Schema', () => {
    const { ask } = scripted(['Hello'])
    const schema = () => ({
      '~standard': { version: 1 as const, vendor: 'v', validate: (value: unknown) => ({ value }) },
    })
    const [one, other] = [schema(), schema()]
    const hash = (format: object) =>
      client.defaultQueryOptions(completionQuery({ ...ask, request: { response_format: format as never } })).queryHash
    const plain = (own: object) => hash({ type: 'json_object', schema: own })
    expect(plain(one)).toBe(plain(one))
    expect(plain(one)).not.toBe(plain(other))
    // Described, one that is made at each render has one key.
    const described = () => hash({ type: 'json_schema', json_schema: { name: 'a' }, schema: schema() })
    expect(described()).toBe(described())
  })

  it('has a key of what is asked, and nothing of where and as whom', () => {
    const headers = { authorization: 'Bearer secret' }
    const schema = (name: string) => ({
      '~standard': {
        version: 1 as const,
        vendor: 'test',
        validate: (value: unknown) => ({ value }),
        jsonSchema: { input: () => ({ title: name }) },
      },
    })
    const keyOf = (more: Partial<CompletionQueryOptions>) =>
      completionQuery({ model: 'm', provider: '/api?key=secret', headers, ...more }).queryKey
    expect(keyOf({ prompt: 'Hi' })).toEqual(queryKey)
    expect(keyOf({ system: 'Be brief.', messages: [{ role: 'user', content: 'Hi' }] })).toEqual([
      'completion',
      { model: 'm', system: 'Be brief.', messages: [{ role: 'user', content: 'Hi' }] },
    ])
    const withSchema = keyOf({ prompt: 'Hi', request: { temperature: 0, response_format: schema('a') } })
    expect(withSchema).toEqual([
      'completion',
      { model: 'm', temperature: 0, response_format: { title: 'a' }, prompt: 'Hi' },
    ])
    const format = { type: 'json_object' as const, schema: schema('b') }
    expect(JSON.stringify(keyOf({ prompt: 'Hi', request: { response_format: format } }))).toContain('{"title":"b"}')
    expect(JSON.stringify([withSchema, keyOf({ prompt: 'Hi' })])).not.toMatch(/secret|api/)
  })

  it('suspends a component until the answer is whole', async () => {
    const { ask, model } = scripted(['Hel', { wait: 50 }, 'lo'])
    function Answer() {
      return <p>{useSuspenseQuery(completionQuery(ask)).data.text}</p>
    }
    render(
      <Suspense fallback={<p>waiting</p>}>
        <Answer />
      </Suspense>,
      { wrapper: Provided },
    )
    expect(screen.getByText('waiting')).toBeTruthy()
    await screen.findByText('Hello')
    expect(model.requests).toHaveLength(1)
  })

  it('is fetched and cached with no component at all', async () => {
    const { ask, model } = scripted(['Hello'])
    const options = completionQuery(ask)
    await expect(client.fetchQuery(options)).resolves.toMatchObject({ text: 'Hello', finishReason: 'stop' })
    await expect(client.ensureQueryData(options)).resolves.toMatchObject({ text: 'Hello' })
    expect(client.getQueryData(options.queryKey)?.text).toBe('Hello')
    expect(model.requests).toHaveLength(1)
    const failing = completionQuery({ ...scripted(['Hel', { cut: true }]).ask, queryKey: ['failing'] })
    await expect(client.fetchQuery(failing)).rejects.toMatchObject({ code: 'interrupted', partial: { text: 'Hel' } })
  })
})

describe('the verbs of the query client', () => {
  it('cancelQueries undoes the request: the connection is closed, the text goes', async () => {
    const { ask, gone } = endless()
    const { result } = renderHook(() => useCompletionQuery(ask), { wrapper: Provided })
    await waitFor(() => expect(result.current.text).toBe('answer 0'))
    await act(() => client.cancelQueries({ queryKey }))
    await waitFor(() => expect(result.current).toMatchObject({ status: 'idle', text: '', isFetching: false }))
    await waitFor(() => expect(gone).toEqual([0]))
    expect(entries()).toEqual(['pending idle'])
  })

  it('invalidateQueries lets an answer that is arriving arrive, and asks for a finished one again', async () => {
    let open!: () => void
    const opened = new Promise<void>((resolve) => (open = resolve))
    const { ask, model } = scripted(async function* ({ turn }) {
      yield 'Hel'
      await opened
      yield `lo ${turn}`
    })
    const { result } = renderHook(() => useCompletionQuery(ask), { wrapper: Provided })
    await waitFor(() => expect(result.current.text).toBe('Hel'))
    const invalidated = client.invalidateQueries({ queryKey: ['completion', { model: 'm' }] })
    open()
    await act(() => invalidated)
    await waitFor(() => expect(result.current).toMatchObject({ status: 'ready', text: 'Hello 0' }))
    expect(model.requests).toHaveLength(1)
    await act(() => client.invalidateQueries({ queryKey }))
    await waitFor(() => expect(result.current).toMatchObject({ status: 'ready', text: 'Hello 1' }))
    expect(model.requests).toHaveLength(2)
  })

  it('a refetch during a refetch closes the first one’s connection', async () => {
    const { ask, gone, model } = endless()
    client.setQueryData(queryKey, { text: 'cached' } as never)
    const { result } = renderHook(() => useCompletionQuery(ask), { wrapper: Provided })
    expect(result.current).toMatchObject({ status: 'ready', text: 'cached' })
    void result.current.refetch()
    await waitFor(() => expect(result.current.text).toBe('answer 0'))
    void result.current.refetch()
    await waitFor(() => expect(result.current.text).toBe('answer 1'))
    expect(gone).toEqual([0])
    expect(model.requests).toHaveLength(2)
    // A stop leaves the cached answer, and what had arrived on screen until nobody is left to see it.
    act(() => result.current.stop())
    expect(result.current).toMatchObject({ stopped: true, text: 'answer 1', data: { text: 'cached' } })
    cleanup()
    await settle()
    const later = renderHook(() => useCompletionQuery(ask), { wrapper: Provided })
    expect(later.result.current).toMatchObject({ stopped: false, status: 'ready', text: 'cached' })
  })

  it('resetQueries empties a stopped answer, and asks again where it is enabled', async () => {
    const { ask, gone } = endless()
    const { result, rerender } = renderHook((enabled: boolean) => useCompletionQuery({ ...ask, enabled }), {
      wrapper: Provided,
      initialProps: true,
    })
    await waitFor(() => expect(result.current.text).toBe('answer 0'))
    void client.resetQueries({ queryKey })
    await waitFor(() => expect(result.current.text).toBe('answer 1'))
    await waitFor(() => expect(gone).toEqual([0]))
    act(() => result.current.stop())
    rerender(false)
    expect(result.current.text).toBe('answer 1')
    await act(() => client.resetQueries({ queryKey }))
    await waitFor(() => expect(result.current).toMatchObject({ status: 'idle', text: '' }))
  })

  it('removeQueries and clear close the connection', async () => {
    const { ask, gone } = endless()
    const progress = completionProgress(client, { queryKey })
    void client.prefetchQuery(completionQuery(ask))
    await waitFor(() => expect(progress.getState().text).toBe('answer 0'))
    client.removeQueries({ queryKey })
    await waitFor(() => expect(gone).toEqual([0]))
    expect(progress.getState().text).toBe('')
    void client.prefetchQuery(completionQuery(ask))
    await waitFor(() => expect(progress.getState().text).toBe('answer 1'))
    client.clear()
    await waitFor(() => expect(gone).toEqual([0, 1]))
  })

  it('setQueryData shows what was set', async () => {
    const { ask } = scripted(['Hello'])
    const { result } = renderHook(() => useCompletionQuery(ask), { wrapper: Provided })
    await waitFor(() => expect(result.current.status).toBe('ready'))
    act(() => void client.setQueryData(queryKey, { ...result.current.data!, text: 'Edited' }))
    await waitFor(() => expect(result.current.text).toBe('Edited'))
    expect(result.current.timing?.totalMs).toBeGreaterThan(0)
  })
})

describe('an answer from elsewhere', () => {
  async function answered() {
    const server = new QueryClient()
    await server.prefetchQuery(completionQuery(scripted(['Hello']).ask))
    return server
  }

  it('is there at once when a server has asked ahead, with no request', async () => {
    const { ask, model } = scripted(['never'])
    const state = JSON.parse(JSON.stringify(dehydrate(await answered())))
    const seen: string[] = []
    function Answer() {
      const { status, text } = useCompletionQuery(ask)
      seen.push(`${status} ${text}`)
      return <p>{text}</p>
    }
    render(
      <HydrationBoundary state={state}>
        <Answer />
      </HydrationBoundary>,
      { wrapper: Provided },
    )
    await settle()
    expect([...new Set(seen)]).toEqual(['ready Hello'])
    expect(model.requests).toHaveLength(0)
  })

  it('is submitted while the server still streams it here, and ready when it is whole', async () => {
    const { ask, model } = scripted(['never'])
    const server = new QueryClient()
    void server.prefetchQuery(completionQuery(scripted(['Hel', { wait: 50 }, 'lo']).ask))
    const state = dehydrate(server, { shouldDehydrateQuery: () => true })
    const { result } = renderHook(() => useCompletionQuery(ask), {
      wrapper: ({ children }: { children: ReactNode }) => (
        <Provided>
          <HydrationBoundary state={state}>{children}</HydrationBoundary>
        </Provided>
      ),
    })
    expect(result.current).toMatchObject({ status: 'submitted', isFetching: true })
    await waitFor(() => expect(result.current).toMatchObject({ status: 'ready', text: 'Hello' }))
    expect(model.requests).toHaveLength(0)
  })

  it('keeps its text and its error as JSON when it failed', async () => {
    const { ask } = scripted(['never'])
    const server = new QueryClient()
    await server.prefetchQuery(completionQuery(scripted(['Hel', { cut: true }]).ask))
    const state = dehydrate(server, { shouldDehydrateQuery: () => true })
    const { result } = renderHook(() => useCompletionQuery({ ...ask, retryOnMount: false }), {
      wrapper: ({ children }: { children: ReactNode }) => (
        <Provided>
          <HydrationBoundary state={JSON.parse(JSON.stringify(state))}>{children}</HydrationBoundary>
        </Provided>
      ),
    })
    expect(result.current).toMatchObject({ status: 'error', text: 'Hel', error: { code: 'interrupted' } })
  })

  it('is there after a reload when the cache is persisted, and only when it was whole', async () => {
    const persister = createSyncStoragePersister({ storage: localStorage, throttleTime: 0 })
    const page = (ask: CompletionQueryOptions) => {
      const Persisted = ({ children }: { children: ReactNode }) => (
        <PersistQueryClientProvider client={client} persistOptions={{ persister }}>
          {children}
        </PersistQueryClientProvider>
      )
      return renderHook(() => useCompletionQuery(ask), { wrapper: Persisted })
    }
    const { ask } = scripted(['Hello'])
    const first = page(ask)
    await waitFor(() => expect(first.result.current.status).toBe('ready'))
    const half = page({ ...endless().ask, queryKey: ['half'] })
    await waitFor(() => expect(half.result.current.text).toBe('answer 0'))
    await waitFor(() => expect(localStorage.getItem('REACT_QUERY_OFFLINE_CACHE')).toContain('Hello'))
    await settle()
    cleanup()
    expect(localStorage.getItem('REACT_QUERY_OFFLINE_CACHE')).not.toContain('answer 0')

    client = new QueryClient()
    const { ask: again, model } = scripted(['never'])
    const later = page(again)
    expect(later.result.current).toMatchObject({ status: 'idle', text: '' })
    await waitFor(() => expect(later.result.current).toMatchObject({ status: 'ready', text: 'Hello' }))
    await settle()
    expect(model.requests).toHaveLength(0)
  })
})
