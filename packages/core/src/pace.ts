/** Publishes a fast-changing value at most once per frame: reading never waits for painting, painting never lags behind. */

/** A paced publication. */
export interface Pacer {
  /** Something changed: publish within a frame. */
  schedule(): void
  /** Publish now what is due now (a status change), and drop what was scheduled. */
  flush(): void
  /** Drop what was scheduled. */
  cancel(): void
}

/** A frame at 60 Hz, for where there are no frames. */
const frameMs = 16
/** Frames stop in hidden tabs; a timer makes sure that the state goes on. */
const hiddenMs = 250

/** Calls `publish` at most once per animation frame, and every 250 ms where the page is hidden and has no frames. */
export function createPacer(publish: () => void): Pacer {
  let frame: number | undefined
  let timer: ReturnType<typeof setTimeout> | undefined

  const cancel = () => {
    if (frame !== undefined) cancelAnimationFrame(frame)
    clearTimeout(timer)
    frame = timer = undefined
  }
  const flush = () => {
    cancel()
    publish()
  }
  return {
    schedule() {
      if (timer !== undefined) return
      const frames = typeof requestAnimationFrame === 'function'
      timer = setTimeout(flush, frames ? hiddenMs : frameMs)
      if (frames) frame = requestAnimationFrame(flush)
    },
    flush,
    cancel,
  }
}
