/** An answer that a relay keeps is read again from its beginning, by whoever knows where: `resumeUrl`. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createCompletionStore, gemini, openai, streamCompletion } from '../src/index.ts'
import type { CompletionError, Provider, StreamOptions } from '../src/index.ts'
import { byHand, chunk, event, refuse, reply, serve, settle, unreachable } from './http.ts'
import type { Exchange } from './http.ts'

const request = { model: 'm', messages: [{ role: 'user' as const, content: 'Hi' }] }
const api = 'https://a.example/api'
const place = 'https://a.example/api/streams/s1'
const text = 'one two three'
const events = [
  ...['one ', 'two ', 'three'].map((content) => chunk({ content })),
  chunk({}, 'stop'),
  event('[DONE]'),
].map((said, i) => `id: ${i + 1}\n${said}`)
const first = (n: number) => events.slice(0, n).join('')
const after = (n: number) => reply(events.slice(n).join(''))
const cut = (said: string) => (exchange: Exchange) => {
  exchange.answer(said)
  setTimeout(exchange.drop, 10)
}

function reopen(answers: ((exchange: Exchange) => void)[], options: Partial<StreamOptions> = {}) {
  const { fetch, exchanges } = byHand(...answers)
  const stream = streamCompletion(request, { provider: api, resumeUrl: place, fetch, ...options })
  const outcome: { value?: { text: string; parsed?: unknown }; error?: CompletionError } = {}
  stream.finalCompletion().then(
    (value) => (outcome.value = value),
    (error) => (outcome.error = error),
  )
  return { stream, exchanges, outcome }
}
const asked = (exchanges: Exchange[]) => exchanges.map(({ method, url }) => `${method} ${url}`)

beforeEach(() => {
  vi.useFakeTimers()
  vi.spyOn(Math, 'random').mockReturnValue(0)
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

describe('an answer that is kept', () => {
  it('is read from its beginning: nothing is sent but who asks', async () => {
    const headers = { 'x-team': 'a' }
    const { stream, exchanges, outcome } = reopen([after(0)], {
      provider: openai({ baseURL: api, apiKey: async () => 'k' }),
      headers,
    })
    expect(stream.resumeUrl).toBe(place)
    await settle()
    expect(asked(exchanges)).toEqual([`GET ${place}`])
    expect(exchanges[0]!.headers).toEqual({ accept: 'text/event-stream', authorization: 'Bearer k', ...headers })
    expect(exchanges[0]!.body).toBeUndefined()
    expect(outcome.value).toMatchObject({ text, finishReason: 'stop' })
    expect(stream).toMatchObject({ resumeUrl: place, attempts: [], aborted: false })
  })

  it('is read with the decoder of its provider, whatever was asked', async () => {
    const parts = [{ text: 'Hello' }]
    const said = `id: 1\n${event({ candidates: [{ content: { parts }, finishReason: 'STOP' }] })}`
    const { exchanges, outcome } = reopen([reply(said)], {
      provider: gemini({ baseURL: api, apiKey: 'k' }),
    })
    await settle()
    expect(exchanges[0]).toMatchObject({ method: 'GET', url: place, headers: { 'x-goog-api-key': 'k' } })
    expect(outcome.value).toMatchObject({ text: 'Hello', finishReason: 'stop' })
  })

  it('needs no conversation, and takes the shape that the answer was asked to have', async () => {
    const { fetch, exchanges } = byHand(reply(`id: 1\n${chunk({ content: '{"a":1}' }, 'stop')}`))
    const schema = {
      '~standard': { version: 1 as const, vendor: 'own', validate: (value: unknown) => ({ value: [value] }) },
    }
    const asJson = { type: 'json_object' as const, schema }
    const stream = streamCompletion({ model: 'm', response_format: asJson }, { provider: api, resumeUrl: place, fetch })
    await expect(stream.finalCompletion()).resolves.toMatchObject({ parsed: [{ a: 1 }] })
    expect(exchanges).toHaveLength(1)
  })

  it.each([
    ['relative to the endpoint', '../streams/s1', place],
    ['at another path of the same origin', '/kept/1?x=1', 'https://a.example/kept/1?x=1'],
  ])('is found %s', async (_, resumeUrl, expected) => {
    const { stream, exchanges, outcome } = reopen([after(0)], { resumeUrl })
    await settle()
    expect(asked(exchanges)).toEqual([`GET ${expected}`])
    expect(stream.resumeUrl).toBe(expected)
    expect(outcome.value).toMatchObject({ text })
  })

  it.each(['https://b.example/streams/s1', 'http://a.example/streams/s1', '//b.example/s', 'data:,x', 'https://['])(
    'is never looked for at another origin: %s',
    async (resumeUrl) => {
      const { exchanges, outcome } = reopen([after(0)], {
        resumeUrl,
        headers: { authorization: 'Bearer a-secret-key' },
      })
      await settle(60_000)
      expect(exchanges).toEqual([])
      expect(outcome.error).toMatchObject({ code: 'bad_request', attempts: 0 })
      expect(outcome.error!.message).toContain('origin')
    },
  )

  it.each([404, 410])('and is gone, which %i says, ends in `not_found`: it is not asked for anew', async (status) => {
    const other: Provider = openai({ baseURL: 'https://b.example/v1' })
    const said = { 'x-should-retry': 'true' }
    const { stream, exchanges, outcome } = reopen([refuse(status, said)], { fallbacks: [{ provider: other }] })
    await settle(60_000)
    expect(outcome.error).toMatchObject({ code: 'not_found', status, retryable: false, attempts: 1 })
    expect(outcome.error!.message).toContain('no longer keeps this answer')
    expect(asked(exchanges)).toEqual([`GET ${place}`])
    expect(stream.resumeUrl).toBeUndefined()
    expect(stream.attempts).toMatchObject([{ action: 'fail' }])
  })

  it.each([401, 403, 500, 503])(
    'and cannot be had, which %i says, is neither asked for anew nor stopped',
    async (status) => {
      const { exchanges, outcome } = reopen([refuse(status)], { maxRetries: 1 })
      await settle(60_000)
      expect(outcome.error).toMatchObject({ status })
      expect(new Set(asked(exchanges))).toEqual(new Set([`GET ${place}`]))
      expect(exchanges).toHaveLength(status < 500 ? 1 : 2)
    },
  )

  it('is taken up again when the connection breaks, before its first event and after', async () => {
    const { stream, exchanges, outcome } = reopen(
      [unreachable, cut(': hi\n\n'), refuse(503), cut(first(2)), after(2)],
      {
        maxRetries: 3,
      },
    )
    await settle(60_000)
    expect(outcome.value).toMatchObject({ text, finishReason: 'stop' })
    expect(new Set(asked(exchanges))).toEqual(new Set([`GET ${place}`]))
    expect(exchanges.map(({ headers }) => headers['last-event-id'])).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      '2',
    ])
    expect(stream.attempts.map(({ action }) => action)).toEqual(['resume', 'resume', 'resume', 'resume'])
  })

  it('without ids in its events is not read twice', async () => {
    const { exchanges, outcome } = reopen([cut(chunk({ content: 'one ' }))])
    await settle(60_000)
    expect(exchanges).toHaveLength(1)
    expect(outcome.error).toMatchObject({ code: 'interrupted', partial: { text: 'one ' } })
  })

  it('tells why it could not be had, when it was lost after that as well', async () => {
    const { outcome } = reopen([unreachable, refuse(404)])
    await settle(60_000)
    expect(outcome.error).toMatchObject({ code: 'not_found', attempts: 2 })
  })

  it('is stopped at the server when it is stopped here', async () => {
    const open = (exchange: Exchange) =>
      exchange.answer(exchange.method === 'GET' ? first(1) : [], { status: exchange.method === 'GET' ? 200 : 204 })
    const { stream, exchanges, outcome } = reopen([open], { headers: { authorization: 'Bearer k' } })
    await settle(10)
    stream.abort()
    await settle()
    expect(asked(exchanges)).toEqual([`GET ${place}`, `DELETE ${place}`])
    expect(exchanges[1]!.headers).toEqual({ authorization: 'Bearer k' })
    expect(outcome.value).toMatchObject({ text: 'one ' })
  })

  it('may be the rest of another, which it is joined to', async () => {
    const cutShort = streamCompletion(request, {
      provider: openai({ fetch: byHand(reply(chunk({ content: 'zero ' }, 'length'), event('[DONE]'))).fetch }),
    })
    const continues = await cutShort.finalCompletion()
    const { exchanges, outcome } = reopen([after(0)], { continues })
    await settle()
    expect(outcome.value).toMatchObject({ text: `zero${text}` })
    expect(asked(exchanges)).toEqual([`GET ${place}`])
  })
})

describe('where an answer is kept', () => {
  it('is known from the response on, and of no answer that is kept nowhere', async () => {
    for (const [headers, expected] of [
      [{ 'content-location': '../streams/s1' }, place],
      [{}, undefined],
    ] as const) {
      const { exchanges, stream } = reopen([(exchange) => exchange.answer(first(1), { headers })], {
        resumeUrl: undefined,
      })
      expect(stream.resumeUrl).toBeUndefined()
      await settle()
      expect(asked(exchanges)).toEqual(['POST https://a.example/api/chat/completions'])
      expect(stream.resumeUrl).toBe(expected)
      exchanges[0]!.write(events.slice(1).join(''))
      await settle()
      expect(stream.snapshot.text).toBe(text)
      expect(stream.resumeUrl).toBe(expected)
    }
  })

  it('is told to a store, whose `continue` asks for the rest and reads nothing twice', async () => {
    const { fetch, exchanges } = byHand(
      reply(`id: 1\n${chunk({ content: 'one' }, 'length')}`),
      reply(chunk({ content: ' two' }, 'stop')),
    )
    const store = createCompletionStore({
      model: 'm',
      provider: api,
      fetch,
      resumeUrl: place,
      continuation: (said) => said,
    })
    await store.start('Hi')
    expect(store.getState()).toMatchObject({ status: 'ready', text: 'one', finishReason: 'length' })
    await store.continue()
    expect(store.getState()).toMatchObject({ status: 'ready', text: 'one two' })
    expect(exchanges.map(({ method }) => method)).toEqual(['GET', 'POST'])
  })
})

describe('over real HTTP', () => {
  it('an answer is read where an earlier stream said that it is kept', async () => {
    vi.useRealTimers()
    const server = await serve((response, { method, headers }) => {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'content-location': '../streams/s1' })
      response.end(events.slice(Number(headers['last-event-id'] ?? 0)).join(''))
      expect(method).toMatch(/POST|GET/)
    })
    try {
      const options = { provider: `${server.url}/api` }
      const stream = streamCompletion(request, options)
      const answer = await stream.finalCompletion()
      expect(stream.resumeUrl).toBe(`${server.url}/api/streams/s1`)
      const again = streamCompletion(request, { ...options, resumeUrl: stream.resumeUrl })
      expect(await again.finalCompletion()).toEqual(answer)
      expect(server.requests.map(({ method, path }) => [method, path])).toEqual([
        ['POST', '/api/chat/completions'],
        ['GET', '/api/streams/s1'],
      ])
    } finally {
      await server.close()
    }
  })
})
