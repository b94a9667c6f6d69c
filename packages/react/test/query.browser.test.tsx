/** Completions in TanStack Query, in a real browser: one request for everybody, live text, and only whole answers cached. */
import { QueryClient, QueryClientProvider, useQuery } from '@tanstack/react-query'
import { act, cleanup, render, renderHook, screen, waitFor } from '@testing-library/react'
import { StrictMode, useState } from 'react'
import type { ReactNode } from 'react'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openai } from 'completion-stream'
import { scriptedProvider } from '@completion-stream/testing'
import type { Script } from '@completion-stream/testing'
import { useStore } from '../src/index.ts'
import { completionProgress, completionQuery, useCompletionQuery } from '../src/query.ts'

let client: QueryClient
beforeEach(() => void (client = new QueryClient()))
afterEach(() => {
  cleanup()
  client.clear()
})

function Provided({ children }: { children: ReactNode }) {
  return <QueryClientProvider client={client}>{children}</QueryClientProvider>
}

function Strict({ children }: { children: ReactNode }) {
  return (
    <StrictMode>
      <Provided>{children}</Provided>
    </StrictMode>
  )
}

function scripted(script: Script, tokensPerSecond = Number.POSITIVE_INFINITY) {
  const model = scriptedProvider(script, { tokensPerSecond, firstTokenMs: 0 })
  const provider = openai({ baseURL: 'http://model.test/v1', fetch: model })
  const ask = (prompt?: string) => ({ model: 'm', provider, prompt, maxRetries: 0 })
  return { model, ask }
}

/** What a script waits for. */
function door() {
  let open!: () => void
  const opened = new Promise<void>((resolve) => (open = resolve))
  return { open, opened }
}

/** An answer with a door in its middle, and the questions whose client went away. */
function scriptedDoor(before: string, after: string) {
  const { open, opened } = door()
  const gone: string[] = []
  const script = scripted(async function* ({ prompt, signal }) {
    signal.addEventListener('abort', () => void gone.push(prompt))
    yield before
    await Promise.race([opened, new Promise((resolve) => signal.addEventListener('abort', resolve))])
    yield after
  })
  return { ...script, open, gone }
}

const entries = () =>
  client
    .getQueryCache()
    .getAll()
    .map(({ queryKey, state }) => [queryKey, state.status, state.fetchStatus])
const keyOf = (prompt: string) => ['completion', { model: 'm', prompt }]

describe('useCompletionQuery', () => {
  it('shows the answer as it arrives, then as data, with how it ended, what it took and how long', async () => {
    const { ask, open } = scriptedDoor('Hello, ', 'world!')
    const { result } = renderHook(() => useCompletionQuery(ask('Hi')), { wrapper: Provided })
    expect(result.current).toMatchObject({ status: 'submitted', text: '', isFetching: true, data: undefined })
    await waitFor(() => expect(result.current).toMatchObject({ status: 'streaming', text: 'Hello, ' }))
    expect(result.current).toMatchObject({ data: undefined, isFetching: true, finishReason: null })
    expect(entries()).toEqual([[keyOf('Hi'), 'pending', 'fetching']])
    act(open)
    await waitFor(() => expect(result.current.status).toBe('ready'))
    expect(result.current).toMatchObject({
      text: 'Hello, world!',
      finishReason: 'stop',
      stopped: false,
      error: undefined,
      isFetching: false,
      data: { object: 'chat.completion', text: 'Hello, world!' },
    })
    expect(result.current.completion).toBe(result.current.data)
    expect(result.current.usage?.completion_tokens).toBeGreaterThan(0)
    expect(result.current.timing?.timeToFirstTokenMs).toBeGreaterThan(0)
    expect(result.current.query).toMatchObject({ status: 'success', isSuccess: true })
    expect(entries()).toEqual([[keyOf('Hi'), 'success', 'idle']])
    expect(client.getQueryCache().getAll()[0]!.meta).toEqual({ model: 'm' })
  })

  it('is never ready without its data, and never has data that the text is not from', async () => {
    const { ask } = scripted(['one two three'], 200)
    const seen: { status: string; text: string; data?: string; isFetching: boolean }[] = []
    const { result } = renderHook(
      () => {
        const { status, text, data, isFetching, ...rest } = useCompletionQuery(ask('Hi'))
        seen.push({ status, text, data: data?.text, isFetching })
        return { status, ...rest }
      },
      { wrapper: Provided },
    )
    await waitFor(() => expect(result.current.status).toBe('ready'))
    for (const { status, data, isFetching } of seen) {
      expect(data !== undefined).toBe(status === 'ready')
      expect(isFetching).toBe(status !== 'ready')
    }
    expect(seen.map(({ status }) => status).filter((status, i, all) => status !== all[i - 1])).toEqual([
      'submitted',
      'streaming',
      'ready',
    ])
  })

  it('makes one request for all components on a key, and each shows every token', async () => {
    const { ask, model } = scripted([Array.from({ length: 60 }, (_, i) => `word${i}`).join(' ')], 100)
    const seen: Record<string, string[]> = { one: [], two: [] }
    function Answer({ name }: { name: string }) {
      const { text } = useCompletionQuery(ask('Hi'))
      if (seen[name]!.at(-1) !== text) seen[name]!.push(text)
      return <p>{text}</p>
    }
    render(
      <>
        <Answer name="one" />
        <Answer name="two" />
      </>,
      { wrapper: Provided },
    )
    await waitFor(() => expect(screen.getAllByText(/word59$/)).toHaveLength(2), { timeout: 5000 })
    expect(seen.one!.length).toBeGreaterThan(3)
    expect(seen.two).toEqual(seen.one)
    expect(model.requests).toHaveLength(1)
  })

  it('lets a component that comes later in on the answer that is arriving', async () => {
    const { ask, open, model } = scriptedDoor('Hello', ' there')
    function Page() {
      const [isMore, setMore] = useState(false)
      return (
        <>
          <Answer />
          {isMore ? <Answer /> : <button onClick={() => setMore(true)}>more</button>}
        </>
      )
    }
    function Answer() {
      return <p>{useCompletionQuery(ask('Hi')).text}</p>
    }
    render(<Page />, { wrapper: Provided })
    await screen.findByText('Hello')
    act(() => screen.getByRole('button').click())
    expect(screen.getAllByText('Hello')).toHaveLength(2)
    act(open)
    await waitFor(() => expect(screen.getAllByText('Hello there')).toHaveLength(2))
    expect(model.requests).toHaveLength(1)
  })

  it('renders at most once per frame, and a component with useQuery only when the status changes', async () => {
    const words = Array.from({ length: 400 }, (_, i) => `word${i}`).join(' ')
    const { ask } = scripted([words], 2000)
    let live = 0
    let plain = 0
    let frames = 0
    let events = 0
    function Live() {
      live++
      return <p>{useCompletionQuery(ask('Hi')).text.length}</p>
    }
    function Plain() {
      plain++
      return <p role="status">{useQuery(completionQuery(ask('Hi'))).data?.text.length}</p>
    }
    const count = () => {
      frames++
      if (frames < 10_000) requestAnimationFrame(count)
    }
    requestAnimationFrame(count)
    client.getQueryCache().subscribe(({ type }) => void (type === 'updated' && events++))
    globalThis.IS_REACT_ACT_ENVIRONMENT = false
    try {
      render(
        <>
          <Live />
          <Plain />
        </>,
        { wrapper: Provided },
      )
      await waitFor(() => expect(screen.getByRole('status').textContent).toBe(`${words.length}`))
    } finally {
      frames += 10_000
      globalThis.IS_REACT_ACT_ENVIRONMENT = true
    }
    expect(live).toBeGreaterThan(5)
    // Mounting, submitting, the first token and the end are published at once, beside the frames.
    expect(live).toBeLessThanOrEqual(frames - 10_000 + 4)
    expect(plain).toBe(2)
    // No token is a change of the cache.
    expect(events).toBe(2)
  })

  it('shows a slice, and renders for nothing else', async () => {
    const { ask } = scripted(['one two three four five six'], 200)
    let renders = 0
    const { result } = renderHook(
      () => {
        renders++
        return useCompletionQuery(ask('Hi'), (state) => state.finishReason)
      },
      { wrapper: Provided },
    )
    expect(result.current).toBe(null)
    await waitFor(() => expect(result.current).toBe('stop'))
    expect(renders).toBeLessThanOrEqual(3)
  })

  it('keeps a slice that is a new object as long as the state and the selector are the same', async () => {
    const { ask } = scripted(['Hello'])
    const select = ({ text }: { text: string }) => ({ text })
    const { result, rerender } = renderHook(() => useCompletionQuery(ask('Hi'), select), { wrapper: Provided })
    await waitFor(() => expect(result.current.text).toBe('Hello'))
    const before = result.current
    rerender()
    expect(result.current).toBe(before)
  })

  it('keeps the text of a failed stream beside the error, and asks again', async () => {
    const { open, opened } = door()
    const { ask, model } = scripted(async function* ({ turn }) {
      if (turn === 0) {
        yield 'Hel'
        return yield { cut: true }
      }
      await opened
      yield 'Hello'
    })
    const { result } = renderHook(() => useCompletionQuery(ask('Hi')), { wrapper: Provided })
    await waitFor(() => expect(result.current.status).toBe('error'))
    expect(result.current).toMatchObject({
      text: 'Hel',
      error: { code: 'interrupted', partial: { text: 'Hel' } },
      data: undefined,
      isFetching: false,
    })
    expect(entries()).toEqual([[keyOf('Hi'), 'error', 'idle']])
    expect(model.requests).toHaveLength(1)
    void result.current.refetch()
    await waitFor(() => expect(result.current).toMatchObject({ status: 'submitted', text: '', error: undefined }))
    open()
    await waitFor(() => expect(result.current).toMatchObject({ status: 'ready', text: 'Hello', error: undefined }))
    expect(model.requests).toHaveLength(2)
  })

  it('keeps the data of a successful query while another answer streams', async () => {
    const [first, second] = [door(), door()]
    const { ask } = scripted(async function* ({ turn }) {
      if (turn === 0) return yield 'old'
      await first.opened
      yield 'new'
      await second.opened
      yield ' and newer'
    })
    const { result } = renderHook(() => useCompletionQuery(ask('Hi')), { wrapper: Provided })
    await waitFor(() => expect(result.current).toMatchObject({ status: 'ready', text: 'old' }))
    void result.current.refetch()
    await waitFor(() => expect(result.current.status).toBe('submitted'))
    expect(result.current).toMatchObject({ text: '', data: { text: 'old' } })
    first.open()
    await waitFor(() => expect(result.current.text).toBe('new'))
    expect(result.current).toMatchObject({ status: 'streaming', data: { text: 'old' }, isFetching: true })
    second.open()
    await waitFor(() => expect(result.current).toMatchObject({ status: 'ready', data: { text: 'new and newer' } }))
    expect(result.current.text).toBe('new and newer')
    expect(result.current.timing?.totalMs).toBeGreaterThan(0)
  })

  it('shows a failed refetch with its text, and the data from before beside it', async () => {
    const { ask } = scripted(({ turn }) => (turn === 0 ? ['old'] : ['new', { cut: true }]))
    const { result } = renderHook(() => useCompletionQuery(ask('Hi')), { wrapper: Provided })
    await waitFor(() => expect(result.current).toMatchObject({ status: 'ready', text: 'old' }))
    void result.current.refetch()
    await waitFor(() => expect(result.current.status).toBe('error'))
    expect(result.current).toMatchObject({ text: 'new', error: { code: 'interrupted' }, data: { text: 'old' } })
  })

  it('stops: the text stays on screen, the connection is closed, and nothing is cached', async () => {
    const { ask, gone } = scriptedDoor('Hello', ' there')
    const { result } = renderHook(() => useCompletionQuery(ask('Hi')), { wrapper: Provided })
    await waitFor(() => expect(result.current.text).toBe('Hello'))
    act(() => result.current.stop())
    expect(result.current).toMatchObject({
      status: 'ready',
      stopped: true,
      text: 'Hello',
      error: undefined,
      data: undefined,
      isFetching: false,
    })
    expect(entries()).toEqual([[keyOf('Hi'), 'pending', 'idle']])
    await waitFor(() => expect(gone).toEqual(['Hi']))
    act(() => result.current.stop())
    expect(result.current.text).toBe('Hello')
  })

  it('asks afresh after a stop, and for a component that mounts', async () => {
    const { ask, model } = scriptedDoor('Hello', ' there')
    const first = renderHook(() => useCompletionQuery(ask('Hi')), { wrapper: Provided })
    await waitFor(() => expect(first.result.current.text).toBe('Hello'))
    act(() => first.result.current.stop())
    void first.result.current.refetch()
    await waitFor(() => expect(first.result.current).toMatchObject({ status: 'streaming', stopped: false }))
    act(() => first.result.current.stop())
    const second = renderHook(() => useCompletionQuery(ask('Hi')), { wrapper: Provided })
    expect(second.result.current).toMatchObject({ status: 'submitted', text: '' })
    await waitFor(() => expect(first.result.current.text).toBe('Hello'))
    expect(model.requests).toHaveLength(3)
  })

  it('leaves nothing of an answer whose last component unmounts, closes its connection, and starts afresh', async () => {
    const { ask, gone, model } = scriptedDoor('Hello', ' there')
    const one = renderHook(() => useCompletionQuery(ask('Hi')), { wrapper: Provided })
    const two = renderHook(() => useCompletionQuery(ask('Hi')), { wrapper: Provided })
    await waitFor(() => expect(two.result.current.text).toBe('Hello'))
    one.unmount()
    await Promise.resolve()
    expect(entries()).toEqual([[keyOf('Hi'), 'pending', 'fetching']])
    two.unmount()
    await waitFor(() => expect(gone).toEqual(['Hi']))
    expect(entries()).toEqual([[keyOf('Hi'), 'pending', 'idle']])
    expect(client.getQueryData(keyOf('Hi'))).toBeUndefined()
    expect(completionProgress(client, { queryKey: keyOf('Hi') }).getState()).toMatchObject({ status: 'idle', text: '' })
    const later = renderHook(() => useCompletionQuery(ask('Hi')), { wrapper: Provided })
    expect(later.result.current).toMatchObject({ status: 'submitted', text: '' })
    await waitFor(() => expect(later.result.current.text).toBe('Hello'))
    expect(model.requests).toHaveLength(2)
  })

  it('hands a running answer over to the component that takes the place of another one', async () => {
    const { ask, open, gone, model } = scriptedDoor('Hello', ' there')
    function Answer() {
      return <p>{useCompletionQuery(ask('Hi')).text}</p>
    }
    const page = render(<Answer key="list" />, { wrapper: Provided })
    await screen.findByText('Hello')
    page.rerender(<Answer key="detail" />)
    expect(screen.getByText('Hello')).toBeTruthy()
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(gone).toEqual([])
    act(open)
    await screen.findByText('Hello there')
    expect(model.requests).toHaveLength(1)
  })

  it('sends one request under StrictMode', async () => {
    const { ask, model } = scripted(['Hello'])
    const { result } = renderHook(() => useCompletionQuery(ask('Hi')), { wrapper: Strict })
    await waitFor(() => expect(result.current).toMatchObject({ status: 'ready', text: 'Hello' }))
    expect(model.requests).toHaveLength(1)
  })

  it('shows a cached answer to a later component, with no request', async () => {
    const { ask, model } = scripted(['Hello'])
    const first = renderHook(() => useCompletionQuery(ask('Hi')), { wrapper: Provided })
    await waitFor(() => expect(first.result.current.status).toBe('ready'))
    first.unmount()
    const later = renderHook(() => useCompletionQuery(ask('Hi')), { wrapper: Provided })
    expect(later.result.current).toMatchObject({ status: 'ready', text: 'Hello', isFetching: false })
    expect(later.result.current.timing).toEqual(expect.objectContaining({ totalMs: expect.any(Number) }))
    expect(model.requests).toHaveLength(1)
  })

  it('never shows the old answer under a new key, also where the old data holds its place', async () => {
    const { ask, gone, model } = scriptedDoor('Hello', ' there')
    const seen: string[] = []
    const { result, rerender } = renderHook(
      ({ prompt }) => {
        const answer = useCompletionQuery({ ...ask(prompt), placeholderData: (former) => former })
        seen.push(`${prompt} ${answer.status} ${answer.text}`)
        return answer
      },
      { wrapper: Provided, initialProps: { prompt: 'a' } },
    )
    await waitFor(() => expect(result.current.text).toBe('Hello'))
    rerender({ prompt: 'b' })
    await waitFor(() => expect(gone).toEqual(['a']))
    await waitFor(() => expect(result.current.text).toBe('Hello'))
    expect(seen.find((line) => line.startsWith('b'))).toBe('b submitted ')
    expect(entries()).toEqual([
      [keyOf('a'), 'pending', 'idle'],
      [keyOf('b'), 'pending', 'fetching'],
    ])
    client.setQueryData(keyOf('b'), { ...result.current.completion!, text: 'whole' })
    rerender({ prompt: 'c' })
    expect(result.current).toMatchObject({ status: 'submitted', text: '', data: { text: 'whole' } })
    expect(result.current.query.isPlaceholderData).toBe(true)
    await waitFor(() => expect(model.requests).toHaveLength(3))
  })

  it('asks nothing while it is disabled or has no question', async () => {
    const { ask, model } = scripted(['Hello'])
    const { result, rerender } = renderHook(
      (props: { prompt?: string; enabled?: boolean }) =>
        useCompletionQuery({ ...ask(props.prompt), enabled: props.enabled }),
      { wrapper: Provided, initialProps: {} },
    )
    expect(result.current).toMatchObject({ status: 'idle', text: '', isFetching: false })
    rerender({ prompt: 'Hi', enabled: false })
    expect(result.current.status).toBe('idle')
    expect(model.requests).toHaveLength(0)
    void result.current.refetch()
    await waitFor(() => expect(result.current).toMatchObject({ status: 'ready', text: 'Hello' }))
    rerender({ prompt: 'Another', enabled: true })
    expect(result.current).toMatchObject({ status: 'submitted', text: '' })
    await waitFor(() => expect(result.current.status).toBe('ready'))
    expect(model.requests).toHaveLength(2)
  })

  it('shows how a JSON answer grows, and its value in the end', async () => {
    const { ask } = scripted([{ text: '{"city":"Oslo","high":7}' }], 100)
    const schema = {
      '~standard': {
        version: 1 as const,
        vendor: 'test',
        validate: (value: unknown) => ({ value: { place: (value as { city: string }).city } }),
        jsonSchema: { input: () => ({ type: 'object', properties: { city: { type: 'string' } } }) },
      },
    }
    const seen = new Set<string>()
    const { result } = renderHook(
      () => {
        const answer = useCompletionQuery({ ...ask('Hi'), request: { response_format: schema } })
        seen.add(JSON.stringify(answer.object) ?? '')
        return answer
      },
      { wrapper: Provided },
    )
    await waitFor(() => expect(result.current.status).toBe('ready'))
    expect([...seen].filter((value) => value.startsWith('{"city"')).length).toBeGreaterThan(0)
    expect(result.current.object).toEqual({ place: 'Oslo' })
    expect(result.current.data?.parsed).toEqual({ place: 'Oslo' })
  })
})

describe('completionProgress', () => {
  it('shows an answer that something else asked for, and stops it', async () => {
    const { ask, gone } = scriptedDoor('Hello', ' there')
    const options = completionQuery(ask('Hi'))
    const progress = completionProgress(client, options)
    const { result } = renderHook(() => useStore(progress, (state) => `${state.status} ${state.text}`))
    expect(result.current).toBe('idle ')
    const asked = client.fetchQuery(options)
    const settled = asked.catch((error: Error) => error.message)
    await waitFor(() => expect(result.current).toBe('streaming Hello'))
    act(() => progress.stop())
    expect(result.current).toBe('ready Hello')
    await expect(settled).resolves.toBe('CancelledError')
    await waitFor(() => expect(gone).toEqual(['Hi']))
    expect(client.getQueryData(options.queryKey)).toBeUndefined()
  })

  it('follows a query that is removed and comes back', async () => {
    const { ask } = scripted(['Hello'])
    const options = completionQuery(ask('Hi'))
    const progress = completionProgress(client, options)
    const { result } = renderHook(() => useStore(progress, (state) => state.text))
    await act(async () => void (await client.fetchQuery(options)))
    await waitFor(() => expect(result.current).toBe('Hello'))
    act(() => client.removeQueries({ queryKey: options.queryKey }))
    await waitFor(() => expect(result.current).toBe(''))
    await act(async () => void (await client.fetchQuery(options)))
    await waitFor(() => expect(result.current).toBe('Hello'))
  })
})
