/** Answers that outlive their connection, over real HTTP. */
import { streamCompletion } from 'completion-stream'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { memoryStore, type RelayOptions, type StreamStore } from '../src/index.ts'
import { closeAll, connect, connectTo, listen, listenBefore, placeOf } from './server.ts'
import { dataOf, eventsOf } from './upstream.ts'

afterEach(closeAll)

const withStore = (options: Partial<RelayOptions> = {}): Partial<RelayOptions> => ({ store: memoryStore(), ...options })
const lastId = (text: string): number => eventsOf(text).at(-1)?.id ?? 0
const textOf = (body: string): string => [...body.matchAll(/"content":"([^"]*)"/g)].map(([, text]) => text).join('')

describe('an answer with a store', () => {
  it('says where it can be had again, and numbers its events, the id before the data', async () => {
    const { url, upstream } = await listenBefore(withStore())
    const asked = connectTo(url)
    await expect.poll(() => upstream.count).toBe(1)
    upstream.say('Hello')
    upstream.say(' there')
    const client = await asked
    upstream.finish()
    await expect.poll(() => client.isWhole).toBe(true)
    expect(client.headers['content-location']).toMatch(/^\.\.\/streams\/[\w-]{22,}$/)
    expect(client.headers['x-request-id']).toBe('req_upstream')
    expect(client.text).toMatch(/^(id: \d+\ndata: .+\n\n)+$/)
    const events = eventsOf(client.text)
    expect(events.map(({ id }) => id)).toEqual(events.map((_, i) => i + 1))
    expect(events.at(-1)?.data).toBe('[DONE]')
    expect(textOf(client.text)).toBe('Hello there')
  })

  it('goes on after its connection was reset: what is missed comes once, then what is new, as it would have come', async () => {
    const { url, upstream, crashed } = await listenBefore(withStore())
    const asked = connectTo(url)
    await expect.poll(() => upstream.count).toBe(1)
    upstream.say('one ')
    const first = await asked
    upstream.say('two ')
    await expect.poll(() => first.text).toContain('two')
    const seen = first.text
    first.reset()
    await expect.poll(() => first.isOver).toBe(true)
    upstream.say('three ')
    upstream.say('four ')
    const place = placeOf(url, first)
    const second = await connect(place, { headers: { 'last-event-id': String(lastId(seen)) } })
    await expect.poll(() => second.text).toContain('four')
    upstream.say('five')
    await expect.poll(() => second.text).toContain('five')
    upstream.finish()
    await expect.poll(() => second.isWhole).toBe(true)

    const whole = await connect(place)
    await expect.poll(() => whole.isWhole).toBe(true)
    const parts = seen + second.text.replaceAll(': keep-alive\n\n', '')
    expect(parts).toBe(whole.text)
    expect(textOf(parts)).toBe('one two three four five')
    expect(eventsOf(parts).map(({ id }) => id)).toEqual(eventsOf(parts).map((_, i) => i + 1))
    expect(second.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    })
    expect(upstream.count).toBe(1)
    expect(upstream.isLeft).toBe(false)
    expect(crashed).toEqual([])
  })

  it('is taken up again by the library itself when its connection breaks', async () => {
    const { url, upstream } = await listenBefore(withStore())
    const breaks: AbortController[] = []
    const breakable: typeof fetch = async (input, init) => {
      const breaker = new AbortController()
      breaks.push(breaker)
      return await fetch(input, { ...init, signal: AbortSignal.any([init!.signal!, breaker.signal]) })
    }
    const provider = url.replace('/chat/completions', '')
    const stream = streamCompletion({ model: 'm', prompt: 'hi' }, { provider, fetch: breakable })
    const final = stream.finalCompletion()
    await expect.poll(() => upstream.count).toBe(1)
    upstream.say('one ')
    await expect.poll(() => stream.snapshot.text).toBe('one ')
    breaks[0]!.abort(new TypeError('terminated'))
    upstream.say('two ')
    upstream.say('three')
    upstream.finish()
    expect(await final).toMatchObject({ text: 'one two three', finishReason: 'stop' })
    expect(breaks).toHaveLength(2)
    expect(upstream.count).toBe(1)
    expect(upstream.isLeft).toBe(false)
  })

  it('is made to its end for nobody, and is there for whoever comes back', async () => {
    const { url, upstream } = await listenBefore(withStore())
    const asked = connectTo(url)
    await expect.poll(() => upstream.count).toBe(1)
    upstream.say('one ')
    const first = await asked
    await expect.poll(() => first.text).toContain('one')
    first.reset()
    upstream.say('two')
    upstream.finish()
    await new Promise((resolve) => setTimeout(resolve, 50))
    const again = await connect(placeOf(url, first), { headers: { 'last-event-id': String(lastId(first.text)) } })
    await expect.poll(() => again.isWhole).toBe(true)
    expect(textOf(again.text)).toBe('two')
    expect(dataOf(again.text).at(-1)).toBe('[DONE]')
    expect(upstream.isLeft).toBe(false)
  })

  it('may have several readers at once, also while it is made', async () => {
    const { url, upstream } = await listenBefore(withStore())
    const asked = connectTo(url)
    await expect.poll(() => upstream.count).toBe(1)
    upstream.say('one ')
    const clients = [await asked]
    clients.push(await connect(placeOf(url, clients[0]!)), await connect(placeOf(url, clients[0]!)))
    upstream.say('two ')
    for (const client of clients) await expect.poll(() => textOf(client.text)).toBe('one two ')
    // One of them going away is nothing to the others.
    clients[1]!.reset()
    upstream.say('three')
    upstream.finish()
    for (const client of [clients[0]!, clients[2]!]) {
      await expect.poll(() => client.isWhole).toBe(true)
      expect(textOf(client.text)).toBe('one two three')
    }
    expect(clients[2]!.text).toBe(clients[0]!.text)
    expect(upstream.count).toBe(1)
  })

  it('is stopped from another connection: the one to the provider closes at once', async () => {
    const onError = vi.fn()
    const { url, upstream } = await listenBefore(withStore({ onError }))
    const asked = connectTo(url)
    await expect.poll(() => upstream.count).toBe(1)
    upstream.say('one')
    const reader = await asked
    const place = placeOf(url, reader)
    await expect.poll(() => reader.text).toContain('one')
    expect(upstream.isLeft).toBe(false)
    expect((await connect(place, { method: 'DELETE' })).status).toBe(204)
    await expect.poll(() => upstream.isLeft).toBe(true)
    await expect.poll(() => reader.isWhole).toBe(true)
    expect(JSON.parse(dataOf(reader.text).at(-1)!)).toEqual({
      error: {
        message: 'The answer was stopped before it was finished. What arrived is kept.',
        type: 'server_error',
        code: 'interrupted',
        param: null,
      },
    })
    const later = await connect(place)
    await expect.poll(() => later.isWhole).toBe(true)
    expect(later.text).toBe(reader.text)
    expect((await connect(place, { method: 'DELETE' })).status).toBe(204)
    expect((await connect(`${place}x`, { method: 'DELETE' })).status).toBe(404)
    expect(onError).not.toHaveBeenCalled()
  })

  it('is stopped when nobody comes back in time', async () => {
    const { url, upstream } = await listenBefore({ store: memoryStore({ graceMs: 500 }) })
    const asked = connectTo(url)
    await expect.poll(() => upstream.count).toBe(1)
    upstream.say('one')
    const client = await asked
    // As long as somebody waits for more, there is no hurry.
    await new Promise((resolve) => setTimeout(resolve, 800))
    expect(upstream.isLeft).toBe(false)
    client.reset()
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(upstream.isLeft).toBe(false)
    await expect.poll(() => upstream.isLeft, { timeout: 2000 }).toBe(true)
    const late = await connect(placeOf(url, client))
    await expect.poll(() => late.isWhole).toBe(true)
    expect(textOf(late.text)).toBe('one')
    expect(dataOf(late.text).at(-1)).toContain('"interrupted"')
  })

  it('keeps a failure on the way: it is the last event, now and later', async () => {
    const onError = vi.fn()
    const { url, upstream } = await listenBefore(withStore({ onError }))
    const asked = connectTo(url)
    await expect.poll(() => upstream.count).toBe(1)
    upstream.say('Half')
    const client = await asked
    client.reset()
    upstream.finish({ message: 'The engine broke', code: 'server_error' })
    const place = placeOf(url, client)
    for (const headers of [{}, { 'last-event-id': '1' }]) {
      const again = await connect(place, { headers })
      await expect.poll(() => again.isWhole).toBe(true)
      expect(JSON.parse(eventsOf(again.text).at(-1)!.data)).toMatchObject({
        error: { code: 'server', message: expect.stringContaining('The engine broke') },
      })
    }
    expect(onError).toHaveBeenCalledTimes(1)
  })

  it('is not begun for a failure before it: that is an HTTP error, and nothing is kept', async () => {
    const store = memoryStore()
    const open = vi.spyOn(store, 'open')
    const { url } = await listen([{ error: { message: 'Slow down' }, status: 429 }], { store })
    const client = await connectTo(url)
    expect(client.status).toBe(429)
    expect(client.headers).not.toHaveProperty('content-location')
    expect(open).not.toHaveBeenCalled()
  })

  it('ends at once when the client leaves before the answer has begun: it could not come back', async () => {
    const store = memoryStore()
    const open = vi.spyOn(store, 'open')
    const { url, upstream, crashed } = await listenBefore({ store })
    const client = new AbortController()
    const asked = fetch(url, {
      method: 'POST',
      body: '{"model":"m","prompt":"hi","stream":true}',
      signal: client.signal,
    })
    await expect.poll(() => upstream.count).toBe(1)
    client.abort()
    await expect(asked).rejects.toMatchObject({ name: 'AbortError' })
    await expect.poll(() => upstream.isLeft, { timeout: 2000 }).toBe(true)
    expect(open).not.toHaveBeenCalled()
    expect(crashed).toEqual([])
  })
})

describe('a request for a stream', () => {
  it('is refused when its event id is none of that stream, and when the stream is unknown', async () => {
    const { url } = await listen(['Hello'], withStore())
    const client = await connectTo(url)
    await expect.poll(() => client.isWhole).toBe(true)
    const place = placeOf(url, client)
    const last = lastId(client.text)
    for (const id of ['x', '-1', '1.5', '1e1', '', String(last + 1), '9'.repeat(400)]) {
      const response = await connect(place, { headers: { 'last-event-id': id } })
      await expect.poll(() => response.isWhole).toBe(true)
      expect([id, response.status, response.headers['x-should-retry']]).toEqual([id, 400, 'false'])
      expect(JSON.parse(response.text)).toMatchObject({ error: { code: 'bad_request' } })
    }
    expect((await connect(place, { headers: { 'last-event-id': String(last) } })).status).toBe(200)
    const unknown = await connect(new URL('unknown', place).href)
    expect([unknown.status, unknown.headers['x-should-retry']]).toEqual([404, 'false'])
  })

  it('takes GET and DELETE, and nothing where the relay has no store', async () => {
    const { url } = await listen(['Hello'], withStore())
    const place = new URL('../streams/any', url).href
    const wrong = await connect(place, { method: 'POST' })
    expect([wrong.status, wrong.headers.allow]).toEqual([405, 'GET, DELETE'])
    const without = await listen(['Hello'])
    const client = await connectTo(without.url)
    expect(client.headers).not.toHaveProperty('content-location')
    expect((await connect(new URL('../streams/any', without.url).href)).status).toBe(404)
    await expect.poll(() => client.isWhole).toBe(true)
    expect(client.text).not.toContain('id: ')
  })

  it('needs the same permission as any other', async () => {
    const authorize = (request: Request): boolean => request.headers.get('authorization') === 'Bearer me'
    const { url, upstream } = await listenBefore(withStore({ authorize }))
    const headers = { authorization: 'Bearer me' }
    const asked = connectTo(url, headers)
    await expect.poll(() => upstream.count).toBe(1)
    upstream.say('Hello')
    const place = placeOf(url, await asked)
    for (const method of ['GET', 'DELETE']) expect((await connect(place, { method })).status).toBe(401)
    expect(upstream.isLeft).toBe(false)
    expect((await connect(place, { method: 'DELETE', headers })).status).toBe(204)
  })

  it('finds no stream of somebody else, where the relay knows who asks', async () => {
    const identify = async (request: Request): Promise<string> => request.headers.get('x-user') ?? ''
    const { url, upstream } = await listenBefore(withStore({ identify }))
    const mine = { 'x-user': 'me' }
    const asked = connectTo(url, mine)
    await expect.poll(() => upstream.count).toBe(1)
    upstream.say('Hello')
    const place = placeOf(url, await asked)
    const unknown = await connect(`${place}x`, { headers: mine })
    for (const method of ['GET', 'DELETE']) {
      for (const headers of [{ 'x-user': 'you' }, {}]) {
        const other = await connect(place, { method, headers })
        await expect.poll(() => [other.isWhole, unknown.isWhole]).toEqual([true, true])
        expect(other.status).toBe(404)
        expect(other.text).toBe(unknown.text)
      }
    }
    expect(upstream.isLeft).toBe(false)
    const again = await connect(place, { headers: mine })
    await expect.poll(() => textOf(again.text)).toBe('Hello')
    expect((await connect(place, { method: 'DELETE', headers: mine })).status).toBe(204)
    await expect.poll(() => upstream.isLeft).toBe(true)
  })
})

describe('a store that fails', () => {
  const failing = (method: 'open' | 'append'): StreamStore => ({
    ...memoryStore(),
    [method]: () => Promise.reject(new Error('The store is down')),
  })

  it('at the start costs the way back, and not the answer', async () => {
    const onError = vi.fn()
    const { url } = await listen(['Hello there'], { store: failing('open'), onError })
    const client = await connectTo(url)
    await expect.poll(() => client.isWhole).toBe(true)
    expect(client.headers).not.toHaveProperty('content-location')
    expect(textOf(client.text)).toBe('Hello there')
    expect(onError).toHaveBeenCalledWith(expect.objectContaining({ message: 'The store is down' }), expect.anything())
  })

  it('on the way ends the answer and the request to the provider', async () => {
    const onError = vi.fn()
    const { url, upstream } = await listenBefore({ store: failing('append'), onError })
    const asked = connectTo(url)
    await expect.poll(() => upstream.count).toBe(1)
    upstream.say('Hello')
    const client = await asked
    await expect.poll(() => client.isOver).toBe(true)
    expect(dataOf(client.text)).toEqual([])
    await expect.poll(() => upstream.isLeft).toBe(true)
    expect(onError).toHaveBeenCalledTimes(1)
  })

  it('is not there when it is full: the answer is sent as without one, and ends with its client', async () => {
    const { url, upstream } = await listenBefore({ store: memoryStore({ maxStreams: 0 }) })
    const asked = connectTo(url)
    await expect.poll(() => upstream.count).toBe(1)
    upstream.say('Hello')
    const client = await asked
    expect(client.headers).not.toHaveProperty('content-location')
    await expect.poll(() => textOf(client.text)).toBe('Hello')
    client.reset()
    await expect.poll(() => upstream.isLeft).toBe(true)
  })
})
