/**
 * Vectors of the event stream format, where there are some: each comes to its events however its bytes are cut.
 * COMPLETION_STREAM_VECTORS names the file; without it, a `shared/sse-vectors.json` beside the repository.
 */
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { createBodyReader } from '../src/sse.ts'

interface Vector {
  name: string
  /** Base64. */
  bytes: string
  cuts?: number[] | 'every-byte'
  events: { event: string; data: string; id: string }[]
  /** False where the content type forbids to read them. It is not the reader that knows of it. */
  accept?: boolean
}

const repository = new URL('../../../', import.meta.url)
const file = process.env.COMPLETION_STREAM_VECTORS ?? fileURLToPath(new URL('../shared/sse-vectors.json', repository))
const all: Vector[] = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : []
const vectors = all.filter(({ accept }) => accept !== false)

/** The events of bytes that are cut at these places, as a browser's EventSource tells them. */
function read(bytes: Uint8Array, cuts: Iterable<number>): Vector['events'] {
  const events: Vector['events'] = []
  let lastId = ''
  const take = createBodyReader(
    'events',
    ({ event = 'message', data, id = lastId }) => {
      lastId = id
      events.push({ event, data, id })
    },
    2 ** 24,
  )
  let from = 0
  for (const cut of cuts) {
    take(bytes.subarray(from, cut))
    from = cut
  }
  take(bytes.subarray(from))
  take()
  return events
}

const upTo = (end: number) => Array.from({ length: end }, (_, i) => i)

describe.skipIf(vectors.length === 0)('an event stream', () => {
  it.each(vectors.map((vector) => [vector.name, vector] as const))(
    '%s comes to its events however it is cut',
    (_, { bytes: base64, cuts, events }) => {
      const bytes = new Uint8Array(Buffer.from(base64, 'base64'))
      const whole = read(bytes, [])
      // The standard drops what has no blank line behind it; here it may still be a whole payload, and is passed on.
      const isCut = !/(^|\n)\n$/.test(new TextDecoder().decode(bytes).replace(/\r\n?/g, '\n'))
      expect(isCut ? whole.slice(0, events.length) : whole).toEqual(events)
      expect(whole.length - events.length).toBeLessThanOrEqual(Number(isCut))
      const expected = JSON.stringify(whole)
      const isSame = (places: Iterable<number>) => JSON.stringify(read(bytes, places)) === expected
      const every = upTo(bytes.length)
      expect(isSame(every), 'byte by byte').toBe(true)
      expect(isSame(cuts === 'every-byte' ? every : (cuts ?? [])), 'at its own cuts').toBe(true)
      // In two pieces at every place; in the long ones at those around the ends, and at some in between.
      const places =
        bytes.length < 10_000 ? every : every.filter((i) => i < 64 || i > bytes.length - 64 || i % 509 === 0)
      expect(places.filter((place) => !isSame([place]))).toEqual([])
    },
    60_000,
  )
})

if (vectors.length === 0)
  console.log('Skipped: the vectors of the event stream format are not here (COMPLETION_STREAM_VECTORS).')
