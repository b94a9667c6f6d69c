/** A clock that is put forward by hand, for code that reads `performance.now()` and sets timers. */

export interface Clock {
  /** Lets so many milliseconds go by, with the timers that are due in them, and lets everything run that waits for nothing. */
  pass(ms: number): Promise<void>
  /** How many timers wait. */
  waiting(): number
  /** How many timers were ever set. */
  armed(): number
  /** Gives the real clock back. */
  restore(): void
}

/** Puts such a clock in the place of the real one. */
export function fakeClock(): Clock {
  const real = { setTimeout, clearTimeout, now: performance.now }
  const timers = new Map<number, { at: number; run: () => void }>()
  let now = 0
  let armed = 0
  performance.now = () => now
  globalThis.setTimeout = ((run: () => void, ms = 0) => {
    timers.set(++armed, { at: now + ms, run })
    return armed
  }) as unknown as typeof setTimeout
  globalThis.clearTimeout = ((id: number) => void timers.delete(id)) as typeof clearTimeout
  const turns = async (): Promise<void> => {
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve))
  }
  return {
    async pass(ms) {
      await turns()
      const end = now + ms
      for (;;) {
        const [next] = [...timers].filter(([, { at }]) => at <= end).toSorted(([, a], [, b]) => a.at - b.at)
        if (!next) break
        timers.delete(next[0])
        now = Math.max(now, next[1].at)
        next[1].run()
        await turns()
      }
      now = end
      await turns()
    },
    waiting: () => timers.size,
    armed: () => armed,
    restore() {
      Object.assign(globalThis, { setTimeout: real.setTimeout, clearTimeout: real.clearTimeout })
      performance.now = real.now
    },
  }
}
