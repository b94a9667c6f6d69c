/** Reveals a text that arrives in bursts at an even pace, from frame to frame. */

/** A running revelation. */
export interface Revealer {
  /** The text as far as it is revealed. */
  get(): string
  /** One listener, which is told at most once per frame. */
  subscribe(listener: () => void): () => void
  /** What is to be shown, and what is shown. What is new in it is shown within `lagMs` milliseconds. */
  aim(text: string, shown: string, lagMs: number): void
  stop(): void
}

/** @param shown what is there already */
export function createRevealer(shown: string): Revealer {
  let target = ''
  let listener: (() => void) | undefined
  /** How far it is, in characters: a slow text takes several frames for one. */
  let reached = 0
  /** When everything up to a length must be there. */
  let due: { length: number; at: number }[] = []
  let frame: number | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let steppedAt = 0

  const step = (): void => {
    const now = performance.now()
    // The slowest pace that is in time for all of it.
    const paces = due.map(({ length, at }) =>
      at <= now ? length : reached + ((length - reached) * (now - steppedAt)) / (at - steppedAt),
    )
    reached = Math.max(reached, ...paces)
    steppedAt = now
    due = due.filter(({ length }) => length > reached)
    const next = target.slice(0, cutAt(target, reached, shown.length))
    if (next.length > shown.length) {
      shown = next
      // The whole text often grows in the same frame, and is rendered with this: then there is nothing left to tell.
      timer = setTimeout(() => listener?.())
    }
    frame = shown === target ? undefined : requestAnimationFrame(step)
  }

  const stop = (): void => {
    if (frame !== undefined) cancelAnimationFrame(frame)
    clearTimeout(timer)
    frame = undefined
    due = []
  }

  return {
    get: () => shown,
    subscribe(next) {
      listener = next
      return () => {
        listener = undefined
      }
    },
    aim(text, from, lagMs) {
      if (text === from) stop()
      else {
        const now = performance.now()
        if (frame === undefined || !text.startsWith(target)) {
          stop()
          reached = from.length
          steppedAt = now
          frame = requestAnimationFrame(step)
        }
        if (text.length > (due.at(-1)?.length ?? 0)) due.push({ length: text.length, at: now + lagMs })
      }
      target = text
      shown = from
    },
    stop,
  }
}

let segmenter: Intl.Segmenter | undefined

/** The last place up to `index` where the text may be cut: not within what reads as one character. It may at `known`. */
function cutAt(text: string, index: number, known: number): number {
  const at = Math.floor(index)
  if (at >= text.length) return text.length
  if (typeof Intl !== 'object' || !Intl.Segmenter) return isLowSurrogate(text, at) ? at - 1 : at
  segmenter ??= new Intl.Segmenter()
  return known + segmenter.segment(text.slice(known, at + 64)).containing(at - known)!.index
}

function isLowSurrogate(text: string, index: number): boolean {
  return (text.charCodeAt(index) & 0xfc00) === 0xdc00
}
