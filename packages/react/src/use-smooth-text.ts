/** Text that arrives in bursts, shown as if it were written evenly. */
import { useEffect, useState, useSyncExternalStore } from 'react'
import { createRevealer } from './reveal.ts'
import { subscribeToNothing } from './use-shared.ts'

/** How to smooth a text. */
export interface SmoothTextOptions {
  /** Whether the text is still being written. What a finished text becomes is shown as it is. */
  live: boolean
  /** How far it may be behind, in milliseconds: each piece is shown this long after it arrived at the latest. Default 300. */
  lagMs?: number
}

/**
 * The text as far as it is revealed. What is there at the first render is shown whole, and so is everything where the
 * person prefers less motion or does not look (a hidden tab), and on a server. It renders at most once per frame, and does
 * nothing while there is nothing to reveal. Characters are never cut in two.
 *
 *     const shown = useSmoothText(part.text, { live: message.status === 'streaming' })
 */
export function useSmoothText(text: string, options: SmoothTextOptions): string {
  const { live } = options
  const lagMs = options.lagMs ?? 300
  const [revealer] = useState(() => createRevealer(text))
  const revealed = useSyncExternalStore(revealer.subscribe, revealer.get, revealer.get)
  const [before, setTurn] = useState({ live, text })
  const isTurning = before.live !== live
  if (isTurning) setTurn({ live, text })
  /** The text that it had when it ceased to be live is still revealed to its end. */
  const last = isTurning ? text : before.text

  // One that lost its end has nothing to reveal.
  const isRevealed = (!live && text !== last) || revealed.startsWith(text)
  const isWatching = live || !isRevealed
  const isStill = useSyncExternalStore(
    isWatching ? watchStillness : subscribeToNothing,
    () => isWatching && isStillNow(),
    () => false,
  )
  // Another text begins anew.
  const begun = text.startsWith(revealed) ? revealed : ''
  const shown = isRevealed || isStill ? text : begun

  useEffect(() => revealer.aim(text, shown, lagMs), [revealer, text, shown, lagMs])
  useEffect(() => revealer.stop, [revealer])
  return shown
}

/** A server and React Native have neither. */
function isStillNow(): boolean {
  return !!globalThis.document?.hidden || !!reducedMotion()?.matches
}

function watchStillness(listener: () => void): () => void {
  const motion = reducedMotion()
  motion?.addEventListener('change', listener)
  globalThis.document?.addEventListener('visibilitychange', listener)
  return () => {
    motion?.removeEventListener('change', listener)
    globalThis.document?.removeEventListener('visibilitychange', listener)
  }
}

function reducedMotion(): MediaQueryList | undefined {
  return globalThis.matchMedia?.('(prefers-reduced-motion: reduce)')
}
