/** A store, or a slice of it, in a component: it renders again only when what it selects changes. */
import { useCallback, useSyncExternalStore } from 'react'
import type { Store } from 'completion-stream'

/**
 * Reads a store in a component.
 *
 *     const text = useStore(store, (state) => state.text)
 *
 * @param selector what the component shows. It must return the same value as long as nothing in it changed: a field of
 *   the state, not a new object. Without it, the whole state.
 */
export function useStore<State>(store: Store<State>): State
export function useStore<State, Slice>(store: Store<State>, selector: (state: State) => Slice): Slice
export function useStore<State>(store: Store<State>, selector: (state: State) => unknown = same): unknown {
  return useSyncExternalStore(
    store.subscribe,
    useCallback(() => selector(store.getState()), [store, selector]),
    useCallback(() => selector(store.getInitialState()), [store, selector]),
  )
}

function same<T>(state: T): T {
  return state
}
