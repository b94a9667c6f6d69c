/** Publishes a fast-changing value at most once per frame: reading never waits for painting, painting never lags behind. */
import { nextTurn } from './slices.ts'

/** A paced publication. */
export interface Pacer {
  /** Something changed: publish it in the next frame, or as soon as the throttle allows. */
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
/** A frame that takes longer is slow, and then so many times as long is left to everything else. */
const slowMs = 8
const shareOfRest = 3
/** Of frames that are quick one in so many is timed: that takes a message. */
const timedOf = 4
/** Whatever made a frame slow, nothing waits longer. */
const maxRestMs = 250
/** The most that a timer can wait. */
const maxMs = 2 ** 31 - 1

/**
 * Calls `publish` at most once per animation frame, and every 250 ms where the page is hidden and has no frames. A page for
 * which that is too much work (a long text, a slow phone) gets fewer: painting takes a quarter of its time at most.
 *
 * @param throttleMs at most once in so many milliseconds, and then in a frame
 */
export function createPacer(publish: () => void, throttleMs = 0): Pacer {
  let frame: number | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let publishedAt = -Infinity
  let restUntil = 0
  let shown = 0

  const cancel = (): void => {
    if (frame !== undefined) cancelAnimationFrame(frame)
    clearTimeout(timer)
    frame = timer = undefined
  }
  const flush = (): void => {
    cancel()
    if (throttleMs) publishedAt = performance.now()
    publish()
  }
  const show = async (): Promise<void> => {
    const startedAt = performance.now()
    // It was asked for before it was known how long the frame before took.
    if (startedAt < restUntil) {
      cancel()
      timer = setTimeout(publishInFrame, restUntil - startedAt)
      return
    }
    flush()
    if (!restUntil && shown++ % timedOf) return
    // The next turn is after the frame: what it shows is rendered, laid out and painted by then.
    await nextTurn()
    const endedAt = performance.now()
    const tookMs = endedAt - startedAt
    restUntil = tookMs > slowMs ? endedAt + Math.min(tookMs * shareOfRest, maxRestMs) : 0
  }
  const publishInFrame = (): void => {
    frame = requestAnimationFrame(show)
    // A page that is hidden has none, nor has one that is hidden before the frame comes.
    timer = setTimeout(flush, hiddenMs)
  }
  return {
    schedule() {
      if (timer !== undefined) return
      const until = Math.max(throttleMs && publishedAt + throttleMs, restUntil)
      const waitMs = until && Math.min(until - performance.now(), maxMs)
      if (typeof requestAnimationFrame !== 'function') timer = setTimeout(flush, Math.max(waitMs, frameMs))
      else if (waitMs > 0) timer = setTimeout(publishInFrame, waitMs)
      else publishInFrame()
    },
    flush,
    cancel,
  }
}
