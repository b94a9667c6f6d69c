/** What is sent again, when, and what the reader gets to see of it. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  anthropic,
  createChat,
  createCompletionStore,
  isCompletionError,
  openai,
  streamCompletion,
} from '../src/index.ts'
import type { AssistantMessage, CompletionChunk, CompletionError, StreamOptions } from '../src/index.ts'
import { byHand, chunk, event, refuse, reply, settle, unreachable, whole } from './http.ts'
import type { Exchange } from './http.ts'

beforeEach(() => {
  vi.useFakeTimers({ now: new Date('2026-01-01T00:00:00Z') })
  vi.spyOn(Math, 'random').mockReturnValue(0)
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

const request = { model: 'm', prompt: 'Hi' }
const ok = reply(whole('Hello'))

/** Asks, with a fetch that is answered by hand. */
function ask(answers: ((exchange: Exchange) => void)[], options: Partial<StreamOptions> = {}) {
  const { fetch, exchanges } = byHand(...answers)
  const stream = streamCompletion(request, { provider: openai({ fetch, baseURL: 'https://a.example/v1' }), ...options })
  return { stream, exchanges }
}

const failureOf = (stream: { finalCompletion(): Promise<unknown> }): Promise<CompletionError> =>
  stream.finalCompletion().then(
    () => expect.unreachable('it should have failed'),
    (error) => error,
  )

describe('what is sent again', () => {
  it.each([408, 409, 425, 429, 500, 502, 503, 504, 529])('a request that was answered with %i', async (status) => {
    const { stream, exchanges } = ask([refuse(status), ok])
    const final = stream.finalCompletion()
    await settle(10_000)
    await expect(final).resolves.toMatchObject({ text: 'Hello' })
    expect(exchanges.map(({ method, url, body }) => [method, url, body])).toEqual(
      [1, 2].map(() => ['POST', 'https://a.example/v1/chat/completions', exchanges[0]!.body]),
    )
    expect(stream.attempts).toMatchObject([{ action: 'retry', delayMs: 500, model: 'm', error: { status } }])
  })

  it.each([400, 401, 402, 403, 404, 405, 410, 413, 422])('not one that was answered with %i', async (status) => {
    const { stream, exchanges } = ask([refuse(status), ok])
    const failed = failureOf(stream)
    await settle(60_000)
    expect(await failed).toMatchObject({ status, attempts: 1, retryable: false })
    expect(exchanges).toHaveLength(1)
    expect(stream.attempts).toMatchObject([{ action: 'fail', delayMs: 0, error: { status } }])
  })

  it.each<[string, (exchange: Exchange) => void]>([
    ['could not be sent', unreachable],
    ['got an empty event stream', reply()],
    ['got no more than comments', reply(': hi\n\n', ': hi\n\n')],
    ['got no more than a role', reply(chunk({ role: 'assistant', content: '' }))],
    ['broke after the headers', (exchange) => (exchange.answer(), exchange.drop())],
    [
      'broke after chunks without content',
      (exchange) => (exchange.answer([chunk({}), chunk({})]), setTimeout(exchange.drop, 1)),
    ],
    ['got an error frame', reply(event({ error: { message: 'Busy', code: 503 } }))],
    [
      'got an error frame after a role',
      reply(chunk({ role: 'assistant' }), event({ error: { type: 'overloaded_error' } })),
    ],
    [
      'got an error frame after empty chunks',
      reply(chunk({ content: '' }), chunk({}), event({ error: { code: 'rate_limit' } })),
    ],
    [
      'got an error frame after usage',
      reply(event({ choices: [], usage: { prompt_tokens: 9 } }), event({ error: { code: 500 } })),
    ],
  ])('a request that %s', async (_, fail) => {
    const { stream, exchanges } = ask([fail, ok])
    const final = stream.finalCompletion()
    await settle(10_000)
    await expect(final).resolves.toMatchObject({ text: 'Hello' })
    expect(exchanges).toHaveLength(2)
  })

  it.each<[string, (exchange: Exchange) => void, string]>([
    [
      'an error frame that is no use to send again',
      reply(event({ error: { message: 'No', code: 400 } })),
      'bad_request',
    ],
    ['unreadable JSON', reply(event('{')), 'invalid_response'],
    [
      'a web page',
      (exchange) => (exchange.answer('<html>', { headers: { 'content-type': 'text/html' } }), exchange.end()),
      'invalid_response',
    ],
  ])('not %s', async (_, fail, code) => {
    const { stream, exchanges } = ask([fail, ok])
    const failed = failureOf(stream)
    await settle(60_000)
    expect((await failed).code).toBe(code)
    expect(exchanges).toHaveLength(1)
  })

  it.each<[string, string]>([
    ['text', chunk({ content: 'He' })],
    ['reasoning', chunk({ reasoning_content: 'Hm' })],
    ['a refusal', chunk({ refusal: 'No' })],
    ['a tool call', chunk({ tool_calls: [{ index: 0, id: 'c', function: { name: 'f', arguments: '' } }] })],
  ])('nothing after the first piece of %s: it fails with what arrived', async (_, piece) => {
    for (const rest of ['', event({ error: { code: 503, message: 'Busy' } })]) {
      const { stream, exchanges } = ask([reply(piece + rest), ok])
      const failed = failureOf(stream)
      await settle(60_000)
      const error = await failed
      expect(error).toMatchObject({ code: rest ? 'overloaded' : 'interrupted', attempts: 1 })
      expect(error.partial?.parts).toHaveLength(1)
      expect(exchanges).toHaveLength(1)
    }
  })

  it('as `x-should-retry` says, whatever the status', async () => {
    for (const [status, header, requests] of [
      [400, 'true', 2],
      [503, 'false', 1],
      [200, 'false', 1],
    ] as const) {
      const fail = refuse(status, { 'x-should-retry': header, 'content-type': 'text/event-stream' })
      const frame = (exchange: Exchange) => {
        exchange.answer(event({ error: { code: 503 } }), { headers: { 'x-should-retry': header } })
        exchange.end()
      }
      const { stream, exchanges } = ask([status === 200 ? frame : fail, ok])
      stream.finalCompletion().catch(() => {})
      await settle(10_000)
      expect(exchanges).toHaveLength(requests)
    }
  })

  it('not when `maxRetries` is 0', async () => {
    const { stream, exchanges } = ask([refuse(503), ok], { maxRetries: 0 })
    const failed = failureOf(stream)
    await settle(60_000)
    expect(await failed).toMatchObject({ code: 'overloaded', attempts: 1 })
    expect(exchanges).toHaveLength(1)
  })

  it('not when the injected `fetch` has a bug of its own', async () => {
    const fetch = vi.fn(() => Promise.reject(new TypeError("Cannot read properties of undefined (reading 'x')")))
    const failed = failureOf(streamCompletion(request, { provider: openai({ fetch }) }))
    await settle(60_000)
    expect((await failed).code).toBe('bad_request')
    expect(fetch).toHaveBeenCalledTimes(1)
  })

  it('not when it throws at once instead of rejecting', async () => {
    const fetch = vi.fn(() => {
      throw new TypeError('x is not a function')
    })
    const failed = failureOf(streamCompletion(request, { provider: openai({ fetch }) }))
    await settle(60_000)
    expect((await failed).code).toBe('bad_request')
    expect(fetch).toHaveBeenCalledTimes(1)
  })

  it('as often as `maxRetries` says and no more, also when the failures differ', async () => {
    const frame = reply(chunk({ role: 'assistant' }), event({ error: { code: 503 } }))
    let asked = 0
    const alternate = (exchange: Exchange) => (asked++ % 2 ? frame : refuse(503))(exchange)
    const { stream, exchanges } = ask([alternate], { maxRetries: 3 })
    const failed = failureOf(stream)
    await settle(600_000)
    expect(exchanges).toHaveLength(4)
    expect(await failed).toMatchObject({ code: 'overloaded', attempts: 4 })
  })

  it('no more often because each failed answer was longer than the one before', async () => {
    let asked = 0
    const longer = (exchange: Exchange) =>
      reply(chunk({ role: 'assistant' }).repeat(++asked), event({ error: { code: 503 } }))(exchange)
    const { stream, exchanges } = ask([longer], { maxRetries: 2 })
    stream.finalCompletion().catch(() => {})
    await settle(600_000)
    expect(exchanges).toHaveLength(3)
  })
})

describe('when', () => {
  const timesOf = (exchanges: Exchange[]) => exchanges.map(({ at }) => Math.round(at - exchanges[0]!.at))

  it.each([
    [0, [0, 500, 1500, 3500, 7500, 15_500, 23_500]],
    [1, [0, 375, 1125, 2625, 5625, 11_625, 17_625]],
  ])('with a chance of %d: after half a second, doubled up to eight', async (random, times) => {
    vi.spyOn(Math, 'random').mockReturnValue(random)
    const { stream, exchanges } = ask([refuse(503)], { maxRetries: 6 })
    const failed = failureOf(stream)
    await settle(60_000)
    expect(timesOf(exchanges)).toEqual(times)
    expect(await failed).toMatchObject({ attempts: 7 })
    expect(stream.attempts.map(({ action }) => action)).toEqual([...Array(6).fill('retry'), 'fail'])
  })

  it.each<[Record<string, string>, number]>([
    [{ 'retry-after': '7' }, 7000],
    [{ 'retry-after': '1.5' }, 1500],
    [{ 'retry-after': 'Thu, 01 Jan 2026 00:00:09 GMT' }, 9000],
    [{ 'retry-after-ms': '120' }, 120],
    [{ 'retry-after-ms': '120', 'retry-after': '7' }, 120],
    [{ 'retry-after': '0' }, 0],
    [{ 'retry-after': '60' }, 60_000],
    [{ 'retry-after': 'soon' }, 500],
    [{ 'retry-after': '-1' }, 500],
  ])('as the server asks: %j', async (headers, ms) => {
    const { stream, exchanges } = ask([refuse(429, headers), ok])
    const final = stream.finalCompletion()
    await settle(Math.max(0, ms - 1))
    expect(exchanges).toHaveLength(ms ? 1 : 2)
    await settle(1)
    expect(timesOf(exchanges)).toEqual([0, ms])
    await final
    expect(stream.attempts).toMatchObject([{ delayMs: ms }])
  })

  it('never where the server asks to wait for more than a minute: it fails at once, and says how long', async () => {
    const { stream, exchanges } = ask([refuse(429, { 'retry-after': '300' }), ok])
    const failed = failureOf(stream)
    await settle()
    expect(await failed).toMatchObject({ code: 'rate_limit', retryAfterMs: 300_000, retryable: true })
    expect((await failed).message).toContain('in 5 minutes')
    await settle(400_000)
    expect(exchanges).toHaveLength(1)
  })
})

describe('a failed attempt', () => {
  const leavings = (exchange: Exchange) =>
    reply(
      event({
        id: 'first',
        model: 'other',
        created: 7,
        system_fingerprint: 'fp_first',
        service_tier: 'flex',
        choices: [{ index: 1, delta: { role: 'assistant', content: '' } }],
        usage: { prompt_tokens: 99, completion_tokens: 99, total_tokens: 198 },
      }),
      event({ error: { code: 503 } }),
    )(exchange)

  it('shows nowhere: not in the chunks, the completion, the snapshot or the usage', async () => {
    const { stream } = ask([leavings, ok])
    const seen: CompletionChunk[] = []
    const reading = (async () => {
      for await (const piece of stream) seen.push(piece)
    })()
    await settle(499)
    expect(seen).toEqual([])
    await settle(1)
    await reading
    expect(seen.map(({ id }) => id)).toEqual(['chatcmpl-t', 'chatcmpl-t'])
    const completion = await stream.finalCompletion()
    expect(completion).toMatchObject({ id: 'chatcmpl-t', model: 'test-1', created: 1, text: 'Hello' })
    expect(completion.choices).toHaveLength(1)
    expect(completion).not.toHaveProperty('system_fingerprint')
    expect(completion).not.toHaveProperty('service_tier')
    expect(completion.usage).toMatchObject({ estimated: true })
    expect(completion.usage!.prompt_tokens).toBeLessThan(99)
    expect(stream.timing.chunks).toBe(2)
  })

  it('leaves nothing in what is decoded next, where the wire has a state', async () => {
    const begun = {
      type: 'message_start',
      message: { id: 'msg_1', model: 'claude-1', content: [], usage: { input_tokens: 50 } },
    }
    const answer = [
      { type: 'message_start', message: { id: 'msg_2', model: 'claude-2', content: [], usage: { input_tokens: 3 } } },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hello' } },
      { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 4 } },
      { type: 'message_stop' },
    ]
    const { fetch } = byHand(
      reply(event(begun), event({ type: 'error', error: { type: 'overloaded_error', message: 'Busy' } })),
      reply(...answer.map(event)),
    )
    const final = streamCompletion(request, { provider: anthropic({ fetch }) }).finalCompletion()
    await settle(10_000)
    await expect(final).resolves.toMatchObject({
      id: 'msg_2',
      model: 'claude-2',
      text: 'Hello',
      usage: { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 },
    })
  })

  it('gets its request anew, with a fresh key', async () => {
    let keys = 0
    const { fetch, exchanges } = byHand(refuse(503), refuse(503), ok)
    const provider = openai({ fetch, apiKey: () => `key-number-${++keys}` })
    const final = streamCompletion(request, { provider }).finalCompletion()
    await settle(10_000)
    await final
    expect(exchanges.map(({ headers }) => headers.authorization)).toEqual(
      [1, 2, 3].map((n) => `Bearer key-number-${n}`),
    )
  })

  it('is told with who was asked, and the error counts all of them', async () => {
    const { stream } = ask([refuse(503), unreachable, refuse(401)])
    const told: number[] = []
    stream.subscribe(() => told.push(stream.attempts.length))
    const before = stream.attempts
    const failed = failureOf(stream)
    await settle(10_000)
    const error = await failed
    expect(error).toMatchObject({ code: 'authentication', attempts: 3 })
    expect(before).toEqual([])
    expect(stream.attempts).toMatchObject([
      { provider: 'openai', model: 'm', action: 'retry', delayMs: 500, error: { code: 'overloaded' } },
      { provider: 'openai', model: 'm', action: 'retry', delayMs: 1000, error: { code: 'network' } },
      { provider: 'openai', model: 'm', action: 'fail', delayMs: 0 },
    ])
    expect(stream.attempts[2]!.error).toBe(error)
    expect([...new Set(told)].filter(Boolean)).toEqual([1, 2, 3])
  })

  it('shows in a store’s state while the next one is waited for', async () => {
    const { fetch } = byHand(refuse(503), ok)
    const store = createCompletionStore({ model: 'm', provider: openai({ fetch }) })
    const done = store.start('Hi')
    await settle(100)
    expect(store.getState()).toMatchObject({
      status: 'submitted',
      error: undefined,
      text: '',
      attempts: [{ action: 'retry', delayMs: 500, error: { code: 'overloaded' } }],
    })
    await settle(400)
    await done
    expect(store.getState()).toMatchObject({ status: 'ready', text: 'Hello', attempts: [{ action: 'retry' }] })
    const again = store.start('Hi')
    expect(store.getState().attempts).toEqual([])
    await settle(1000)
    await again
  })

  it('shows in a chat’s message while the next one is waited for, in later steps as well', async () => {
    const call = chunk({ tool_calls: [{ index: 0, id: 'c', function: { name: 'f', arguments: '{}' } }] })
    const { fetch } = byHand(refuse(503), reply(call, chunk({}, 'tool_calls'), event('[DONE]')), refuse(429), ok)
    const chat = createChat({ model: 'm', provider: openai({ fetch }), tools: { f: { execute: () => 1 } } })
    const last = () => chat.getState().messages.at(-1) as AssistantMessage
    void chat.sendMessage('Hi')
    await settle(100)
    expect(last()).toMatchObject({
      status: 'submitted',
      attempts: [{ action: 'retry', error: { code: 'overloaded' } }],
    })
    await settle(500)
    expect(last()).toMatchObject({
      status: 'streaming',
      attempts: [{ action: 'retry', error: { code: 'rate_limit' } }],
    })
    expect(last().parts).toMatchObject([{ type: 'tool-call', toolCall: { state: 'output' } }])
    await settle(500)
    expect(last()).toMatchObject({ status: 'ready', text: 'Hello' })
  })
})

describe('stopping while the next request is waited for', () => {
  const ways: [string, (stream: ReturnType<typeof ask>['stream'], signal: AbortController) => unknown][] = [
    ['abort()', (stream) => stream.abort()],
    ['the signal', (_, controller) => controller.abort()],
  ]
  it.each(ways)('by %s sends nothing more, leaves no timer and is no failure', async (_, stop) => {
    const controller = new AbortController()
    const { stream, exchanges } = ask([refuse(503)], { signal: controller.signal })
    const read = (async () => {
      for await (const piece of stream) expect.unreachable(piece.id)
    })()
    const final = stream.finalCompletion()
    await settle(100)
    expect(vi.getTimerCount()).toBe(1)
    stop(stream, controller)
    expect(vi.getTimerCount()).toBe(0)
    await read
    await expect(final).resolves.toMatchObject({ text: '', finishReason: null })
    expect(stream.aborted).toBe(true)
    await settle(60_000)
    expect(exchanges).toHaveLength(1)
  })

  it('by leaving the loop sends nothing more', async () => {
    const { stream, exchanges } = ask([refuse(503)])
    const iterator = stream[Symbol.asyncIterator]()
    const next = iterator.next()
    await settle(100)
    await iterator.return?.()
    await expect(next).resolves.toEqual({ value: undefined, done: true })
    expect(vi.getTimerCount()).toBe(0)
    await settle(60_000)
    expect(exchanges).toHaveLength(1)
  })

  it('by a store’s or a chat’s stop() sends nothing more', async () => {
    const { fetch, exchanges } = byHand(refuse(503))
    const store = createCompletionStore({ model: 'm', provider: openai({ fetch }) })
    const chat = createChat({ model: 'm', provider: openai({ fetch }) })
    for (const { start, stop, state } of [
      { start: () => store.start('Hi'), stop: () => store.stop(), state: () => store.getState() },
      { start: () => chat.sendMessage('Hi'), stop: () => chat.stop(), state: () => chat.getState() },
    ]) {
      const done = start()
      await settle(100)
      stop()
      await done
      expect(state()).toMatchObject({ status: 'ready', error: undefined })
      expect(vi.getTimerCount()).toBe(0)
    }
    await settle(60_000)
    expect(exchanges).toHaveLength(2)
  })

  it('by a listener that is told of the failure sends nothing more', async () => {
    const { stream, exchanges } = ask([refuse(503)])
    stream.subscribe(() => stream.abort())
    const final = stream.finalCompletion()
    await settle(60_000)
    await expect(final).resolves.toMatchObject({ text: '' })
    expect(exchanges).toHaveLength(1)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('while the key is asked for sends nothing', async () => {
    const { fetch, exchanges } = byHand(ok)
    const controller = new AbortController()
    const apiKey = () => (controller.abort(), 'k')
    const stream = streamCompletion(request, { provider: openai({ fetch, apiKey }), signal: controller.signal })
    await expect(stream.finalCompletion()).resolves.toMatchObject({ text: '' })
    await settle(1000)
    expect(exchanges).toHaveLength(0)
    expect(stream.aborted).toBe(true)
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('a redirect', () => {
  const location = 'https://b.example/?token=abc'
  it.each<[string, () => Response]>([
    ['307', () => new Response(null, { status: 307, headers: { location } })],
    ['opaqueredirect', () => Object.defineProperty(Response.error(), 'type', { value: 'opaqueredirect' })],
  ])('%s is not followed with a key in a header of the provider’s own', async (_, respond) => {
    const fetch = vi.fn(async (_url: unknown, _init?: RequestInit) => respond())
    const failed = failureOf(streamCompletion(request, { provider: anthropic({ fetch, apiKey: 'sk-ant-secret' }) }))
    await settle(60_000)
    const error = await failed
    expect(error).toMatchObject({ code: 'bad_request', retryable: false, attempts: 1 })
    expect(error.message).toContain('redirects to')
    expect(error.message).not.toContain('abc')
    expect(fetch).toHaveBeenCalledTimes(1)
    expect(fetch.mock.calls[0]![1]!.redirect).toBe('manual')
  })

  it('is followed by a request that has no such header', async () => {
    const { stream, exchanges } = ask([ok], { headers: { Authorization: 'Bearer k', Accept: 'text/event-stream' } })
    await stream.finalCompletion()
    expect(exchanges[0]!.init.redirect).toBeUndefined()
    const other = ask([ok], { headers: { 'X-Api-Key': 'k' } })
    await other.stream.finalCompletion()
    expect(other.exchanges[0]!.init.redirect).toBe('manual')
  })
})

it('an error is a CompletionError, whatever was thrown', async () => {
  const fetch = vi.fn(() => Promise.reject(null))
  const failed = failureOf(streamCompletion(request, { provider: openai({ fetch }), maxRetries: 0 }))
  await settle()
  expect(isCompletionError(await failed)).toBe(true)
})
