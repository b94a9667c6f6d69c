/** Bad input and faults: each ends in one typed error with a sentence to act on, and loses nothing that had arrived. */
import { afterEach, describe, expect, it } from 'vitest'
import { CompletionError, isCompletionError, openai, streamCompletion } from '../src/index.ts'
import type { CompletionRequest, StreamOptions } from '../src/index.ts'
import { bodyOf, chunk, event, fetchOf, serve } from './http.ts'
import type { TestServer } from './http.ts'

let server: TestServer | undefined
afterEach(() => server?.close().then(() => (server = undefined)))

const request: CompletionRequest = { model: 'm', prompt: 'Hi' }

/** The failure of a request, which must come out of every way to read it. */
async function failure(options: StreamOptions, of: CompletionRequest = request): Promise<CompletionError> {
  const byLoop = streamCompletion(of, options)
  const looped = await (async () => {
    for await (const _ of byLoop);
  })().catch((error: unknown) => error)
  const stream = streamCompletion(of, options)
  const error = await stream.finalCompletion().then(
    () => expect.unreachable('the stream succeeded'),
    (reason: unknown) => reason,
  )
  if (!isCompletionError(error) || !isCompletionError(looped)) throw error
  expect(looped.code).toBe(error.code)
  expect(error.partial).toBe(stream.snapshot)
  return error
}

const answering = (status: number, body: string, headers: Record<string, string> = {}): StreamOptions => ({
  provider: openai({
    apiKey: 'sk-very-secret',
    fetch: async () => new Response(body, { status, headers: { 'content-type': 'application/json', ...headers } }),
  }),
})
const openaiError = (message: string, type: string, code: string | null = null) =>
  JSON.stringify({ error: { message, type, param: null, code } })

describe('before anything is sent', () => {
  it.each([
    ['a missing model', { prompt: 'Hi' }, 'Set `model`, for example "gpt-4o-mini".'],
    ['no messages', { model: 'm' }, 'Set `messages` or `prompt`.'],
    ['empty messages', { model: 'm', messages: [] }, 'Set `messages` or `prompt`.'],
  ])('%s is a bad request', async (_, bad, message) => {
    const never = () => expect.unreachable('a request was sent')
    const error = await failure({ provider: openai({ fetch: never }) }, bad as unknown as CompletionRequest)
    expect(error).toMatchObject({ code: 'bad_request', message, retryable: false })
  })

  it('a key that cannot be had is a bad request, and the reason stays in the cause', async () => {
    const apiKey = () => Promise.reject(new Error('vault at 10.0.0.1 is sealed'))
    const error = await failure({ provider: openai({ apiKey, fetch: () => expect.unreachable('a request was sent') }) })
    expect(error).toMatchObject({ code: 'bad_request', message: '`apiKey` failed, so nothing was sent.' })
    expect(JSON.stringify(error)).not.toContain('vault')
    expect((error.cause as Error).cause).toMatchObject({ message: 'vault at 10.0.0.1 is sealed' })
  })

  it('a missing provider is a bad request', async () => {
    const error = await failure({} as StreamOptions)
    expect(error).toMatchObject({ code: 'bad_request', message: expect.stringContaining('`provider`') })
  })
})

describe('without a response', () => {
  it('an unreachable URL is a network error that names the address without its query', async () => {
    server = await serve(() => {})
    const { url } = server
    await server.close()
    const error = await failure({ provider: `${url}/v1?key=secret` })
    expect(error).toMatchObject({ code: 'network', retryable: true, cause: expect.any(TypeError) })
    expect(error.message).toContain(`${url}/v1/chat/completions could not be reached`)
    expect(error.message).not.toContain('secret')
  })

  it('an address that is no URL is a network error too', async () => {
    expect(await failure({ provider: 'http://' })).toMatchObject({ code: 'network' })
  })
})

describe('an error response', () => {
  it.each([
    [400, openaiError('Unknown parameter.', 'invalid_request_error'), 'bad_request'],
    [401, openaiError('Incorrect API key provided.', 'invalid_request_error', 'invalid_api_key'), 'authentication'],
    [403, '{"error":"forbidden"}', 'permission'],
    [404, openaiError('The model does not exist.', 'invalid_request_error', 'model_not_found'), 'not_found'],
    [429, openaiError('Slow down.', 'requests', 'rate_limit_exceeded'), 'rate_limit'],
    [400, openaiError('Too long.', 'invalid_request_error', 'context_length_exceeded'), 'context_window_exceeded'],
    [400, openaiError('Filtered.', 'invalid_request_error', 'content_filter'), 'content_policy'],
    [422, '{"detail":[{"msg":"field required"}]}', 'bad_request'],
    [500, '', 'server'],
    [502, '<html><body><h1>Bad gateway</h1></body></html>', 'server'],
    [503, 'upstream connect error', 'overloaded'],
    [504, '', 'timeout'],
    [529, '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}', 'overloaded'],
    [400, '[{"error":{"code":400,"message":"API key not valid","status":"INVALID_ARGUMENT"}}]', 'bad_request'],
  ])('%i %s is %s', async (status, body, code) => {
    const error = await failure(answering(status, body, { 'x-request-id': 'req_7' }))
    expect(error).toMatchObject({ code, status, provider: 'openai', requestId: 'req_7' })
    expect(error.message).toMatch(new RegExp(`^openai answered ${status}: .*\\.( |$)`))
    expect(error.message).not.toMatch(/<|undefined|\[object/)
  })

  it('tells a person what to do', async () => {
    const error = await failure(answering(401, openaiError('Incorrect API key provided.', 'x', 'invalid_api_key')))
    expect(error.message).toBe('openai answered 401: Incorrect API key provided. Check the API key.')
    expect(error.providerCode).toBe('invalid_api_key')
  })

  it.each([
    [{ 'retry-after': '2' }, 2000],
    [{ 'retry-after-ms': '150', 'retry-after': '9' }, 150],
    [{ 'retry-after': new Date(Date.now() + 60_000).toUTCString() }, 60_000],
  ])('tells how long to wait: %o', async (headers, wait) => {
    const { retryAfterMs } = await failure(answering(429, '', headers as Record<string, string>))
    expect(Math.abs(retryAfterMs! - wait)).toBeLessThan(3000)
  })

  it.each([{ 'retry-after': 'soon' }, { 'retry-after': '-1' }, {}])('does not invent a wait: %o', async (headers) => {
    expect((await failure(answering(429, '', headers as Record<string, string>))).retryAfterMs).toBeUndefined()
  })

  it('keeps the code and the words of an error that a relay passes on', async () => {
    const error = await failure(answering(502, openaiError('The provider could not be reached.', 'x', 'network')))
    expect(error).toMatchObject({ code: 'network', message: 'The provider could not be reached.', status: 502 })
  })

  it('never repeats the key, whatever the server says', async () => {
    const options = answering(401, openaiError('The key sk-very-secret is wrong.', 'x'))
    const error = await failure({ ...options, headers: { 'x-proxy': 'hush-hush' } })
    expect(error.message).toContain('The key … is wrong.')
    expect(JSON.stringify(error) + error.stack).not.toContain('very-secret')
  })
})

describe('a message', () => {
  it('names the endpoint by its address, and keeps words that also stand in a header', async () => {
    server = await serve((response) =>
      response.writeHead(500, { 'content-type': 'text/plain' }).end('The chat is over'),
    )
    const error = await failure({ provider: `${server.url}/v1?key=secret`, headers: { 'x-page': 'chat' } })
    expect(error.message).toBe(`${server.url}/v1 answered 500: The chat is over. Try again in a moment.`)
  })
})

describe('a response that is no completion', () => {
  it('a web page with status 200 is an invalid response', async () => {
    server = await serve((response) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><h1>Sign in</h1>'),
    )
    const error = await failure({ provider: server.url })
    expect(error).toMatchObject({ code: 'invalid_response', retryable: false })
    expect(error.message).toBe(
      `${server.url}/chat/completions answered with text/html, not with a completion: "<!doctype html><h1>Sign in</h1>" Check the URL.`,
    )
  })

  it('an error in JSON with status 200 is that error', async () => {
    const error = await failure(answering(200, openaiError('The server had an error.', 'server_error')))
    expect(error).toMatchObject({ code: 'server', message: expect.stringContaining('The server had an error.') })
  })

  it('a completion in JSON with status 200 is a completion', async () => {
    const body = {
      id: 'x',
      object: 'chat.completion',
      created: 1,
      model: 'm',
      choices: [{ index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
    }
    const stream = streamCompletion(request, answering(200, JSON.stringify(body)))
    await expect(stream.finalCompletion()).resolves.toMatchObject({
      text: 'Hello',
      finishReason: 'stop',
      usage: body.usage,
    })
  })

  it.each([
    ['unfinished JSON', '{"id":"x","choi', 'application/json'],
    ['other JSON', '{"ok":true}', 'application/json; charset=utf-8'],
    ['an empty body', '', 'text/event-stream'],
    ['plain text', 'It works!', 'text/plain'],
  ])('%s with status 200 is an invalid response', async (_, body, type) => {
    expect(await failure(answering(200, body, { 'content-type': type }))).toMatchObject({ code: 'invalid_response' })
  })

  it('an event that cannot be read is an invalid response, with what came before', async () => {
    const parts = [chunk({ content: 'Hel' }), 'data: {"choices":[{"in\n\n', chunk({ content: 'lo' }, 'stop')]
    const error = await failure({ provider: openai({ fetch: () => fetchOf(parts)('') }) })
    expect(error).toMatchObject({ code: 'invalid_response', partial: { text: 'Hel', finishReason: null } })
    expect(error.message).toContain('{\\"choices\\":[{\\"in')
  })

  it('an event without end exceeds the limit', async () => {
    const endless = () =>
      (function* () {
        yield chunk({ content: 'Hel' }) + 'data: '
        for (;;) yield 'x'.repeat(1000)
      })()
    const error = await failure({
      provider: openai({ fetch: () => fetchOf(endless())('') }),
      limits: { maxEventChars: 10_000 },
    })
    expect(error).toMatchObject({ code: 'limit_exceeded', partial: { text: 'Hel' } })
  })
})

describe('a stream that does not finish', () => {
  const call = chunk({ tool_calls: [{ index: 0, id: 'a', function: { name: 'f', arguments: '{"a":' } }] })

  it.each([
    ['closed', [chunk({ content: 'Hel' })]],
    ['closed in the middle of an event', [chunk({ content: 'Hel' }), chunk({ content: 'lo' }).slice(0, 40)]],
    ['reset', [chunk({ content: 'Hel' })], true],
  ])('%s, it is interrupted and keeps what arrived', async (_, parts, reset = false) => {
    server = await serve(async (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(parts.join(''))
      await new Promise((resolve) => setTimeout(resolve, 20))
      if (reset) response.socket?.resetAndDestroy()
      else response.end()
    })
    const error = await failure({ provider: server.url })
    expect(error).toMatchObject({ code: 'interrupted', partial: { text: 'Hel', finishReason: null } })
    expect(error.message).toContain('closed the connection before the answer was finished')
  })

  it('leaves a cut tool call incomplete', async () => {
    const error = await failure({ provider: openai({ fetch: () => fetchOf([call])('') }) })
    expect(error.partial?.toolCalls).toEqual([
      { id: 'a', name: 'f', arguments: '{"a":', input: {}, state: 'incomplete' },
    ])
  })

  it('is whole when only the end marker is missing, also after a reset', async () => {
    const parts = [chunk({ content: 'Hello' }, 'stop')]
    const body = bodyOf(
      (function* () {
        yield* parts
        throw new TypeError('reset')
      })(),
    )
    const fetch = async () => new Response(body, { headers: { 'content-type': 'text/event-stream' } })
    const { text } = await streamCompletion(request, { provider: openai({ fetch }) }).finalCompletion()
    expect(text).toBe('Hello')
  })

  it('is not finished as long as one of its choices is open', async () => {
    const other = event({ choices: [{ index: 1, delta: { content: 'x' }, finish_reason: null }] })
    const parts = [other, chunk({ content: 'Hello' }, 'stop')]
    expect(await failure({ provider: openai({ fetch: () => fetchOf(parts)('') }) })).toMatchObject({
      code: 'interrupted',
    })
  })
})

describe('an error inside the stream', () => {
  it.each([
    [
      'an error object',
      event({ error: { message: 'Exploded.', type: 'server_error', code: null } }),
      'server',
      undefined,
    ],
    [
      'an error event',
      `event: error\n${event({ error: { message: 'Busy', type: 'overloaded_error' } })}`,
      'overloaded',
      undefined,
    ],
    ['an error event in words', 'event: error\ndata: model overloaded\n\n', 'overloaded', undefined],
    [
      'an error beside the choices',
      chunk({}, 'error', { error: { code: 502, message: 'Provider gone' } }),
      'server',
      502,
    ],
    ['an error without a kind', event({ error: 'Hm' }), 'provider', undefined],
  ])('%s keeps the text and the provider’s words', async (_, last, code, status) => {
    const parts = [chunk({ content: 'Hel' }), last, event('[DONE]')]
    const error = await failure({ provider: openai({ fetch: () => fetchOf(parts)('') }) })
    expect(error).toMatchObject({ code, partial: { text: 'Hel', finishReason: null } })
    expect(error.status).toBe(status)
  })
})

describe('a CompletionError', () => {
  it('is plain data as JSON, and known for what it is from elsewhere', () => {
    const error = new CompletionError('rate_limit', 'Slow down.', {
      status: 429,
      retryAfterMs: 10,
      cause: new Error('x'),
    })
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      name: 'CompletionError',
      code: 'rate_limit',
      message: 'Slow down.',
      retryable: true,
      attempts: 1,
      status: 429,
      retryAfterMs: 10,
    })
    class Copy extends Error {
      constructor() {
        super('from another copy of the library')
        Object.defineProperty(this, Symbol.for('completion-stream.error'), { value: true })
      }
    }
    expect([error, new Copy(), new Error('no'), null, 'no'].map(isCompletionError)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ])
  })
})
