/** Time: when the next piece of an answer is due, at a steady number of pieces per second. */

// Timers shorter than this are unreliable; at higher rates several pieces go out per timer.
const TICK_MS = 10
const LONGEST_TIMER_MS = 2 ** 31 - 1
// The sum of many intervals is a hair off; without this it would cost a whole timer more.
const ROUNDING_MS = 0.001

/** The schedule of one answer. It is kept on average: after a late timer or a slow reader the pieces due go out at once. */
export interface Pace {
  /** Waits for `ms` beyond what was due. Ends early when the signal aborts. */
  pause(ms: number): Promise<void>
  /** Waits until the next piece is due. Ends early when the signal aborts. */
  piece(): Promise<void>
  /** Moves the schedule by the time that `work` takes, so that pieces after it are not sent in a burst. */
  during<T>(work: () => T | Promise<T>): Promise<T>
}

/** A schedule that starts now. `tokensPerSecond` may be Infinity: no timers but those of `pause`. */
export function pace(tokensPerSecond: number, signal: AbortSignal): Pace {
  const interval = 1000 / tokensPerSecond
  const leastSleep = interval < TICK_MS ? TICK_MS : 0
  let due = performance.now()

  async function untilDue(least: number): Promise<void> {
    let left = due - performance.now()
    while (left > ROUNDING_MS && !signal.aborted) {
      await sleep(Math.max(left, least), signal)
      left = due - performance.now()
    }
  }

  return {
    pause(ms) {
      due += ms
      return untilDue(0)
    },
    async piece() {
      await untilDue(leastSleep)
      due += interval
    },
    async during(work) {
      const before = performance.now()
      const result = await work()
      const after = performance.now()
      due = Math.max(due, Math.min(due, before) + (after - before))
      return result
    },
  }
}

/** Resolves after `ms`, or as soon as the signal aborts; the timer is cleared then. */
function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, Math.min(Math.ceil(ms - ROUNDING_MS), LONGEST_TIMER_MS))
    signal.addEventListener('abort', end)
    if (signal.aborted) end()
  })
}

/** Resolves when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
