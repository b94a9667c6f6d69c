/** Whom else to ask when a provider fails for good, and what of the first one must not get there. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  anthropic,
  askToContinue,
  compatible,
  createCompletionStore,
  openai,
  route,
  streamCompletion,
} from '../src/index.ts'
import type { Beginning, CompletionError, Provider, StreamOptions } from '../src/index.ts'
import { byHand, chunk, event, refuse, reply, settle, unreachable, whole } from './http.ts'
import type { Exchange } from './http.ts'

beforeEach(() => {
  vi.useFakeTimers()
  vi.spyOn(Math, 'random').mockReturnValue(0)
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

type Answers = ((exchange: Exchange) => void)[]
const request = { model: 'm', prompt: 'Hi' }
const first = 'https://a.example/v1'
const second = 'https://b.example/v1'
const third = 'https://c.example/v1'

async function ask(answers: Answers, options: Partial<StreamOptions> = {}, ms = 60_000) {
  const { fetch, exchanges } = byHand(...answers)
  const stream = streamCompletion(request, { provider: first, fetch, ...options })
  const outcome: { text?: string; error?: CompletionError } = {}
  stream.finalCompletion().then(
    ({ text }) => (outcome.text = text),
    (error) => (outcome.error = error),
  )
  await settle(ms)
  return { stream, exchanges, ...outcome }
}
const hosts = (exchanges: Exchange[]) => exchanges.map(({ url }) => new URL(url).host[0]).join('')

describe('fallbacks', () => {
  it('are asked in their order, each with its model or the request’s own', async () => {
    const { stream, exchanges, text } = await ask([refuse(401), refuse(404), reply(whole('Hello'))], {
      fallbacks: [{ provider: second, model: 'other' }, { provider: third }],
    })
    expect(text).toBe('Hello')
    expect(exchanges.map(({ url, body }) => [url, body.model])).toEqual([
      [`${first}/chat/completions`, 'm'],
      [`${second}/chat/completions`, 'other'],
      [`${third}/chat/completions`, 'm'],
    ])
    expect(exchanges[2]!.body).toEqual({ ...exchanges[0]!.body })
    expect(stream.attempts).toMatchObject([
      { provider: first, model: 'm', action: 'fallback', delayMs: 0, error: { status: 401 } },
      { provider: second, model: 'other', action: 'fallback', delayMs: 0, error: { status: 404 } },
    ])
  })

  it('come after the retries of who is before, and have all of their own', async () => {
    const { exchanges, error } = await ask([refuse(503)], {
      fallbacks: [{ provider: second }, { provider: third }],
      maxRetries: 2,
    })
    expect(hosts(exchanges)).toBe('aaabbbccc')
    expect(exchanges.map(({ at }) => Math.round(at - exchanges[0]!.at))).toEqual([
      0, 500, 1500, 1500, 2000, 3000, 3000, 3500, 4500,
    ])
    expect(error).toMatchObject({ code: 'overloaded', attempts: 9, provider: third })
  })

  it('fail as the last of them did', async () => {
    const { error, stream, exchanges } = await ask([refuse(401), unreachable, refuse(400)], {
      fallbacks: [{ provider: second }],
      maxRetries: 1,
    })
    expect(hosts(exchanges)).toBe('abb')
    expect(error).toMatchObject({ code: 'bad_request', status: 400, attempts: 3, provider: second })
    expect(stream.attempts.map(({ action }) => action)).toEqual(['fallback', 'retry', 'fail'])
  })

  it.each<[string, (exchange: Exchange) => void, Partial<StreamOptions>]>([
    ['has a key that is refused', refuse(401), {}],
    ['asks to wait for an hour', refuse(429, { 'retry-after': '3600' }), {}],
    ['has nothing left to pay with', refuse(402), {}],
    [
      'finds the request too long',
      refuse(400, {}, { error: { code: 'context_length_exceeded', message: 'Too long' } }),
      {},
    ],
    [
      'sends a web page',
      (exchange) => (exchange.answer('<p>', { headers: { 'content-type': 'text/html' } }), exchange.end()),
      {},
    ],
    ['sends an error frame', reply(chunk({ role: 'assistant' }), event({ error: { code: 400 } })), {}],
    [
      'sends too much that is nothing',
      (exchange) => exchange.answer(': '.repeat(999)),
      { limits: { maxEventBytes: 900 } },
    ],
    ['begins no answer in time', () => {}, { timeout: { firstChunkMs: 1000 } }],
    ['does not answer in time', () => {}, { timeout: { connectMs: 1000 }, maxRetries: 0 }],
    ['cannot be reached', unreachable, { maxRetries: 0 }],
  ])('are asked when the first one %s', async (_, fail, options) => {
    const { text, exchanges } = await ask([fail, reply(whole('Hello'))], {
      fallbacks: [{ provider: second }],
      ...options,
    })
    expect(text).toBe('Hello')
    expect(hosts(exchanges)).toBe('ab')
  })

  it('are asked for what the first one cannot write down, or where nobody answers to the model’s name', async () => {
    const cannot: Provider = {
      ...openai(),
      name: 'cannot',
      request: () => {
        throw new Error('It takes no such thing.')
      },
    }
    for (const provider of [cannot, route({ x: openai() }, { default: null })]) {
      const { stream, text, exchanges } = await ask([reply(whole('Hello'))], {
        provider,
        fallbacks: [{ provider: second }],
      })
      expect(text).toBe('Hello')
      expect(hosts(exchanges)).toBe('b')
      expect(stream.attempts).toMatchObject([
        { provider: provider.name, action: 'fallback', error: { code: 'bad_request' } },
      ])
    }
  })

  it('get neither the headers of the first nor its key', async () => {
    const { exchanges } = await ask([refuse(401), refuse(401), reply(whole('Hello'))], {
      provider: openai({ baseURL: first, apiKey: 'first-secret', headers: { 'x-a': '1' } }),
      headers: { 'x-api-key': 'first-secret', cookie: 'a' },
      fallbacks: [
        { provider: openai({ baseURL: second, apiKey: 'second-secret' }), headers: { 'x-b': '2' } },
        { provider: third },
      ],
    })
    expect(exchanges[0]!.headers).toMatchObject({
      authorization: 'Bearer first-secret',
      'x-a': '1',
      'x-api-key': 'first-secret',
    })
    expect(exchanges[1]!.headers).toEqual({
      accept: 'text/event-stream',
      'content-type': 'application/json',
      authorization: 'Bearer second-secret',
      'x-b': '2',
    })
    expect(exchanges[2]!.headers).toEqual({ accept: 'text/event-stream', 'content-type': 'application/json' })
  })

  it.each([
    ['the connection breaks', ''],
    ['an error comes', event({ error: { code: 503 } })],
    ['rubbish comes', event('{') + event('{')],
  ])('are not asked after the first token, when %s', async (_, rest) => {
    const { exchanges, error } = await ask([reply(chunk({ content: 'Hel' }), rest)], {
      fallbacks: [{ provider: second }],
    })
    expect(hosts(exchanges)).toBe('a')
    expect(error).toMatchObject({ partial: { text: 'Hel' } })
  })

  it('show nothing of who failed', async () => {
    const leavings = reply(
      event({
        id: 'a',
        model: 'model-a',
        choices: [{ index: 0, delta: { role: 'assistant' } }],
        usage: { prompt_tokens: 9, completion_tokens: 9 },
      }),
      event({ error: { code: 400 } }),
    )
    const { stream, text } = await ask([leavings, reply(whole('Hello'))], { fallbacks: [{ provider: second }] })
    expect(text).toBe('Hello')
    expect(stream.snapshot).toMatchObject({ id: 'chatcmpl-t', model: 'test-1', usage: { estimated: true } })
    expect(stream.timing.chunks).toBe(2)
  })

  it('may be providers, addresses and routes, each with a wire of its own', async () => {
    const claude = [
      { type: 'message_start', message: { id: 'msg', model: 'claude', content: [], usage: { input_tokens: 3 } } },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hello' } },
      { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 4 } },
      { type: 'message_stop' },
    ].map(event)
    const routes = route({ b: openai({ baseURL: second }), c: anthropic({ baseURL: third, apiKey: 'k' }) })
    const { stream, exchanges, text } = await ask([refuse(400), refuse(400), reply(...claude)], {
      fallbacks: [
        { provider: routes, model: 'b/gpt' },
        { provider: routes, model: 'c/claude' },
      ],
    })
    expect(text).toBe('Hello')
    expect(exchanges.map(({ url, body }) => [url, body.model])).toEqual([
      [`${first}/chat/completions`, 'm'],
      [`${second}/chat/completions`, 'gpt'],
      [`${third}/messages`, 'claude'],
    ])
    expect(stream.attempts.map(({ provider, model }) => [provider, model])).toEqual([
      [first, 'm'],
      ['openai', 'b/gpt'],
    ])
  })

  it('are asked with what a provider’s own fetch sends', async () => {
    const own = byHand(reply(whole('Hello')))
    const { fetch } = byHand(refuse(400))
    const stream = streamCompletion(request, {
      provider: openai({ fetch }),
      fallbacks: [{ provider: openai({ fetch: own.fetch }) }],
    })
    const final = stream.finalCompletion()
    await settle()
    await expect(final).resolves.toMatchObject({ text: 'Hello' })
    expect(own.exchanges).toHaveLength(1)
  })

  it('are asked for the rest of an answer as well, each in its own words', async () => {
    const continues: Beginning = {
      text: 'High',
      parts: [{ type: 'text', text: 'High' }],
      toolCalls: [],
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'High', refusal: null },
          finish_reason: null,
          logprobs: null,
        },
      ],
    }
    const { text, exchanges } = await ask([refuse(400), reply(whole(' water'))], {
      provider: compatible('vllm', { baseURL: first }),
      continues,
      fallbacks: [{ provider: compatible('deepseek', { baseURL: second }) }],
    })
    expect(text).toBe('High water')
    expect(exchanges.map(({ body }) => [body.continue_final_message, body.messages.at(-1)])).toEqual([
      [true, { role: 'assistant', content: 'High' }],
      [undefined, { role: 'assistant', content: 'High', prefix: true }],
    ])
    const skipped = await ask([reply(whole(' water'))], {
      continues,
      fallbacks: [{ provider: compatible('vllm', { baseURL: second }) }],
    })
    expect([skipped.text, hosts(skipped.exchanges)]).toEqual(['High water', 'b'])
    const asked = await ask([refuse(400), reply(whole(' water'))], {
      continues,
      continuation: askToContinue,
      fallbacks: [{ provider: second }],
    })
    expect([asked.text, hosts(asked.exchanges)]).toEqual(['High water', 'ab'])
  })

  it('leave the first one’s generation behind at no server', async () => {
    const silent = (exchange: Exchange) =>
      exchange.method === 'DELETE'
        ? exchange.answer([], { status: 204 })
        : exchange.answer(': hi\n\n', { headers: { 'content-location': '../streams/s1' }, at: exchange.url })
    const answer = (exchange: Exchange) =>
      exchange.url.startsWith(second) ? reply(whole('Hello'))(exchange) : silent(exchange)
    const { text, exchanges } = await ask([answer], {
      timeout: { firstChunkMs: 1000 },
      headers: { authorization: 'Bearer k' },
      fallbacks: [{ provider: second }],
    })
    expect(text).toBe('Hello')
    expect(exchanges.filter(({ method }) => method === 'DELETE')).toMatchObject([
      { url: 'https://a.example/v1/streams/s1', headers: { authorization: 'Bearer k' } },
    ])
  })

  it('have what is left of the time for all', async () => {
    const { error, exchanges } = await ask([() => {}], {
      timeout: { firstChunkMs: 1000, totalMs: 1500 },
      fallbacks: [{ provider: second }],
    })
    expect(hosts(exchanges)).toBe('ab')
    expect(error).toMatchObject({ phase: 'total', attempts: 2 })
    expect(vi.getTimerCount()).toBe(0)
  })

  it('are not asked after a stop', async () => {
    const { fetch, exchanges } = byHand(refuse(400))
    const stream = streamCompletion(request, { provider: first, fetch, fallbacks: [{ provider: second }] })
    stream.subscribe(() => stream.attempts.length && stream.abort())
    void stream.finalCompletion()
    await settle(60_000)
    expect(hosts(exchanges)).toBe('a')
  })

  it('work in a store, which shows who failed', async () => {
    const { fetch } = byHand(refuse(400), reply(whole('Hello')))
    const store = createCompletionStore({
      model: 'm',
      provider: first,
      fetch,
      fallbacks: [{ provider: second, model: 'n' }],
    })
    void store.start('Hi')
    await settle(100)
    expect(store.getState()).toMatchObject({
      status: 'ready',
      text: 'Hello',
      error: undefined,
      attempts: [{ provider: first, action: 'fallback' }],
    })
  })
})
