/** What a store in memory keeps, for how long, and how much of it. */
import type { Script } from '@completion-stream/testing'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { memoryStore, type MemoryStoreOptions, type StreamStore } from '../src/index.ts'
import { ask, eventsOf, RELAY_URL, setup } from './upstream.ts'

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

/** A provider's event of so many bytes, as a store counts them. */
const eventOf = (bytes: number): string => {
  const chunk = (content: string): string =>
    JSON.stringify({
      id: 'c',
      object: 'chat.completion.chunk',
      created: 1,
      model: 'm',
      choices: [{ index: 0, delta: { content }, finish_reason: null }],
    })
  return `data: ${chunk('x'.repeat(bytes / 2 - chunk('').length))}\n\n`
}

interface Asked {
  relay: (request: Request) => Promise<Response>
  response: Response
  reader: ReadableStreamDefaultReader<Uint8Array>
  place: string
  /** Aborts when the relay gives up the request to the provider. */
  upstream: AbortSignal
}

/** Asks a relay with a store for the script, and reads nothing yet. */
async function begin(script: Script, options?: MemoryStoreOptions): Promise<Asked> {
  let upstream!: AbortSignal
  const all: Script = (turn) => {
    upstream = turn.signal
    return typeof script === 'function' ? script(turn) : script
  }
  const { relay } = setup(all, { store: memoryStore(options) })
  const response = await relay(ask())
  const place = new URL(response.headers.get('content-location')!, RELAY_URL).href
  return { relay, response, reader: response.body!.getReader(), place, upstream }
}

const resume = (place: string, after?: number): Request =>
  new Request(place, { headers: after === undefined ? {} : { 'last-event-id': String(after) } })

/** Lets everything happen that needs no time. */
const settle = async (): Promise<void> => {
  for (let i = 0; i < 50; i++) await new Promise<void>((resolve) => setImmediate(resolve))
}

const fakeClock = (): void => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] })

describe('room', () => {
  it('is never made at the cost of a reader', async () => {
    const store = memoryStore({ maxStreams: 1 })
    const stop = vi.fn()
    const { signal } = new AbortController()
    await store.open('a', { stop })
    await store.append('a', ['one'])
    const reads = store.read('a', 0, signal)[Symbol.asyncIterator]()
    expect(await reads.next()).toEqual({ value: ['one'], done: false })
    await store.close('a')
    expect(await store.open('b', { stop })).toBe(false)
    expect(await reads.next()).toEqual({ value: undefined, done: true })
    expect(await store.open('b', { stop })).toBe(true)
  })

  it('that comes free lets a writer go on', async () => {
    vi.useFakeTimers()
    const store = memoryStore({ maxBytes: 200, keepMs: 1000, graceMs: 60_000 })
    await store.open('a', { stop: vi.fn() })
    await store.append('a', ['x'.repeat(90)])
    const held = new AbortController()
    const reads = store.read('a', 0, held.signal)[Symbol.asyncIterator]()
    await reads.next()
    await store.close('a')
    await store.open('b', { stop: vi.fn() })
    let isWritten = false
    const writing = store.append('b', ['y'.repeat(90)]).then(() => (isWritten = true))
    await vi.advanceTimersByTimeAsync(500)
    expect(isWritten).toBe(false)
    held.abort()
    await reads.next()
    await vi.advanceTimersByTimeAsync(1000)
    expect(isWritten).toBe(true)
    await writing
  })
})

describe('time', () => {
  it('an answer is made for nobody for a minute, or as long as is said', async () => {
    fakeClock()
    for (const [options, ms] of [
      [{}, 60_000],
      [{ graceMs: 5000 }, 5000],
    ] as const) {
      const { reader, upstream } = await begin(['Hello', { stall: true }], options)
      await reader.read()
      await reader.cancel()
      await vi.advanceTimersByTimeAsync(ms - 1)
      expect(upstream.aborted).toBe(false)
      await vi.advanceTimersByTimeAsync(1)
      expect(upstream.aborted).toBe(true)
    }
  })

  it('a request whose signal aborts counts as gone too, where a server says no more than that', async () => {
    fakeClock()
    let upstream: AbortSignal | undefined
    const script: Script = (turn) => {
      upstream = turn.signal
      return ['Hello', { stall: true }]
    }
    const { relay } = setup(script, { store: memoryStore() })
    const client = new AbortController()
    const reader = (await relay(ask({}, { signal: client.signal }))).body!.getReader()
    while (!new TextDecoder().decode((await reader.read()).value).includes('Hello'));
    const rest = reader.read()
    await vi.advanceTimersByTimeAsync(10_000)
    client.abort()
    expect((await rest).done).toBe(true)
    await vi.advanceTimersByTimeAsync(59_999)
    expect(upstream?.aborted).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    expect(upstream?.aborted).toBe(true)
  })

  it('whoever comes back in time stops the clock, and it begins anew when they leave', async () => {
    fakeClock()
    const { relay, reader, place, upstream } = await begin(['Hello', { stall: true }])
    await reader.read()
    await reader.cancel()
    await vi.advanceTimersByTimeAsync(59_000)
    const again = (await relay(resume(place))).body!.getReader()
    await again.read()
    void again.read()
    await vi.advanceTimersByTimeAsync(100_000)
    expect(upstream.aborted).toBe(false)
    await again.cancel()
    await vi.advanceTimersByTimeAsync(59_999)
    expect(upstream.aborted).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    expect(upstream.aborted).toBe(true)
  })

  it('a client that stays but reads no more counts as gone', async () => {
    fakeClock()
    const { reader, upstream } = await begin(['Hello', { stall: true }])
    await reader.read()
    await vi.advanceTimersByTimeAsync(59_999)
    expect(upstream.aborted).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    expect(upstream.aborted).toBe(true)
  })

  it('a client that leaves before it got anything cannot come back: the answer ends at once', async () => {
    const { relay, reader, place, upstream } = await begin(['Hello', { stall: true }])
    expect(upstream.aborted).toBe(false)
    await reader.cancel()
    expect(upstream.aborted).toBe(true)
    expect((await relay(resume(place))).status).toBe(200)
  })

  it('an answer is kept for five minutes, or as long as is said, from when it was last read', async () => {
    fakeClock()
    for (const [options, ms] of [
      [{}, 300_000],
      [{ keepMs: 2000 }, 2000],
    ] as const) {
      const { relay, place, reader } = await begin(['Hello'], options)
      while (!(await reader.read()).done);
      await vi.advanceTimersByTimeAsync(ms - 1)
      expect(await (await relay(resume(place))).text()).toContain('[DONE]')
      await vi.advanceTimersByTimeAsync(ms - 1)
      expect((await relay(resume(place))).status).toBe(200)
      await vi.advanceTimersByTimeAsync(1)
      expect((await relay(resume(place))).status).toBe(404)
      expect((await relay(new Request(place, { method: 'DELETE' }))).status).toBe(404)
      expect(vi.getTimerCount()).toBe(0)
    }
  })

  it('comments show that a connection lives, at once where there is nothing else to send', async () => {
    fakeClock()
    const { relay, reader, place } = await begin(['Hello', { wait: 40_000 }, ' again'])
    let seen = ''
    while (!seen.includes('Hello')) seen += new TextDecoder().decode((await reader.read()).value)
    const last = eventsOf(seen).at(-1)!.id
    const response = await relay(resume(place, last))
    let text = ''
    void response
      .body!.pipeThrough(new TextDecoderStream())
      .pipeTo(new WritableStream({ write: (part) => void (text += part) }))
    await vi.advanceTimersByTimeAsync(0)
    expect(text).toBe(': keep-alive\n\n')
    await vi.advanceTimersByTimeAsync(30_000)
    expect(text).toBe(': keep-alive\n\n'.repeat(3))
    await vi.advanceTimersByTimeAsync(10_000)
    expect(eventsOf(text)[0]).toMatchObject({ id: last + 1, data: expect.stringContaining('again') })
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true)
  })

  it('an answer that begins late is kept from its first comment on', async () => {
    fakeClock()
    const asked = begin([{ wait: 20_000 }, 'Hello'])
    await vi.advanceTimersByTimeAsync(15_000)
    const { relay, reader, place } = await asked
    expect(new TextDecoder().decode((await reader.read()).value)).toBe(': keep-alive\n\n')
    await reader.cancel()
    await vi.advanceTimersByTimeAsync(5000)
    const text = await (await relay(resume(place))).text()
    expect(text).toContain('Hello')
    expect(eventsOf(text).at(-1)?.data).toBe('[DONE]')
  })

  it('no timer of the store keeps a process from ending', async () => {
    const set = vi.spyOn(globalThis, 'setTimeout')
    const store = memoryStore({ graceMs: 111_111, keepMs: 222_222 })
    await store.open('a', { stop() {} })
    await store.append('a', ['1'])
    await store.close('a')
    const timers = set.mock.results.filter((_, i) => [111_111, 222_222].includes(set.mock.calls[i]![1]!))
    expect(timers.map(({ value }) => (value as NodeJS.Timeout).hasRef())).toEqual([false, false])
  })

  it('without an end lasts as long as a timer can, and not none', async () => {
    fakeClock()
    const { reader, upstream } = await begin(['Hello', { stall: true }], { graceMs: Infinity })
    await reader.read()
    await reader.cancel()
    await vi.advanceTimersByTimeAsync(200_000)
    expect(upstream.aborted).toBe(false)
  })
})

describe('what runs ahead', () => {
  /** A script without an end, of events of 100 kB each; tells how many were asked for. */
  const endless = (): { script: Script; made: () => number } => {
    let made = 0
    return {
      made: () => made,
      *script() {
        for (;;) {
          made++
          yield { raw: eventOf(100_000) }
        }
      },
    } as { script: Script; made: () => number }
  }

  it('the provider is at most a megabyte ahead of a client that is slow', async () => {
    const { script, made } = endless()
    const { reader } = await begin(script)
    await reader.read()
    await settle()
    const before = made()
    expect(before).toBeGreaterThan(8)
    expect(before).toBeLessThan(16)
    for (let i = 0; i < 5; i++) await reader.read()
    await settle()
    expect(made()).toBe(before + 5)
    await reader.cancel()
  })

  it('who reads again what others have read moves nothing forward', async () => {
    const { script, made } = endless()
    const { relay, reader, place } = await begin(script)
    for (let i = 0; i < 8; i++) await reader.read()
    await settle()
    const before = made()
    const again = (await relay(resume(place))).body!.getReader()
    for (let i = 0; i < 6; i++) await again.read()
    await settle()
    expect(made()).toBe(before)
    await reader.cancel()
    await again.cancel()
    await relay(new Request(place, { method: 'DELETE' }))
  })

  it('for nobody it goes on until the bound of the answer, and loses nothing', async () => {
    const { script, made } = endless()
    const { relay, reader, place, upstream } = await begin(script, { maxStreamBytes: 3_000_000 })
    await reader.read()
    await reader.cancel()
    await settle()
    expect(made()).toBeGreaterThan(28)
    expect(made()).toBeLessThan(36)
    const again = (await relay(resume(place, 1))).body!.getReader()
    const { value } = await again.read()
    expect(eventsOf(new TextDecoder().decode(value))[0]?.id).toBe(2)
    await again.cancel()
    expect((await relay(new Request(place, { method: 'DELETE' }))).status).toBe(204)
    expect(upstream.aborted).toBe(true)
  })

  it('a client that came back is not held up by its old connection, which nobody reads', async () => {
    const { relay, reader, place } = await begin(Array.from({ length: 30 }, () => ({ raw: eventOf(100_000) })))
    await reader.read()
    const text = await (await relay(resume(place))).text()
    expect(eventsOf(text).map(({ id }) => id)).toEqual(Array.from({ length: 31 }, (_, i) => i + 1))
  })

  it('a stop reaches a provider that waits for a slow client', async () => {
    const { script } = endless()
    const { relay, reader, place, upstream } = await begin(script)
    await reader.read()
    await settle()
    expect((await relay(new Request(place, { method: 'DELETE' }))).status).toBe(204)
    expect(upstream.aborted).toBe(true)
    let text = ''
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      text = new TextDecoder().decode(next.value)
    }
    expect(eventsOf(text).at(-1)?.data).toContain('"interrupted"')
  })
})

describe('bounds', () => {
  const kb = (n: number): string => 'x'.repeat(n * 500)
  const never = new AbortController().signal
  const begun = async (store: StreamStore, id: string, ...events: string[]): Promise<void> => {
    expect(await store.open(id, { stop() {} })).toBe(true)
    if (events.length > 0) await store.append(id, events)
  }
  const kept = async (store: StreamStore, ...ids: string[]): Promise<string> => {
    const found = await Promise.all(ids.map(async (id) => ((await store.find(id)) ? id : '')))
    return found.join('')
  }

  it('an answer that outgrows its bound is read live to the end, but not again from its start', async () => {
    const script: Script = Array.from({ length: 50 }, () => ({ raw: eventOf(100_000) }))
    const { relay, reader, place } = await begin(script, { maxStreamBytes: 2_000_000 })
    let text = ''
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      text += new TextDecoder().decode(next.value)
    }
    expect(eventsOf(text).map(({ id }) => id)).toEqual(Array.from({ length: 51 }, (_, i) => i + 1))
    for (const after of [undefined, 0, 20, 29]) {
      const response = await relay(resume(place, after))
      expect([after, response.status, response.headers.get('x-should-retry')]).toEqual([after, 410, 'false'])
      expect(await response.json()).toMatchObject({ error: { code: 'not_found' } })
    }
    const rest = await (await relay(resume(place, 40))).text()
    expect(text.endsWith(rest)).toBe(true)
    expect(eventsOf(rest)).toHaveLength(11)
  })

  it('a reader that lags behind what is kept is cut off, and skips nothing', async () => {
    const store = memoryStore({ maxStreamBytes: 10_000 })
    await begun(store, 'a', 'one')
    const slow = store.read('a', 0, never)[Symbol.asyncIterator]()
    const fast = store.read('a', 0, never)[Symbol.asyncIterator]()
    expect(await slow.next()).toEqual({ done: false, value: ['one'] })
    for (let i = 0; i < 20; i++) {
      await fast.next()
      await store.append('a', [kb(1)])
    }
    await expect(slow.next()).rejects.toThrow('no longer kept')
    expect((await fast.next()).done).toBe(false)
  })

  it('of too many answers, the one that ended first goes first, and one that is being made never goes', async () => {
    const store = memoryStore({ maxStreams: 3 })
    for (const id of ['a', 'b', 'c']) await begun(store, id)
    expect(await store.open('d', { stop() {} })).toBe(false)
    await store.close('b')
    await store.close('a')
    await begun(store, 'd')
    expect(await kept(store, 'a', 'b', 'c', 'd')).toBe('acd')
    await begun(store, 'e')
    expect(await kept(store, 'a', 'b', 'c', 'd', 'e')).toBe('cde')
  })

  it('of too much, the answers that ended first go first, then what was read already', async () => {
    const store = memoryStore({ maxBytes: 10_000 })
    for (const id of ['a', 'b', 'c']) {
      await begun(store, id, kb(3))
      await store.close(id)
    }
    await begun(store, 'd', 'one')
    const reader = store.read('d', 0, never)[Symbol.asyncIterator]()
    await reader.next()
    await store.append('d', [kb(2)])
    expect(await kept(store, 'a', 'b', 'c')).toBe('bc')
    await reader.next()
    await store.append('d', [kb(7)])
    expect(await kept(store, 'a', 'b', 'c')).toBe('')
    expect(await store.find('d')).toMatchObject({ first: 1, last: 3 })
    await reader.next()
    await store.append('d', [kb(9)])
    expect(await store.find('d')).toMatchObject({ first: 4, last: 4 })
  })

  it('a writer that is held up goes on when it is to stop', async () => {
    const store = memoryStore({ maxStreamBytes: 2000 })
    const stop = vi.fn()
    await store.open('a', { stop })
    const appended = vi.fn()
    void store.append('a', [kb(3)]).then(appended)
    await settle()
    expect(appended).not.toHaveBeenCalled()
    await store.stop('a')
    await settle()
    expect(stop).toHaveBeenCalledTimes(1)
    expect(appended).toHaveBeenCalled()
  })

  it('while there is too much, nothing more is made than is read', async () => {
    const store = memoryStore({ maxBytes: 10_000 })
    await begun(store, 'a', kb(8))
    await begun(store, 'b')
    const reader = store.read('b', 0, never)[Symbol.asyncIterator]()
    const first = reader.next()
    await store.append('b', ['one'])
    await first
    const appended = vi.fn()
    void store.append('b', [kb(3)]).then(appended)
    await settle()
    expect(appended).not.toHaveBeenCalled()
    await reader.next()
    await settle()
    expect(appended).toHaveBeenCalled()
  })
})

it('the id of a stream cannot be guessed, also where there is no randomUUID', async () => {
  vi.stubGlobal('crypto', { getRandomValues: crypto.getRandomValues.bind(crypto) })
  const ids = new Set<string>()
  for (let i = 0; i < 20; i++) ids.add((await begin(['Hello'])).place.split('/').at(-1)!)
  vi.unstubAllGlobals()
  expect(ids.size).toBe(20)
  for (const id of ids) expect(id).toMatch(/^[\w-]{22}$/)
})
