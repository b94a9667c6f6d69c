/** What a request becomes on Cohere's wire, and what it does not take. */
import { describe, expect, it } from 'vitest'
import { cohere, streamCompletion } from '../../src/index.ts'
import type { Message, ProviderRequest } from '../../src/index.ts'
import { event, fetchOf } from '../http.ts'

const ask: Message = { role: 'user', content: 'Tides?' }

/** The body as it goes out: JSON. */
// eslint-disable-next-line typescript/no-explicit-any -- tests look into it
async function bodyOf(request: Partial<ProviderRequest>): Promise<any> {
  const { body } = await cohere().request({ model: 'command-a', messages: [ask], ...request })
  return JSON.parse(JSON.stringify(body))
}

const refusal = async (request: object) => bodyOf(request).catch((error: Error) => error.message)

const tide = { name: 'tide', description: 'High water', parameters: { type: 'object', properties: {} } }
const tools = [{ type: 'function' as const, function: tide }]

describe('the address', () => {
  it('is Cohere’s own, with the key as a bearer token', async () => {
    const { url, headers } = await cohere({ apiKey: 'k', headers: { 'x-client-name': 'tests' } }).request({
      model: 'm',
      prompt: 'Hi',
    })
    expect(url).toBe('https://api.cohere.com/v2/chat')
    expect(headers).toEqual({ authorization: 'Bearer k', 'x-client-name': 'tests' })
  })

  it('may be another, and the key may come from a function, or be missing', async () => {
    const request = { model: 'm', prompt: 'Hi' }
    const fresh = await cohere({ baseURL: 'https://relay.example/v2/', apiKey: async () => 'fresh' }).request(request)
    expect(fresh).toMatchObject({ url: 'https://relay.example/v2/chat', headers: { authorization: 'Bearer fresh' } })
    expect((await cohere().request(request)).headers).toEqual({})
  })
})

describe('messages', () => {
  it('keep their roles, and a prompt is one of the user', async () => {
    const messages: Message[] = [
      { role: 'system', content: 'Be brief.' },
      { role: 'developer', content: 'Be kind.' },
      ask,
      { role: 'assistant', content: 'At noon.' },
    ]
    expect(await bodyOf({ messages })).toEqual({
      model: 'command-a',
      stream: true,
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'system', content: 'Be kind.' },
        ask,
        { role: 'assistant', content: [{ type: 'text', text: 'At noon.' }] },
      ],
    })
    expect(await bodyOf({ messages: undefined, prompt: 'Tides?' })).toMatchObject({ messages: [ask] })
  })

  it('hold pictures as OpenAI’s do, by any URL, and documents', async () => {
    const content = [
      { type: 'text', text: 'Look' },
      { type: 'image_url', image_url: { url: 'https://a.example/b.png', detail: 'low' } },
      { type: 'document', document: { data: 'low water' } },
    ]
    const { messages } = await bodyOf({ messages: [{ role: 'user', content } as Message] })
    expect(messages).toEqual([{ role: 'user', content }])
  })

  it('hold calls and their results', async () => {
    const call = { id: 'tide_1', type: 'function' as const, function: { name: 'tide', arguments: '{"at":"Brest"}' } }
    const messages: Message[] = [
      ask,
      { role: 'assistant', content: null, tool_calls: [{ ...call, extra_content: { google: {} } }] },
      { role: 'tool', tool_call_id: 'tide_1', content: '{"high":"12:00"}' },
    ]
    expect((await bodyOf({ messages })).messages.slice(1)).toEqual([
      { role: 'assistant', tool_calls: [call] },
      { role: 'tool', tool_call_id: 'tide_1', content: '{"high":"12:00"}' },
    ])
  })

  it('hold the refusal of another provider as text', async () => {
    const messages: Message[] = [ask, { role: 'assistant', content: null, refusal: 'I may not.' }, ask]
    expect((await bodyOf({ messages })).messages[1].content).toEqual([{ type: 'text', text: 'I may not.' }])
  })

  it('give back the thinking and the plan that came with an answer, and nobody else’s', async () => {
    const events = [
      { type: 'message-start', id: 'a', delta: { message: { role: 'assistant', content: [] } } },
      { type: 'content-start', index: 0, delta: { message: { content: { type: 'thinking', thinking: '' } } } },
      { type: 'content-delta', index: 0, delta: { message: { content: { thinking: 'The table ' } } } },
      { type: 'content-delta', index: 0, delta: { message: { content: { thinking: 'knows.' } } } },
      { type: 'tool-plan-delta', delta: { message: { tool_plan: 'I will ' } } },
      { type: 'tool-plan-delta', delta: { message: { tool_plan: 'look.' } } },
      {
        type: 'tool-call-start',
        index: 0,
        delta: { message: { tool_calls: { id: 't', type: 'function', function: { name: 'tide', arguments: '{}' } } } },
      },
      { type: 'message-end', delta: { finish_reason: 'TOOL_CALL' } },
    ]
    const provider = cohere({ fetch: fetchOf(events.map(event)) })
    const answer = await streamCompletion({ model: 'm', prompt: 'Tides?' }, { provider }).finalCompletion()
    const [choice] = answer.choices
    expect((await bodyOf({ messages: [ask, choice!.message] })).messages[1]).toEqual({
      role: 'assistant',
      content: [{ type: 'thinking', thinking: 'The table knows.' }],
      tool_plan: 'I will look.',
      tool_calls: [{ id: 't', type: 'function', function: { name: 'tide', arguments: '{}' } }],
    })
    const foreign: Message = {
      role: 'assistant',
      content: 'Hi',
      reasoning_content: 'Hm.',
      reasoning_details: [{ type: 'reasoning.text', format: 'anthropic-claude-v1', text: 'Hm.', signature: 's' }],
    }
    expect((await bodyOf({ messages: [ask, foreign, ask] })).messages[1]).toEqual({
      role: 'assistant',
      content: [{ type: 'text', text: 'Hi' }],
    })
  })
})

describe('tools', () => {
  it('go out as they are, with parameters, and strict ones switch all of them', async () => {
    const strict = { type: 'function' as const, function: { name: 'now', strict: true } }
    expect(await bodyOf({ tools: [...tools, strict, { type: 'own', x: 1 }] })).toMatchObject({
      strict_tools: true,
      tools: [
        ...tools,
        { type: 'function', function: { name: 'now', parameters: { type: 'object', properties: {} } } },
        { type: 'own', x: 1 },
      ],
    })
    expect(await bodyOf({ tools })).not.toHaveProperty('strict_tools')
  })

  it('may be left to the model, be required, be forbidden, or be one', async () => {
    expect(await bodyOf({ tools, tool_choice: 'auto' })).not.toHaveProperty('tool_choice')
    expect(await bodyOf({ tools, tool_choice: 'required' })).toMatchObject({ tool_choice: 'REQUIRED' })
    expect(await bodyOf({ tools, tool_choice: 'none' })).toMatchObject({ tool_choice: 'NONE', tools })
    const two = [...tools, { type: 'function' as const, function: { ...tide, name: 'ebb' } }]
    const named = await bodyOf({ tools: two, tool_choice: { type: 'function', function: { name: 'ebb' } } })
    expect(named).toMatchObject({ tool_choice: 'REQUIRED', tools: [{ function: { name: 'ebb' } }] })
    expect(named.tools).toHaveLength(1)
  })
})

describe('settings', () => {
  it('have Cohere’s names', async () => {
    const { messages, model, stream, ...body } = await bodyOf({
      max_completion_tokens: 9,
      temperature: 0,
      top_p: 0.5,
      stop: 'END',
      seed: 3,
      frequency_penalty: 0.1,
      presence_penalty: 0.2,
      k: 40,
      safety_mode: 'STRICT',
      documents: ['low water'],
    })
    expect(body).toEqual({
      max_tokens: 9,
      temperature: 0,
      p: 0.5,
      stop_sequences: ['END'],
      seed: 3,
      frequency_penalty: 0.1,
      presence_penalty: 0.2,
      k: 40,
      safety_mode: 'STRICT',
      documents: ['low water'],
    })
    expect(await bodyOf({ max_tokens: 5, max_completion_tokens: null, stop: ['a', 'b'] })).toMatchObject({
      max_tokens: 5,
      stop_sequences: ['a', 'b'],
    })
  })

  it('say how much to think', async () => {
    const thinking = async (request: object) => (await bodyOf(request)).thinking
    expect(await thinking({ thinking: { type: 'enabled', budget_tokens: 500 } })).toEqual({
      type: 'enabled',
      token_budget: 500,
    })
    expect(await thinking({ thinking: { type: 'enabled', token_budget: 7 } })).toEqual({
      type: 'enabled',
      token_budget: 7,
    })
    expect(await thinking({ thinking: { type: 'disabled' } })).toEqual({ type: 'disabled' })
    expect(await thinking({ reasoning_effort: 'none' })).toEqual({ type: 'disabled' })
    expect(await thinking({ reasoning_effort: 'low' })).toEqual({ type: 'enabled', token_budget: 3277 })
    expect(await thinking({})).toBeUndefined()
  })

  it('say what shape the answer must have', async () => {
    const schema = { type: 'object', properties: { high: { type: 'string' } } }
    const format = async (request: object) => (await bodyOf(request)).response_format
    expect(await format({ response_format: { type: 'json_object' } })).toEqual({ type: 'json_object' })
    const named = { type: 'json_schema', json_schema: { name: 'tide', schema } }
    expect(await format({ response_format: named })).toEqual({ type: 'json_object', json_schema: schema })
    const own = { type: 'json_object', json_schema: schema }
    expect(await format({ response_format: own })).toEqual(own)
  })

  it('that are null or mean nothing are left out', async () => {
    const none = { n: 1, user: null, temperature: null, stop: null, seed: null, logprobs: false, tool_choice: null }
    const request = { ...none, parallel_tool_calls: true, stream_options: { include_usage: true } }
    expect(await bodyOf(request as object)).toEqual({
      model: 'command-a',
      messages: [ask],
      stream: true,
      logprobs: false,
    })
  })
})

describe('what Cohere does not take', () => {
  const file = { type: 'file', file: { file_id: 'f' } }
  const audio = { type: 'input_audio', input_audio: { data: 'AA==', format: 'wav' } }
  const picture = { type: 'image_url', image_url: { url: 'https://a.example/b.png' } }
  const custom = { id: 'c', type: 'custom', custom: { name: 'x', input: 'y' } }
  it.each([
    ['several answers', { n: 2 }, '`n`'],
    ['one call at a time', { parallel_tool_calls: false }, '`parallel_tool_calls`'],
    ['an end user', { user: 'u' }, '`user`'],
    ['log-probabilities', { logprobs: true }, '`logprobs`'],
    ['biases', { logit_bias: { 1: 1 } }, '`logit_bias`'],
    ['spoken answers', { modalities: ['audio'] }, '`modalities`'],
    ['files', { messages: [{ role: 'user', content: [file] }] }, 'file parts in user messages'],
    ['sound', { messages: [{ role: 'user', content: [audio] }] }, 'input_audio parts in user messages'],
    [
      'pictures as results',
      { messages: [ask, { role: 'tool', tool_call_id: 'c', content: [picture] }] },
      'image_url parts in tool messages',
    ],
    ['earlier spoken answers', { messages: [ask, { role: 'assistant', audio: { id: 'a' } }] }, '`audio`'],
    ['custom calls', { messages: [ask, { role: 'assistant', tool_calls: [custom] }] }, 'custom tool calls'],
  ])('%s', async (_, request, what) => {
    expect(await refusal(request)).toBe(`Cohere cannot take ${what}.`)
  })

  it('and a request without messages', async () => {
    expect(await refusal({ messages: undefined })).toBe('Set `messages` or `prompt`.')
  })
})
