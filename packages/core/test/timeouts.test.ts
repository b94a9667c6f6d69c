/** How long each thing may take, what counts as a sign of life, and that nothing outlives the end. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { openai, streamCompletion } from '../src/index.ts'
import type { CompletionChunk, CompletionError, StreamOptions } from '../src/index.ts'
import { byHand, chunk, event, refuse, reply, settle, whole } from './http.ts'
import type { Exchange } from './http.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
  vi.useRealTimers()
})

const request = { model: 'm', prompt: 'Hi' }
const begin = (exchange: Exchange) => exchange.answer(chunk({ role: 'assistant', content: 'Hel' }))
const usage = event({ choices: [], usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 } })
const finish = chunk({ content: 'lo' }, 'stop')

/** Asks once, unless told otherwise, with a fetch that is answered by hand. */
function ask(answers: ((exchange: Exchange) => void)[], options: Partial<StreamOptions> = {}) {
  const { fetch, exchanges } = byHand(...answers)
  const provider = openai({ fetch, baseURL: 'https://a.example/v1' })
  const stream = streamCompletion(request, { provider, maxRetries: 0, ...options })
  return { stream, exchanges }
}

/** What a promise came to, as soon as it has. */
function outcomeOf<T>(promise: Promise<T>): { value?: T; error?: CompletionError; isOver: boolean } {
  const outcome: { value?: T; error?: CompletionError; isOver: boolean } = { isOver: false }
  promise.then(
    (value) => Object.assign(outcome, { value, isOver: true }),
    (error) => Object.assign(outcome, { error, isOver: true }),
  )
  return outcome
}

describe('a timeout', () => {
  it.each<[string, StreamOptions['timeout'], ((exchange: Exchange) => void)[], RegExp, string]>([
    ['connect', { connectMs: 3000 }, [], /a\.example.* did not answer within 3 s/, ''],
    [
      'firstChunk',
      { firstChunkMs: 3000 },
      [(exchange) => exchange.answer(': hi\n\n')],
      /openai began no answer within 3 s/,
      '',
    ],
    ['firstChunk', { firstChunkMs: 3000 }, [], /openai began no answer within 3 s/, ''],
    ['chunk', { chunkMs: 3000 }, [begin], /openai sent no more of its answer within 3 s\. What arrived is kept/, 'Hel'],
    ['total', { totalMs: 3000 }, [begin], /not finished within 3 s\. What arrived is kept/, 'Hel'],
    ['total', { totalMs: 3000 }, [], /not finished within 3 s/, ''],
  ])(
    '%s comes on time with %j, says what it waited for and keeps what arrived',
    async (phase, timeout, answers, message, text) => {
      const { stream, exchanges } = ask(answers, { timeout })
      const outcome = outcomeOf(stream.finalCompletion())
      await settle(2999)
      expect(outcome.isOver).toBe(false)
      await settle(2)
      expect(outcome.error).toMatchObject({
        code: 'timeout',
        phase,
        provider: 'openai',
        attempts: 1,
        partial: { text },
      })
      expect(outcome.error?.message).toMatch(message)
      expect(stream.snapshot).toMatchObject({ text, finishReason: null })
      expect(exchanges[0]!.init.signal?.aborted).toBe(true)
      expect(vi.getTimerCount()).toBe(0)
    },
  )

  it('of five minutes waits for headers when nothing else is said', async () => {
    const outcome = outcomeOf(ask([]).stream.finalCompletion())
    await settle(299_999)
    expect(outcome.isOver).toBe(false)
    await settle(2)
    expect(outcome.error).toMatchObject({ code: 'timeout', phase: 'connect' })
  })

  it('there is none, once it has begun, when nothing is said', async () => {
    const { stream, exchanges } = ask([begin])
    const outcome = outcomeOf(stream.finalCompletion())
    await settle(3_600_000)
    expect(outcome.isOver).toBe(false)
    exchanges[0]!.write(finish + event('[DONE]'))
    await settle()
    expect(outcome.value).toMatchObject({ text: 'Hello' })
  })

  it.each([
    ['connect', 2],
    ['firstChunk', 1],
  ])('%s: %d requests, by what can help', async (phase, count) => {
    const { stream, exchanges } = ask([], { timeout: { [`${phase}Ms`]: 1000 }, maxRetries: 1 })
    const outcome = outcomeOf(stream.finalCompletion())
    await settle(60_000)
    expect(outcome.error).toMatchObject({ code: 'timeout', phase, attempts: count })
    expect(exchanges).toHaveLength(count)
  })

  it('counts from each request anew', async () => {
    const { stream } = ask([refuse(503), (exchange) => void setTimeout(reply(whole('Hello')), 1900, exchange)], {
      timeout: { connectMs: 2000, firstChunkMs: 2000 },
      maxRetries: 1,
    })
    const outcome = outcomeOf(stream.finalCompletion())
    await settle(60_000)
    expect(outcome.value).toMatchObject({ text: 'Hello' })
  })

  it('of the first piece is over when that is there', async () => {
    const { stream, exchanges } = ask([begin], { timeout: { firstChunkMs: 1000 } })
    const outcome = outcomeOf(stream.finalCompletion())
    await settle(60_000)
    expect(outcome.isOver).toBe(false)
    exchanges[0]!.write(finish + event('[DONE]'))
    await settle()
    expect(outcome.value).toMatchObject({ text: 'Hello' })
  })

  it('of all covers the waits between requests', async () => {
    const { stream, exchanges } = ask([refuse(429, { 'retry-after': '9' })], {
      timeout: { totalMs: 10_000 },
      maxRetries: 9,
    })
    const outcome = outcomeOf(stream.finalCompletion())
    await settle(9999)
    expect(exchanges).toHaveLength(2)
    // The next wait would be longer than the time that is left: it says at once why.
    expect(outcome.error).toMatchObject({ code: 'rate_limit', attempts: 2 })
    const long = outcomeOf(
      ask([refuse(503), () => {}], { timeout: { totalMs: 2000 }, maxRetries: 1 }).stream.finalCompletion(),
    )
    await settle(2001)
    expect(long.error).toMatchObject({ code: 'timeout', phase: 'total', attempts: 2 })
    expect(vi.getTimerCount()).toBe(0)
  })

  it('of all covers a key that never comes', async () => {
    const { fetch, exchanges } = byHand()
    const provider = openai({ fetch, apiKey: () => new Promise<string>(() => {}) })
    const outcome = outcomeOf(streamCompletion(request, { provider, timeout: { totalMs: 5000 } }).finalCompletion())
    await settle(5001)
    expect(outcome.error).toMatchObject({ code: 'timeout', phase: 'total', attempts: 0 })
    expect(exchanges).toHaveLength(0)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('of all sends nothing when the key comes afterwards', async () => {
    const { fetch, exchanges } = byHand()
    const apiKey = () => new Promise<string>((resolve) => setTimeout(resolve, 6000, 'k'))
    const provider = openai({ fetch, apiKey })
    const outcome = outcomeOf(streamCompletion(request, { provider, timeout: { totalMs: 5000 } }).finalCompletion())
    await settle(60_000)
    expect(outcome.error).toMatchObject({ phase: 'total' })
    expect(exchanges).toHaveLength(0)
  })
})

describe('between two pieces', () => {
  const signs: [string, string, boolean][] = [
    ['comments', ': ping\n\n', false],
    ['pings', 'event: ping\ndata: {"type":"ping"}\n\n', false],
    ['empty events', 'data:\n\n', false],
    ['chunks without choices', event({ choices: [] }), false],
    ['empty chunks', chunk({}), false],
    ['empty text', chunk({ content: '' }), false],
    ['roles', chunk({ role: 'assistant' }), false],
    ['usage', usage, false],
    ['text', chunk({ content: '.' }), true],
    ['reasoning', chunk({ reasoning_content: 'Hm' }), true],
    ['refusals', chunk({ refusal: 'No' }), true],
    ['tool calls', chunk({ tool_calls: [{ index: 0, id: 'c', function: { name: 'f', arguments: '{' } }] }), true],
    ['more of a tool call', chunk({ tool_calls: [{ index: 0, function: { arguments: ' ' } }] }), true],
  ]
  it.each(signs)('%s are a sign of life for `chunkMs`: %3$s', async (_, sign, isAlive) => {
    const { stream, exchanges } = ask([begin], { timeout: { chunkMs: 3000 } })
    const outcome = outcomeOf(stream.finalCompletion())
    for (let i = 0; i < 5 && !outcome.isOver; i++) {
      await settle(2000)
      if (!outcome.isOver) exchanges[0]!.write(sign)
    }
    await settle()
    expect(outcome.error?.phase).toBe(isAlive ? undefined : 'chunk')
    stream.abort()
  })

  it.each(signs)('%s are the first piece: %3$s', async (_, sign, isAlive) => {
    const { stream, exchanges } = ask([], { timeout: { firstChunkMs: 3000 } })
    const outcome = outcomeOf(stream.finalCompletion())
    await settle(1000)
    exchanges[0]!.answer(sign)
    await settle(5000)
    expect(outcome.error?.phase).toBe(isAlive ? undefined : 'firstChunk')
    stream.abort()
  })

  it('a piece that comes in many reads counts when it is whole', async () => {
    const { stream, exchanges } = ask([begin], { timeout: { chunkMs: 3000 } })
    const outcome = outcomeOf(stream.finalCompletion())
    const text = chunk({ content: 'x'.repeat(50) })
    await settle(1500)
    exchanges[0]!.write(text.slice(0, 40))
    await settle(1000)
    exchanges[0]!.write(text.slice(40))
    await settle(2900)
    expect(outcome.isOver).toBe(false)
    await settle(200)
    expect(outcome.error).toMatchObject({ phase: 'chunk' })
  })

  it('a read that brings a piece and the start of a comment counts', async () => {
    const { stream, exchanges } = ask([begin], { timeout: { chunkMs: 3000 } })
    const outcome = outcomeOf(stream.finalCompletion())
    for (let i = 0; i < 4; i++) {
      await settle(2000)
      exchanges[0]!.write(`${chunk({ content: '.' })}: ping`, '\n\n')
    }
    await settle(2900)
    expect(outcome.isOver).toBe(false)
    stream.abort()
  })
})

describe('a reader who takes its time', () => {
  const timeout = { chunkMs: 1000, firstChunkMs: 1000 }

  it('is not held against the server', async () => {
    const pieces = ['a', 'b', 'c'].map((content) => chunk({ content }))
    const { stream } = ask([(exchange) => (exchange.answer(pieces), exchange.write(finish, event('[DONE]')))], {
      timeout,
    })
    const seen: unknown[] = []
    const reading = (async () => {
      for await (const text of stream.textStream) {
        seen.push(text)
        await new Promise((resolve) => setTimeout(resolve, 180_000))
      }
    })()
    await settle(3_600_000)
    await reading
    expect(seen).toEqual(['a', 'b', 'c', 'lo'])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('who does not read at all hears of nothing, and reads on much later', async () => {
    const { stream, exchanges } = ask([begin], { timeout })
    await settle(3_600_000)
    expect(stream.attempts).toEqual([])
    const outcome = outcomeOf(stream.finalCompletion())
    exchanges[0]!.write(finish, event('[DONE]'))
    await settle()
    expect(outcome.value).toMatchObject({ text: 'Hello' })
  })

  it('meets a server that is silent then', async () => {
    const { stream } = ask([(exchange) => (begin(exchange), exchange.write(chunk({ content: 'lo' })))], { timeout })
    const iterator = stream[Symbol.asyncIterator]()
    await Promise.all([iterator.next(), settle()])
    await settle(600_000)
    await iterator.next()
    const outcome = outcomeOf(iterator.next())
    await settle(999)
    expect(outcome.isOver).toBe(false)
    await settle(2)
    expect(outcome.error).toMatchObject({ phase: 'chunk', partial: { text: 'Hello' } })
  })

  it('has only the time that there is for all of it', async () => {
    const { stream, exchanges } = ask([begin], { timeout: { totalMs: 60_000 } })
    const iterator = stream[Symbol.asyncIterator]()
    await Promise.all([iterator.next(), settle()])
    await settle(60_001)
    expect(exchanges[0]!.cancelled).toBe(true)
    await expect(iterator.next()).rejects.toMatchObject({ phase: 'total' })
  })

  it('also has the rest after a finish reason, however late that is read', async () => {
    const { stream } = ask([
      (exchange) => exchange.answer([chunk({ content: 'Hello' }), chunk({}, 'stop'), usage + event('[DONE]')]),
    ])
    const reading = (async () => {
      for await (const _ of stream) await new Promise((resolve) => setTimeout(resolve, 60_000))
      return stream.finalCompletion()
    })()
    await settle(600_000)
    await expect(reading).resolves.toMatchObject({ text: 'Hello', usage: { total_tokens: 7 } })
  })
})

describe('after the finish reason', () => {
  it('an open connection is waited for five seconds, and then it is a whole answer', async () => {
    const { stream, exchanges } = ask([begin], { timeout: { chunkMs: 1000 } })
    const outcome = outcomeOf(stream.finalCompletion())
    await settle()
    exchanges[0]!.write(finish)
    await settle(4999)
    expect(outcome.isOver).toBe(false)
    await settle(2)
    expect(outcome.value).toMatchObject({ text: 'Hello', finishReason: 'stop' })
    expect(exchanges[0]!.cancelled).toBe(true)
    expect(vi.getTimerCount()).toBe(0)
  })

  it.each([
    ['with its end', usage],
    ['without its end', usage.trimEnd()],
  ])('usage that comes within that time counts, %s', async (_, said) => {
    const { stream, exchanges } = ask([begin])
    const outcome = outcomeOf(stream.finalCompletion())
    await settle()
    exchanges[0]!.write(finish)
    await settle(4000)
    exchanges[0]!.write(said)
    await settle(5001)
    expect(outcome.value).toMatchObject({ usage: { prompt_tokens: 5, total_tokens: 7 } })
    expect(outcome.value?.usage).not.toHaveProperty('estimated')
  })

  it('pings keep no connection open', async () => {
    const { stream, exchanges } = ask([begin])
    const outcome = outcomeOf(stream.finalCompletion())
    await settle()
    exchanges[0]!.write(finish)
    for (let i = 0; i < 30 && !outcome.isOver; i++) {
      exchanges[0]!.write(': ping\n\n')
      await settle(1000)
    }
    expect(outcome.value).toMatchObject({ text: 'Hello', finishReason: 'stop' })
    stream.abort()
  })

  it('a connection that breaks is no failure', async () => {
    const { stream, exchanges } = ask([begin])
    const outcome = outcomeOf(stream.finalCompletion())
    await settle()
    exchanges[0]!.write(finish)
    await settle(100)
    exchanges[0]!.drop()
    await settle()
    expect(outcome.value).toMatchObject({ text: 'Hello', finishReason: 'stop' })
  })

  it('the other choices are waited for', async () => {
    const { stream, exchanges } = ask([])
    const outcome = outcomeOf(stream.finalCompletion())
    const said = (index: number, content: string, finish_reason: string | null = null) =>
      event({ choices: [{ index, delta: { content }, finish_reason }] })
    await settle()
    exchanges[0]!.answer([said(0, 'a'), said(1, 'b'), said(0, '', 'stop')])
    await settle(60_000)
    expect(outcome.isOver).toBe(false)
    exchanges[0]!.write(said(1, 'c', 'stop'))
    await settle(5001)
    expect(outcome.value?.choices.map(({ message }) => message.content)).toEqual(['a', 'bc'])
  })
})

describe('an error response', () => {
  it('whose body never ends is told after five seconds', async () => {
    const { stream, exchanges } = ask([
      (exchange) => exchange.answer('Out of', { status: 500, headers: { 'content-type': 'text/plain' } }),
    ])
    const outcome = outcomeOf(stream.finalCompletion())
    await settle(4999)
    expect(outcome.isOver).toBe(false)
    await settle(2)
    expect(outcome.error).toMatchObject({ code: 'server', status: 500, providerMessage: 'Out of' })
    expect(exchanges[0]!.cancelled).toBe(true)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('that trickles is told after five seconds as well', async () => {
    const { stream, exchanges } = ask([(exchange) => exchange.answer('O', { status: 500 })])
    const outcome = outcomeOf(stream.finalCompletion())
    for (let i = 0; i < 7 && !outcome.isOver; i++) {
      await settle(1000)
      if (!outcome.isOver) exchanges[0]!.write('o')
    }
    expect(outcome.error).toMatchObject({ code: 'server', status: 500 })
  })

  it('of 300 MB is not read', async () => {
    let sent = 0
    const mebi = new Uint8Array(2 ** 20).fill(120)
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent++
        if (sent > 300) controller.close()
        else controller.enqueue(mebi)
      },
    })
    const fetch = async () => new Response(body, { status: 502 })
    const outcome = outcomeOf(
      streamCompletion(request, { provider: openai({ fetch }), maxRetries: 0 }).finalCompletion(),
    )
    await settle()
    expect(outcome.error).toMatchObject({ code: 'server', status: 502 })
    expect(sent).toBeLessThan(5)
  })

  it('is told although nobody reads', async () => {
    const { stream } = ask([refuse(401)])
    await settle()
    expect(stream.attempts).toMatchObject([{ error: { code: 'authentication' } }])
    await expect(stream.finalCompletion()).rejects.toMatchObject({ code: 'authentication' })
  })
})

describe('whatever the other side does', () => {
  it('a fetch that ignores its signal is not waited for, and what it brings late is closed', async () => {
    const cancel = vi.fn()
    let respond!: (response: Response) => void
    const fetch = () => new Promise<Response>((resolve) => (respond = resolve))
    const stream = streamCompletion(request, {
      provider: openai({ fetch }),
      timeout: { connectMs: 1000 },
      maxRetries: 0,
    })
    const outcome = outcomeOf(stream.finalCompletion())
    await settle(1001)
    expect(outcome.error).toMatchObject({ phase: 'connect' })
    respond(new Response(new ReadableStream({ cancel })))
    await settle()
    expect(cancel).toHaveBeenCalled()
    expect(stream.snapshot.text).toBe('')
    await expect(stream.response).rejects.toMatchObject({ phase: 'connect' })
  })

  it.each<[string, () => unknown]>([
    ['never settles', () => new Promise(() => {})],
    ['rejects', () => Promise.reject(new Error('no'))],
    [
      'throws',
      () => {
        throw new Error('no')
      },
    ],
  ])('a body whose cancel %s keeps nothing open', async (_, cancel) => {
    const fetch = async () =>
      new Response(
        new ReadableStream({
          start: (controller) => controller.enqueue(new TextEncoder().encode(chunk({ content: 'Hel' }))),
          cancel: cancel as () => Promise<void>,
        }),
        { headers: { 'content-type': 'text/event-stream' } },
      )
    const options = { provider: openai({ fetch }), maxRetries: 0 }
    const timed = outcomeOf(streamCompletion(request, { ...options, timeout: { chunkMs: 1000 } }).finalCompletion())
    const stopped = streamCompletion(request, options)
    const final = outcomeOf(stopped.finalCompletion())
    await settle(500)
    stopped.abort()
    await settle(501)
    expect(timed.error).toMatchObject({ phase: 'chunk', partial: { text: 'Hel' } })
    expect(final.value).toMatchObject({ text: 'Hel' })
    expect(vi.getTimerCount()).toBe(0)
  })

  it('what comes after a timeout changes nothing', async () => {
    // It ignores that it was cancelled: a body that somebody else holds on to.
    const reads: ((step: { done: boolean; value?: Uint8Array }) => void)[] = []
    const reader = {
      read: () => new Promise((resolve) => reads.push(resolve)),
      cancel: async () => {},
      releaseLock() {},
    }
    const response = new Response('', { headers: { 'content-type': 'text/event-stream' } })
    Object.defineProperty(response, 'body', { value: { getReader: () => reader } })
    const fetch = async () => response
    const stream = streamCompletion(request, { provider: openai({ fetch }), timeout: { chunkMs: 1000 }, maxRetries: 0 })
    const bytes = (text: string) => ({ done: false, value: new TextEncoder().encode(text) })
    const outcome = outcomeOf(stream.finalCompletion())
    await settle()
    reads.shift()!(bytes(chunk({ content: 'Hel' })))
    await settle(1001)
    const { error } = outcome
    expect(error).toMatchObject({ phase: 'chunk' })
    const { partial } = error!
    const { snapshot, attempts } = stream
    const told = vi.fn()
    stream.subscribe(told)
    reads.shift()!(bytes(finish + event('[DONE]')))
    await settle(60_000)
    expect(stream.snapshot).toBe(snapshot)
    expect(outcome.error).toBe(error)
    expect(error!.partial).toBe(partial)
    expect(stream.attempts).toBe(attempts)
    expect(told).not.toHaveBeenCalled()
    expect(reads).toHaveLength(0)
    stream.abort()
    expect(stream.aborted).toBe(false)
  })

  it('a chunk that comes in the same moment as the stop is not handed out', async () => {
    const { stream, exchanges } = ask([begin])
    const seen: CompletionChunk[] = []
    const reading = (async () => {
      for await (const piece of stream) seen.push(piece)
    })()
    await settle()
    exchanges[0]!.write(finish)
    stream.abort()
    await settle(10_000)
    await reading
    expect(seen).toHaveLength(1)
    expect(stream.snapshot.text).toBe('Hel')
  })
})

describe('after each end', () => {
  type End = [string, ((exchange: Exchange) => void)[], Partial<StreamOptions>, ((stream: { abort(): void }) => void)?]
  const hang = (): void => {}
  it.each<End>([
    ['a whole answer', [reply(whole('Hello'))], {}],
    ['an answer without an end marker', [(exchange) => exchange.answer(chunk({ content: 'x' }, 'stop'))], {}],
    ['an interruption', [reply(chunk({ content: 'x' }))], {}],
    ['an error response', [refuse(400)], {}],
    ['an error frame', [reply(event({ error: { code: 400 } }))], {}],
    ['all retries', [refuse(503)], { maxRetries: 2 }],
    ['a timeout for headers', [hang], { timeout: { connectMs: 10 } }],
    ['a timeout for the first piece', [hang], { timeout: { firstChunkMs: 10 } }],
    ['a timeout for the next piece', [begin], { timeout: { chunkMs: 10 } }],
    ['a timeout for all', [begin], { timeout: { totalMs: 10 } }],
    ['a timeout for all while it waits', [refuse(503)], { timeout: { totalMs: 1000 }, maxRetries: 9 }],
    ['a limit', [begin], { limits: { maxEventBytes: 1 } }],
    ['a stop before the response', [hang], {}, (stream) => stream.abort()],
    ['a stop in the middle', [begin], {}, (stream) => stream.abort()],
    [
      'a stop after all timeouts were set',
      [begin],
      { timeout: { chunkMs: 9e5, totalMs: 9e5, firstChunkMs: 9e5 } },
      (stream) => stream.abort(),
    ],
    ['a fallback', [refuse(400), reply(whole('Hello'))], { fallbacks: [{ provider: 'https://b.example' }] }],
  ])('%s: no timer and no listener is left', async (_, answers, options, stop) => {
    const targets: Record<string, EventTarget> = {
      page: new EventTarget(),
      document: new EventTarget(),
      signal: new AbortController().signal,
    }
    const balance: Record<string, number> = {}
    for (const [name, target] of Object.entries(targets)) {
      const { addEventListener: add, removeEventListener: remove } = target
      const count = (type: string, by: number) => (balance[`${name} ${type}`] = (balance[`${name} ${type}`] ?? 0) + by)
      target.addEventListener = (...args: Parameters<typeof add>) => (count(args[0], 1), add.apply(target, args))
      target.removeEventListener = (...args: Parameters<typeof remove>) => (
        count(args[0], -1),
        remove.apply(target, args)
      )
    }
    vi.stubGlobal('document', Object.assign(targets.document!, { hidden: false }))
    vi.stubGlobal('addEventListener', targets.page!.addEventListener)
    vi.stubGlobal('removeEventListener', targets.page!.removeEventListener)
    const { fetch } = byHand(...answers)
    const stream = streamCompletion(request, {
      provider: 'https://a.example',
      fetch,
      maxRetries: 0,
      signal: targets.signal as AbortSignal,
      ...options,
    })
    const outcome = outcomeOf(stream.finalCompletion())
    await settle(5)
    expect(balance['signal abort']).toBe(outcome.isOver ? 0 : 1)
    stop?.(stream)
    await settle(100_000)
    expect(outcome.isOver).toBe(true)
    expect(vi.getTimerCount()).toBe(0)
    expect(Object.keys(balance).toSorted()).toEqual([
      'document resume',
      'document visibilitychange',
      'page online',
      'signal abort',
    ])
    expect(Object.values(balance)).toEqual([0, 0, 0, 0])
  })
})
