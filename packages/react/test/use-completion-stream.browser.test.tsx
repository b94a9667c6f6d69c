/** The completion hook, in a real browser: what it shows, and who answers. */
import { act, cleanup, renderHook, waitFor } from '@testing-library/react'
import { afterEach, describe, expect, it } from 'vitest'
import { createCompletionStore } from 'completion-stream'
import type { CompletionStoreOptions } from 'completion-stream'
import { useCompletionStream } from '../src/index.ts'
import { gate, scripted, stalling } from './scripted.ts'

afterEach(cleanup)

describe('useCompletionStream', () => {
  it('shows the answer as it arrives, then how it ended, what it took and how long', async () => {
    const { provider } = scripted(['Hello, ', 'world!'], 20)
    const { result } = renderHook(() => useCompletionStream({ model: 'm', provider }))
    expect(result.current).toMatchObject({ status: 'idle', text: '', finishReason: null })
    let done!: ReturnType<typeof result.current.start>
    act(() => void (done = result.current.start('Hi')))
    expect(result.current.status).toBe('submitted')
    await waitFor(() => expect(result.current.status).toBe('streaming'))
    const early = result.current.text
    expect(early.length).toBeGreaterThan(0)
    expect('Hello, world!'.startsWith(early) && early !== 'Hello, world!').toBe(true)
    await waitFor(() => expect(result.current.status).toBe('ready'))
    expect(result.current).toMatchObject({
      text: 'Hello, world!',
      finishReason: 'stop',
      stopped: false,
      error: undefined,
    })
    expect(result.current.usage?.completion_tokens).toBeGreaterThan(0)
    expect(result.current.timing?.timeToFirstTokenMs).toBeGreaterThan(0)
    await expect(done).resolves.toMatchObject({ text: 'Hello, world!' })
  })

  it('shows tool calls while their arguments grow', async () => {
    const { provider } = scripted(
      [{ toolCalls: [{ name: 'search', arguments: { query: 'a long query about streams' } }] }],
      60,
    )
    const seen = new Set<string>()
    const { result } = renderHook(() => {
      const stream = useCompletionStream({ model: 'm', provider })
      for (const call of stream.toolCalls) seen.add(`${call.state} ${call.arguments.length}`)
      return stream
    })
    act(() => void result.current.start('Hi'))
    await waitFor(() => expect(result.current.status).toBe('ready'))
    expect(seen.size).toBeGreaterThan(3)
    expect([...seen].at(-1)).toMatch(/^input-complete /)
    expect(result.current).toMatchObject({ finishReason: 'tool_calls', toolCalls: [{ name: 'search' }] })
    expect(JSON.parse(result.current.toolCalls[0]!.arguments)).toEqual({ query: 'a long query about streams' })
  })

  it('keeps the text of a cut answer beside the error, and asks again', async () => {
    const { provider, model } = scripted(({ turn }) => (turn === 0 ? ['Hel', { cut: true }] : ['Hello']))
    const { result } = renderHook(() => useCompletionStream({ model: 'm', provider }))
    await act(async () => void (await result.current.start('Hi')))
    expect(result.current).toMatchObject({ status: 'error', text: 'Hel', error: { code: 'interrupted' } })
    await act(async () => void (await result.current.retry()))
    expect(result.current).toMatchObject({ status: 'ready', text: 'Hello', error: undefined })
    expect(model.requests).toHaveLength(2)
  })

  it('reads its options when a request starts, and keeps its verbs', async () => {
    const { provider, model } = scripted(['ok'])
    const { result, rerender } = renderHook(
      (props: { model: string }) => useCompletionStream({ ...props, provider, request: { temperature: 0 } }),
      { initialProps: { model: 'a' } },
    )
    const { start, stop, retry, reset } = result.current
    rerender({ model: 'b' })
    await act(async () => void (await result.current.start('Hi')))
    expect(model.requests[0]?.body).toMatchObject({ model: 'b', temperature: 0 })
    expect(result.current).toMatchObject({ start, stop, retry, reset })
    act(() => result.current.reset())
    expect(result.current).toMatchObject({ status: 'idle', text: '' })
  })

  it('stops, keeps the text, and closes the connection', async () => {
    const { provider, left } = stalling()
    const { result } = renderHook(() => useCompletionStream({ model: 'm', provider }))
    act(() => void result.current.start('Hi'))
    await waitFor(() => expect(result.current.text).toBe('Hello'))
    act(() => result.current.stop())
    expect(result.current).toMatchObject({ status: 'ready', stopped: true, text: 'Hello', error: undefined })
    await waitFor(() => expect(left()).toEqual(['Hi']))
  })

  it('goes on with the options that it began with, and reads the new ones for the next request', async () => {
    const { passed, open } = gate()
    const { provider, model } = scripted(async function* ({ turn }) {
      yield 'Hello'
      if (turn === 0) await passed
      yield ' there'
    })
    const { result, rerender } = renderHook(
      (props: Partial<CompletionStoreOptions>) => useCompletionStream({ model: 'a', provider, ...props }),
      { initialProps: {} },
    )
    act(() => void result.current.start('Hi'))
    await waitFor(() => expect(result.current.text).toBe('Hello'))
    rerender({ model: 'b', system: 'Be kind.' })
    expect(result.current).toMatchObject({ status: 'streaming', text: 'Hello' })
    open()
    await waitFor(() => expect(result.current).toMatchObject({ status: 'ready', text: 'Hello there' }))
    await act(async () => void (await result.current.start('Hi')))
    expect(model.requests.map(({ body }) => body)).toMatchObject([
      { model: 'a', messages: [{ content: 'Hi' }] },
      { model: 'b', messages: [{ content: 'Be kind.' }, { content: 'Hi' }] },
    ])
  })

  it('shows the value of a JSON answer while it is written', async () => {
    const { passed, open } = gate()
    const { provider } = scripted(async function* () {
      yield '{"name":"Oslo","sights":["Opera"'
      await passed
      yield ',"Fram"]}'
    })
    const { result } = renderHook(() =>
      useCompletionStream({ model: 'm', provider, request: { response_format: { type: 'json_object' } } }),
    )
    expect(result.current.object).toBeUndefined()
    act(() => void result.current.start('Oslo'))
    await waitFor(() => expect(result.current.object).toEqual({ name: 'Oslo', sights: ['Opera'] }))
    open()
    await waitFor(() => expect(result.current.status).toBe('ready'))
    expect(result.current.object).toEqual({ name: 'Oslo', sights: ['Opera', 'Fram'] })
  })

  it('takes the URL of an endpoint as its provider', async () => {
    const { model } = scripted(['Hello'])
    const { result } = renderHook(() =>
      useCompletionStream({ model: 'm', provider: 'http://model.test/v1', fetch: model }),
    )
    await act(async () => void (await result.current.start('Hi')))
    expect(result.current.text).toBe('Hello')
    expect(model.requests[0]?.url).toBe('http://model.test/v1/chat/completions')
  })

  it("shows a store of the app's, gives its verbs, and leaves it running when it unmounts", async () => {
    const { passed, open } = gate()
    const { provider } = scripted(async function* () {
      yield 'Hello'
      await passed
      yield ' there'
    })
    const store = createCompletionStore({ model: 'm', provider })
    const { result, unmount } = renderHook(() => useCompletionStream({ store }))
    expect(result.current).toMatchObject({ start: store.start, stop: store.stop, continue: store.continue })
    act(() => void result.current.start('Hi'))
    await waitFor(() => expect(result.current.text).toBe('Hello'))
    unmount()
    open()
    await waitFor(() =>
      expect(store.getState()).toMatchObject({ status: 'ready', stopped: false, text: 'Hello there' }),
    )
    const again = renderHook(() => useCompletionStream({ store }))
    expect(again.result.current.text).toBe('Hello there')
  })

  it('switches to another store, and back to one of its own', async () => {
    const { provider } = scripted(({ prompt }) => [`To ${prompt}`])
    const [one, other] = [1, 2].map(() => createCompletionStore({ model: 'm', provider })) as [
      ReturnType<typeof createCompletionStore>,
      ReturnType<typeof createCompletionStore>,
    ]
    await Promise.all([one.start('one'), other.start('other')])
    const { result, rerender } = renderHook(
      ({ store }: { store?: typeof one }) => useCompletionStream(store ? { store } : { model: 'm', provider }),
      { initialProps: { store: one } as { store?: typeof one } },
    )
    expect(result.current.text).toBe('To one')
    rerender({ store: other })
    expect(result.current).toMatchObject({ text: 'To other', start: other.start })
    rerender({})
    expect(result.current).toMatchObject({ status: 'idle', text: '' })
    await act(async () => void (await result.current.start('mine')))
    expect([result.current.text, other.getState().text]).toEqual(['To mine', 'To other'])
  })
})
