/** How the bytes of one answer are cut into reads, from a fast network's to the worst one's. */

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

export const framings: readonly Framing[] = [
  { name: 'an event per read', cut: (events) => events },
  { name: '16 KB reads', cut: (events) => inPieces(events, 16 * 1024) },
  { name: '7-byte reads', cut: (events) => inPieces(events, 7) },
]

/** A successful response whose body gives these reads, each when it is asked for. */
export function respond(reads: Uint8Array[]): Response {
  let next = 0
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (next < reads.length) controller.enqueue(reads[next++]!)
      else controller.close()
    },
  })
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
}
