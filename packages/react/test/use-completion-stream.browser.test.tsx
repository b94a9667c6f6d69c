/** The completion hook, in a real browser. */
import { act, cleanup, render, renderHook, screen, waitFor } from '@testing-library/react'
import { StrictMode, useEffect } from 'react'
import { afterEach, describe, expect, it } from 'vitest'
import { openai } from 'completion-stream'
import type { Provider } from 'completion-stream'
import { scriptedProvider } from '@completion-stream/testing'
import type { Script, ScriptedProvider } from '@completion-stream/testing'
import { useCompletionStream } from '../src/index.ts'

afterEach(cleanup)

function scripted(
  script: Script,
  tokensPerSecond = Number.POSITIVE_INFINITY,
): { provider: Provider; model: ScriptedProvider } {
  const model = scriptedProvider(script, { tokensPerSecond, firstTokenMs: 0 })
  return { model, provider: openai({ baseURL: 'http://model.test/v1', fetch: model }) }
}

const long = Array.from({ length: 400 }, (_, i) => `word${i}`).join(' ')

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

  it('renders at most once per frame, whatever the token rate', async () => {
    const { provider } = scripted([long], 2000)
    let renders = 0
    const { result } = renderHook(() => {
      renders++
      return useCompletionStream({ model: 'm', provider })
    })
    let frames = 0
    let counting = true
    const count = () => {
      frames++
      if (counting) requestAnimationFrame(count)
    }
    requestAnimationFrame(count)
    const before = renders
    // No act() here: it would flush renders of its own.
    globalThis.IS_REACT_ACT_ENVIRONMENT = false
    try {
      await result.current.start('Hi')
      await new Promise((resolve) => setTimeout(resolve, 50))
    } finally {
      counting = false
      globalThis.IS_REACT_ACT_ENVIRONMENT = true
    }
    expect(result.current.text).toBe(long)
    expect(result.current.timing!.chunks).toBeGreaterThan(400)
    // Submitted, the first token and the end are published at once, beside the frames.
    expect(renders - before).toBeLessThanOrEqual(frames + 3)
    expect(renders - before).toBeLessThan(result.current.timing!.chunks / 2)
  })

  it('stops, keeps the text, and closes the connection', async () => {
    let gone = false
    const { provider } = scripted(async function* ({ signal }) {
      signal.addEventListener('abort', () => (gone = true))
      yield 'Hello'
      yield { stall: true }
    })
    const { result } = renderHook(() => useCompletionStream({ model: 'm', provider }))
    act(() => void result.current.start('Hi'))
    await waitFor(() => expect(result.current.text).toBe('Hello'))
    act(() => result.current.stop())
    expect(result.current).toMatchObject({ status: 'ready', stopped: true, text: 'Hello', error: undefined })
    await waitFor(() => expect(gone).toBe(true))
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

  it('sends one request under StrictMode, also when an effect starts it', async () => {
    const { provider, model } = scripted(['Hello'])
    function Page() {
      const { text, status, start } = useCompletionStream({ model: 'm', provider })
      useEffect(() => void start('Hi'), [start])
      return <p role="status">{`${status}: ${text}`}</p>
    }
    render(<Page />, { wrapper: StrictMode })
    await waitFor(() => expect(screen.getByRole('status').textContent).toBe('ready: Hello'))
    expect(model.requests).toHaveLength(1)
  })

  it('closes the connection when it unmounts', async () => {
    let gone = false
    const { provider } = scripted(async function* ({ signal }) {
      signal.addEventListener('abort', () => (gone = true))
      yield 'Hello'
      yield { stall: true }
    })
    const { result, unmount } = renderHook(() => useCompletionStream({ model: 'm', provider }))
    act(() => void result.current.start('Hi'))
    await waitFor(() => expect(result.current.text).toBe('Hello'))
    unmount()
    await waitFor(() => expect(gone).toBe(true))
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
})
