/** The store behind a hook: its own, one that the components with the same id share, or one that the app brings. */
import { useEffect, useInsertionEffect, useState, useSyncExternalStore } from 'react'
import type { Store } from 'completion-stream'

/** What can be done with a store, beside reading it. */
export type Verbs<T> = Omit<T, keyof Store<unknown>>

interface Stoppable extends Store<unknown> {
  stop(): void
}

/** A store, and who uses it. */
interface Shared<T, Options> {
  readonly store: T
  /** From whom it reads its options from now on. */
  askFor(read: () => Options): void
  /** How many components show it, once there was one: its answer is stopped and it leaves the shelf when nobody does. */
  shown?: number
}

/** The stores that are shared at the moment, by id. Only effects and verbs put one there: a server keeps nothing between requests. */
export type Shelf = Map<string, unknown>

/** One component's place at a store. */
interface Seat<T, Options> {
  readonly key: T | string | undefined
  /** The same functions for as long as the key is the same. They find the store when they are called. */
  readonly verbs: Verbs<T>
  find(): T
  /** The store that a server renders, and a page until it is hydrated. */
  first(): T
  see(options: Options): void
  show(): (() => void) | undefined
}

/**
 * A store for a component.
 *
 * @param create makes a store that asks for its options whenever it needs them
 * @param key an id to share one under, or a ready store, which is left alone; without it the component has its own
 */
export function useShared<T extends Stoppable, Options>(
  shelf: Shelf,
  create: (options: () => Options) => T,
  options: Options,
  key: T | string | undefined,
): { store: T; seat: Seat<T, Options> } {
  const [seat, setSeat] = useState(() => takeSeat(shelf, create, options, key))
  if (seat.key !== key) setSeat(takeSeat(shelf, create, options, key))
  // It only differs from what is on the shelf when two came in the same commit, which React finds out by itself.
  const store = useSyncExternalStore(subscribeToNothing, seat.find, seat.first)
  useInsertionEffect(() => seat.see(options))
  useEffect(() => seat.show(), [seat])
  return { store, seat }
}

export function subscribeToNothing(): () => void {
  return () => {}
}

function takeSeat<T extends Stoppable, Options>(
  shelf: Shelf,
  create: (options: () => Options) => T,
  options: Options,
  key: T | string | undefined,
): Seat<T, Options> {
  if (typeof key === 'object') {
    const given = () => key
    const nothing = () => undefined
    return { key, verbs: verbsOf(key), find: given, first: given, see: nothing, show: nothing }
  }
  let latest = options
  const read = () => latest
  const own = openShared(create, read)
  // A component that was hidden (`<Activity>`) has it again when it is shown, unless others have taken the id meanwhile.
  let last = own
  const shared = () => ((key !== undefined && shelf.get(key)) || last) as Shared<T, Options>
  const find = () => shared().store
  const share = (one: Shared<T, Options>) => key !== undefined && shelf.set(key, one)
  /** A moment later: another component may take over in the same commit. */
  const leaveUnseen = (one: Shared<T, Options>) =>
    queueMicrotask(() => {
      if (one.shown !== 0) return
      one.store.stop()
      if (key !== undefined && shelf.get(key) === one) shelf.delete(key)
    })
  return {
    key,
    find,
    first: () => own.store,
    verbs: verbsOf(own.store, () => {
      const one = shared()
      // A layout effect asks before its component counts as shown.
      if (one.shown === undefined) share(one)
      one.askFor(read)
      // Called by somebody who is gone: what nobody sees ends before it is sent.
      leaveUnseen(one)
      return one.store
    }),
    see(next) {
      latest = next
    },
    show() {
      const one = (last = shared())
      share(one)
      one.shown = (one.shown ?? 0) + 1
      return () => {
        one.shown!--
        leaveUnseen(one)
      }
    },
  }
}

function openShared<T, Options>(create: (options: () => Options) => T, first: () => Options): Shared<T, Options> {
  let read = first
  return {
    store: create(() => read()),
    askFor(next) {
      read = next
    },
  }
}

/** A store's verbs: its own functions, or such as find the store when they are called. */
function verbsOf<T extends Stoppable>(store: T, find?: () => T): Verbs<T> {
  const { getState, getInitialState, subscribe, ...verbs } = store
  if (!find) return verbs
  const names = Object.keys(verbs) as (keyof typeof verbs)[]
  const later =
    (name: keyof typeof verbs) =>
    (...input: unknown[]) =>
      (find()[name] as Function)(...input)
  return Object.fromEntries(names.map((name) => [name, later(name)])) as Verbs<T>
}
