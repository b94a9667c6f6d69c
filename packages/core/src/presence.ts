/** Whether the page has a network and is awake, where it can tell. Elsewhere (a server, a worker) it always is. */

/** How long a page must have been hidden before its connections are in doubt. */
const asleepMs = 30_000

/** Whether the browser knows that there is no network. */
export function isOffline(): boolean {
  return globalThis.navigator?.onLine === false
}

/**
 * Calls `listener` when the page comes back: it was hidden for long, or frozen, or without a network. A connection from
 * before may be dead by then, without anybody having said so. Returns how to stop that.
 */
export function onReturn(listener: () => void): () => void {
  const { document } = globalThis
  let hiddenAt = Date.now()
  const onVisibility = (): void => {
    // The clock on the wall: others stand still while the machine sleeps.
    if (document.hidden) hiddenAt = Date.now()
    else if (Date.now() - hiddenAt > asleepMs) listener()
  }
  const stopOnline = onOnline(listener)
  document?.addEventListener('visibilitychange', onVisibility)
  document?.addEventListener('resume', listener)
  return () => {
    stopOnline()
    document?.removeEventListener('visibilitychange', onVisibility)
    document?.removeEventListener('resume', listener)
  }
}

/** Calls `listener` when there is a network again. Returns how to stop that. */
export function onOnline(listener: () => void): () => void {
  // A worker has no window, but the event as well; what has no events is never offline.
  globalThis.addEventListener?.('online', listener)
  return () => globalThis.removeEventListener?.('online', listener)
}
