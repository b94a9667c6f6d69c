/** How long a stream took, measured as it is read: to the first token, between tokens, in all. */

/** Durations in milliseconds from the moment when `streamCompletion` was called. */
export interface StreamTiming {
  /** Until the response's headers arrived. */
  timeToResponseMs?: number
  /** Until the first text, reasoning or tool call arrived. */
  timeToFirstTokenMs?: number
  /** Until the stream ended, was stopped or failed; missing while it runs. */
  totalMs?: number
  /** Chunks received. */
  chunks: number
  /** Output tokens a second after the first one: by the provider's count where it sent one, else by chunks with content. */
  tokensPerSecond?: number
  /** Pauses between reads that brought content, once the stream has ended. */
  gaps?: { median: number; p90: number; max: number }
  /**
   * The answer was held back on its way and came in one burst: most likely a proxy, a compressor or a server framework
   * buffers. Known once the stream has ended.
   */
  buffered?: true
}

/** A shorter wait than this is no loss, and not told from a fast model. */
const bufferedAfterMs = 1000
/** No model writes so many pieces in a millisecond. */
const burst = 5
/** So few pieces may come together by chance. */
const fewPieces = 20
let hasWarned = false

/** Times one stream. */
export interface Stopwatch {
  /** From here on the network is waited for: a request is sent, or its reader is there again. */
  waiting(): void
  responded(): void
  /** A chunk came, with or without something that a person can see. */
  chunk(visible: boolean): void
  /** A network read is over. The clock is read once for it, however many chunks it brought. */
  read(): void
  ended(): void
  /** The figures so far. */
  timing(completionTokens?: number): StreamTiming
}

/** A stopwatch that starts now. */
export function createStopwatch(): Stopwatch {
  const start = performance.now()
  const timing: StreamTiming = { chunks: 0 }
  const gaps: number[] = []
  let pieces = 0
  let timed = 0
  let last = 0
  let since = 0
  let waitedMs = 0
  const now = () => performance.now() - start

  return {
    waiting() {
      since = now()
    },
    responded() {
      if (timing.timeToFirstTokenMs === undefined) timing.timeToResponseMs = now()
    },
    chunk(visible) {
      timing.chunks++
      if (visible) pieces++
    },
    read() {
      if (pieces === timed) return
      timed = pieces
      const at = now()
      if (timing.timeToFirstTokenMs === undefined) {
        timing.timeToFirstTokenMs = at
        waitedMs = at - since
      } else gaps.push(at - last)
      last = at
    },
    ended() {
      timing.totalMs = now()
      if (gaps.length) {
        // Numbers of one kind are sorted without being asked for each pair.
        const sorted = Float64Array.from(gaps).sort()
        const [median, p90, max] = [0.5, 0.9, 1].map((share) => sorted[Math.floor(share * (gaps.length - 1))]!)
        timing.gaps = { median: median!, p90: p90!, max: max! }
      }
      const tookMs = last - (timing.timeToFirstTokenMs ?? 0)
      if (waitedMs < bufferedAfterMs || pieces < fewPieces || pieces < tookMs * burst) return
      timing.buffered = true
      warn()
    },
    timing(completionTokens = pieces) {
      const tokensPerSecond = (completionTokens * 1000) / (last - timing.timeToFirstTokenMs!)
      return gaps.length ? { ...timing, tokensPerSecond } : { ...timing }
    },
  }
}

declare const process: { env: Record<string, string | undefined> }

/** Tells a developer, once. What a bundler builds for production has none of this: with nothing to try, all of it goes. */
function warn(): void {
  try {
    if (process.env.NODE_ENV !== 'production') tell()
  } catch {
    // A page without a bundler.
    if (globalThis.location?.hostname === 'localhost') tell()
  }
}

function tell(): void {
  if (hasWarned) return
  hasWarned = true
  console.warn(
    'completion-stream: a whole answer arrived in one burst, so it did not stream. Something on the way holds it back: ' +
      'a proxy that buffers (nginx: `proxy_buffering off` or the header `X-Accel-Buffering: no`), compression (do not ' +
      'compress `text/event-stream`), a serverless platform or a framework that collects responses, or a development proxy.',
  )
}
