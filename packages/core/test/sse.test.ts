/** Bytes → events: the standard's rules, however the bytes are cut, and how much may come before there is an event. */
import { describe, expect, it } from 'vitest'
import { createBodyReader } from '../src/sse.ts'
import type { BodyFormat } from '../src/sse.ts'
import type { ServerSentEvent } from '../src/types.ts'

const encode = (text: string) => new TextEncoder().encode(text)
const bytesOf = (...parts: (string | number[])[]) =>
  new Uint8Array(parts.flatMap((part) => (typeof part === 'string' ? [...encode(part)] : part)))

/** What a body comes to that arrives in these reads. */
function read(format: BodyFormat, reads: Iterable<Uint8Array>, maxChars = 2 ** 20): ServerSentEvent[] {
  const events: ServerSentEvent[] = []
  const take = createBodyReader(format, (event) => events.push(event), maxChars)
  for (const bytes of reads) take(bytes)
  take()
  return events
}

function* cutAt(bytes: Uint8Array, ...places: number[]): Generator<Uint8Array> {
  let from = 0
  for (const place of [...places, bytes.length]) {
    yield bytes.subarray(from, place)
    from = place
  }
}

/** Every way to cut the bytes in two, and byte by byte with reads of nothing in between. */
function* cuttings(bytes: Uint8Array): Generator<Uint8Array[]> {
  for (let place = 0; place <= bytes.length; place++) yield [...cutAt(bytes, place)]
  yield [...bytes].flatMap((byte) => [new Uint8Array([byte]), new Uint8Array()])
}

const event = (data: string, more: object = {}) => ({ event: undefined, id: undefined, data, ...more })

const streams: [what: string, body: string | Uint8Array, events: object[]][] = [
  ['one event', 'data: a\n\n', [event('a')]],
  ['nothing', '', []],
  ['blank lines', '\n\r\n\r\n\n', []],
  ['a byte order mark', '\ufeffdata: a\n\n', [event('a')]],
  ['a byte order mark alone', '\ufeff', []],
  ['two byte order marks, of which one spoils the name', '\ufeff\ufeffdata: a\n\ndata: b\n\n', [event('b')]],
  ['a byte order mark inside', 'data: a\ufeff\n\n\ufeffdata: b\n\n', [event('a\ufeff')]],
  ['CRLF', 'data: a\r\ndata: b\r\n\r\ndata: c\r\n\r\n', [event('a\nb'), event('c')]],
  ['CR', 'data: a\rdata: b\r\rdata: c\r\r', [event('a\nb'), event('c')]],
  [
    'line ends of all kinds',
    'data: a\ndata: b\rdata: c\r\ndata: d\n\r\ndata: e\r\n\r',
    [event('a\nb\nc\nd'), event('e')],
  ],
  ['LF and CR, which are two line ends', 'data: a\n\rdata: b\n\r', [event('a'), event('b')]],
  ['characters that end lines elsewhere', 'data: a\u2028b\u0085c\fd\ve\n\n', [event('a\u2028b\u0085c\fd\ve')]],
  ['comments', ': a\n:\ndata: a\n:data: b\ndata: c\n\n: d\n\n', [event('a\nc')]],
  [
    'one blank after the colon, which is no part of the value',
    'data:  a \n\ndata:b\n\ndata:\tc\n\n',
    [event(' a '), event('b'), event('\tc')],
  ],
  ['colons in a value', 'data: a: {"b":1}\n\n', [event('a: {"b":1}')]],
  ['data without a value', 'data\n\ndata:\n\ndata\ndata\n\n', [event(''), event(''), event('\n')]],
  ['fields of other names', 'data: a\nDATA: b\n data: c\ndata : d\ndatas: e\nfoo\n\n', [event('a')]],
  ['a name for an event', 'event: x\ndata: a\n\ndata: b\n\n', [event('a', { event: 'x' }), event('b')]],
  ['two names, of which the last counts', 'event: x\nevent: y\ndata: a\n\n', [event('a', { event: 'y' })]],
  ['a name that is taken back', 'event: x\ndata: a\nevent\n\nevent: y\n\ndata: b\n\n', [event('a'), event('b')]],
  [
    'ids',
    'id: 1\ndata: a\n\ndata: b\n\nid:2\nid: 3\ndata: c\n\n',
    [event('a', { id: '1' }), event('b'), event('c', { id: '3' })],
  ],
  ['an id without data, which is the next event’s', 'id: 7\n\ndata: a\n\n', [event('a', { id: '7' })]],
  ['an id that is taken back', 'id: 1\ndata: a\n\nid\ndata: b\n\n', [event('a', { id: '1' }), event('b', { id: '' })]],
  [
    'an id with NUL, which is none',
    'id: 1\u0000\ndata: a\n\nid: 2\nid: \u0000\ndata: b\n\n',
    [event('a'), event('b', { id: '2' })],
  ],
  ['NUL in data', 'data: \u0000\n\n', [event('\u0000')]],
  ['retry, which is nobody’s business here', 'retry: 1000\ndata: a\nretry: x\nretry\n\nretry: 5\n\n', [event('a')]],
  ['characters of two, three and four bytes', 'data: é€😀\n\n', [event('é€😀')]],
  [
    'bytes that are no UTF-8',
    bytesOf('data: a', [0xff, 0x80], 'b', [0xc0, 0x8a], 'c\n\n'),
    [event('a\ufffd\ufffdb\ufffd\ufffdc')],
  ],
  [
    'characters that are cut off',
    bytesOf('data: ', [0xe2, 0x82], 'a\ndata: ', [0xf0, 0x9f, 0x98], '\n\n'),
    [event('\ufffda\n\ufffd')],
  ],
  ['half a character in three bytes', bytesOf('data: ', [0xed, 0xa0, 0xbd], '\n\n'), [event('\ufffd\ufffd\ufffd')]],
  // What stands last without its blank line may be whole all the same.
  [
    'a last event without a blank line',
    'data: a\n\nid: 2\nevent: x\ndata: b\n',
    [event('a'), event('b', { id: '2', event: 'x' })],
  ],
  ['a last event without a line end', 'data: a\n\ndata: b', [event('a'), event('b')]],
  ['a last event that ends in CR', 'data: a\r\rdata: b\r', [event('a'), event('b')]],
  ['a last event that ends in half a CRLF', 'data: a\r\n\r\ndata: b\r\n\r', [event('a'), event('b')]],
  ['a last event that ends in half a character', bytesOf('data: a', [0xe2, 0x82]), [event('a\ufffd')]],
  ['a last line without data', 'data: a\n\nid: 2\nevent: x\n: b', [event('a')]],
]

describe('an event stream', () => {
  it.each(streams)('with %s', (_, body, events) => {
    const bytes = typeof body === 'string' ? encode(body) : body
    for (const reads of cuttings(bytes)) expect(read('events', reads)).toEqual(events)
  })
})

describe('other bodies', () => {
  it('come line by line, without blanks around them and without empty lines', () => {
    const bytes = encode('\ufeff{"a":"é"}\r\n\n  \n {"b":\t1} \n{"c":2}')
    for (const reads of cuttings(bytes))
      expect(read('lines', reads)).toEqual([{ data: '{"a":"é"}' }, { data: '{"b":\t1}' }, { data: '{"c":2}' }])
  })

  it('come whole, also when there is nothing in them', () => {
    const bytes = encode('\ufeff{\n"a": "é"\n}\n\n')
    for (const reads of cuttings(bytes)) expect(read('whole', reads)).toEqual([{ data: '{\n"a": "é"\n}' }])
    expect(read('whole', [])).toEqual([{ data: '' }])
  })
})

describe('how much may come for one event', () => {
  const limit = 10_000
  function* forever(text: string, before = ''): Generator<Uint8Array> {
    yield encode(before)
    const bytes = encode(text.repeat(Math.ceil(100 / text.length)))
    for (let sent = 0; sent < 100 * limit; sent += bytes.length) {
      reads = sent / limit
      yield bytes
    }
  }
  /** How much was read, in limits. */
  let reads = 0

  it.each<[string, BodyFormat, string, string]>([
    ['a line that does not end', 'events', 'x', 'data: '],
    ['lines of data without a blank one', 'events', 'data: x\n', ''],
    ['lines of data with nothing in them', 'events', 'data\n', ''],
    ['comments', 'events', ': ping\n\n', ''],
    ['a comment that does not end', 'events', 'x', ': '],
    ['fields of other names', 'events', 'x\n', ''],
    ['a line that is no field and does not end', 'events', 'x', ''],
    ['blank lines', 'events', '\n', ''],
    ['blank lines by CR', 'events', '\r', ''],
    ['ids', 'events', 'id: 1\n\n', ''],
    ['an id that does not end', 'events', '1', 'id: '],
    ['names', 'events', 'event: x\n', ''],
    ['a line that does not end', 'lines', 'x', ''],
    ['blanks', 'lines', ' ', ''],
    ['a body that does not end', 'whole', 'x\n', ''],
  ])('is limited: %s (%s)', (_, format, text, before) => {
    reads = 0
    expect(() => read(format, forever(text, before), limit)).toThrow(RangeError)
    expect(reads).toBeGreaterThan(0.9)
    expect(reads).toBeLessThan(1.1)
  })

  it('is the same for an event that comes in one read', () => {
    const just = 'x'.repeat(limit)
    expect(read('events', [encode(`data:${just}\n\n`)], limit)).toEqual([event(just)])
    expect(() => read('events', [encode(`data:${just}x\n\n`)], limit)).toThrow(RangeError)
    expect(() => read('lines', [encode(`${just}x\n`)], limit)).toThrow(RangeError)
  })

  it('is no limit for all events together, nor for one read', () => {
    const many = 'data: {"a":1}\n\n'.repeat(20_000)
    expect(read('events', [encode(many)], 100)).toHaveLength(20_000)
    expect(read('events', [encode(many.replaceAll('\n', '\r\n'))], 100)).toHaveLength(20_000)
    expect(read('lines', [encode(many)], 100)).toHaveLength(20_000)
  })
})
