/** The ways to read a stream, alone and together: nothing is lost, nothing is mixed up, and who leaves closes the door. */
import { createWriteStream } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import { Writable } from 'node:stream'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { isCompletionError, openai, streamCompletion } from '../src/index.ts'
import type { CompletionChunk, CompletionStream, StreamOptions } from '../src/index.ts'
import { chunk, event, fetchOf, serve } from './http.ts'
import type { TestServer } from './http.ts'

let server: TestServer
afterEach(() => server?.close())

const messages = [{ role: 'user' as const, content: 'Hi' }]
const eventStream = { 'content-type': 'text/event-stream' }
const words = Array.from({ length: 40 }, (_, i) => `w${i} `)
const text = words.join('')
const whole = [
  chunk({ role: 'assistant', content: '' }),
  ...words.map((content) => chunk({ content })),
  chunk({}, 'stop', { usage: { prompt_tokens: 3, completion_tokens: 40, total_tokens: 43 } }),
  event('[DONE]'),
]
const callWith = (name: string, json: string) =>
  chunk({ tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: { name, arguments: json } }] })
const more = (json: string) => chunk({ tool_calls: [{ index: 0, function: { arguments: json } }] })
const failing = [chunk({ content: 'Hel' }), event({ error: { message: 'Too busy', code: 529 } })]

const open = (options: Partial<StreamOptions> = {}) =>
  streamCompletion({ model: 'm', messages }, { provider: server?.url ?? '', ...options })

/** A stream of these parts, each in a read of its own. */
const streamOf = (parts: Iterable<string> = whole, init: ResponseInit = {}) =>
  open({ provider: openai({ fetch: fetchOf(parts, init) }), maxRetries: 0 })

/** Sends each part after a pause, in a write of its own. */
const trickle = (parts = whole, ms = 0) =>
  serve(async (response) => {
    response.writeHead(200, eventStream)
    for (const part of parts) {
      if (response.destroyed) return
      response.write(part)
      await (ms ? sleep(ms) : setImmediate())
    }
    response.end()
  })

/** Sends the parts, then nothing until the connection is closed. */
const hanging = (parts: string[]) =>
  serve((response) => {
    response.writeHead(200, eventStream)
    response.write(parts.join(''))
  })

/** An answer that never ends, and how much of it was pulled. */
function endless() {
  const seen = { pulls: 0, closed: false }
  const parts = (function* (): Generator<string, void> {
    try {
      for (;;) yield ((seen.pulls++, chunk({ content: 'x' })))
    } finally {
      seen.closed = true
    }
  })()
  const encoder = new TextEncoder()
  const fetch = async () =>
    new Response(
      new ReadableStream({
        pull: (controller) => controller.enqueue(encoder.encode(parts.next().value as string)),
        cancel: () => void parts.return(),
      }),
      { headers: eventStream },
    )
  return { seen, stream: open({ provider: openai({ fetch }) }) }
}

async function collect<T>(items: AsyncIterable<T>, pauseMs?: number): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) {
    all.push(item)
    if (pauseMs !== undefined) await sleep(pauseMs)
  }
  return all
}

const textOf = (chunks: CompletionChunk[]) => chunks.map((piece) => piece.choices[0]?.delta.content ?? '').join('')
const failureOf = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.fail('It did not fail.'),
    (error: unknown) => (isCompletionError(error) ? error : expect.fail(`Failed otherwise: ${String(error)}`)),
  )

describe('one reader', () => {
  it.each<[string, (stream: CompletionStream) => Promise<string>]>([
    ['the chunks', async (stream) => textOf(await collect(stream))],
    ['the text', async (stream) => (await collect(stream.textStream)).join('')],
    ['the text, slowly', async (stream) => (await collect(stream.textStream, 1)).join('')],
    ['the completion', async (stream) => (await stream.finalCompletion()).text],
    ['bytes of the text', (stream) => new Response(stream.toReadableStream('text')).text()],
  ])('gets all of it: %s', async (_, read) => {
    server = await trickle()
    const stream = open()
    expect(await read(stream)).toBe(text)
    expect(stream.snapshot).toMatchObject({ text, finishReason: 'stop', usage: { completion_tokens: 40 } })
    expect([stream.aborted, stream.attempts]).toEqual([false, []])
  })

  it('gets a failure after what came before it, in each way of reading', async () => {
    const seen: string[] = []
    const read = async (): Promise<void> => {
      for await (const piece of streamOf(failing).textStream) seen.push(piece)
    }
    const failures = await Promise.all([
      failureOf(read()),
      failureOf(streamOf(failing).finalCompletion()),
      failureOf(new Response(streamOf(failing).toReadableStream('text')).text()),
    ])
    expect(seen).toEqual(['Hel'])
    for (const error of failures) {
      expect(error).toMatchObject({ code: 'overloaded', attempts: 1, partial: { text: 'Hel', finishReason: null } })
    }
  })

  it('can ask for the next chunks before they are there', async () => {
    server = await trickle()
    const chunks = open()[Symbol.asyncIterator]()
    const steps = await Promise.all(Array.from({ length: 50 }, () => chunks.next()))
    expect(textOf(steps.flatMap(({ value }) => value ?? []))).toBe(text)
    expect(steps.at(-1)).toEqual({ value: undefined, done: true })
  })

  it('cannot begin a second time, in whatever way', async () => {
    const again = (stream: CompletionStream): (() => unknown)[] => [
      () => stream[Symbol.asyncIterator](),
      () => stream.textStream[Symbol.asyncIterator](),
      () => stream.toReadableStream(),
      () => stream.toReadableStream('text'),
      () => stream.tee(),
    ]
    for (let first = 0; first < 5; first++) {
      const stream = streamOf()
      again(stream)[first]!()
      for (const second of again(stream)) expect(second).toThrow(TypeError)
      stream.abort()
    }
  })

  it('whose listener throws does not break the stream', async () => {
    const reported: unknown[] = []
    const usual = process.listeners('unhandledRejection')
    process.removeAllListeners('unhandledRejection')
    process.on('unhandledRejection', (error) => reported.push(error))
    try {
      server = await trickle()
      const stream = open()
      let calls = 0
      const mistake = new Error('A listener’s own')
      stream.subscribe(() => {
        throw mistake
      })
      const stop = stream.subscribe(() => calls++)
      expect((await stream.finalCompletion()).text).toBe(text)
      expect(calls).toBeGreaterThan(1)
      stop()
      await sleep(5)
      expect(reported.length).toBeGreaterThan(1)
      expect(new Set(reported)).toEqual(new Set([mistake]))
    } finally {
      process.removeAllListeners('unhandledRejection')
      for (const listener of usual) process.on('unhandledRejection', listener)
    }
  })

  it('is told of the response that counts: the last attempt’s', async () => {
    let asked = 0
    server = await serve((response) => {
      asked++
      if (asked < 3)
        response.writeHead(asked === 1 ? 503 : 429, { 'retry-after-ms': '1', 'x-request-id': `r${asked}` }).end()
      else response.writeHead(200, { ...eventStream, 'x-request-id': 'r3' }).end(whole.join(''))
    })
    const stream = open()
    await expect(stream.response).resolves.toMatchObject({ status: 200, requestId: 'r3' })
    await stream.finalCompletion()
    expect(stream.attempts.map(({ action, error }) => [action, error.status])).toEqual([
      ['retry', 503],
      ['retry', 429],
    ])
  })

  it('is told of the refusal when there is no better response, and of the reason when there is none', async () => {
    server = await serve((response) => response.writeHead(401, { 'x-request-id': 'r1' }).end('{"error":"No"}'))
    const refused = open()
    await failureOf(refused.finalCompletion())
    await expect(refused.response).resolves.toMatchObject({ status: 401, requestId: 'r1' })
    const lost = open({ maxRetries: 0, fetch: () => Promise.reject(new TypeError('fetch failed')) })
    await expect(failureOf(lost.response)).resolves.toMatchObject({ code: 'network' })
  })
})

describe('many streams at once', () => {
  it('never mix', async () => {
    server = await serve(async (response, { body }) => {
      response.writeHead(200, eventStream)
      for (let i = 0; i < 20; i++) {
        response.write(chunk({ content: `${body.model}:${i} ` }))
        await setImmediate()
      }
      response.end(chunk({}, 'stop') + event('[DONE]'))
    })
    const ways = [
      (stream: CompletionStream) => collect(stream.textStream).then((pieces) => pieces.join('')),
      (stream: CompletionStream) => stream.finalCompletion().then((completion) => completion.text),
      (stream: CompletionStream) => new Response(stream.toReadableStream('text')).text(),
      async (stream: CompletionStream) => {
        const [a, b] = stream.tee()
        const [one, other] = await Promise.all([collect(a.textStream), collect(b.textStream, 0)])
        expect(other).toEqual(one)
        return one.join('')
      },
    ]
    const texts = await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        ways[i % 4]!(streamCompletion({ model: `m${i}`, messages }, { provider: server.url })),
      ),
    )
    const expected = Array.from({ length: 50 }, (_, i) => Array.from({ length: 20 }, (__, k) => `m${i}:${k} `).join(''))
    expect(texts).toEqual(expected)
  })
})

describe('tee', () => {
  it('gives both all of it, also the slower one and one that only wants the completion', async () => {
    server = await trickle()
    const stream = open()
    const [fast, slow] = stream.tee()
    const final = slow.finalCompletion()
    const [chunks, pieces] = await Promise.all([collect(fast), collect(slow.textStream, 1)])
    expect([textOf(chunks), pieces.join('')]).toEqual([text, text])
    expect(chunks).toHaveLength(42)
    expect([(await final).text, (await fast.finalCompletion()).text, stream.snapshot.text]).toEqual([text, text, text])
    expect(server.requests).toHaveLength(1)
  })

  it('keeps everything for the one that is read after the other', async () => {
    const [first, second] = streamOf().tee()
    expect(textOf(await collect(first))).toBe(text)
    expect(textOf(await collect(second))).toBe(text)
  })

  it('can be done again with what it gave', async () => {
    server = await trickle()
    const [one, rest] = open().tee()
    const [two, three] = rest.tee()
    const all = await Promise.all([collect(one.textStream), collect(two.textStream, 1), collect(three.textStream)])
    expect(all.map((pieces) => pieces.join(''))).toEqual([text, text, text])
  })

  it('goes on for the other when one is aborted or left', async () => {
    for (const how of ['abort', 'break'] as const) {
      server = await trickle()
      const [left, right] = open().tee()
      const seen: CompletionChunk[] = []
      const reading = collect(right)
      for await (const piece of left) {
        seen.push(piece)
        if (seen.length < 3) continue
        if (how === 'break') break
        left.abort()
      }
      expect(seen).toHaveLength(3)
      expect([left.aborted, right.aborted]).toEqual([true, false])
      expect(text.startsWith((await left.finalCompletion()).text)).toBe(true)
      expect(textOf(await reading)).toBe(text)
      expect((await right.finalCompletion()).finishReason).toBe('stop')
      await server.close()
    }
  })

  it('ends a waiting reader that is aborted, while the other waits on', async () => {
    server = await hanging([whole[0]!, whole[1]!])
    const stream = open()
    const [left, right] = stream.tee()
    const seen: string[] = []
    const reading = (async () => {
      for await (const piece of right.textStream) seen.push(piece)
    })()
    setTimeout(() => left.abort(), 20)
    expect(await collect(left.textStream)).toEqual(['w0 '])
    expect([seen, stream.aborted, right.aborted]).toEqual([['w0 '], false, false])
    right.abort()
    await reading
    await server.requests[0]!.closedEarly
    expect(stream.aborted).toBe(true)
  })

  it('closes the connection when both are aborted, also through another tee', async () => {
    server = await hanging([whole[0]!, whole[1]!])
    const stream = open()
    const [one, rest] = stream.tee()
    const [two, three] = rest.tee()
    const reading = Promise.all([one, two, three].map((view) => collect(view)))
    await vi.waitFor(() => expect(three.snapshot.text).toBe('w0 '))
    let closed = false
    void server.requests[0]!.closedEarly.then(() => (closed = true))
    one.abort()
    one.abort()
    two.abort()
    await sleep(20)
    expect([closed, stream.aborted, rest.aborted]).toEqual([false, false, false])
    three.abort()
    await server.requests[0]!.closedEarly
    expect((await reading).map((chunks) => textOf(chunks))).toEqual(['w0 ', 'w0 ', 'w0 '])
    expect([stream.aborted, rest.aborted]).toEqual([true, true])
    expect((await stream.finalCompletion()).text).toBe('w0 ')
  })

  it('ends for both when what was teed is aborted', async () => {
    server = await hanging([whole[0]!, whole[1]!])
    const stream = open()
    const [left, right] = stream.tee()
    const reading = Promise.all([collect(left), right.finalCompletion()])
    await vi.waitFor(() => expect(right.snapshot.text).toBe('w0 '))
    stream.abort()
    const [chunks, completion] = await reading
    expect([textOf(chunks), completion.text, left.aborted, right.aborted]).toEqual(['w0 ', 'w0 ', true, true])
    await server.requests[0]!.closedEarly
  })

  it('fails for both, but not for one that had left', async () => {
    const stream = streamOf(failing)
    const [left, rest] = stream.tee()
    const [right, gone] = rest.tee()
    const nothing = collect(gone)
    gone.abort()
    const [one, other, parent] = await Promise.all([
      failureOf(collect(left)),
      failureOf(right.finalCompletion()),
      failureOf(stream.finalCompletion()),
    ])
    expect(one).toMatchObject({ code: 'overloaded', partial: { text: 'Hel' } })
    expect([other, parent]).toEqual([one, one])
    await expect(gone.finalCompletion()).resolves.toMatchObject({ text: '' })
    expect(await nothing).toEqual([])
  })

  it('is too late once something was read, and says so', async () => {
    const stream = streamOf()
    await stream[Symbol.asyncIterator]().next()
    expect(() => stream.tee()).toThrow(TypeError)
    const drained = streamOf()
    await drained.finalCompletion()
    expect(() => drained.tee()).toThrow(TypeError)
  })
})

describe('toReadableStream', () => {
  /** What somebody reads who has the stream's bytes for a provider's response. */
  const passedOn = (stream: CompletionStream) =>
    open({
      provider: openai({
        fetch: async () => new Response(stream.toReadableStream('events'), { headers: eventStream }),
      }),
      maxRetries: 0,
    })

  it.each([
    ['text', whole],
    [
      'reasoning, tool calls and usage',
      [
        chunk({ role: 'assistant', reasoning_content: 'Hm…' }),
        chunk({ content: 'Look: 你好 🌍 ' }),
        callWith('find', '{"city":"S'),
        more('ão Paulo"}'),
        chunk({}, 'tool_calls', { usage: { prompt_tokens: 9, completion_tokens: 12, total_tokens: 21 } }),
        event('[DONE]'),
      ],
    ],
    ['a finish reason without an end marker', [chunk({ content: 'Hi' }, 'length')]],
  ])('gives events that are read back as the same completion: %s', async (_, parts) => {
    const expected = await streamOf(parts).finalCompletion()
    expect(await passedOn(streamOf(parts)).finalCompletion()).toEqual(expected)
    // And once more, over two of them.
    expect(await passedOn(passedOn(streamOf(parts))).finalCompletion()).toEqual(expected)
    const sent = await new Response(streamOf(parts).toReadableStream()).text()
    expect(sent.endsWith('data: [DONE]\n\n')).toBe(true)
  })

  it.each([
    ['an error frame', failing, {}, 'overloaded'],
    ['a cut connection', whole.slice(0, 9), {}, 'interrupted'],
    ['an unreadable event', [whole[1]!, 'data: {"choices"\n\n', whole[2]!], {}, 'invalid_response'],
    ['a refused request', ['{"error":{"message":"No such model"}}'], { status: 404 }, 'not_found'],
    ['a web page', ['<!doctype html>'], { headers: { 'content-type': 'text/html' } }, 'invalid_response'],
  ])('passes a failure on with its code and its words: %s', async (_, parts, init, code) => {
    const source = streamOf(parts, init)
    const error = await failureOf(passedOn(source).finalCompletion())
    const original = await failureOf(source.finalCompletion())
    expect([error.code, original.code]).toEqual([code, code])
    expect(error.message).toBe(original.message)
    expect(error.partial?.text).toBe(original.partial?.text)
  })

  it('ends without an end marker when it was stopped, so that nobody takes it for whole', async () => {
    server = await hanging(whole.slice(0, 5))
    const source = open()
    const reader = passedOn(source)
    const final = failureOf(reader.finalCompletion())
    await vi.waitFor(() => expect(reader.snapshot.text).toBe('w0 w1 w2 w3 '))
    source.abort()
    await expect(final).resolves.toMatchObject({ code: 'interrupted', partial: { text: 'w0 w1 w2 w3 ' } })
  })

  it('pipes the text into a file', async () => {
    server = await trickle()
    const folder = await mkdtemp(join(tmpdir(), 'answer-'))
    const file = join(folder, 'answer.txt')
    try {
      await open()
        .toReadableStream('text')
        .pipeTo(Writable.toWeb(createWriteStream(file)))
      expect(await readFile(file, 'utf8')).toBe(text)
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('makes pipeTo fail, and the file’s writer know, when the answer fails', async () => {
    const written: Uint8Array[] = []
    const abort = vi.fn()
    const sink = new WritableStream<Uint8Array>({ write: (bytes) => void written.push(bytes), abort })
    const error = await failureOf(streamOf(failing).toReadableStream('text').pipeTo(sink))
    expect(error).toMatchObject({ code: 'overloaded', partial: { text: 'Hel' } })
    expect(new TextDecoder().decode(written[0])).toBe('Hel')
    expect(abort).toHaveBeenCalledWith(error)
  })

  it.each(['events', 'text'] as const)('closes the connection when it is cancelled: %s', async (as) => {
    server = await hanging(whole.slice(0, 4))
    const stream = open()
    const reader = stream.toReadableStream(as).getReader()
    await reader.read()
    await reader.cancel('enough')
    await server.requests[0]!.closedEarly
    expect(stream.aborted).toBe(true)
    expect((await stream.finalCompletion()).text).toMatch(/^w0 /)
  })

  it('closes the connection when whoever is piped to fails', async () => {
    server = await hanging(whole.slice(0, 4))
    const stream = open()
    const full = new Error('No space left')
    const sink = new WritableStream({ write: () => Promise.reject(full) })
    await expect(stream.toReadableStream('text').pipeTo(sink)).rejects.toBe(full)
    await server.requests[0]!.closedEarly
    expect(stream.aborted).toBe(true)
  })

  it('goes on for the other of a tee when one is cancelled', async () => {
    server = await trickle()
    const [left, right] = open().tee()
    const reader = left.toReadableStream('text').getReader()
    const pieces = collect(right.textStream)
    await reader.read()
    await reader.cancel()
    expect((await pieces).join('')).toBe(text)
    expect([left.aborted, right.aborted]).toEqual([true, false])
  })

  it('pulls no more than one read ahead of its reader', async () => {
    const { seen, stream } = endless()
    const reader = stream.toReadableStream('text').getReader()
    await sleep(20)
    expect(seen.pulls).toBeLessThan(4)
    for (let i = 0; i < 10; i++) await reader.read()
    await sleep(20)
    expect(seen.pulls).toBeLessThan(15)
    await reader.cancel()
    await vi.waitFor(() => expect(seen.closed).toBe(true))
  })

  it('pulls nothing for a stream that nobody reads', async () => {
    const { seen, stream } = endless()
    const stop = stream.subscribe(() => {})
    await sleep(20)
    // The response's own queue holds one.
    expect(seen.pulls).toBeLessThan(2)
    stop()
    stream.abort()
    await vi.waitFor(() => expect(seen.closed).toBe(true))
  })
})
