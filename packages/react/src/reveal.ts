/** Reveals a text that arrives in bursts at an even pace, from frame to frame. */

/** A running revelation. */
export interface Revealer {
  /**
   * What is to be shown, and what is shown. What is new in it is shown within `lagMs` milliseconds.
   */
  aim(text: string, shown: string, lagMs: number): void
  stop(): void
}

/** @param show takes the text as far as it is revealed, at most once per frame */
export function createRevealer(show: (text: string) => void): Revealer {
  let target = ''
  let shown = ''
  /** How far it is, in characters: a slow text takes several frames for one. */
  let reached = 0
  /** When everything up to a length must be there. */
  let due: { length: number; at: number }[] = []
  let frame: number | undefined
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
    const next = target.slice(0, cutAt(target, reached))
    if (next.length > shown.length) show((shown = next))
    frame = shown === target ? undefined : requestAnimationFrame(step)
  }

  const stop = (): void => {
    if (frame !== undefined) cancelAnimationFrame(frame)
    frame = undefined
    due = []
  }

  return {
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

/** The last place up to `index` where the text may be cut: not within what reads as one character. */
function cutAt(text: string, index: number): number {
  const at = Math.floor(index)
  if (at >= text.length) return text.length
  // A blank begins a character of its own, so there is no need to look further back than to the last one.
  let from = Math.max(0, at - 64, text.lastIndexOf(' ', at))
  if (isLowSurrogate(text, from)) from--
  if (typeof Intl !== 'object' || !Intl.Segmenter) return isLowSurrogate(text, at) ? at - 1 : at
  segmenter ??= new Intl.Segmenter()
  return from + segmenter.segment(text.slice(from, at + 64)).containing(at - from)!.index
}

function isLowSurrogate(text: string, index: number): boolean {
  return (text.charCodeAt(index) & 0xfc00) === 0xdc00
}
