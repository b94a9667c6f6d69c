/** How the bytes of one answer are cut into reads, from a fast network's to the worst one's. */
import { effortOf, startClock } from './clock.ts'

/** A way to cut: its name in the table and the reads that it makes of the events. */
export interface Framing {
  name: string
  cut(events: Uint8Array[]): Uint8Array[]
}

/** All bytes in pieces of one size, whatever they hold: characters are cut in half too. */
function inPieces(events: Uint8Array[], size: number): Uint8Array[] {
  const all = Buffer.concat(events)
  const reads: Uint8Array[] = []
  for (let start = 0; start < all.length; start += size) reads.push(all.subarray(start, start + size))
  return reads
}

export const eventPerRead: Framing = { name: 'an event per read', cut: (events) => events }
export const bigReads: Framing = { name: '16 KB reads', cut: (events) => inPieces(events, 16 * 1024) }
export const tinyReads: Framing = { name: '7-byte reads', cut: (events) => inPieces(events, 7) }
export const framings: readonly Framing[] = [eventPerRead, bigReads, tinyReads]

/** Why a body broke off: whoever read it took too long. */
export class TooSlow extends Error {
  /** How much of the answer had been read, from 0 to 1. */
  readonly share: number

  constructor(share: number) {
    super(`Too slow: gave up at ${Math.round(share * 100)} %.`)
    this.share = share
  }
}

/** What may happen on the way. */
export interface Respond {
  /** Breaks off with `TooSlow` when the reader takes longer. In milliseconds as `effortOf` has it. */
  limitMs?: number
  /** Called before each read is given, with its place; the read waits for it. */
  before?(place: number): Promise<void> | undefined
}

/** A successful response whose body gives these reads, each when it is asked for. */
export function respond(reads: readonly Uint8Array[], { limitMs = Infinity, before }: Respond = {}): Response {
  const spent = startClock()
  let next = 0
  const give = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
    if (next < reads.length) controller.enqueue(reads[next++]!)
    else controller.close()
  }
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      // Once in a while is enough, and costs those who are fast nothing.
      if (next % 256 === 255 && effortOf(spent()) > limitMs)
        return controller.error(new TooSlow(reads.length ? next / reads.length : 1))
      const wait = before?.(next)
      if (wait) return wait.then(() => give(controller))
      give(controller)
    },
  })
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
}
