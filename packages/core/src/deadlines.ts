/** Times by which something has to have happened, on one timer. */

/** What may take too long. */
export interface Deadlines<Name extends string> {
  /** Has `name` expire in `ms` from now; without `ms`, not at all. A later deadline costs no timer. */
  set(name: Name, ms?: number): void
  /** Nothing expires any more. */
  stop(): void
}

/** A timer that rings later than this does so for want of a free thread. */
const lateMs = 50
/** The most that a timer can wait. */
const maxMs = 2 ** 31 - 1

/** Calls `expire` with the name of each deadline that has passed. */
export function createDeadlines<Name extends string>(expire: (name: Name) => void): Deadlines<Name> {
  const due = new Map<Name, number>()
  let timer: ReturnType<typeof setTimeout> | undefined
  let alarm = Infinity

  const arm = (at: number): void => {
    clearTimeout(timer)
    alarm = at
    timer = at < Infinity ? setTimeout(ring, Math.max(0, Math.min(at - performance.now(), maxMs))) : undefined
  }
  const ring = (): void => {
    const now = performance.now()
    // The thread was busy: what has arrived meanwhile comes first.
    if (now > alarm + lateMs) return arm(now)
    for (const [name, at] of due) {
      // A timer may be early by a fraction of a millisecond.
      if (at > now + 1) continue
      due.delete(name)
      expire(name)
    }
    arm(Math.min(...due.values()))
  }

  return {
    set(name, ms = Infinity) {
      if (ms === Infinity) return void due.delete(name)
      const at = performance.now() + ms
      due.set(name, at)
      // What was put off is looked at when its old time has come, so that a deadline per read is cheap.
      if (at < alarm) arm(at)
    },
    stop() {
      due.clear()
      arm(Infinity)
    },
  }
}
