/** Stores and slices of them in components. */
import { act, cleanup, render, renderHook, screen } from '@testing-library/react'
import { StrictMode } from 'react'
import { afterEach, describe, expect, it } from 'vitest'
import { createCompletionStore } from 'completion-stream'
import type { Store } from 'completion-stream'
import { useStore } from '../src/index.ts'
import { scripted, withoutAct } from './scripted.ts'

afterEach(cleanup)

interface Counts {
  odd: number
  even: number
}

function counts(): Store<Counts> & { set(change: Partial<Counts>): void } {
  const initial: Counts = { odd: 1, even: 0 }
  let state = initial
  const listeners = new Set<() => void>()
  return {
    getState: () => state,
    getInitialState: () => initial,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    set(change) {
      state = { ...state, ...change }
      for (const listener of listeners) listener()
    },
  }
}

/** A component's slice, and how often the component rendered. */
function renderSlice<Slice>(
  store: Store<Counts>,
  selector: (state: Counts) => Slice,
  isEqual?: (a: Slice, b: Slice) => boolean,
) {
  let renders = 0
  const { result, rerender } = renderHook(() => {
    renders++
    // Written in place: another function at each render.
    return useStore(store, (state) => selector(state), isEqual)
  })
  return { result, rerender, renders: () => renders }
}

describe('useStore', () => {
  it('gives the whole state without a selector', () => {
    const store = counts()
    const { result } = renderHook(() => useStore(store))
    expect(result.current).toBe(store.getState())
    act(() => store.set({ even: 2 }))
    expect(result.current).toEqual({ odd: 1, even: 2 })
  })

  it('renders only the component whose slice changed', () => {
    const store = counts()
    const odd = renderSlice(store, (state) => state.odd)
    const even = renderSlice(store, (state) => state.even)
    act(() => store.set({ even: 2 }))
    expect([odd.result.current, odd.renders()]).toEqual([1, 1])
    expect([even.result.current, even.renders()]).toEqual([2, 2])
  })

  it('takes a selector that builds a new object, without end', () => {
    const store = counts()
    const { result, rerender, renders } = renderSlice(store, ({ odd }) => ({ odd }))
    expect(result.current).toEqual({ odd: 1 })
    act(() => store.set({ odd: 3 }))
    expect(result.current).toEqual({ odd: 3 })
    rerender()
    expect(renders()).toBe(3)
  })

  it('keeps the former slice where `isEqual` says that it is as good', () => {
    const store = counts()
    const slice = renderSlice(
      store,
      ({ odd }) => ({ odd }),
      (a, b) => a.odd === b.odd,
    )
    const before = slice.result.current
    act(() => store.set({ even: 2 }))
    expect([slice.result.current, slice.renders()]).toEqual([before, 1])
    slice.rerender()
    expect(slice.result.current).toBe(before)
    act(() => store.set({ odd: 3 }))
    expect(slice.result.current).toEqual({ odd: 3 })
  })

  it('follows a selector that depends on a prop, and another store', () => {
    const [one, other] = [counts(), counts()]
    other.set({ odd: 11, even: 10 })
    const { result, rerender } = renderHook(
      ({ store, name }: { store: Store<Counts>; name: keyof Counts }) => useStore(store, (state) => state[name]),
      { initialProps: { store: one as Store<Counts>, name: 'odd' as keyof Counts }, wrapper: StrictMode },
    )
    expect(result.current).toBe(1)
    rerender({ store: one, name: 'even' })
    expect(result.current).toBe(0)
    rerender({ store: other, name: 'even' })
    expect(result.current).toBe(10)
    act(() => other.set({ even: 12 }))
    expect(result.current).toBe(12)
  })

  it('renders a status four times while the text of the same completion goes by', async () => {
    const { provider } = scripted(['one two three four five six'], 60)
    const store = createCompletionStore({ model: 'm', provider })
    const seen: string[] = []
    let texts = 0
    function Status() {
      const status = useStore(store, (state) => state.status)
      seen.push(status)
      return <p>{status}</p>
    }
    function Text() {
      texts++
      return <p role="log">{useStore(store, (state) => state.text)}</p>
    }
    render(
      <>
        <Status />
        <Text />
      </>,
    )
    await withoutAct(async () => {
      await store.start('Hi')
      await screen.findByText('one two three four five six')
    })
    expect(seen).toEqual(['idle', 'submitted', 'streaming', 'ready'])
    expect(texts).toBeGreaterThan(4)
  })
})
