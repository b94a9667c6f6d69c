import type { Script } from '@completion-stream/testing'
import { openai } from 'completion-stream'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createRelay, memoryStore } from '../src/index.ts'
import { ask, dataOf, errorOf, messages, RELAY_URL, SECRET, setup, wholeResponse } from './upstream.ts'

afterEach(() => void vi.useRealTimers())

const failing = (status: number, message: string, headers: Record<string, string> = {}): Script => [
  { error: { message }, status, headers },
]

describe('a failure before the first chunk', () => {
  it.each([
    [400, 'bad_request', 'invalid_request_error'],
    [403, 'permission', 'invalid_request_error'],
    [404, 'not_found', 'invalid_request_error'],
    [429, 'rate_limit', 'rate_limit_error'],
    [500, 'server', 'server_error'],
    [503, 'overloaded', 'server_error'],
  ])('upstream with status %i has that status, code %s and the words of the provider', async (status, code, type) => {
    for (const stream of [true, false]) {
      const response = await setup(failing(status, 'Because of this')).relay(ask({ stream }))
      expect(response.status).toBe(status)
      expect(response.headers.get('content-type')).toBe('application/json')
      const error = await errorOf(response)
      expect(error).toEqual({ message: expect.stringContaining('Because of this'), type, code, param: null })
    }
  })

  it('tells how long to wait', async () => {
    const { relay } = setup(failing(429, 'Slow down', { 'retry-after-ms': '1500', 'x-ratelimit-limit': '3' }))
    const response = await relay(ask())
    expect(response.headers.get('retry-after')).toBe('2')
    expect(response.headers.get('retry-after-ms')).toBe('1500')
    expect(response.headers.has('x-ratelimit-limit')).toBe(false)
  })

  it.each([
    [400, false],
    [401, false],
    [404, false],
    [429, true],
    [500, true],
    [503, true],
  ])('upstream with status %i says whether to ask again, and asks nobody twice itself: %s', async (status, again) => {
    for (const stream of [true, false]) {
      const { relay, upstream } = setup(failing(status, 'Because of this', { 'retry-after-ms': '0' }))
      const response = await relay(ask({ stream }))
      expect(response.headers.get('x-should-retry')).toBe(String(again))
      expect(upstream.requests).toHaveLength(1)
    }
  })

  it("has the id of the provider's request, for its support, and so has an answer", async () => {
    for (const script of [failing(500, 'Oops', { 'x-request-id': 'req_1' }), ['Hello']]) {
      for (const stream of [true, false]) {
        const response = await setup(script).relay(ask({ stream }))
        expect(response.headers.get('x-request-id')).toMatch(/^req_/)
      }
    }
  })

  it.each([
    ['answers', { connectMs: 20 }, [{ wait: 60_000 }, 'Hello'], 'true'],
    ['begins its answer', { firstChunkMs: 20 }, [{ stall: true }], 'false'],
  ] as [string, object, Script, string][])(
    'is a 504 when the provider never %s',
    async (_what, timeout, script, again) => {
      const { relay, upstream } = setup(script, { timeout })
      for (const stream of [true, false]) {
        const response = await relay(ask({ stream }))
        expect(response.status).toBe(504)
        expect(response.headers.get('x-should-retry')).toBe(again)
        expect(await errorOf(response)).toMatchObject({ code: 'timeout', type: 'server_error' })
      }
      expect(upstream.requests).toHaveLength(2)
    },
  )

  it('is a 502 when the key of the server is refused, and shows no part of that key', async () => {
    const onError = vi.fn()
    const { relay } = setup(['Hello'], { onError }, { apiKey: 'sk-another-one' })
    for (const stream of [true, false]) {
      const response = await relay(ask({ stream }))
      expect(response.status).toBe(502)
      expect(await errorOf(response.clone())).toEqual({
        message: "The provider refused this server's API key. Whoever runs the server has to check it.",
        type: 'server_error',
        code: 'provider',
        param: null,
      })
      const seen = await wholeResponse(response)
      expect(seen).not.toContain(SECRET.slice(0, 8))
      expect(seen).not.toContain(SECRET.slice(-4))
    }
    expect(onError.mock.calls[0]?.[0]).toMatchObject({ code: 'authentication', status: 401 })
  })

  it('is never a 401, whatever words came with it', async () => {
    const error = { message: 'Blocked', code: 'content_policy_violation' }
    expect((await setup([{ error, status: 401 }]).relay(ask())).status).toBe(502)
  })

  it('shows no key that the provider quotes in another error', async () => {
    const response = await setup(failing(400, `Key ${SECRET} has no such model`)).relay(ask())
    const seen = await wholeResponse(response)
    expect(seen).toContain('has no such model')
    expect(seen).not.toContain(SECRET)
  })

  it('is a 502 without the address when the provider cannot be reached', async () => {
    const fetch = (): Promise<Response> => Promise.reject(new TypeError('connect ECONNREFUSED 10.0.0.7:11434'))
    const provider = openai({ baseURL: 'http://inside.local:11434/v1', fetch })
    const response = await createRelay({ providers: { ollama: provider } })(ask())
    expect(response.status).toBe(502)
    const seen = await wholeResponse(response)
    expect(JSON.parse(seen.split('\n').at(-1)!).error).toMatchObject({ code: 'network', type: 'server_error' })
    expect(seen).not.toMatch(/inside\.local|10\.0\.0\.7/)
  })

  it.each<[string, () => Promise<Response>, object]>([
    ['takes too long to answer', () => new Promise(() => {}), { timeout: { connectMs: 5 } }],
    [
      'redirects',
      async () => new Response(null, { status: 307, headers: { location: 'http://other.inside.local/v1' } }),
      {},
    ],
    ['cannot be asked', () => Promise.reject(new TypeError('x is not a function')), {}],
  ])('shows no address when the provider %s', async (_, fetch, options) => {
    const provider = openai({ baseURL: 'http://inside.local:11434/v1', headers: { 'x-key': 'k' }, fetch })
    const response = await createRelay({ providers: { local: provider }, ...options })(ask())
    const { message } = await errorOf(response)
    expect(message).toMatch(/^The /)
    expect(message).not.toContain('inside.local')
  })

  it('keeps the addresses that the provider names', async () => {
    const response = await setup(failing(400, 'See https://docs.example/errors')).relay(ask())
    expect((await errorOf(response)).message).toContain('https://docs.example/errors')
  })

  it.each([undefined, memoryStore()])('is told also when the log fails', async (store) => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => {})
    const onError = () => {
      throw new Error('The log is full.')
    }
    const { relay } = setup(['Half', { error: { message: 'It broke' } }], { store, onError })
    const text = await (await relay(ask())).text()
    expect(text).toContain('It broke')
    expect(log).toHaveBeenCalled()
    log.mockRestore()
  })

  it('is told when a store cannot be opened, and the provider is not asked on', async () => {
    let upstream!: AbortSignal
    const store = {
      ...memoryStore(),
      open: () => {
        throw new Error('No store.')
      },
    } as ReturnType<typeof memoryStore>
    const { relay } = setup(
      (turn) => {
        upstream = turn.signal
        return ['One', { stall: true }]
      },
      { store },
    )
    const response = await relay(ask())
    expect(response.status).toBe(500)
    expect(upstream.aborted).toBe(true)
  })

  it('is a 502 when the provider answers with a web page', async () => {
    const page: Script = [
      { raw: '<html>Sign in at http://inside.local</html>', headers: { 'content-type': 'text/html' } },
    ]
    const response = await setup(page).relay(ask())
    expect(response.status).toBe(502)
    const error = await errorOf(response)
    expect(error).toMatchObject({ code: 'invalid_response' })
    expect(error.message).not.toMatch(/inside|upstream\.test/)
  })

  it('is an HTTP error also when the provider reports it inside the stream', async () => {
    const frame = { error: { message: 'Too many requests', code: 429 } }
    const response = await setup([{ raw: `data: ${JSON.stringify(frame)}\n\n` }]).relay(ask())
    expect(response.status).toBe(429)
    expect(await errorOf(response)).toMatchObject({ code: 'rate_limit' })
  })

  it('tells nothing of an unexpected exception but that it happened', async () => {
    const onError = vi.fn()
    const identify = (): never => {
      throw new Error('the secret inside')
    }
    const { relay, upstream } = setup(['Hello'], { store: memoryStore(), identify, onError })
    const response = await relay(ask())
    expect(response.status).toBe(500)
    expect(response.headers.get('x-should-retry')).toBe('true')
    expect(await wholeResponse(response)).not.toContain('secret')
    expect(onError).toHaveBeenCalledTimes(1)
    expect(upstream.requests).toEqual([])
  })
})

describe('a failure after the first chunk', () => {
  it('is the last frame of the stream, which closes without [DONE]', async () => {
    const onError = vi.fn()
    const { relay } = setup(['Half an', { error: { message: `Failed with ${SECRET}`, code: 'server_error' } }], {
      onError,
    })
    const response = await relay(ask())
    expect(response.status).toBe(200)
    const data = dataOf(await response.text())
    expect(data.join()).toContain('" an"')
    const { error } = JSON.parse(data.at(-1)!) as { error: Record<string, unknown> }
    expect(error).toMatchObject({ code: 'server', type: 'server_error', param: null })
    expect(error.message).toContain('Failed with')
    expect(error.message).not.toContain(SECRET)
    expect(onError).toHaveBeenCalledTimes(1)
  })

  it('is a timeout when the provider stalls, whatever it sends to keep the connection', async () => {
    const script: Script = ['Half an', { stall: true }]
    const { relay } = setup(script, { timeout: { chunkMs: 20 } })
    const data = dataOf(await (await relay(ask())).text())
    expect(JSON.parse(data.at(-1)!)).toMatchObject({ error: { code: 'timeout' } })
  })

  it('is a timeout also where nobody said how long to wait', async () => {
    vi.useFakeTimers()
    for (const [script, minutes] of [
      [['Half an', { stall: true }], 5],
      [[{ reasoning: '' }, { stall: true }], 10],
    ] as [Script, number][]) {
      let text = ''
      const asked = setup(script).relay(ask())
      await vi.advanceTimersByTimeAsync(15_000)
      void (await asked)
        .body!.pipeThrough(new TextDecoderStream())
        .pipeTo(new WritableStream({ write: (part) => void (text += part) }))
      await vi.advanceTimersByTimeAsync((minutes - 0.5) * 60_000)
      expect(text).not.toContain('error')
      await vi.advanceTimersByTimeAsync(30_000)
      expect(JSON.parse(dataOf(text).at(-1)!)).toMatchObject({ error: { code: 'timeout' } })
    }
  })

  it('is an interruption when the provider closes the connection early', async () => {
    const data = dataOf(await (await setup(['Half an', { cut: true }]).relay(ask())).text())
    expect(JSON.parse(data.at(-1)!)).toMatchObject({ error: { code: 'interrupted' } })
    const whole = await setup(['Half an', { cut: true }]).relay(ask({ stream: false }))
    expect(whole.status).toBe(502)
    expect(await errorOf(whole)).toMatchObject({ code: 'interrupted' })
  })
})

describe('a request that goes nowhere', () => {
  const post = (body: string): Request => new Request(RELAY_URL, { method: 'POST', body })
  it.each([
    ['without JSON', post('{"model":'), 400, 'bad_request'],
    ['with a list as its body', post('[]'), 400, 'bad_request'],
    ['without a body', new Request(RELAY_URL, { method: 'POST' }), 400, 'bad_request'],
    ['without a model', post(JSON.stringify({ messages })), 400, 'bad_request'],
    ['with a model that is not a name', post(JSON.stringify({ model: 7, messages })), 400, 'bad_request'],
    ['without messages', post(JSON.stringify({ model: 'm' })), 400, 'bad_request'],
    ['with no message', post(JSON.stringify({ model: 'm', messages: [] })), 400, 'bad_request'],
    ['for nothing but a provider', ask({ model: 'openai/' }), 404, 'model_not_found'],
    ['to another path', new Request('https://app.test/api/embeddings', { method: 'POST' }), 404, 'not_found'],
    ['with GET', new Request(RELAY_URL), 405, 'method_not_allowed'],
    ['with OPTIONS', new Request(RELAY_URL, { method: 'OPTIONS' }), 405, 'method_not_allowed'],
  ])('%s is refused in the shape of OpenAI', async (_name, request, status, code) => {
    const { relay, upstream } = setup(['Hello'])
    const response = await relay(request)
    expect(response.status).toBe(status)
    expect(await errorOf(response)).toEqual({
      message: expect.stringMatching(/^.{10,}\.$/),
      type: 'invalid_request_error',
      code,
      param: null,
    })
    expect(response.headers.get('x-should-retry')).toBe('false')
    expect(upstream.requests).toEqual([])
  })

  it('says which method the path takes', async () => {
    const response = await setup([]).relay(new Request(RELAY_URL, { method: 'DELETE' }))
    expect(response.headers.get('allow')).toBe('POST')
  })

  it('is refused when its body is too large, with or without a length', async () => {
    const { relay, upstream } = setup(['Hello'], { maxBodyBytes: 1000 })
    const large = { messages: [{ role: 'user', content: 'x'.repeat(1000) }] }
    const withLength = await relay(ask(large, { headers: { 'content-length': '1100' } }))
    const withoutLength = await relay(ask(large))
    for (const response of [withLength, withoutLength]) {
      expect(response.status).toBe(413)
      expect(await errorOf(response)).toMatchObject({ message: expect.stringContaining('1000 bytes') })
    }
    expect((await relay(ask())).status).toBe(200)
    expect(upstream.requests).toHaveLength(1)
  })
})

it('a relay without a provider cannot be made', () => {
  expect(() => createRelay({ providers: {} })).toThrow(new TypeError('A relay needs at least one provider.'))
})
