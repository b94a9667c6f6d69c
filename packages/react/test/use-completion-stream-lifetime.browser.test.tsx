/** When requests of the completion hook begin and end: mounting, unmounting, StrictMode, and verbs in quick succession. */
import { act, cleanup, render, renderHook, screen, waitFor } from '@testing-library/react'
import { StrictMode, useEffect, useLayoutEffect } from 'react'
import { afterEach, describe, expect, it } from 'vitest'
import { useCompletionStream } from '../src/index.ts'
import { aWhile, gate, scripted, stalling } from './scripted.ts'

afterEach(cleanup)

describe('mounting', () => {
  it('closes the connection when it unmounts midway', async () => {
    const { provider, left } = stalling()
    const { result, unmount } = renderHook(() => useCompletionStream({ model: 'm', provider }))
    act(() => void result.current.start('Hi'))
    await waitFor(() => expect(result.current.text).toBe('Hello'))
    expect(left()).toEqual([])
    unmount()
    await waitFor(() => expect(left()).toEqual(['Hi']))
  })

  it('sends nothing when it unmounts in the moment in which it asks', async () => {
    const { provider, model } = stalling()
    const { result, unmount } = renderHook(() => useCompletionStream({ model: 'm', provider }))
    act(() => void result.current.start('Hi'))
    unmount()
    await aWhile()
    expect(model.requests).toHaveLength(0)
  })

  it('sends nothing for a verb that is called after it is gone, or after it has another id', async () => {
    const { provider, model } = stalling()
    const { result, rerender, unmount } = renderHook(({ id }) => useCompletionStream({ id, model: 'm', provider }), {
      initialProps: { id: 'gone' },
    })
    const before = result.current
    rerender({ id: 'there' })
    await aWhile(20)
    await act(async () => expect(await before.start('Hi')).toBeUndefined())
    const { start } = result.current
    unmount()
    await aWhile(20)
    expect(await start('Hi')).toBeUndefined()
    expect(model.requests).toHaveLength(0)
  })

  it('sends the request of a child whose effect asks, also under StrictMode', async () => {
    const { provider, model } = scripted(['Hello'])
    function Child({ start }: { start: (prompt: string) => unknown }) {
      useEffect(() => void start('Hi'), [start])
      return null
    }
    function Page() {
      const { text, start } = useCompletionStream({ id: 'child', model: 'm', provider })
      return (
        <p role="status">
          {text}
          <Child start={start} />
        </p>
      )
    }
    render(<Page />, { wrapper: StrictMode })
    await waitFor(() => expect(screen.getByRole('status').textContent).toBe('Hello'))
    expect(model.requests).toHaveLength(1)
  })

  it('begins anew when it is mounted again', async () => {
    const { provider, left } = stalling()
    function Answer() {
      const { status, text, start } = useCompletionStream({ model: 'm', provider })
      return <button onClick={() => void start('Hi')}>{`${status}: ${text}`}</button>
    }
    const { rerender } = render(<Answer key="first" />)
    act(() => screen.getByRole('button').click())
    await screen.findByText('streaming: Hello')
    rerender(<Answer key="second" />)
    expect(screen.getByRole('button').textContent).toBe('idle: ')
    await waitFor(() => expect(left()).toEqual(['Hi']))
    act(() => screen.getByRole('button').click())
    await screen.findByText('streaming: Hello')
    expect(left()).toEqual(['Hi'])
  })

  it.each([
    ['an effect', useEffect],
    ['a layout effect', useLayoutEffect],
  ])('sends one request under StrictMode when %s starts it, and does not stop it', async (_, useSomeEffect) => {
    const { provider, model } = scripted(['Hello'])
    function Page() {
      const { text, status, stopped, start } = useCompletionStream({ model: 'm', provider })
      useSomeEffect(() => void start('Hi'), [start])
      return <p role="status">{`${status}: ${text} ${stopped}`}</p>
    }
    render(<Page />, { wrapper: StrictMode })
    await waitFor(() => expect(screen.getByRole('status').textContent).toBe('ready: Hello false'))
    expect(model.requests).toHaveLength(1)
  })
})

describe('races', () => {
  function asking(script: Parameters<typeof scripted>[0]) {
    const { provider, model } = scripted(script)
    const { result } = renderHook(() => useCompletionStream({ model: 'm', provider }), { wrapper: StrictMode })
    const prompts = () =>
      model.requests.map(({ body }) => (body as { messages: { content: string }[] }).messages[0]?.content)
    return { result, prompts }
  }

  it('start, stop and start in one go are one request, the last', async () => {
    const { result, prompts } = asking(({ prompt }) => [`To ${prompt}`])
    let all!: Promise<unknown[]>
    act(() => {
      const first = result.current.start('one')
      result.current.stop()
      all = Promise.all([first, result.current.start('two')])
    })
    const [first, second] = await act(() => all)
    expect(prompts()).toEqual(['two'])
    expect(first).toBeUndefined()
    expect(second).toMatchObject({ text: 'To two' })
    expect(result.current).toMatchObject({ status: 'ready', stopped: false, text: 'To two' })
  })

  it('stopped before the first byte, it is ready without a text', async () => {
    const { passed, open } = gate()
    const { result, prompts } = asking(async function* () {
      await passed
      yield 'too late'
    })
    let done!: Promise<unknown>
    act(() => void (done = result.current.start('Hi')))
    await waitFor(() => expect(prompts()).toEqual(['Hi']))
    act(() => result.current.stop())
    expect(result.current).toMatchObject({ status: 'ready', stopped: true, text: '', error: undefined })
    open()
    await act(() => done)
    await act(() => aWhile(50))
    expect(result.current).toMatchObject({ status: 'ready', text: '' })
  })

  it('started twice, the second answer takes the place of the first', async () => {
    const { result, prompts } = asking(({ prompt }) => [
      `To ${prompt}`,
      ...(prompt === 'one' ? [{ stall: true as const }] : []),
    ])
    let first!: Promise<unknown>
    act(() => void (first = result.current.start('one')))
    await waitFor(() => expect(result.current.text).toBe('To one'))
    await act(async () => void (await result.current.start('two')))
    expect(prompts()).toEqual(['one', 'two'])
    await expect(first).resolves.toMatchObject({ text: 'To one' })
    expect(result.current).toMatchObject({ status: 'ready', stopped: false, text: 'To two' })
  })

  it('reset while it streams leaves nothing', async () => {
    const { result } = asking(['Hello', { stall: true }])
    act(() => void result.current.start('Hi'))
    await waitFor(() => expect(result.current.text).toBe('Hello'))
    act(() => result.current.reset())
    await act(() => aWhile(50))
    expect(result.current).toMatchObject({ status: 'idle', text: '', completion: undefined })
  })
})
