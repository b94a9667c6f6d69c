/** What the hooks show of failures, and what a person can do about them, in a real browser. */
import { act, cleanup, renderHook, waitFor } from '@testing-library/react'
import { StrictMode, useEffect } from 'react'
import { afterEach, describe, expect, it } from 'vitest'
import { askToContinue } from 'completion-stream'
import type { Step } from '@completion-stream/testing'
import { useChat, useCompletionStream } from '../src/index.ts'
import { scripted } from './scripted.ts'

afterEach(cleanup)

function overloaded(retryAfterMs: number): Step {
  const headers = { 'retry-after-ms': `${retryAfterMs}` }
  return { error: { message: 'Too much to do.', type: 'overloaded_error' }, status: 503, headers }
}

/** How long the failed requests ask to wait: time enough to stop one even on a busy machine. In ms. */
const waitMs = 1000

/** Long enough for a request that should not be sent. */
const aWhile = () => new Promise((resolve) => setTimeout(resolve, waitMs + 300))

const waiting = { provider: 'openai', model: 'm', action: 'retry', error: { code: 'overloaded' } }

/** Renders a hook under StrictMode and keeps all that it showed, for what has passed by the time one looks. */
function renderRecorded<State>(useHook: () => State) {
  const shown: State[] = []
  const { result } = renderHook(
    () => {
      const state = useHook()
      useEffect(() => void shown.push(state))
      return state
    },
    { wrapper: StrictMode },
  )
  return { result, shown }
}

describe('useCompletionStream', () => {
  it('shows a failed request while the next one is waited for, and the answer after it', async () => {
    const { provider, model } = scripted(({ turn }) => (turn === 0 ? [overloaded(20)] : ['Hello']))
    const { result, shown } = renderRecorded(() => useCompletionStream({ model: 'm', provider }))
    expect(result.current.attempts).toEqual([])
    act(() => void result.current.start('Hi'))
    await waitFor(() => expect(result.current.status).toBe('ready'))
    const attempts = [{ ...waiting, delayMs: 20 }]
    expect(result.current).toMatchObject({ text: 'Hello', error: undefined, attempts })
    const meanwhile = shown.find((state) => state.attempts.length > 0)
    expect(meanwhile).toMatchObject({ status: 'submitted', text: '', error: undefined, attempts })
    expect(model.requests).toHaveLength(2)
  })

  it('sends nothing more when it is stopped or unmounted while it waits', async () => {
    const { provider, model } = scripted([overloaded(waitMs)])
    const { result, unmount } = renderHook(() => useCompletionStream({ model: 'm', provider }))
    act(() => void result.current.start('Hi'))
    await waitFor(() => expect(result.current.attempts).toHaveLength(1))
    act(() => result.current.stop())
    expect(result.current).toMatchObject({ status: 'ready', stopped: true, error: undefined })
    await act(aWhile)
    expect(model.requests).toHaveLength(1)

    act(() => void result.current.start('Hi'))
    await waitFor(() => expect(result.current.attempts).toHaveLength(1))
    unmount()
    await aWhile()
    expect(model.requests).toHaveLength(2)
  })

  it('asks nobody twice without retries, and somebody else where there is one', async () => {
    const { provider, model } = scripted([overloaded(1)])
    const other = scripted(['Hello from the other one'])
    const fallbacks = [{ provider: other.provider, model: 'other' }]
    const { result, rerender } = renderHook(
      (props: { fallbacks?: typeof fallbacks }) =>
        useCompletionStream({ model: 'm', provider, maxRetries: 0, ...props }),
      { initialProps: {} },
    )
    await act(async () => void (await result.current.start('Hi')))
    expect(result.current).toMatchObject({ status: 'error', error: { code: 'overloaded', attempts: 1 } })
    rerender({ fallbacks })
    await act(async () => void (await result.current.retry()))
    expect(result.current).toMatchObject({
      status: 'ready',
      text: 'Hello from the other one',
      attempts: [{ model: 'm', action: 'fallback' }],
    })
    expect(model.requests).toHaveLength(2)
    expect(other.model.requests).toMatchObject([{ body: { model: 'other' } }])
  })

  it('joins the rest of a cut answer to what is there', async () => {
    const { provider, model } = scripted(({ turn }) => (turn === 0 ? ['Once upon', { cut: true }] : [' a time.']))
    const { result } = renderHook(() => useCompletionStream({ model: 'm', provider, continuation: askToContinue }))
    await act(async () => void (await result.current.start('A story')))
    expect(result.current).toMatchObject({ status: 'error', text: 'Once upon', error: { code: 'interrupted' } })
    let rest!: Promise<unknown>
    act(() => void (rest = result.current.continue()))
    expect(result.current).toMatchObject({ status: 'submitted', text: 'Once upon', error: undefined })
    await act(async () => void (await rest))
    expect(result.current).toMatchObject({ status: 'ready', text: 'Once upon a time.', finishReason: 'stop' })
    expect(model.requests[1]?.body).toMatchObject({
      messages: [{ content: 'A story' }, { role: 'assistant', content: 'Once upon' }, { role: 'user' }],
    })
    await act(async () => void (await result.current.continue()))
    expect(model.requests).toHaveLength(2)
  })

  it('gives up on an answer that stalls, and keeps its text', async () => {
    const { provider } = scripted(['Hello', { stall: true }])
    const { result } = renderHook(() => useCompletionStream({ model: 'm', provider, timeout: { chunkMs: 150 } }))
    await act(async () => void (await result.current.start('Hi')))
    expect(result.current).toMatchObject({ status: 'error', text: 'Hello', error: { code: 'timeout', phase: 'chunk' } })
  })
})

describe('useChat', () => {
  it('shows a failed request in the message that waits for its answer', async () => {
    const { provider } = scripted(({ turn }) => (turn === 0 ? [overloaded(20)] : ['Hello']))
    const { result, shown } = renderRecorded(() => useChat({ model: 'm', provider }))
    act(() => void result.current.sendMessage('Hi'))
    await waitFor(() => expect(result.current.status).toBe('ready'))
    const attempts = [{ ...waiting, delayMs: 20 }]
    expect(result.current.messages[1]).toMatchObject({ text: 'Hello', attempts, error: undefined })
    const answers = shown.flatMap(({ messages }) => messages.filter(({ role }) => role === 'assistant'))
    const meanwhile = answers.find((answer) => 'attempts' in answer && answer.attempts.length > 0)
    expect(meanwhile).toMatchObject({ status: 'submitted', parts: [], attempts })
  })

  it('sends nothing more when it is stopped or unmounted while it waits', async () => {
    const { provider, model } = scripted([overloaded(waitMs)])
    const { result, unmount } = renderHook(() => useChat({ model: 'm', provider }))
    act(() => void result.current.sendMessage('Hi'))
    await waitFor(() => expect(result.current.messages[1]).toMatchObject({ attempts: [waiting] }))
    act(() => result.current.stop())
    expect(result.current.messages[1]).toMatchObject({ status: 'stopped', text: '' })
    await act(aWhile)
    expect(model.requests).toHaveLength(1)

    act(() => void result.current.regenerate())
    await waitFor(() => expect(result.current.messages[1]).toMatchObject({ status: 'submitted', attempts: [waiting] }))
    unmount()
    await aWhile()
    expect(model.requests).toHaveLength(2)
  })

  it.each([
    ['cut', [{ cut: true }], 'error'],
    ['ended by its length limit', [{ finish: 'length' }], 'ready'],
  ] as [string, Step[], string][])(
    'joins the rest of an answer that was %s to the same message',
    async (_, end, status) => {
      const { provider, model } = scripted(({ turn }) => (turn === 0 ? ['Once upon', ...end] : [' a time.']))
      const { result } = renderHook(() => useChat({ model: 'm', provider, continuation: askToContinue }))
      await act(() => result.current.sendMessage('A story'))
      const [, cut] = result.current.messages
      expect(cut).toMatchObject({ status, text: 'Once upon' })
      await act(() => result.current.continue())
      expect(result.current.messages).toHaveLength(2)
      expect(result.current).toMatchObject({ status: 'ready', error: undefined })
      expect(result.current.messages[1]).toMatchObject({
        id: cut!.id,
        status: 'ready',
        parts: [{ type: 'text', text: 'Once upon a time.' }],
      })
      await act(() => result.current.sendMessage('And then?'))
      expect(model.requests[2]?.body).toMatchObject({
        messages: [{ content: 'A story' }, { content: 'Once upon a time.' }, { content: 'And then?' }],
      })
    },
  )

  it('goes on with an answer that was stopped', async () => {
    const { provider } = scripted(({ turn }) => (turn === 0 ? ['Once upon', { stall: true }] : [' a time.']))
    const { result } = renderHook(() => useChat({ model: 'm', provider, continuation: askToContinue }))
    act(() => void result.current.sendMessage('A story'))
    await waitFor(() => expect(result.current.messages[1]?.text).toBe('Once upon'))
    act(() => result.current.stop())
    await act(() => result.current.continue())
    expect(result.current.messages[1]).toMatchObject({ status: 'ready', text: 'Once upon a time.' })
  })

  it('runs no tool whose arguments were cut', async () => {
    const { provider, model } = scripted([
      { toolCalls: [{ name: 'weather', arguments: '{"city":"Os' }] },
      { cut: true },
    ])
    let runs = 0
    const tools = { weather: { execute: () => ++runs } }
    const { result } = renderHook(() => useChat({ model: 'm', provider, tools }))
    await act(() => result.current.sendMessage('Weather?'))
    expect(result.current.messages[1]).toMatchObject({
      status: 'error',
      parts: [{ toolCall: { state: 'incomplete', arguments: '{"city":"Os' } }],
    })
    expect([runs, model.requests.length]).toEqual([0, 1])
  })
})
