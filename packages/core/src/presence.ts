/** Whether the page has a network and is awake, where it can tell. Elsewhere (a server, a worker) it always is. */

const pulseMs = 15_000
/** A hidden page gets its timers once a minute at worst; one that misses more was asleep. */
const asleepMs = 90_000

/** Whether the browser knows that there is no network. */
export function isOffline(): boolean {
  return globalThis.navigator?.onLine === false
}

/**
 * Calls `listener` when the page comes back: the machine slept, the page was frozen, or there was no network. A connection
 * from before may be dead by then, without anybody having said so. Returns how to stop that.
 */
export function onReturn(listener: () => void): () => void {
  const { document } = globalThis
  const stopOnline = onOnline(listener)
  if (!document) return stopOnline
  // The clock on the wall: others stand still while the machine sleeps.
  let lastBeat = Date.now()
  const beat = (): void => {
    const now = Date.now()
    if (now - lastBeat > asleepMs) listener()
    lastBeat = now
  }
  const pulse = setInterval(beat, pulseMs)
  document.addEventListener('visibilitychange', beat)
  document.addEventListener('resume', listener)
  return () => {
    stopOnline()
    clearInterval(pulse)
    document.removeEventListener('visibilitychange', beat)
    document.removeEventListener('resume', listener)
  }
}

/** Calls `listener` when there is a network again. Returns how to stop that. */
export function onOnline(listener: () => void): () => void {
  // A worker has no window, but the event as well; what has no events is never offline.
  globalThis.addEventListener?.('online', listener)
  return () => globalThis.removeEventListener?.('online', listener)
}
