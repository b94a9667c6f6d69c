/** Several completion hooks at once: each its own answer, or one that those with the same id share. */
import { act, cleanup, render, renderHook, screen, waitFor } from '@testing-library/react'
import * as React from 'react'
import { StrictMode, Suspense, useEffect, useLayoutEffect } from 'react'
import { afterEach, describe, expect, it } from 'vitest'
import type { Provider } from 'completion-stream'
import { useCompletionStream } from '../src/index.ts'
import { aWhile, gate, scripted, stalling } from './scripted.ts'

afterEach(cleanup)

function Answer({ name, ...options }: { name: string; id?: string; model: string; provider: Provider }) {
  const { text, status, start, stop } = useCompletionStream(options)
  return (
    <>
      <p role="log" aria-label={name}>{`${status}: ${text}`}</p>
      <button onClick={() => void start(`from ${name}`)}>{`start ${name}`}</button>
      <button onClick={stop}>{`stop ${name}`}</button>
    </>
  )
}

const shown = () => screen.getAllByRole('log').map((log) => log.textContent)
const press = (name: string) => act(() => screen.getByText(name).click())

describe('three hooks at once', () => {
  it('each has its own answer', async () => {
    const { provider, model } = scripted(({ prompt }) => ['Hello ', prompt], 100)
    render(
      <>
        {['one', 'two', 'three'].map((name) => (
          <Answer key={name} name={name} model="m" provider={provider} />
        ))}
      </>,
    )
    for (const name of ['one', 'two', 'three']) press(`start ${name}`)
    await waitFor(() =>
      expect(shown()).toEqual(['ready: Hello from one', 'ready: Hello from two', 'ready: Hello from three']),
    )
    expect(model.requests).toHaveLength(3)
  })
})

describe('hooks with the same id', () => {
  it('show one answer, asked for with the options of the one that asked', async () => {
    const { passed, open } = gate()
    const { provider, model } = scripted(async function* ({ prompt, request }) {
      yield `${request.model} `
      await passed
      yield prompt
    })
    render(
      <StrictMode>
        <Answer name="one" id="same" model="a" provider={provider} />
        <Answer name="two" id="same" model="b" provider={provider} />
        <Answer name="other" id="another" model="c" provider={provider} />
      </StrictMode>,
    )
    press('start two')
    await waitFor(() => expect(shown()).toEqual(['streaming: b ', 'streaming: b ', 'idle: ']))
    open()
    await waitFor(() => expect(shown()).toEqual(['ready: b from two', 'ready: b from two', 'idle: ']))
    press('start one')
    await waitFor(() => expect(shown()).toEqual(['ready: a from one', 'ready: a from one', 'idle: ']))
    expect(model.requests).toHaveLength(2)
  })

  it('go on when one of them unmounts, and stop with the last one, which is forgotten then', async () => {
    const { provider, left } = stalling()
    const page = (names: string[]) => (
      <StrictMode>
        {names.map((name) => (
          <Answer key={name} name={name} id="lives" model="m" provider={provider} />
        ))}
      </StrictMode>
    )
    const { rerender } = render(page(['one', 'two']))
    press('start one')
    await waitFor(() => expect(shown()).toEqual(['streaming: Hello', 'streaming: Hello']))
    rerender(page(['two']))
    await act(() => aWhile(50))
    expect(left()).toEqual([])
    // One goes and another comes in the same commit.
    rerender(page(['three']))
    await act(() => aWhile(50))
    expect([shown(), left()]).toEqual([['streaming: Hello'], []])
    rerender(page([]))
    await waitFor(() => expect(left()).toEqual(['from one']))
    rerender(page(['four']))
    expect(shown()).toEqual(['idle: '])
  })

  it('share it also in different roots', async () => {
    const { provider } = stalling()
    const options = { id: 'roots', model: 'm', provider }
    const one = renderHook(() => useCompletionStream(options))
    const other = renderHook(() => useCompletionStream(options))
    act(() => void one.result.current.start('Hi'))
    await waitFor(() => expect(other.result.current.text).toBe('Hello'))
    act(() => other.result.current.stop())
    expect(one.result.current).toMatchObject({ status: 'ready', stopped: true })
  })

  it.each([
    ['effects', useEffect],
    ['layout effects', useLayoutEffect],
  ])('send one request when the %s of both ask', async (id, useSomeEffect) => {
    const { provider, model } = scripted(['Hello'])
    function Eager() {
      const { text, start } = useCompletionStream({ id, model: 'm', provider })
      useSomeEffect(() => void start('Hi'), [start])
      return <p role="log">{text}</p>
    }
    render(
      <>
        <Eager />
        <Eager />
      </>,
      { wrapper: StrictMode },
    )
    await waitFor(() => expect(shown()).toEqual(['Hello', 'Hello']))
    expect(model.requests).toHaveLength(1)
  })

  it('keep their verbs while others come and go', () => {
    const { provider } = scripted(['Hello'])
    const options = { id: 'verbs', model: 'm', provider }
    const { result, rerender } = renderHook(() => useCompletionStream(options))
    const { start, stop, retry, reset, continue: goOn } = result.current
    const other = renderHook(() => useCompletionStream(options))
    rerender()
    other.unmount()
    rerender()
    expect(result.current).toMatchObject({ start, stop, retry, reset, continue: goOn })
  })

  it('forget their answer when they are removed while a fallback hides them', async () => {
    const { provider } = scripted(['Hello'])
    const never = new Promise(() => {})
    function Waiting({ waits }: { waits: boolean }) {
      // Thrown, as `use` does: React 18 has none.
      if (waits) throw never
      return null
    }
    const page = (waits: boolean) => (
      <Suspense fallback="wait">
        <Answer name="one" id="hidden" model="m" provider={provider} />
        <Waiting waits={waits} />
      </Suspense>
    )
    const { rerender } = render(page(false))
    press('start one')
    await waitFor(() => expect(shown()).toEqual(['ready: Hello']))
    rerender(page(true))
    rerender(<p />)
    await act(() => aWhile(20))
    rerender(<Answer name="two" id="hidden" model="m" provider={provider} />)
    expect(shown()).toEqual(['idle: '])
  })

  it.runIf('Activity' in React)('have their answer again after they were hidden, stopped', async () => {
    const { provider, left } = stalling()
    const page = (mode: 'visible' | 'hidden') => (
      <React.Activity mode={mode}>
        <Answer name="one" id="activity" model="m" provider={provider} />
      </React.Activity>
    )
    const { rerender } = render(page('visible'))
    press('start one')
    await waitFor(() => expect(shown()).toEqual(['streaming: Hello']))
    rerender(page('hidden'))
    await waitFor(() => expect(left()).toEqual(['from one']))
    rerender(page('visible'))
    expect(shown()).toEqual(['ready: Hello'])
  })

  it('are others when the id changes: the answer of the former id is stopped', async () => {
    const { provider, left } = stalling()
    const { result, rerender } = renderHook(({ id }) => useCompletionStream({ id, model: 'm', provider }), {
      initialProps: { id: 'before' },
    })
    act(() => void result.current.start('Hi'))
    await waitFor(() => expect(result.current.text).toBe('Hello'))
    rerender({ id: 'after' })
    expect(result.current).toMatchObject({ status: 'idle', text: '' })
    await waitFor(() => expect(left()).toEqual(['Hi']))
    rerender({ id: 'before' })
    expect(result.current).toMatchObject({ status: 'idle', text: '' })
  })
})
