/** How much may arrive: whatever a server sends, memory and time stay bounded, and what was good is kept. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { openai, streamCompletion } from '../src/index.ts'
import type { CompletionError, StreamOptions } from '../src/index.ts'
import { byHand, chunk, event, reply, settle } from './http.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const request = { model: 'm', prompt: 'Hi' }

/** Reads an answer that is `first`, then `rest` again and again, and tells how much of it was read. */
async function endless(first: string, rest: string | Uint8Array, options: Partial<StreamOptions> = {}, headers = {}) {
  const encoder = new TextEncoder()
  const more = typeof rest === 'string' ? encoder.encode(rest) : rest
  const state = { bytes: 0, cancelled: false }
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const piece = state.bytes ? more : encoder.encode(first || ': hi\n\n')
      state.bytes += piece.length
      controller.enqueue(piece)
    },
    cancel: () => void (state.cancelled = true),
  })
  const fetch = vi.fn(async () => new Response(body, { headers: { 'content-type': 'text/event-stream', ...headers } }))
  const stream = streamCompletion(request, { provider: openai({ fetch }), maxRetries: 2, ...options })
  const error: CompletionError = await stream.finalCompletion().then(
    () => expect.unreachable('it should have failed'),
    (failure) => failure,
  )
  return { error, stream, state, fetch }
}

const hel = chunk({ content: 'Hel' })

describe('bytes without a piece of the answer', () => {
  const kilo = 'x'.repeat(1000)
  const cases: [string, string][] = [
    ['a line that never ends', kilo],
    ['data that never end', `data: ${kilo}\n`],
    ['comments', `: ${kilo}\n\n`],
    ['blank lines', '\n'.repeat(1000)],
    ['empty events', 'data:\n\n'.repeat(100)],
    ['events without data', 'event: ping\n\n'.repeat(100)],
    ['ids', 'id: 7\n\n'.repeat(100)],
    ['unknown fields', `junk: ${kilo}\n\n`],
    ['pings as JSON', 'event: ping\ndata: {"type":"ping"}\n\n'.repeat(20)],
    ['empty chunks', chunk({}).repeat(10)],
    ['roles', chunk({ role: 'assistant', content: '' }).repeat(10)],
    ['usage', event({ choices: [], usage: { prompt_tokens: 1 } }).repeat(10)],
  ]

  it.each(cases)('end it at `maxEventBytes`, when they are %s: what came before is kept', async (_, rest) => {
    const limits = { maxEventBytes: 20_000 }
    const { error, stream, state, fetch } = await endless(hel, rest, { limits })
    expect(error).toMatchObject({ code: 'limit_exceeded', retryable: false, attempts: 1, partial: { text: 'Hel' } })
    expect(error.message).toContain('20000 bytes')
    expect(stream.snapshot.text).toBe('Hel')
    expect(state.cancelled).toBe(true)
    expect(state.bytes).toBeLessThan(24_000)
    expect(fetch).toHaveBeenCalledTimes(1)
    expect(vi.getTimerCount()).toBe(0)
  })

  it.each(cases)('end it also before the answer, when they are %s', async (_, rest) => {
    const { error, state, fetch } = await endless('', rest, { limits: { maxEventBytes: 20_000 } })
    expect(error).toMatchObject({ code: 'limit_exceeded' })
    expect(state.bytes).toBeLessThan(24_000)
    expect(fetch).toHaveBeenCalledTimes(1)
  })

  it('are 16 MiB when nothing is said', async () => {
    const { error, state } = await endless(hel, new Uint8Array(2 ** 20).fill(58))
    expect(error).toMatchObject({ code: 'limit_exceeded' })
    expect(state.bytes / 2 ** 20).toBeGreaterThan(16)
    expect(state.bytes / 2 ** 20).toBeLessThan(18.1)
  })

  it('also count in a whole answer, and in lines', async () => {
    for (const type of ['application/json', 'application/x-ndjson']) {
      const { error, state } = await endless(
        '{"a":"',
        'x'.repeat(1000),
        { limits: { maxEventBytes: 20_000 } },
        { 'content-type': type },
      )
      expect(error).toMatchObject({ code: 'limit_exceeded' })
      expect(state.bytes).toBeLessThan(24_000)
    }
  })

  it('count from the last piece: an answer may be longer than that', async () => {
    const { fetch } = byHand(reply(...Array(200).fill(hel), chunk({}, 'stop'), event('[DONE]')))
    const final = streamCompletion(request, {
      provider: openai({ fetch }),
      limits: { maxEventBytes: 1000 },
    }).finalCompletion()
    await settle()
    await expect(final).resolves.toMatchObject({ text: 'Hel'.repeat(200) })
  })

  it('an event of exactly that size is no failure, when it comes in small reads', async () => {
    const said = chunk({ content: 'x'.repeat(5000) })
    const { fetch, exchanges } = byHand((exchange) => exchange.answer(said.match(/[^]{1,100}/g)!))
    const stream = streamCompletion(request, {
      provider: openai({ fetch }),
      limits: { maxEventBytes: said.length },
      maxRetries: 0,
    })
    const final = stream.finalCompletion()
    await settle()
    exchanges[0]!.write(chunk({}, 'stop'), event('[DONE]'))
    await settle()
    expect((await final).text).toHaveLength(5000)
  })
})

describe('bytes in all', () => {
  it('end it at `maxCompletionBytes`, with what arrived', async () => {
    const { error, stream, state } = await endless(hel, hel, { limits: { maxCompletionBytes: 10_000 } })
    expect(error).toMatchObject({ code: 'limit_exceeded', retryable: false, attempts: 1 })
    expect(error.message).toContain('10000 bytes')
    expect(error.partial!.text).toMatch(/^(Hel){50,}$/)
    expect(stream.snapshot).toBe(error.partial)
    expect(state.cancelled).toBe(true)
    expect(state.bytes).toBeLessThan(10_500)
  })

  it('are 64 MiB when nothing is said', async () => {
    const { error, state } = await endless(hel, chunk({ content: 'x'.repeat(2 ** 20) }))
    expect(error).toMatchObject({ code: 'limit_exceeded' })
    expect(state.bytes / 2 ** 20).toBeGreaterThan(64)
    expect(state.bytes / 2 ** 20).toBeLessThan(67)
  })

  it('count over all connections of one answer', async () => {
    const piece = (n: number) => `id: ${n}\n${chunk({ content: `${n}.` })}`
    const size = piece(1).length
    const { fetch, exchanges } = byHand((exchange) => {
      const n = Number(exchange.headers['last-event-id'] ?? 0) + 1
      exchange.answer(piece(n), { headers: { 'content-location': '../streams/s1' } })
      exchange.end()
    })
    const stream = streamCompletion(request, {
      provider: 'https://a.example/api',
      fetch,
      limits: { maxCompletionBytes: size * 4 + 10 },
    })
    const failed = stream.finalCompletion().catch((error) => error)
    await settle(60_000)
    expect(await failed).toMatchObject({ code: 'limit_exceeded', partial: { text: '1.2.3.4.5.' } })
    expect(exchanges.filter(({ method }) => method === 'GET')).toHaveLength(4)
    expect(exchanges.at(-1)!.method).toBe('DELETE')
  })
})

describe('the same piece again and again', () => {
  const say = (content: string) => chunk({ content })

  it('ends it after `maxRepeatedChunks`, with what arrived', async () => {
    const { error, stream, state } = await endless(say('Well. '), say('loop '), { limits: { maxRepeatedChunks: 5 } })
    expect(error).toMatchObject({ code: 'limit_exceeded', attempts: 1 })
    expect(error.message).toContain('6 times')
    expect(error.partial!.text).toBe(`Well. ${'loop '.repeat(6)}`)
    expect(stream.snapshot.text).toBe(error.partial!.text)
    expect(state.cancelled).toBe(true)
  })

  it('ends it in reasoning as well, and within one read', async () => {
    const { error } = await endless('', chunk({ reasoning_content: 'hmm ' }).repeat(50), {
      limits: { maxRepeatedChunks: 5 },
    })
    expect(error).toMatchObject({ code: 'limit_exceeded', partial: { reasoning: 'hmm '.repeat(6) } })
  })

  const ends = chunk({}, 'stop') + event('[DONE]')
  it.each<[string, string, number | undefined]>([
    ['as often as is allowed', say('loop ').repeat(5), 5],
    ['of two characters', say('| ').repeat(50), 5],
    ['with another between', (say('loop ').repeat(4) + say('x')).repeat(5), 5],
    [
      'with a call between',
      (
        say('loop ').repeat(4) + chunk({ tool_calls: [{ index: 0, id: 'a', function: { name: 'f', arguments: '' } }] })
      ).repeat(5),
      5,
    ],
    ['with nothing said about it', say('loop ').repeat(5000), undefined],
  ])('is fine %s', async (_, said, maxRepeatedChunks) => {
    const { fetch } = byHand(reply(said + ends))
    const final = streamCompletion(request, {
      provider: openai({ fetch }),
      limits: { maxRepeatedChunks },
    }).finalCompletion()
    await settle()
    await expect(final).resolves.toMatchObject({ finishReason: 'stop' })
  })
})

describe('chunks without anything to see', () => {
  it.each([99, 100, 101, 300])('%i of them come before the content, all of them, once and in order', async (count) => {
    const empty = Array.from({ length: count }, (_, i) => chunk({}, null, { id: `c${i}` }))
    const { fetch } = byHand(reply(...empty, hel, chunk({}, 'stop'), event('[DONE]')))
    const stream = streamCompletion(request, { provider: openai({ fetch }) })
    const ids: string[] = []
    const reading = (async () => {
      for await (const { id } of stream) ids.push(id)
    })()
    await settle()
    await reading
    expect(ids.slice(0, count)).toEqual(empty.map((_, i) => `c${i}`))
    expect(ids).toHaveLength(count + 2)
    expect(stream.snapshot).toMatchObject({ id: 'c0', text: 'Hel' })
  })

  it('are handed out at the end when nothing else came', async () => {
    const { fetch } = byHand(reply(chunk({ role: 'assistant' }), chunk({}, 'stop'), event('[DONE]')))
    const stream = streamCompletion(request, { provider: openai({ fetch }) })
    let seen = 0
    const reading = (async () => {
      for await (const _ of stream) seen++
    })()
    await settle()
    await reading
    expect(seen).toBe(2)
  })

  it('are held back up to a hundred, so that the request can be sent again', async () => {
    const { fetch, exchanges } = byHand(reply(chunk({}).repeat(100)), reply(hel, chunk({}, 'stop'), event('[DONE]')))
    const stream = streamCompletion(request, { provider: openai({ fetch }) })
    const final = stream.finalCompletion()
    await settle(60_000)
    await expect(final).resolves.toMatchObject({ text: 'Hel' })
    expect(exchanges).toHaveLength(2)
    expect(stream.timing.chunks).toBe(2)
  })

  it('are no pile: the hundred and first hands them out, and from then on nothing is asked again', async () => {
    const { fetch, exchanges } = byHand(reply(chunk({}).repeat(101)), reply(hel))
    const stream = streamCompletion(request, { provider: openai({ fetch }) })
    const failed = stream.finalCompletion().catch((error) => error)
    await settle(60_000)
    expect(exchanges).toHaveLength(1)
    expect(await failed).toMatchObject({ code: 'interrupted' })
  })
})
