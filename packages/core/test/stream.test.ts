/** One running stream over real HTTP: what goes out, how it can be read, how it is stopped. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { openai, openaiCompletions, streamCompletion } from '../src/index.ts'
import type { CompletionChunk } from '../src/index.ts'
import { chunk, event, fetchOf, serve } from './http.ts'
import type { TestServer } from './http.ts'

let server: TestServer
afterEach(() => server?.close())

const messages = [{ role: 'user' as const, content: 'Hi' }]
const whole = [
  chunk({ role: 'assistant', content: '' }),
  chunk({ content: 'Hel' }),
  chunk({ content: 'lo' }),
  chunk({}, 'stop'),
  event('[DONE]'),
]
const answer = (parts = whole) =>
  serve((response) => response.writeHead(200, { 'content-type': 'text/event-stream' }).end(parts.join('')))

/** Sends `Hel`, then nothing until the connection is closed. */
const hanging = () =>
  serve((response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(whole[0]! + whole[1])
  })

describe('the request', () => {
  it('goes to a plain URL as OpenAI’s chat body with nothing but plain headers', async () => {
    server = await answer()
    await streamCompletion(
      { model: 'm', messages, temperature: 0 },
      { provider: `${server.url}/v1/` },
    ).finalCompletion()
    const [request] = server.requests
    expect(request).toMatchObject({ method: 'POST', path: '/v1/chat/completions' })
    expect(request?.body).toEqual({
      model: 'm',
      messages,
      temperature: 0,
      stream: true,
      stream_options: { include_usage: true },
    })
    const byFetch = [
      'host',
      'connection',
      'content-length',
      'accept-language',
      'accept-encoding',
      'user-agent',
      'sec-fetch-mode',
    ]
    const ours = Object.keys(request!.headers).filter((name) => !byFetch.includes(name))
    expect(ours.toSorted()).toEqual(['accept', 'content-type'])
    expect(request?.headers).toMatchObject({ accept: 'text/event-stream', 'content-type': 'application/json' })
  })

  it.each([
    ['/v1/chat/completions', '/v1/chat/completions'],
    ['/v1?api-version=1', '/v1/chat/completions?api-version=1'],
    ['/deployments/d/chat/completions?api-version=1', '/deployments/d/chat/completions?api-version=1'],
    ['', '/chat/completions'],
  ])('takes %j for the endpoint %j', async (given, path) => {
    server = await answer()
    await streamCompletion({ model: 'm', messages }, { provider: server.url + given }).finalCompletion()
    expect(server.requests[0]?.path).toBe(path)
  })

  it('carries the key that a function gets for it, and the caller’s headers', async () => {
    server = await answer()
    const provider = openai({ baseURL: server.url, apiKey: async () => 'fresh' })
    await streamCompletion({ model: 'm', messages }, { provider, headers: { 'x-team': 'a' } }).finalCompletion()
    expect(server.requests[0]?.headers).toMatchObject({ authorization: 'Bearer fresh', 'x-team': 'a' })
  })

  it('leaves usage alone when told to', async () => {
    server = await answer()
    const provider = openai({ baseURL: server.url })
    await streamCompletion({ model: 'm', messages, stream_options: null }, { provider }).finalCompletion()
    await streamCompletion(
      { model: 'm', messages },
      { provider: openai({ baseURL: server.url, includeUsage: false }) },
    ).finalCompletion()
    expect(server.requests.map((request) => 'stream_options' in request.body)).toEqual([false, false])
  })

  it('takes a prompt for a conversation of one message, and for a legacy completion as it is', async () => {
    server = await answer()
    await streamCompletion({ model: 'm', prompt: 'Hi' }, { provider: server.url }).finalCompletion()
    await streamCompletion(
      { model: 'm', prompt: 'Once' },
      { provider: openaiCompletions({ baseURL: server.url }) },
    ).finalCompletion()
    expect(server.requests.map(({ path, body }) => [path, body.messages ?? body.prompt])).toEqual([
      ['/chat/completions', messages],
      ['/completions', 'Once'],
    ])
  })
})

describe('reading', () => {
  it('gives the chunks as they stood on the wire, then the completion', async () => {
    server = await answer()
    const stream = streamCompletion({ model: 'm', messages }, { provider: server.url })
    const chunks: CompletionChunk[] = []
    for await (const piece of stream) chunks.push(piece)
    expect(chunks.map((piece) => piece.choices[0]?.delta.content)).toEqual(['', 'Hel', 'lo', undefined])
    expect(chunks[1]).toEqual(JSON.parse(whole[1]!.slice(6)))
    await expect(stream.finalCompletion()).resolves.toMatchObject({ text: 'Hello', finishReason: 'stop' })
  })

  it('gives the text alone', async () => {
    server = await answer()
    const pieces: string[] = []
    for await (const text of streamCompletion({ model: 'm', messages }, { provider: server.url }).textStream) {
      pieces.push(text)
    }
    expect(pieces).toEqual(['Hel', 'lo'])
  })

  it('loses nothing when it is iterated and awaited at once', async () => {
    server = await answer()
    const stream = streamCompletion({ model: 'm', messages }, { provider: server.url })
    const final = stream.finalCompletion()
    const chunks: CompletionChunk[] = []
    for await (const piece of stream) chunks.push(piece)
    expect(chunks).toHaveLength(4)
    expect((await final).text).toBe('Hello')
  })

  it('says so when chunks would be missed', async () => {
    const stream = streamCompletion({ model: 'm', messages }, { provider: openai({ fetch: fetchOf(whole) }) })
    await stream.finalCompletion()
    expect(() => stream[Symbol.asyncIterator]()).toThrow(TypeError)
  })

  it('reads from the network only as fast as its consumer', async () => {
    let read = 0
    const endless = (function* () {
      for (;;) yield ((read++, chunk({ content: 'x' })))
    })()
    const stream = streamCompletion({ model: 'm', messages }, { provider: openai({ fetch: fetchOf(endless) }) })
    const chunks = stream[Symbol.asyncIterator]()
    await chunks.next()
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(read).toBeLessThan(5)
    await chunks.return!()
  })

  it('tells of the response and the time', async () => {
    server = await serve((response) =>
      response.writeHead(200, { 'content-type': 'text/event-stream', 'x-request-id': 'req_1' }).end(whole.join('')),
    )
    const stream = streamCompletion({ model: 'm', messages }, { provider: server.url })
    await stream.finalCompletion()
    await expect(stream.response).resolves.toMatchObject({ status: 200, requestId: 'req_1' })
    const { timeToResponseMs, timeToFirstTokenMs, totalMs, chunks } = stream.timing
    expect(chunks).toBe(4)
    expect(timeToResponseMs).toBeGreaterThan(0)
    expect(timeToFirstTokenMs).toBeGreaterThanOrEqual(timeToResponseMs!)
    expect(totalMs).toBeGreaterThanOrEqual(timeToFirstTokenMs!)
  })

  it('shows the same snapshot until something arrives, and keeps what did not change', async () => {
    const call = (args: string) =>
      chunk({ tool_calls: [{ index: 0, id: 'a', function: { name: 'f', arguments: args } }] })
    const parts = [call('{}'), chunk({ content: 'a' }), chunk({ content: 'b' }), chunk({}, 'tool_calls')]
    const stream = streamCompletion({ model: 'm', messages }, { provider: openai({ fetch: fetchOf(parts) }) })
    const chunks = stream[Symbol.asyncIterator]()
    await chunks.next()
    await chunks.next()
    const before = stream.snapshot
    expect(stream.snapshot).toBe(before)
    await chunks.next()
    const after = stream.snapshot
    expect([before.text, after.text]).toEqual(['a', 'ab'])
    expect(after.toolCalls).toBe(before.toolCalls)
    expect(after.parts[0]).toBe(before.parts[0])
    expect(after.toolCalls[0]?.state).toBe('input-streaming')
    await chunks.next()
    expect(stream.snapshot.toolCalls[0]?.state).toBe('input-complete')
    await chunks.return!()
  })

  it('keeps several streams at once apart', async () => {
    server = await serve((response, { body }) =>
      response
        .writeHead(200, { 'content-type': 'text/event-stream' })
        .end(chunk({ content: body.model }) + chunk({}, 'stop')),
    )
    const texts = await Promise.all(
      ['a', 'b', 'c'].map(async (model) => {
        const { text } = await streamCompletion({ model, messages }, { provider: server.url }).finalCompletion()
        return text
      }),
    )
    expect(texts).toEqual(['a', 'b', 'c'])
  })
})

describe('stopping', () => {
  it('leaves the loop, closes the connection and keeps the text', async () => {
    server = await hanging()
    const stream = streamCompletion({ model: 'm', messages }, { provider: server.url })
    for await (const text of stream.textStream) {
      expect(text).toBe('Hel')
      break
    }
    await server.requests[0]!.closedEarly
    await expect(stream.finalCompletion()).resolves.toMatchObject({ text: 'Hel', finishReason: null })
    expect(stream.aborted).toBe(true)
  })

  it('ends a loop that waits, when it is aborted', async () => {
    server = await hanging()
    const stream = streamCompletion({ model: 'm', messages }, { provider: server.url })
    const pieces: string[] = []
    for await (const text of stream.textStream) {
      pieces.push(text)
      setTimeout(() => stream.abort())
    }
    expect(pieces).toEqual(['Hel'])
    await server.requests[0]!.closedEarly
  })

  it('works by an AbortSignal, and lets go of it afterwards', async () => {
    server = await hanging()
    const controller = new AbortController()
    const remove = vi.spyOn(controller.signal, 'removeEventListener')
    const stream = streamCompletion({ model: 'm', messages }, { provider: server.url, signal: controller.signal })
    const final = stream.finalCompletion()
    await stream.response
    await vi.waitFor(() => expect(stream.snapshot.text).toBe('Hel'))
    controller.abort()
    await expect(final).resolves.toMatchObject({ text: 'Hel' })
    await server.requests[0]!.closedEarly
    expect(remove).toHaveBeenCalled()
  })

  it('sends nothing when the signal was aborted before', async () => {
    const fetch = vi.fn(fetchOf(whole))
    const stream = streamCompletion(
      { model: 'm', messages },
      { provider: openai({ fetch }), signal: AbortSignal.abort() },
    )
    await expect(stream.finalCompletion()).resolves.toMatchObject({ text: '', finishReason: null })
    await expect(stream.response).rejects.toMatchObject({ name: 'AbortError' })
    expect(fetch).not.toHaveBeenCalled()
  })

  it('does not wait for a fetch that ignores its signal, and cancels the body that comes late', async () => {
    let respond!: (response: Response) => void
    const fetch = () => new Promise<Response>((resolve) => (respond = resolve))
    const stream = streamCompletion({ model: 'm', messages }, { provider: openai({ fetch }) })
    const final = stream.finalCompletion()
    await vi.waitFor(() => expect(respond).toBeDefined())
    stream.abort()
    await expect(final).resolves.toMatchObject({ text: '' })
    const cancel = vi.fn()
    respond(new Response(new ReadableStream({ cancel })))
    await vi.waitFor(() => expect(cancel).toHaveBeenCalled())
  })

  it('marks a tool call whose arguments were cut, and is no failure twice', async () => {
    const parts = (function* () {
      yield chunk({ tool_calls: [{ index: 0, id: 'a', function: { name: 'f', arguments: '{"a"' } }] })
      for (;;) yield ': ping\n\n'
    })()
    const stream = streamCompletion({ model: 'm', messages }, { provider: openai({ fetch: fetchOf(parts) }) })
    for await (const _ of stream) stream.abort()
    stream.abort()
    expect(stream.snapshot.toolCalls).toEqual([
      { id: 'a', name: 'f', arguments: '{"a"', input: {}, state: 'incomplete' },
    ])
  })
})
