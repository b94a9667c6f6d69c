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
}

/** Times one stream. */
export interface Stopwatch {
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
  const now = () => performance.now() - start

  return {
    responded() {
      timing.timeToResponseMs = now()
    },
    chunk(visible) {
      timing.chunks++
      if (visible) pieces++
    },
    read() {
      if (pieces === timed) return
      timed = pieces
      const at = now()
      if (timing.timeToFirstTokenMs === undefined) timing.timeToFirstTokenMs = at
      else gaps.push(at - last)
      last = at
    },
    ended() {
      timing.totalMs = now()
    },
    timing(completionTokens = pieces) {
      const tokensPerSecond = (completionTokens * 1000) / (last - timing.timeToFirstTokenMs!)
      if (!gaps.length) return { ...timing }
      if (timing.totalMs === undefined) return { ...timing, tokensPerSecond }
      gaps.sort((a, b) => a - b)
      const [median, p90, max] = [0.5, 0.9, 1].map((share) => gaps[Math.floor(share * (gaps.length - 1))]!)
      return { ...timing, tokensPerSecond, gaps: { median: median!, p90: p90!, max: max! } }
    },
  }
}
