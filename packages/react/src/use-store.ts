/** A store, or a slice of it, in a component: it renders again only when what it selects changes. */
import { useState, useSyncExternalStore } from 'react'
import type { Store } from 'completion-stream'

/**
 * Reads a store in a component, which renders again only when what it selects changes.
 *
 *     const text = useStore(store, (state) => state.text)
 *
 * @param selector what the component shows; without it, the whole state. It may be written in place.
 * @param isEqual whether a slice is as good as the former one, which is then kept. For selectors that build a new object or
 *   list each time. Default: `Object.is`
 */
export function useStore<State>(store: Store<State>): State
export function useStore<State, Slice>(
  store: Store<State>,
  selector: (state: State) => Slice,
  isEqual?: (former: Slice, slice: Slice) => boolean,
): Slice
export function useStore<State>(
  store: Store<State>,
  selector: (state: State) => unknown = same,
  isEqual: (former: unknown, slice: unknown) => boolean = Object.is,
): unknown {
  const [slice] = useState(createSlice<State>)
  return useSyncExternalStore(
    store.subscribe,
    () => slice(store.getState(), selector, isEqual),
    () => slice(store.getInitialState(), selector, isEqual),
  )
}

function same<T>(state: T): T {
  return state
}

/** Selects once per state and selector: React asks more often, and takes a new object for a change. */
function createSlice<State>() {
  let last: { state: State; selector: unknown; slice: unknown } | undefined
  return (
    state: State,
    selector: (state: State) => unknown,
    isEqual: (former: unknown, slice: unknown) => boolean,
  ): unknown => {
    if (last?.state === state && last.selector === selector) return last.slice
    let slice = selector(state)
    if (last && isEqual(last.slice, slice)) slice = last.slice
    last = { state, selector, slice }
    return slice
  }
}
