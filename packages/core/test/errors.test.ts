/** Bad input and faults: each ends in one typed error with a sentence to act on, and loses nothing that had arrived. */
import { readFileSync } from 'node:fs'
import { inspect } from 'node:util'
import { createContext, runInContext } from 'node:vm'
import { transformWithOxc } from 'vite'
import { afterEach, describe, expect, it } from 'vitest'
import type * as original from '../src/errors.ts'
import { fetchError, providerError, responseDetails, withoutSecrets } from '../src/errors.ts'
import type { CompletionErrorDetails } from '../src/errors.ts'
import { CompletionError, isCompletionError, openai, streamCompletion } from '../src/index.ts'
import type { CompletionRequest, StreamOptions } from '../src/index.ts'
import { bodyOf, chunk, event, fetchOf, serve } from './http.ts'
import type { TestServer } from './http.ts'

let server: TestServer | undefined
afterEach(() => server?.close().then(() => (server = undefined)))

const request: CompletionRequest = { model: 'm', prompt: 'Hi' }

/** The failure of a request that is sent once, which must come out of every way to read it. */
async function failure(given: StreamOptions, of: CompletionRequest = request): Promise<CompletionError> {
  const options = { maxRetries: 0, ...given }
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

  it('an address that is no URL is a bad request', async () => {
    const error = await failure({ provider: 'http://[' })
    expect(error).toMatchObject({ code: 'bad_request', retryable: false })
    expect(error.message).toContain('Check the URL')
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
    const error = await failure(answering(429, '', headers as Record<string, string>))
    expect(Math.abs(error.retryAfterMs! - wait)).toBeLessThan(3000)
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
    ['an empty body', '', 'text/plain'],
    ['plain text', 'It works!', 'text/plain'],
  ])('%s with status 200 is an invalid response', async (_, body, type) => {
    expect(await failure(answering(200, body, { 'content-type': type }))).toMatchObject({ code: 'invalid_response' })
  })

  it('an event stream without an event is a connection that was lost', async () => {
    expect(await failure(answering(200, '', { 'content-type': 'text/event-stream' }))).toMatchObject({
      code: 'network',
      retryable: true,
    })
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
      limits: { maxEventBytes: 10_000 },
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
      'server_error',
    ],
    [
      'an error event',
      `event: error\n${event({ error: { message: 'Busy', type: 'overloaded_error' } })}`,
      'overloaded',
      'overloaded_error',
    ],
    ['an error event in words', 'event: error\ndata: model overloaded\n\n', 'overloaded', undefined],
    [
      'an error beside the choices',
      chunk({}, 'error', { error: { code: 502, message: 'Provider gone' } }),
      'server',
      '502',
    ],
    ['an error without a kind', event({ error: 'Hm' }), 'provider', undefined],
  ])('%s keeps the text and the provider’s words, and has no HTTP status', async (_, last, code, providerCode) => {
    const parts = [chunk({ content: 'Hel' }), last, event('[DONE]')]
    const error = await failure({ provider: openai({ fetch: () => fetchOf(parts)('') }) })
    expect(error).toMatchObject({ code, partial: { text: 'Hel', finishReason: null } })
    expect(error).toHaveProperty('message', expect.stringMatching(/^openai answered with an error: /))
    expect([error.status, error.providerCode]).toEqual([undefined, providerCode])
  })
})

describe('what a provider says', () => {
  const told = (error: object, status?: number, details: CompletionErrorDetails = {}) =>
    providerError({ error }, { ...details, status, provider: 'acme' })

  it.each([
    [{ code: 502, message: 'Provider gone' }, 'server', '502'],
    [{ code: '429', message: 'Slow down', type: 'throttling_error' }, 'rate_limit', '429'],
    [{ message: 'Slow down', status: 429 }, 'rate_limit', '429'],
    [{ code: '504', message: 'Too slow' }, 'timeout', '504'],
    [{ code: 400, message: 'Bad', status: 'INVALID_ARGUMENT' }, 'bad_request', '400'],
    [{ code: '1113', message: 'Odd' }, 'provider', '1113'],
  ])('inside a stream, the number in %j decides the code and is no status', (error, code, providerCode) => {
    const { message } = told(error)
    expect(told(error)).toMatchObject({ code, providerCode })
    expect(told(error).status).toBeUndefined()
    expect(message).toMatch(/^acme answered with an error: /)
    expect(message).not.toMatch(/\d/)
  })

  it('has more of a code than the status once more', () => {
    const error = { code: '400', type: 'None', message: 'x', status: 'INVALID_ARGUMENT' }
    expect(told({ ...error, type: null }, 400).providerCode).toBe('INVALID_ARGUMENT')
    expect(told(error, 400).providerCode).toBeUndefined()
    expect(told(error).providerCode).toBe('400')
  })

  it.each([
    [400, false],
    [401, false],
    [404, false],
    [408, true],
    [409, true],
    [425, true],
    [429, true],
    [500, true],
    [501, true],
    [503, true],
    [529, true],
  ])('%i is retryable: %s', (status, retryable) => {
    expect(told({ message: 'x' }, status).retryable).toBe(retryable)
    expect(told({ message: 'x', code: `${status}` }).retryable).toBe(retryable)
    expect(told({ message: 'x' }, status).message.includes('Try again')).toBe(retryable)
  })

  it('409 and 425 are bad requests that may pass', () => {
    expect([409, 425].map((status) => told({ message: 'x' }, status).code)).toEqual(['bad_request', 'bad_request'])
  })

  it.each([true, false])('the server knows best whether to retry: %s', (retryable) => {
    for (const status of [400, 500]) expect(told({ message: 'x' }, status, { retryable })).toMatchObject({ retryable })
    const spent = told({ message: 'x', code: 'insufficient_quota' }, 429, { retryable })
    expect(spent).toMatchObject({ retryable })
    expect(spent.message.includes('Try again')).toBe(retryable)
  })

  it.each([
    [429, { code: 'insufficient_quota', type: 'insufficient_quota', message: 'You exceeded your current quota.' }],
    [429, { message: 'litellm.RateLimitError: OpenAIException - You exceeded your current quota, please check …' }],
    [429, { code: 'billing_hard_limit_reached', message: 'Billing hard limit has been reached' }],
    [429, { type: 'exceeded_current_quota_error', message: 'Your account is suspended' }],
    [403, { message: 'Your team has used all available credits or reached its monthly spending limit.' }],
    [402, { message: 'Insufficient Balance', type: 'unknown_error' }],
    [402, { code: 402, message: 'This request requires more credits' }],
    [400, { type: 'invalid_request_error', message: 'Your credit balance is too low to access the Anthropic API.' }],
  ])('with %i %o nothing is left to pay with', (status, error) => {
    for (const failed of [told(error, status), told({ code: `${status}`, ...error })]) {
      expect(failed).toMatchObject({ code: 'rate_limit', retryable: false })
      expect(failed.message).toMatch(/Check the plan and the billing of the account\.$/)
    }
  })

  it.each([
    'Rate limit reached on tokens per min (TPM). Add a payment method at https://platform.openai.com/account/billing.',
    'You exceeded your current quota, please check your plan and billing details. Please retry in 26.5s.',
    'Number of request tokens has exceeded your rate limit: maximum context of all requests in a minute.',
  ])('too many requests in a minute are not for ever: %s', (message) => {
    expect(told({ message, status: 'RESOURCE_EXHAUSTED' }, 429)).toMatchObject({ code: 'rate_limit', retryable: true })
    expect(told({ message, type: 'rate_limit_error' })).toMatchObject({ code: 'rate_limit', retryable: true })
  })

  it.each([
    [undefined, 'in a moment'],
    [150, 'in a moment'],
    [1000, 'in a moment'],
    [1001, 'in 2 seconds'],
    [20_000, 'in 20 seconds'],
    [90_001, 'in 91 seconds'],
    [3_600_000, 'in 60 minutes'],
  ])('after %s ms it says when: %s', (ms, when) => {
    const error = told({ message: 'Slow down' }, 429, { retryAfterMs: ms })
    expect(error.message).toBe(`acme answered 429: Slow down. Try again ${when}.`)
    expect(error.retryAfterMs).toBe(ms)
  })

  it('stands in the error as it was said, up to a length, and never ends in half a key', () => {
    expect(told({ message: ' Who are you?\n' }, 401)).toMatchObject({
      message: 'acme answered 401: Who are you? Check the API key.',
      providerMessage: 'Who are you?',
    })
    const long = `${'x y '.repeat(498)}key: sk-${'k'.repeat(100)}`
    const { providerMessage, message } = told({ message: long }, 500)
    expect(providerMessage).toBe(`${'x y '.repeat(498)}key: …`)
    expect(message).not.toContain('sk-')
    expect(providerError(`${'x '.repeat(97)}sk-${'k'.repeat(100)}`, { provider: 'acme' }).message).not.toContain('sk-')
  })

  it.each(['', 'null', '{}', '[]', '"x"', '{"error":{"message":{"a":1}}}', '{"error":null}', '<<<<'])(
    'may be anything: %s',
    (said) => {
      const { message, code, providerCode } = providerError(said, { provider: 'acme', status: 500 })
      expect([code, providerCode]).toEqual(['server', undefined])
      expect(message).toMatch(/^acme answered 500: .+\. Try again in a moment\.$/)
      expect(message).not.toMatch(/undefined|\[object/)
    },
  )

  it('is read in no time, however long it is', () => {
    const started = performance.now()
    providerError('<'.repeat(1_000_000), { provider: 'acme', status: 500 })
    providerError({ error: { message: 'x'.repeat(1_000_000), code: 'y'.repeat(1_000_000) } }, { provider: 'acme' })
    expect(performance.now() - started).toBeLessThan(1000)
  })
})

describe('the headers of a response', () => {
  const said = (headers: Record<string, string>) => responseDetails(new Headers(headers))

  it('say nothing when there are none', () => {
    expect(Object.values(said({ 'content-type': 'text/plain' })).filter((value) => value !== undefined)).toEqual([])
  })

  it.each([
    [{ 'x-request-id': 'a', 'x-litellm-call-id': 'b' }, 'a'],
    [{ 'request-id': 'a' }, 'a'],
    [{ 'x-litellm-call-id': 'a' }, 'a'],
    [{ 'mistral-correlation-id': 'a' }, 'a'],
  ])('name the request: %o', (headers, id) => {
    expect(said(headers as Record<string, string>).requestId).toBe(id)
  })

  it.each([
    ['true', true],
    ['false', false],
  ])('x-should-retry: %s', (value, retryable) => {
    expect(said({ 'x-should-retry': value }).retryable).toBe(retryable)
  })

  it('OpenAI’s limits are understood', () => {
    const headers = {
      'x-ratelimit-limit-requests': '60',
      'x-ratelimit-remaining-requests': '59',
      'x-ratelimit-reset-requests': '6m0s',
      'x-ratelimit-limit-tokens': '150000',
      'x-ratelimit-remaining-tokens': '149984',
      'x-ratelimit-reset-tokens': '120ms',
    }
    expect(said(headers).rateLimits).toEqual({
      requests: { limit: 60, remaining: 59, resetMs: 360_000 },
      tokens: { limit: 150_000, remaining: 149_984, resetMs: 120 },
    })
  })

  it.each([
    ['2m59.56s', 179_560],
    ['1h2m3s', 3_723_000],
    ['7.66s', 7660],
    ['33011.382867', 33_011_382.867],
    ['0', 0],
    ['20', 20_000],
  ])('a reset of %s is %d ms away', (value, resetMs) => {
    expect(said({ 'x-ratelimit-reset-tokens': value }).rateLimits).toEqual({
      tokens: { resetMs: expect.closeTo(resetMs, 3) },
    })
  })

  it('Anthropic’s limits are understood', () => {
    const at = (ms: number) => new Date(Date.now() + ms).toISOString()
    const { rateLimits } = said({
      'anthropic-ratelimit-requests-limit': '50',
      'anthropic-ratelimit-requests-remaining': '0',
      'anthropic-ratelimit-requests-reset': at(30_000),
      'anthropic-ratelimit-input-tokens-limit': '40000',
      'anthropic-ratelimit-output-tokens-reset': at(-30_000),
    })
    expect(rateLimits).toEqual({
      requests: { limit: 50, remaining: 0, resetMs: expect.any(Number) },
      'input-tokens': { limit: 40_000 },
    })
    expect(Math.abs(rateLimits!.requests!.resetMs! - 30_000)).toBeLessThan(2000)
  })

  it.each(['ratelimit', 'x-ratelimit'])('plain %s headers count requests', (prefix) => {
    const headers = { [`${prefix}-limit`]: '100, 100;w=60', [`${prefix}-remaining`]: '9', [`${prefix}-reset`]: '50' }
    expect(said(headers).rateLimits).toEqual({ requests: { limit: 100, remaining: 9, resetMs: 50_000 } })
  })

  it.each(['-1', '', 'many', 'NaN', '1e999', '5 apples', '-6m', '6m and more', '9'.repeat(30), 'x 2999'])(
    'the invalid wait "%s" is dropped',
    (value) => {
      expect(said({ 'x-ratelimit-reset-tokens': value }).rateLimits).toBeUndefined()
      expect(said({ 'retry-after': value }).retryAfterMs).toBeUndefined()
      expect(said({ 'retry-after-ms': value }).retryAfterMs).toBeUndefined()
    },
  )

  it.each(['-1', '', 'many', 'NaN', '9'.repeat(30)])('the invalid amount "%s" is dropped', (value) => {
    for (const field of ['limit', 'remaining'])
      expect(said({ [`x-ratelimit-${field}-tokens`]: value }).rateLimits).toBeUndefined()
  })

  it.each([1000, 1])('a reset that is a time since 1970, in units of %i ms, is no wait', (unit) => {
    const at = Math.round((Date.now() + 60_000) / unit)
    expect(said({ 'x-ratelimit-reset': `${at}` }).rateLimits).toBeUndefined()
  })

  it('no name of a header reaches into anything else', () => {
    said({ 'x-ratelimit-limit-constructor': '1', 'x-ratelimit-limit-__proto__': '1' })
    expect(Object).not.toHaveProperty('limit')
    expect({}).not.toHaveProperty('limit')
  })

  it.each([
    [{ 'retry-after': '0' }, 0],
    [{ 'retry-after': '1.5' }, 1500],
    [{ 'retry-after': '20s' }, 20_000],
    [{ 'retry-after-ms': 'soon', 'retry-after': '3' }, 3000],
    [{ 'retry-after': new Date(Date.now() - 60_000).toUTCString() }, undefined],
    [{ 'retry-after': 'x 2999' }, undefined],
  ])('ask to wait: %o', (headers, ms) => {
    expect(said(headers as Record<string, string>).retryAfterMs).toBe(ms)
  })

  it('come with the error, which then says when', async () => {
    const headers = { 'retry-after': '3600', 'x-ratelimit-limit-requests': '3', 'x-should-retry': 'true' }
    const error = await failure(answering(429, openaiError('Slow down.', 'requests'), headers))
    expect(error).toMatchObject({ retryAfterMs: 3_600_000, rateLimits: { requests: { limit: 3 } }, retryable: true })
    expect(error.message).toBe('openai answered 429: Slow down. Try again in 60 minutes.')
  })
})

describe('a rejected fetch', () => {
  const place = 'https://api.example/v1'
  const meaning = (cause: unknown, at = place) => fetchError(cause, at, { provider: 'acme', attempts: 2 })

  it.each([
    ['Chrome', 'Failed to fetch'],
    ['Chrome', 'Failed to fetch (api.example)'],
    ['Chrome', 'network error'],
    ['Firefox', 'NetworkError when attempting to fetch resource.'],
    ['Firefox', 'Error in input stream'],
    ['Safari', 'Load failed'],
    ['Safari', 'Load failed (api.example)'],
    ['Safari', 'The network connection was lost.'],
    ['Safari', 'The Internet connection appears to be offline.'],
    ['Safari', 'A server with the specified hostname could not be found.'],
    ['Safari', 'Could not connect to the server.'],
    ['Safari', 'The request timed out.'],
    ['Safari', 'The certificate for this server is invalid. You might be connecting to a server that is pretending.'],
    ['Safari', 'Origin https://page.example is not allowed by Access-Control-Allow-Origin.'],
    ['Safari', 'Request header field authorization is not allowed by Access-Control-Allow-Headers.'],
    ['Safari', 'Credentials flag is true, but Access-Control-Allow-Credentials is not "true".'],
    ['Safari', 'La connexion réseau a été perdue.'],
    ['undici', 'fetch failed'],
    ['undici', 'terminated'],
    ['undici', 'other side closed'],
    ['React Native', 'Network request failed'],
    ['React Native', 'Network request timed out'],
    ['Deno', 'error sending request for url (https://api.example/v1)'],
    ['Bun', 'Unable to connect. Is the computer able to access the url?'],
    ['workerd', 'Network connection lost.'],
    ['anything', 'Hm.'],
  ])('in %s’s words is the network’s: %s', (_, words) => {
    const cause = new TypeError(words)
    const error = meaning(cause)
    expect(error).toMatchObject({ code: 'network', retryable: true, cause, provider: 'acme', attempts: 2 })
    expect(error.message).toBe(
      `${place} could not be reached. Check the URL, the connection and, in a browser, that the server allows this page (CORS).`,
    )
  })

  it.each([
    ['Chrome', "Failed to execute 'fetch' on 'Window': Failed to parse URL from http://"],
    ['Chrome', "Failed to execute 'fetch' on 'WorkerGlobalScope': Invalid name"],
    ['Chrome', "Failed to execute 'fetch' on 'Window': Invalid value"],
    [
      'Chrome',
      "Failed to execute 'fetch' on 'Window': Failed to read the 'headers' property from 'RequestInit': String contains non ISO-8859-1 code point.",
    ],
    ['Chrome', "Failed to construct 'Headers': String contains non ISO-8859-1 code point."],
    [
      'Chrome',
      "Failed to execute 'fetch' on 'Window': Request cannot be constructed from a URL that includes credentials: https://api.example/",
    ],
    ['Chrome', "Failed to execute 'fetch' on 'Window': Illegal invocation"],
    ['Chrome', 'x is not a function'],
    ['Chrome', "Cannot read properties of undefined (reading 'x')"],
    ['Chrome', "Cannot destructure property 'a' of 'null' as it is null."],
    ['Chrome', 'Cannot convert undefined or null to object'],
    ['Chrome', 'undefined is not iterable (cannot read property Symbol(Symbol.iterator))'],
    ['Firefox', 'Window.fetch: http:// is not a valid URL.'],
    ['Firefox', 'WorkerGlobalScope.fetch: http:// is not a valid URL.'],
    ['Firefox', 'Window.fetch: https://api.example/ is an url with embedded credentials.'],
    ['Firefox', 'Window.fetch: foo bar is an invalid header name.'],
    ['Firefox', 'Headers.append: a\nb is an invalid header value.'],
    [
      'Firefox',
      'Window.fetch: Cannot convert value to ByteString because the character at index 49 has value 8212 which is greater than 255.',
    ],
    ['Firefox', 'can\'t access property "x", y is undefined'],
    ['Firefox', 'can\'t access property "x", y is null'],
    ['Safari', 'URL is not valid or contains user credentials.'],
    ['Safari', 'The string did not match the expected pattern.'],
    ['Safari', "Invalid header name: 'foo bar'"],
    ['Safari', "Header 'authorization' has invalid value: 'a\nb'"],
    ['Safari', "undefined is not an object (evaluating 'a.b')"],
    ['Safari', 'unsupported URL'],
    ['undici', 'Failed to parse URL from /api'],
    ['undici', 'Headers.append: "foo bar" is an invalid header name.'],
    [
      'undici',
      'Cannot convert argument to a ByteString because the character at index 0 has a value of 8364 which is greater than 255.',
    ],
    ['React Native', 'Invalid character in header field name: "foo bar"'],
    ['Deno', "Invalid URL: 'http://'"],
    ['Bun', 'fetch() URL is invalid'],
    ['node-fetch', 'a\nb is not a legal HTTP header value'],
  ])('in %s’s words is the caller’s mistake: %s', (_, words) => {
    const error = meaning(new TypeError(words))
    expect(error).toMatchObject({ code: 'bad_request', retryable: false, provider: 'acme' })
    expect(error.message).toContain(`The request to ${place} could not be made: ${words.replace(/\.$/, '')}.`)
    expect(error.message).toMatch(/Check the URL, the headers and `fetch`\.$/)
  })

  it.each([
    ['an address that is none', () => fetch('http://')],
    ['credentials in the address', () => fetch('http://someone:hunter2@127.0.0.1/')],
    ['a header’s name', () => fetch('http://127.0.0.1:9', { headers: { 'foo bar': 'x' } })],
    ['a header’s value', () => fetch('http://127.0.0.1:9', { headers: { x: 'a\nb' } })],
    ['a header’s letters', () => fetch('http://127.0.0.1:9', { headers: { x: '€' } })],
    ['a misspelt name', () => runInContext('zork', createContext({}))],
    ['a bug', () => (undefined as unknown as { fetch(): Promise<Response> }).fetch()],
  ])('of this runtime over %s is a bad request', async (_, send) => {
    const cause = await Promise.resolve()
      .then(send)
      .catch((thrown: unknown) => thrown)
    expect(meaning(cause)).toMatchObject({ code: 'bad_request' })
  })

  it('of this runtime over a port where nobody listens is a network error', async () => {
    server = await serve(() => {})
    const { url } = server
    await server.close()
    const cause = await fetch(url).catch((thrown: unknown) => thrown)
    expect(meaning(cause, url)).toMatchObject({ code: 'network', cause })
  })

  it('tells no password and no key, also where the engine quotes them', async () => {
    const error = await failure({ provider: 'http://someone:hunter2000@127.0.0.1:9/v1?key=topsecret' })
    expect(error.code).toBe('bad_request')
    expect(error.message).toContain('The request to http://127.0.0.1:9/v1/chat/completions could not be made')
    expect(error.message).toContain('includes credentials')
    expect(inspect(error, { depth: 8 })).not.toMatch(/hunter2000|topsecret/)
  })

  it('with one of our errors stays that error', () => {
    const own = new CompletionError('content_policy', 'No.')
    expect(meaning(own)).toBe(own)
  })

  it.each([undefined, null, 'offline', 7, {}, Object.create(null), Symbol('x')])('may be with %s', (thrown) => {
    expect(meaning(thrown)).toMatchObject({ code: 'network' })
  })
})

describe('a secret', () => {
  const secret = 'sk-Very/secret+key=1'
  const forms = [secret, encodeURIComponent(secret), `${new URLSearchParams([['key', secret]])}`]
  const secrets = [`Bearer ${secret}`]
  const leaks = (error: CompletionError) => {
    const shown = [inspect(error, { depth: 8, showHidden: true }), JSON.stringify(error), error.stack, String(error)]
    return shown.filter((text) => /very.{1,3}secret/i.test(text ?? ''))
  }

  it.each(forms)('leaves every text of an error: %s', (form) => {
    const error = providerError(
      { error: { message: `The key ${form} is wrong.`, code: `no_${form}` } },
      { provider: `https://api.example/${form}`, requestId: `req_${form}`, status: 401 },
    )
    expect(withoutSecrets(error, secrets)).toBe(error)
    expect(leaks(error)).toEqual([])
    expect(error).toMatchObject({
      code: 'authentication',
      providerMessage: expect.stringMatching(/^The key (key=)?… is wrong\.$/),
      message: expect.stringMatching(/^https:\/\/api\.example\/(key=)?… answered 401: The key (key=)?… is wrong\./),
    })
  })

  it.each([
    ['the message', () => new TypeError(`no ${secret}`)],
    [
      'the cause of the cause',
      () => new TypeError('no', { cause: new Error('why', { cause: `because of ${secret}` }) }),
    ],
    [
      'a field',
      () => Object.assign(new TypeError('no'), { config: { headers: { authorization: `Bearer ${secret}` } } }),
    ],
    ['a hidden field', () => Object.defineProperty(new TypeError('no'), 'config', { value: [secret] })],
    ['a name of a field', () => Object.assign(new TypeError('no'), { [Symbol('x')]: { [secret]: 1 } })],
    ['headers', () => Object.assign(new TypeError('no'), { options: new Headers({ 'x-key': secret }) })],
    ['a map', () => Object.assign(new TypeError('no'), { seen: new Map([[{}, new Set([secret])]]) })],
    [
      'a request',
      () => Object.assign(new TypeError('no'), { r: new Request('http://x', { headers: { 'x-key': secret } }) }),
    ],
    ['an address', () => Object.assign(new TypeError('no'), { at: new URL(`http://x/?key=${forms[1]}`) })],
    ['several errors', () => new AggregateError([new Error(secret)], 'no')],
    ['an ordinary object', () => ({ name: 'TypeError', message: 'no', key: secret })],
  ])('leaves the cause, where it stands in %s', (_, causing) => {
    const error = withoutSecrets(new CompletionError('network', 'Gone.', { cause: causing() }), secrets)
    expect(leaks(error)).toEqual([])
    expect(error.cause).toBeInstanceOf(Error)
    expect((error.cause as Error).message).toMatch(/^no( …)?$/)
  })

  it('leaves a cause that is text', () => {
    const error = withoutSecrets(new CompletionError('network', 'Gone.', { cause: `no ${secret}` }), secrets)
    expect(error.cause).toBe('no …')
  })

  it('that could be in the cause leaves of it what an error has, and none leaves it as it is', () => {
    const below = Object.assign(new Error('refused'), { code: 'ECONNREFUSED', port: 1 })
    const cause = Object.freeze(new TypeError('fetch failed', { cause: below }))
    const error = () => new CompletionError('network', 'Gone.', { cause })
    expect(withoutSecrets(error(), []).cause).toBe(cause)
    const copy = withoutSecrets(error(), secrets).cause as Error
    expect([copy.name, copy.message]).toEqual(['TypeError', 'fetch failed'])
    expect(copy.cause).toMatchObject({ name: 'Error', message: 'refused', code: 'ECONNREFUSED' })
    expect(copy.cause).not.toHaveProperty('port')
  })

  const cyclic: Record<string, unknown> = { message: `no ${secret}` }
  cyclic.self = { cyclic, list: [cyclic] }
  const throwing = Object.defineProperty({ key: secret }, 'message', {
    enumerable: true,
    get: () => {
      throw new Error(secret)
    },
  })
  const endless = new Error(`no ${secret}`)
  endless.cause = endless
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()

  it.each([
    ['frozen', Object.freeze(new Error(`no ${secret}`))],
    ['cyclic', cyclic],
    ['its own cause', endless],
    ['without a prototype', Object.assign(Object.create(null), { message: secret })],
    ['with a getter that throws', throwing],
    ['with odd fields', { name: Object.create(null), message: Object.create(null), key: secret }],
    ['revoked', proxy],
    ['a function', Object.assign(() => {}, { key: secret })],
  ])('does not trip over a cause that is %s', (_, cause) => {
    const error = withoutSecrets(new CompletionError('network', 'Gone.', { cause }), secrets)
    expect(leaks(error)).toEqual([])
    expect(Object.is(error.cause, cause)).toBe(false)
  })

  it.each([undefined, null, 7, Symbol(secret), [{ message: 'An issue.' }]])(
    'leaves alone a cause that has none: %s',
    (cause) => {
      expect(withoutSecrets(new CompletionError('network', 'Gone.', { cause }), secrets).cause).toBe(cause)
    },
  )

  it('that is short is none, and a code never changes', () => {
    const error = new CompletionError('authentication', 'It is the authentication of a chat, 1234567.')
    withoutSecrets(error, ['chat', '1234567', ' short ', 'authentication'])
    expect(error).toMatchObject({ code: 'authentication', message: 'It is the … of a chat, 1234567.' })
  })

  it.each(['a=b&c=d&e', 'pä$$wörd/€\n^[x]{2}', '🔑🔑🔑🔑'])('may have any letters: %j', (odd) => {
    const error = withoutSecrets(new CompletionError('server', `${odd}|${encodeURIComponent(odd)}`), [odd])
    expect(error.message).toBe('…|…')
  })

  it('is taken out of all that a stream says', async () => {
    server = await serve((response, { headers, path }) =>
      response
        .writeHead(401, { 'content-type': 'application/json', 'x-request-id': `r-${headers['x-key']}` })
        .end(openaiError(`${headers.authorization} at ${path} is wrong.`, `${headers['x-key']}`)),
    )
    const provider = openai({ apiKey: secret, baseURL: `${server.url}/chat/completions?api_key=very-secret-too` })
    const error = await failure({ provider, headers: { 'x-key': 'also-very-secret' } })
    expect(error.code).toBe('authentication')
    expect(leaks(error)).toEqual([])
  })
})

describe('a CompletionError', () => {
  const details = {
    status: 429,
    provider: 'acme',
    providerCode: 'slow_down',
    providerMessage: 'Slow down',
    requestId: 'req_1',
    retryAfterMs: 10,
    rateLimits: { requests: { limit: 1 } },
    phase: undefined,
    cause: new Error('x'),
  }

  it('is plain data as JSON, with what arrived, and without the cause and the stack', async () => {
    const failed = await failure({ provider: openai({ fetch: () => fetchOf([chunk({ content: 'Hel' })])('') }) })
    expect(JSON.parse(JSON.stringify(failed))).toEqual(failed.toJSON())
    expect(JSON.parse(JSON.stringify(failed))).toMatchObject({ code: 'interrupted', partial: { text: 'Hel' } })

    const { cause: _, phase: __, ...told } = details
    expect(JSON.parse(JSON.stringify(new CompletionError('rate_limit', 'Slow down.', details)))).toEqual({
      ...told,
      name: 'CompletionError',
      code: 'rate_limit',
      message: 'Slow down.',
      retryable: true,
      attempts: 1,
    })
  })

  it('has no field that says nothing', () => {
    const error = new CompletionError('timeout', 'Late.', { ...details, phase: 'connect', retryable: undefined })
    expect(error).toMatchObject({ phase: 'connect', retryable: true, attempts: 1 })
    const bare = new CompletionError('timeout', 'Late.', {
      status: undefined,
      attempts: undefined,
      provider: undefined,
    })
    expect(Object.keys(bare).toSorted()).toEqual(['attempts', 'code', 'name', 'retryable'])
  })

  it.each([
    ['network', true],
    ['timeout', true],
    ['interrupted', true],
    ['rate_limit', true],
    ['server', true],
    ['overloaded', true],
    ['limit_exceeded', false],
    ['invalid_response', false],
    ['bad_request', false],
    ['content_policy', false],
    ['provider', false],
  ] as const)('%s is retryable: %s, unless it is said otherwise', (code, retryable) => {
    expect(new CompletionError(code, 'x').retryable).toBe(retryable)
    expect(new CompletionError(code, 'x', { retryable: !retryable }).retryable).toBe(!retryable)
  })

  it('takes how many requests were made, and what arrived, later', () => {
    const error = new CompletionError('server', 'x')
    error.attempts = 3
    error.partial = undefined
    expect(error).toMatchObject({ attempts: 3 })
  })

  it('is known for what it is from another copy and another realm', async () => {
    const copyPath = '../src/errors.ts?copy'
    const copy = (await import(/* @vite-ignore */ copyPath)) as typeof original
    expect(copy.CompletionError).not.toBe(CompletionError)
    const fromCopy = new copy.CompletionError('server', 'x')

    const path = new URL('../src/errors.ts', import.meta.url).pathname
    const { code } = await transformWithOxc(readFileSync(path, 'utf8'), path)
    const realm = createContext({})
    runInContext(code.replace(/^export /gm, '').replace(/^import .*/gm, ''), realm)
    const foreign = runInContext(`new CompletionError('rate_limit', 'x')`, realm)
    expect(foreign).not.toBeInstanceOf(Error)

    const own = new CompletionError('server', 'x')
    for (const error of [own, fromCopy, foreign])
      expect([isCompletionError(error), copy.isCompletionError(error)]).toEqual([true, true])
    realm.own = own
    expect(runInContext('isCompletionError(own)', realm)).toBe(true)
    for (const other of [new Error('no'), null, undefined, 'no', {}, runInContext('new Error()', realm)])
      expect(isCompletionError(other)).toBe(false)
  })
})
