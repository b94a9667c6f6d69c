import { buildCompletion, openai, type CompletionChunk } from 'completion-stream'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createRelay } from '../src/index.ts'
import { ask, dataOf, RELAY_URL, SECRET, setup, wholeResponse } from './upstream.ts'

afterEach(() => void vi.useRealTimers())

/** The completion that the events of a response add up to; fails when they do not end in `[DONE]`. */
async function completionOf(response: Response): Promise<ReturnType<typeof buildCompletion>> {
  const data = dataOf(await response.text())
  expect(data.pop()).toBe('[DONE]')
  return buildCompletion(data.map((event) => JSON.parse(event) as CompletionChunk))
}

describe('a streamed answer', () => {
  it('has the headers that keep proxies from holding it back', async () => {
    const response = await setup(['Hello']).relay(ask())
    expect(response.status).toBe(200)
    expect(Object.fromEntries(response.headers)).toEqual({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
      'x-request-id': expect.stringMatching(/^req_/),
    })
  })

  it('carries reasoning, text, tool calls, the finish reason and the usage, asked for or not', async () => {
    const { relay, upstream } = setup([
      { reasoning: 'They said hi' },
      'Hello there',
      {
        toolCalls: [
          { id: 'call_a', name: 'wave', arguments: { hand: 'left' } },
          { id: 'call_b', name: 'smile', arguments: {} },
        ],
      },
    ])
    const completion = await completionOf(await relay(ask({ temperature: 0.3 })))
    expect(completion).toMatchObject({
      text: 'Hello there',
      reasoning: 'They said hi',
      finishReason: 'tool_calls',
      toolCalls: [
        { id: 'call_a', name: 'wave', arguments: '{"hand":"left"}', state: 'input-complete' },
        { id: 'call_b', name: 'smile', arguments: '{}', state: 'input-complete' },
      ],
      usage: { completion_tokens_details: { reasoning_tokens: 3 } },
    })
    expect(upstream.requests[0]?.body).toMatchObject({ model: 'gpt-4o-mini', stream: true, temperature: 0.3 })
  })

  it('passes each chunk on before the next one exists', async () => {
    let goOn = (): void => {}
    const gate = new Promise<void>((resolve) => (goOn = resolve))
    const { relay } = setup(async function* () {
      yield 'first'
      await gate
      yield ' last'
    })
    const response = await relay(ask())
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
    let text = ''
    while (!text.includes('first')) text += (await reader.read()).value
    expect(text).not.toContain('last')
    goOn()
    for (let next = await reader.read(); !next.done; next = await reader.read()) text += next.value
    expect(text).toContain(' last')
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true)
  })

  it('reads from the provider only as fast as the client reads', async () => {
    let told = 0
    const { relay } = setup(function* () {
      for (;;) yield ` word${(told += 1)}`
    })
    const response = await relay(ask())
    const reader = response.body!.getReader()
    for (let i = 0; i < 5; i += 1) await reader.read()
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(told).toBeLessThan(12)
    await reader.cancel()
  })

  it('shows with a comment every 15 s that the connection lives, from before the first chunk on', async () => {
    vi.useFakeTimers()
    const { relay } = setup([{ wait: 40_000 }, 'Hello', { wait: 20_000 }, ' again'])
    const answered = vi.fn()
    const asked = relay(ask())
    void asked.then(answered)
    await vi.advanceTimersByTimeAsync(14_999)
    expect(answered).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    const response = await asked
    expect(response.status).toBe(200)
    let text = ''
    void response
      .body!.pipeThrough(new TextDecoderStream())
      .pipeTo(new WritableStream({ write: (part) => void (text += part) }))
    await vi.advanceTimersByTimeAsync(20_000)
    expect(text).toBe(': keep-alive\n\n: keep-alive\n\n')
    await vi.advanceTimersByTimeAsync(10_000)
    expect(text).toContain('Hello')
    await vi.advanceTimersByTimeAsync(20_000)
    expect(text.split(': keep-alive\n\n')).toHaveLength(4)
    expect(dataOf(text).at(-1)).toBe('[DONE]')
    expect(vi.getTimerCount()).toBe(0)
  })

  it('is not received by a client that cancels: the request upstream ends at once', async () => {
    let signal: AbortSignal | undefined
    const onError = vi.fn()
    const { relay } = setup(
      (turn) => {
        signal = turn.signal
        return ['Hello', { stall: true }]
      },
      { onError },
    )
    const reader = (await relay(ask())).body!.getReader()
    await reader.read()
    expect(signal?.aborted).toBe(false)
    await reader.cancel()
    await expect.poll(() => signal?.aborted).toBe(true)
    expect(onError).not.toHaveBeenCalled()
  })

  it.each([true, false])(
    'ends upstream when the request is aborted before the first chunk (stream: %s)',
    async (stream) => {
      let signal: AbortSignal | undefined
      const { relay } = setup(
        (turn) => {
          signal = turn.signal
          return ['Hello', { stall: true }]
        },
        {},
        { firstTokenMs: 10_000 },
      )
      const client = new AbortController()
      const asked = relay(ask({ stream }, { signal: client.signal }))
      await expect.poll(() => signal).toBeDefined()
      client.abort()
      expect((await asked).status).toBe(499)
      expect(signal?.aborted).toBe(true)
    },
  )

  it('closes without [DONE] when the request is aborted midway', async () => {
    const { relay } = setup(['Hello', { stall: true }])
    const client = new AbortController()
    const response = await relay(ask({}, { signal: client.signal }))
    const text = response.text()
    await new Promise((resolve) => setTimeout(resolve, 20))
    client.abort()
    expect(dataOf(await text).join()).toContain('Hello')
    expect(await text).not.toContain('[DONE]')
  })
})

describe('an answer that is not streamed', () => {
  it('is one chat.completion with nothing but the fields of the wire', async () => {
    const { relay } = setup(['Hello there', { toolCalls: [{ id: 'call_a', name: 'wave', arguments: {} }] }])
    const response = await relay(ask({ stream: undefined }))
    expect(response.headers.get('content-type')).toBe('application/json')
    const completion = (await response.json()) as Record<string, unknown>
    expect(Object.keys(completion).toSorted()).toEqual(
      ['choices', 'created', 'id', 'model', 'object', 'system_fingerprint', 'usage'].toSorted(),
    )
    expect(completion).toMatchObject({
      object: 'chat.completion',
      model: 'gpt-4o-mini',
      choices: [
        {
          index: 0,
          finish_reason: 'tool_calls',
          message: {
            role: 'assistant',
            content: 'Hello there',
            tool_calls: [{ id: 'call_a', type: 'function', function: { name: 'wave', arguments: '{}' } }],
          },
        },
      ],
      usage: { total_tokens: expect.any(Number) },
    })
  })
})

describe('what goes where', () => {
  it('nothing of the client goes upstream but the body, and nothing of the key comes back', async () => {
    const { relay, upstream } = setup(['Hello'])
    const headers = {
      authorization: 'Bearer client-token',
      cookie: 'session=1',
      'x-api-key': 'client-key',
      'x-forwarded-for': '10.1.2.3',
    }
    for (const stream of [true, false]) {
      expect(await wholeResponse(await relay(ask({ stream }, { headers })))).not.toContain(SECRET)
    }
    for (const request of upstream.requests) {
      expect(request.headers.authorization).toBe(`Bearer ${SECRET}`)
      expect(JSON.stringify(request)).not.toMatch(/client-|session|10\.1\.2\.3/)
    }
  })

  it('a prompt is taken in place of messages', async () => {
    const { relay, upstream } = setup(['Hello'])
    expect((await relay(ask({ messages: undefined, prompt: 'Say hello' }))).status).toBe(200)
    expect(upstream.requests[0]?.body).toMatchObject({ messages: [{ role: 'user', content: 'Say hello' }] })
  })

  it('another client of the library reads the relay like any endpoint', async () => {
    const { relay } = setup(['Hello there'])
    const { streamCompletion } = await import('completion-stream')
    const stream = streamCompletion(
      { model: 'openai/any', prompt: 'hi' },
      { provider: RELAY_URL, fetch: (input, init) => relay(new Request(input, init)) },
    )
    expect(await stream.finalCompletion()).toMatchObject({ text: 'Hello there', finishReason: 'stop' })
  })

  it('several providers are told apart by the prefix', async () => {
    const { upstream: one } = setup(['from one'])
    const { upstream: two } = setup(['from two'])
    const provider = (fetch: typeof one): ReturnType<typeof openai> => openai({ apiKey: SECRET, fetch })
    const relay = createRelay({ providers: { one: provider(one), two: provider(two) } })
    const text = async (model: string): Promise<string> => (await completionOf(await relay(ask({ model })))).text
    expect(await text('two/m')).toBe('from two')
    expect(await text('one/m')).toBe('from one')
    expect(await text('m')).toBe('from one')
    expect(await text('meta-llama/m')).toBe('from one')
    expect(await text('constructor/m')).toBe('from one')
    const models = one.requests.map((request) => (request.body as { model: string }).model)
    expect(models).toEqual(['m', 'm', 'meta-llama/m', 'constructor/m'])
    expect(two.requests[0]?.body).toMatchObject({ model: 'm' })
  })
})
