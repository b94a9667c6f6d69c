/** A connection that breaks in the middle is taken up again where it broke: nothing twice, nothing lost. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { anthropic, createCompletionStore, openai, openaiResponses, streamCompletion } from '../src/index.ts'
import type { CompletionError, StreamOptions } from '../src/index.ts'
import { byHand, chunk, event, refuse, reply, settle, unreachable } from './http.ts'
import type { Exchange } from './http.ts'

beforeEach(() => {
  vi.useFakeTimers()
  vi.spyOn(Math, 'random').mockReturnValue(0)
})
afterEach(() => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
  vi.useRealTimers()
})

const request = { model: 'm', prompt: 'Hi' }
const url = 'https://a.example/api/chat/completions'
const place = 'https://a.example/api/streams/s1'

/** The answer "one two three four" as events with ids; the fifth has the finish reason, the sixth is the end marker. */
const events = [
  ...['one ', 'two ', 'three ', 'four'].map((content) => chunk({ content })),
  chunk({}, 'stop'),
  event('[DONE]'),
].map((said, i) => `id: ${i + 1}\n${said}`)
const text = 'one two three four'
const kept = { headers: { 'content-location': '../streams/s1' } }
/** Begins the answer, then the connection breaks, some time later. */
const cut =
  (said: string, { headers = kept.headers as Record<string, string>, at = url, inMs = 10 } = {}) =>
  (exchange: Exchange): void => {
    exchange.answer(said, { headers, at })
    setTimeout(exchange.drop, inMs)
  }
const first = (n: number) => events.slice(0, n).join('')
const after = (n: number) => reply(events.slice(n).join(''))

function ask(answers: ((exchange: Exchange) => void)[], options: Partial<StreamOptions> = {}) {
  const { fetch, exchanges } = byHand(...answers)
  const stream = streamCompletion(request, { provider: 'https://a.example/api', fetch, ...options })
  const outcome: { value?: { text: string }; error?: CompletionError } = {}
  stream.finalCompletion().then(
    (value) => (outcome.value = value),
    (error) => (outcome.error = error),
  )
  return { stream, exchanges, outcome }
}

describe('a connection that breaks after the first token', () => {
  it('is taken up where it broke, with the caller’s headers', async () => {
    const { stream, exchanges, outcome } = ask([cut(first(2)), after(2)], {
      headers: { authorization: 'Bearer k', 'x-team': 'a' },
    })
    const seen: string[] = []
    stream.subscribe(() => seen.push(stream.snapshot.text))
    await settle(509)
    expect(exchanges).toHaveLength(1)
    await settle(1)
    expect(exchanges[1]).toMatchObject({
      url: place,
      method: 'GET',
      headers: { 'last-event-id': '2', accept: 'text/event-stream', authorization: 'Bearer k', 'x-team': 'a' },
      body: undefined,
    })
    expect(exchanges[1]!.headers).not.toHaveProperty('content-type')
    expect(outcome.value).toMatchObject({ text, finishReason: 'stop' })
    expect(stream.attempts).toMatchObject([{ action: 'resume', delayMs: 500, error: { code: 'interrupted' } }])
    // It only ever grows.
    seen.reduce((before, now) => (expect(now.startsWith(before)).toBe(true), now))
    expect(exchanges).toHaveLength(2)
  })

  it.each([
    ['a reference to the request’s address', '../streams/s1', place],
    ['an absolute path', '/else/streams/s1?x=1', 'https://a.example/else/streams/s1?x=1'],
    ['an address of the same origin', 'https://a.example/streams/s1', 'https://a.example/streams/s1'],
  ])('is looked for at %s', async (_, location, expected) => {
    const { exchanges, outcome } = ask([cut(first(1), { headers: { 'content-location': location } }), after(1)])
    await settle(5000)
    expect(exchanges[1]?.url).toBe(expected)
    expect(outcome.value).toMatchObject({ text })
  })

  it.each([
    ['another host', 'https://b.example/streams/s1'],
    ['another port', 'https://a.example:8443/streams/s1'],
    ['another scheme', 'http://a.example/streams/s1'],
    ['a host without a scheme', '//b.example/streams/s1'],
    ['a host behind backslashes', '\\\\b.example\\s1'],
    ['what is no address', 'https://['],
    ['a script', 'javascript:alert(1)'],
    ['data', 'data:text/event-stream,x'],
    ['nowhere', ''],
  ])('is never looked for at %s', async (_, location) => {
    const { exchanges, outcome } = ask([cut(first(1), { headers: { 'content-location': location } }), after(1)])
    await settle(60_000)
    expect(exchanges).toHaveLength(1)
    expect(outcome.error).toMatchObject({ code: 'interrupted', attempts: 1, partial: { text: 'one ' } })
  })

  it('is never looked for at the server that the request was redirected to: the key is not for that one', async () => {
    const { exchanges, outcome } = ask([cut(first(1), { at: 'https://b.example/api/chat/completions' }), after(1)], {
      headers: { authorization: 'Bearer a-secret-key' },
    })
    await settle(60_000)
    expect(exchanges.filter(({ url: asked }) => !asked.startsWith('https://a.example/'))).toEqual([])
    expect(outcome.error).toMatchObject({ code: 'interrupted', partial: { text: 'one ' } })
  })

  it('is not taken up without an id, or with `maxRetries` 0', async () => {
    for (const [said, maxRetries] of [
      [chunk({ content: 'one ' }), 2],
      [first(1), 0],
    ] as const) {
      const { exchanges, outcome } = ask([cut(said), after(1)], { maxRetries })
      await settle(60_000)
      expect(exchanges.filter(({ method }) => method !== 'DELETE')).toHaveLength(1)
      expect(outcome.error).toMatchObject({ code: 'interrupted', partial: { text: 'one ' } })
    }
  })

  it('is taken up as often as something new came, although the answers to GET do not say where the rest is', async () => {
    const again = (n: number) => cut(events.slice(n, n + 1).join(''), { headers: {}, at: place })
    const { stream, exchanges, outcome } = ask([cut(first(1)), again(1), again(2), again(3), after(4)], {
      maxRetries: 1,
    })
    await settle(60_000)
    expect(outcome.value).toMatchObject({ text })
    expect(exchanges.map(({ headers }) => headers['last-event-id'])).toEqual([undefined, '1', '2', '3', '4'])
    expect(stream.attempts.map(({ action, delayMs }) => [action, delayMs])).toEqual(
      [1, 2, 3, 4].map(() => ['resume', 500]),
    )
  })

  it('is taken up again at the same address where a GET names it anew', async () => {
    const again = cut(events[1]!, { at: place })
    const { exchanges, outcome } = ask([cut(first(1)), again, after(2)])
    await settle(60_000)
    expect(exchanges.map((exchange) => exchange.url)).toEqual([url, place, place])
    expect(outcome.value).toMatchObject({ text })
  })

  it('is given up after `maxRetries` without anything new, with the first reason and all that arrived', async () => {
    const { stream, exchanges, outcome } = ask([cut(first(2)), unreachable], { maxRetries: 2 })
    await settle(60_000)
    expect(outcome.error).toMatchObject({ code: 'interrupted', attempts: 3, partial: { text: 'one two ' } })
    expect(exchanges.map(({ method }) => method)).toEqual(['POST', 'GET', 'GET'])
    expect(stream.attempts.map(({ action, error }) => [action, error.code])).toEqual([
      ['resume', 'interrupted'],
      ['resume', 'network'],
      ['fail', 'network'],
    ])
  })

  it.each([404, 410, 401, 400])('is given up when GET is answered with %i, with why it broke', async (status) => {
    const { stream, exchanges, outcome } = ask([cut(first(2)), refuse(status)])
    await settle(60_000)
    expect(outcome.error).toMatchObject({ code: 'interrupted', attempts: 2, partial: { text: 'one two ' } })
    expect(outcome.error?.status).toBeUndefined()
    expect(exchanges).toHaveLength(2)
    expect(stream.attempts[1]).toMatchObject({ action: 'fail', error: { status, providerMessage: 'No.' } })
  })

  it('is given up when GET is answered with a web page', async () => {
    const page = (exchange: Exchange) => (
      exchange.answer('<html>', { headers: { 'content-type': 'text/html' } }),
      exchange.end()
    )
    const { outcome } = ask([cut(first(2)), page])
    await settle(60_000)
    expect(outcome.error).toMatchObject({ code: 'interrupted', partial: { text: 'one two ' } })
  })

  it('is taken up after a silence that `chunkMs` does not allow', async () => {
    const silent = (exchange: Exchange) => exchange.answer(first(2), { ...kept, at: url })
    const { stream, exchanges, outcome } = ask([silent, after(2)], { timeout: { chunkMs: 3000 } })
    await settle(3501)
    expect(exchanges[0]!.cancelled).toBe(true)
    expect(outcome.value).toMatchObject({ text })
    expect(stream.attempts).toMatchObject([{ action: 'resume', error: { code: 'timeout', phase: 'chunk' } }])
  })

  it('is not asked anew: no second answer and no fallback', async () => {
    const { exchanges } = ask([cut(first(1)), refuse(404)], { fallbacks: [{ provider: 'https://b.example' }] })
    await settle(60_000)
    expect(exchanges.map(({ method }) => method)).toEqual(['POST', 'GET'])
  })

  it('before the first token is asked anew, and what it left behind at the server is stopped', async () => {
    const role = `id: 1\n${chunk({ role: 'assistant', content: '' })}`
    const { exchanges, outcome } = ask([
      cut(role),
      (exchange) => (exchange.method === 'POST' ? reply(first(6))(exchange) : exchange.answer([], { status: 204 })),
      reply(first(6)),
    ])
    await settle(60_000)
    expect(outcome.value).toMatchObject({ text })
    expect(exchanges.map(({ method, url: to }) => `${method} ${to}`).toSorted()).toEqual([
      `DELETE ${place}`,
      `POST ${url}`,
      `POST ${url}`,
    ])
  })
})

describe('nothing comes twice and nothing is lost', () => {
  it('when the server sends again what had arrived', async () => {
    const { stream, outcome } = ask([cut(first(3)), reply(first(6))])
    await settle(5000)
    expect(outcome.value).toMatchObject({ text })
    expect(stream.timing.chunks).toBe(5)
  })

  it('when what is sent again is all there is, that is no progress', async () => {
    const { exchanges, outcome } = ask([cut(first(2)), cut(first(2), { at: place })], { maxRetries: 2 })
    await settle(60_000)
    expect(exchanges).toHaveLength(3)
    expect(outcome.error).toMatchObject({ code: 'interrupted', partial: { text: 'one two ' } })
  })

  // Wherever a connection is cut, in the middle of a line, of a character, of a line end.
  const bytes = new TextEncoder().encode(events.join('').replace('two', 't–ô'))
  const idsFirst = [...bytes.keys()].slice(90)
  it('wherever in the bytes the connection is cut, with the id before the data', async () => {
    for (const at of idsFirst) {
      const { exchanges, outcome } = ask([
        (exchange) => (
          exchange.answer([], { ...kept, at: url }),
          exchange.write(bytes.slice(0, at)),
          setTimeout(exchange.drop, 1)
        ),
        (exchange) => {
          const last = Number(exchange.headers['last-event-id'] ?? 0)
          reply(events.slice(last).join('').replace('two', 't–ô'))(exchange)
        },
      ])
      await settle(5000)
      expect(outcome.value, `cut at ${at}: ${exchanges.map(({ headers }) => headers['last-event-id'])}`).toMatchObject({
        text: text.replace('two', 't–ô'),
        finishReason: 'stop',
      })
    }
  })

  it('wherever the connection is cut, with the id after the data and of two digits', async () => {
    const many = Array.from(
      { length: 12 },
      (_, i) => `${chunk({ content: `${i + 1}.` }, i === 11 ? 'stop' : null).trimEnd()}\nid: ${i + 1}\n\n`,
    )
    const all = many.join('')
    const from = all.indexOf('id: 9')
    for (let at = from; at < all.lastIndexOf('"stop"'); at++) {
      const { exchanges, outcome } = ask([
        cut(all.slice(0, at)),
        (exchange) => reply(many.slice(Number(exchange.headers['last-event-id'] ?? 0)).join(''))(exchange),
      ])
      await settle(5000)
      const ids = exchanges.map(({ headers }) => headers['last-event-id'])
      expect(outcome.value?.text, `cut after ${JSON.stringify(all.slice(at - 20, at))}: ${ids}`).toBe(
        '1.2.3.4.5.6.7.8.9.10.11.12.',
      )
    }
  })

  it('without ids there is nothing to take up: what stands last without its end is looked at', async () => {
    const said = chunk({ content: 'one ' }) + chunk({ content: 'two' }, 'stop').trimEnd()
    const { exchanges, outcome } = ask([(exchange) => (exchange.answer(said, { ...kept, at: url }), exchange.end())])
    await settle(60_000)
    expect(outcome.value).toMatchObject({ text: 'one two', finishReason: 'stop' })
    expect(exchanges).toHaveLength(1)
  })

  it('when the connection is closed in good order in the middle', async () => {
    const { outcome, exchanges } = ask([
      (exchange) => (exchange.answer(first(2) + events[2]!.slice(0, 30), { ...kept, at: url }), exchange.end()),
      after(2),
    ])
    await settle(5000)
    expect(exchanges[1]?.headers['last-event-id']).toBe('2')
    expect(outcome.value).toMatchObject({ text })
  })

  const stateful: [string, (fetch: typeof globalThis.fetch) => StreamOptions['provider'], object[], object][] = [
    [
      'anthropic()',
      (fetch) => anthropic({ fetch, baseURL: 'https://a.example/v1' }),
      [
        { type: 'message_start', message: { id: 'msg_1', model: 'claude', content: [], usage: { input_tokens: 3 } } },
        { type: 'content_block_start', index: 0, content_block: { type: 'thinking', thinking: '' } },
        { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'Hm, ' } },
        { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'so.' } },
        { type: 'content_block_delta', index: 0, delta: { type: 'signature_delta', signature: 'sig' } },
        { type: 'content_block_stop', index: 0 },
        { type: 'content_block_start', index: 1, content_block: { type: 'text', text: '' } },
        { type: 'content_block_delta', index: 1, delta: { type: 'text_delta', text: 'Let me ' } },
        { type: 'content_block_delta', index: 1, delta: { type: 'text_delta', text: 'look.' } },
        { type: 'content_block_stop', index: 1 },
        {
          type: 'content_block_start',
          index: 2,
          content_block: { type: 'tool_use', id: 'tu_1', name: 'f', input: {} },
        },
        { type: 'content_block_delta', index: 2, delta: { type: 'input_json_delta', partial_json: '{"a":' } },
        { type: 'content_block_delta', index: 2, delta: { type: 'input_json_delta', partial_json: '1}' } },
        { type: 'content_block_stop', index: 2 },
        { type: 'message_delta', delta: { stop_reason: 'tool_use' }, usage: { output_tokens: 9 } },
        { type: 'message_stop' },
      ],
      {
        text: 'Let me look.',
        reasoning: 'Hm, so.',
        finishReason: 'tool_calls',
        usage: { prompt_tokens: 3, completion_tokens: 9 },
      },
    ],
    [
      'openaiResponses()',
      (fetch) => openaiResponses({ fetch, baseURL: 'https://a.example/v1' }),
      [
        {
          type: 'response.created',
          response: { id: 'resp_1', model: 'gpt', created_at: 1, status: 'in_progress', output: [] },
        },
        {
          type: 'response.output_item.added',
          output_index: 0,
          item: { id: 'msg_1', type: 'message', role: 'assistant', content: [] },
        },
        {
          type: 'response.content_part.added',
          output_index: 0,
          content_index: 0,
          item_id: 'msg_1',
          part: { type: 'output_text', text: '' },
        },
        { type: 'response.output_text.delta', output_index: 0, content_index: 0, item_id: 'msg_1', delta: 'Let me ' },
        { type: 'response.output_text.delta', output_index: 0, content_index: 0, item_id: 'msg_1', delta: 'look.' },
        {
          type: 'response.output_text.done',
          output_index: 0,
          content_index: 0,
          item_id: 'msg_1',
          text: 'Let me look.',
        },
        {
          type: 'response.output_item.done',
          output_index: 0,
          item: {
            id: 'msg_1',
            type: 'message',
            role: 'assistant',
            content: [{ type: 'output_text', text: 'Let me look.' }],
          },
        },
        {
          type: 'response.output_item.added',
          output_index: 1,
          item: { id: 'fc_1', type: 'function_call', call_id: 'c1', name: 'f', arguments: '' },
        },
        { type: 'response.function_call_arguments.delta', output_index: 1, item_id: 'fc_1', delta: '{"a":' },
        { type: 'response.function_call_arguments.delta', output_index: 1, item_id: 'fc_1', delta: '1}' },
        { type: 'response.function_call_arguments.done', output_index: 1, item_id: 'fc_1', arguments: '{"a":1}' },
        {
          type: 'response.output_item.done',
          output_index: 1,
          item: { id: 'fc_1', type: 'function_call', call_id: 'c1', name: 'f', arguments: '{"a":1}' },
        },
        {
          type: 'response.completed',
          response: {
            id: 'resp_1',
            model: 'gpt',
            created_at: 1,
            status: 'completed',
            output: [],
            usage: { input_tokens: 3, output_tokens: 9, total_tokens: 12 },
          },
        },
      ],
      { text: 'Let me look.', finishReason: 'tool_calls', usage: { prompt_tokens: 3, completion_tokens: 9 } },
    ],
  ]
  it.each(stateful)(
    'where the wire has a state, as that of %s, cut after any event',
    async (_, provide, said, expected) => {
      const wire = said.map((data, i) => `event: ${(data as { type: string }).type}\nid: ${i + 1}\n${event(data)}`)
      let cuts = 0
      for (let at = 1; at < wire.length; at++) {
        const { fetch, exchanges } = byHand(
          (exchange) => {
            exchange.answer(wire.slice(0, at).join('') + wire[at]!.slice(0, 50), kept)
            setTimeout(exchange.drop, 1)
          },
          (exchange) => reply(wire.slice(Number(exchange.headers['last-event-id'] ?? 0)).join(''))(exchange),
        )
        const stream = streamCompletion(request, { provider: provide(fetch) })
        const final = stream.finalCompletion()
        await settle(5000)
        await expect(final, `cut after ${at}`).resolves.toMatchObject({
          ...expected,
          toolCalls: [{ name: 'f', arguments: '{"a":1}', state: 'input-complete' }],
        })
        if (exchanges[1]?.method === 'GET') cuts++
      }
      expect(cuts).toBeGreaterThan(4)
    },
  )
})

describe('an answer that is not to go on', () => {
  const open = (exchange: Exchange) =>
    exchange.method === 'DELETE'
      ? exchange.answer([], { status: 204 })
      : exchange.answer(first(2), { ...kept, at: url })
  const deletions = (exchanges: Exchange[]) => exchanges.filter(({ method }) => method === 'DELETE')

  it('is stopped at the server when it is stopped here, with the caller’s headers and past the end of the page', async () => {
    const { stream, exchanges, outcome } = ask([open], { headers: { authorization: 'Bearer k', 'x-team': 'a' } })
    await settle(10)
    stream.abort()
    stream.abort()
    expect(deletions(exchanges)).toMatchObject([
      { url: place, headers: { authorization: 'Bearer k', 'x-team': 'a' }, init: { keepalive: true } },
    ])
    expect(deletions(exchanges)[0]!.init.signal).toBeUndefined()
    await settle(1000)
    expect(outcome.value).toMatchObject({ text: 'one two ' })
  })

  it('is stopped at no other server, when that redirects', async () => {
    const { stream, exchanges } = ask([open], { headers: { 'x-api-key': 'k' } })
    await settle(10)
    stream.abort()
    expect(deletions(exchanges)[0]!.init.redirect).toBe('manual')
  })

  it.each<[string, Partial<StreamOptions>, (stream: ReturnType<typeof ask>['stream']) => unknown]>([
    ['the loop is left', {}, (stream) => stream[Symbol.asyncIterator]().return?.()],
    ['it takes too long', { timeout: { totalMs: 50 } }, () => {}],
    ['it is silent for good', { timeout: { chunkMs: 50 }, maxRetries: 0 }, () => {}],
  ])('is stopped at the server when %s', async (_, options, act) => {
    const { fetch, exchanges } = byHand(open)
    const stream = streamCompletion(request, { provider: 'https://a.example/api', fetch, ...options })
    const iterator = act.length ? undefined : stream.finalCompletion().catch(() => {})
    if (!iterator) {
      const chunks = stream[Symbol.asyncIterator]()
      await Promise.all([chunks.next(), settle(5)])
      await chunks.return?.()
    }
    await settle(1000)
    expect(deletions(exchanges)).toHaveLength(1)
  })

  it('is stopped at the server while taking it up again is waited for', async () => {
    const { stream, exchanges, outcome } = ask([cut(first(2)), open])
    await settle(100)
    stream.abort()
    await settle(60_000)
    expect(exchanges.map(({ method }) => method)).toEqual(['POST', 'DELETE'])
    expect(outcome.value).toMatchObject({ text: 'one two ' })
    expect(vi.getTimerCount()).toBe(0)
  })

  it('is stopped by a store’s stop() and reset()', async () => {
    for (const verb of ['stop', 'reset'] as const) {
      const { fetch, exchanges } = byHand(open)
      const store = createCompletionStore({ model: 'm', provider: 'https://a.example/api', fetch })
      void store.start('Hi')
      await settle(10)
      store[verb]()
      await settle()
      expect(deletions(exchanges)).toHaveLength(1)
    }
  })

  it('is left alone when the connection is lost: another page may take it up', async () => {
    const { exchanges } = ask([cut(first(2)), unreachable])
    await settle(60_000)
    expect(deletions(exchanges)).toEqual([])
  })

  it('is left alone when it is finished', async () => {
    for (const said of [first(6), first(5), first(4) + event('[DONE]')]) {
      const { stream, exchanges, outcome } = ask([(exchange) => exchange.answer(said, { ...kept, at: url })])
      await settle(1)
      stream.abort()
      await settle(10_000)
      stream.abort()
      expect(outcome.value).toMatchObject({ text })
      expect(deletions(exchanges)).toEqual([])
    }
  })

  it('that ended in an error frame is neither taken up nor stopped', async () => {
    const { exchanges, outcome } = ask([
      (exchange) =>
        exchange.answer(`${first(2)}id: 3\n${event({ error: { code: 503, message: 'Busy' } })}`, { ...kept, at: url }),
    ])
    await settle(60_000)
    expect(outcome.error).toMatchObject({ code: 'overloaded', partial: { text: 'one two ' } })
    expect(exchanges).toHaveLength(1)
  })

  it.each<[string, () => never | undefined | Promise<never>]>([
    [
      'throws',
      () => {
        throw new Error('no')
      },
    ],
    ['rejects', () => Promise.reject(new Error('no'))],
    ['gives nothing', () => undefined],
  ])('ends here although the fetch that should stop it %s', async (_, fail) => {
    const { fetch } = byHand(open)
    const send = ((to: string, init?: RequestInit) =>
      init?.method === 'DELETE' ? fail() : fetch(to, init)) as typeof globalThis.fetch
    const options = { provider: openai({ baseURL: 'https://a.example/api', fetch: send }) }
    const stopped = streamCompletion(request, options)
    const final = stopped.finalCompletion()
    const timed = streamCompletion(request, { ...options, timeout: { totalMs: 100 } })
    let error: CompletionError | undefined
    timed.finalCompletion().catch((failure) => (error = failure))
    await settle(10)
    stopped.abort()
    await expect(final).resolves.toMatchObject({ text: 'one two ' })
    await settle(100)
    expect(error).toMatchObject({ phase: 'total', partial: { text: 'one two ' } })
  })
})
