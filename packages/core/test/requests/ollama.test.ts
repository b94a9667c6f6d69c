/** What a request becomes on Ollama's own wire, and what it does not take. */
import { describe, expect, it } from 'vitest'
import { ollama, streamCompletion } from '../../src/index.ts'
import type { Message, ProviderRequest } from '../../src/index.ts'
import { serve } from '../http.ts'

const ask: Message = { role: 'user', content: 'Tides?' }

/** The body as it goes out: JSON. */
// eslint-disable-next-line typescript/no-explicit-any -- tests look into it
async function bodyOf(request: Partial<ProviderRequest>): Promise<any> {
  const { body } = await ollama().request({ model: 'qwen3', messages: [ask], ...request })
  return JSON.parse(JSON.stringify(body))
}

const refusal = async (request: object) => bodyOf(request).catch((error: Error) => error.message)
const png = 'data:image/png;base64,iVBORw0KGgo='

describe('the address', () => {
  it('is the server on this machine, without a key', async () => {
    const request = { model: 'm', prompt: 'Hi' }
    expect(await ollama().request(request)).toMatchObject({ url: 'http://localhost:11434/api/chat', headers: {} })
    const cloud = ollama({ baseURL: 'https://ollama.example/', apiKey: () => 'k', headers: { 'x-a': 'b' } })
    expect(await cloud.request(request)).toMatchObject({
      url: 'https://ollama.example/api/chat',
      headers: { authorization: 'Bearer k', 'x-a': 'b' },
    })
  })

  it('answers in JSON lines over HTTP, and with errors in JSON', async () => {
    const server = await serve((response, { body }) => {
      if (body.model === 'gone') {
        response.writeHead(404, { 'content-type': 'application/json; charset=utf-8' })
        return response.end('{"error":"model \'gone\' not found"}')
      }
      response.writeHead(200, { 'content-type': 'application/x-ndjson' })
      response.write('{"model":"m","message":{"role":"assistant","content":"Hel"},"done":false}\n{"model":"m","mess')
      setTimeout(() => response.end('age":{"content":"lo"},"done":true,"done_reason":"stop","eval_count":2}\n'), 5)
    })
    const provider = ollama({ baseURL: server.url })
    const answer = await streamCompletion({ model: 'm', prompt: 'Hi' }, { provider }).finalCompletion()
    expect(answer).toMatchObject({ text: 'Hello', finishReason: 'stop', usage: { completion_tokens: 2 } })
    expect(server.requests[0]).toMatchObject({ path: '/api/chat', body: { model: 'm', stream: true } })
    await expect(
      streamCompletion({ model: 'gone', prompt: 'Hi' }, { provider }).finalCompletion(),
    ).rejects.toMatchObject({ code: 'not_found', message: expect.stringContaining("model 'gone' not found") })
    await server.close()
  })
})

describe('messages', () => {
  it('keep their roles, and a prompt is one of the user', async () => {
    const messages: Message[] = [
      { role: 'developer', content: 'Be brief.' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Ti' },
          { type: 'text', text: 'des?' },
        ],
      },
      { role: 'assistant', content: 'At noon.', reasoning_content: 'The table knows.' },
      { role: 'assistant', content: null, refusal: 'No.' },
    ]
    expect((await bodyOf({ messages })).messages).toEqual([
      { role: 'system', content: 'Be brief.' },
      ask,
      { role: 'assistant', content: 'At noon.', thinking: 'The table knows.' },
      { role: 'assistant', content: 'No.' },
    ])
    expect((await bodyOf({ messages: undefined, prompt: 'Tides?' })).messages).toEqual([ask])
  })

  it('hold pictures as bare base64 beside the text', async () => {
    const picture = (url: string) => ({ type: 'image_url' as const, image_url: { url } })
    const text = (words: string) => ({ type: 'text' as const, text: words })
    const content = [text('This '), picture(png), text('or that?'), picture('data:image/jpeg;base64,/9j/')]
    expect((await bodyOf({ messages: [{ role: 'user', content }] })).messages).toEqual([
      { role: 'user', content: 'This or that?', images: ['iVBORw0KGgo=', '/9j/'] },
    ])
  })

  it('hold calls with their arguments as objects, and results with the name of their function', async () => {
    const call = (id: string, name: string, text: string) =>
      ({ id, type: 'function', function: { name, arguments: text } }) as const
    const messages: Message[] = [
      ask,
      { role: 'assistant', content: null, tool_calls: [call('a', 'tide', '{"at":"Brest"}'), call('b', 'now', '')] },
      { role: 'tool', tool_call_id: 'b', content: 'noon' },
      { role: 'tool', tool_call_id: 'a', content: [{ type: 'text', text: 'high' }] },
      { role: 'tool', tool_call_id: 'z', content: 'lost' },
    ]
    expect((await bodyOf({ messages })).messages.slice(1)).toEqual([
      {
        role: 'assistant',
        content: '',
        tool_calls: [
          { id: 'a', type: 'function', function: { index: 0, name: 'tide', arguments: { at: 'Brest' } } },
          { id: 'b', type: 'function', function: { index: 1, name: 'now', arguments: {} } },
        ],
      },
      { role: 'tool', content: 'noon', tool_name: 'now', tool_call_id: 'b' },
      { role: 'tool', content: 'high', tool_name: 'tide', tool_call_id: 'a' },
      { role: 'tool', content: 'lost', tool_call_id: 'z' },
    ])
  })
})

describe('settings', () => {
  it('go into `options`, where given ones count more', async () => {
    const body = await bodyOf({
      max_tokens: 100,
      max_completion_tokens: 50,
      temperature: 0,
      top_p: 0.9,
      stop: 'END',
      seed: 7,
      frequency_penalty: 1,
      presence_penalty: 2,
      options: { num_ctx: 8192, temperature: 0.5 },
      keep_alive: '10m',
    })
    expect(body).toEqual({
      model: 'qwen3',
      messages: [ask],
      stream: true,
      keep_alive: '10m',
      options: {
        num_predict: 50,
        temperature: 0.5,
        top_p: 0.9,
        stop: ['END'],
        seed: 7,
        frequency_penalty: 1,
        presence_penalty: 2,
        num_ctx: 8192,
      },
    })
  })

  it('say how much to think', async () => {
    const think = async (request: object) => (await bodyOf(request)).think
    expect(await think({ reasoning_effort: 'high' })).toBe('high')
    expect(await think({ reasoning_effort: 'none' })).toBe(false)
    expect(await think({ thinking: { type: 'enabled' } })).toBe(true)
    expect(await think({ thinking: { type: 'disabled' } })).toBe(false)
    expect(await think({ think: true })).toBe(true)
    expect(await think({})).toBeUndefined()
  })

  it('say what shape the answer must have', async () => {
    const schema = { type: 'object', properties: { high: { type: 'string' } } }
    const format = async (request: object) => (await bodyOf(request)).format
    expect(await format({ response_format: { type: 'json_schema', json_schema: { name: 'tide', schema } } })).toEqual(
      schema,
    )
    expect(await format({ response_format: { type: 'json_object' } })).toBe('json')
    expect(await format({ response_format: { type: 'text' } })).toBeUndefined()
    expect(await format({ format: 'json' })).toBe('json')
  })

  it('ask for log-probabilities', async () => {
    expect(await bodyOf({ logprobs: true, top_logprobs: 3 })).toMatchObject({ logprobs: true, top_logprobs: 3 })
  })

  it('offer tools, unless none may be used', async () => {
    const tools = [{ type: 'function' as const, function: { name: 'tide', parameters: { type: 'object' } } }]
    expect(await bodyOf({ tools, tool_choice: 'auto' })).toMatchObject({ tools })
    expect(await bodyOf({ tools, tool_choice: 'auto' })).not.toHaveProperty('tool_choice')
    expect(await bodyOf({ tools, tool_choice: 'none' })).not.toHaveProperty('tools')
  })

  it('that mean nothing are left out', async () => {
    const request = { n: 1, parallel_tool_calls: true, stream_options: { include_usage: true } }
    expect(await bodyOf(request)).toEqual({ model: 'qwen3', messages: [ask], stream: true, options: {} })
  })
})

describe('what Ollama does not take', () => {
  const user = (part: object) => ({ messages: [{ role: 'user', content: [part] }] })
  const custom = { id: 'c', type: 'custom', custom: { name: 'x', input: 'y' } }
  it.each([
    ['several answers', { n: 2 }, 'take `n`'],
    ['one call at a time', { parallel_tool_calls: false }, 'take `parallel_tool_calls`'],
    ['an end user', { user: 'u' }, 'take `user`'],
    ['biases', { logit_bias: { 1: 1 } }, 'take `logit_bias`'],
    ['a call that must be', { tool_choice: 'required' }, 'be made to call a tool (`tool_choice`)'],
    [
      'a call of one function',
      { tool_choice: { type: 'function', function: { name: 'tide' } } },
      'be made to call a tool (`tool_choice`)',
    ],
    ['a budget', { thinking: { type: 'enabled', budget_tokens: 9 } }, 'count thinking (`thinking.budget_tokens`)'],
    [
      'a picture by URL',
      user({ type: 'image_url', image_url: { url: 'https://a.example/b.png' } }),
      'fetch images: give data URLs',
    ],
    ['a file', user({ type: 'file', file: { file_id: 'f' } }), 'take file there'],
    ['sound', user({ type: 'input_audio', input_audio: { data: 'AA==', format: 'wav' } }), 'take input_audio there'],
    ['earlier spoken answers', { messages: [{ role: 'assistant', audio: { id: 'a' } }] }, 'take `audio`'],
    ['custom calls', { messages: [{ role: 'assistant', tool_calls: [custom] }] }, 'take custom tool calls'],
  ])('%s', async (_, request, what) => {
    expect(await refusal(request)).toBe(`Ollama cannot ${what}.`)
  })
})
