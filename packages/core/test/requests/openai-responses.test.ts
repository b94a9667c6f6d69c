/** What a request becomes on the Responses wire, and what it cannot become. */
import { describe, expect, it } from 'vitest'
import { openaiResponses, streamCompletion } from '../../src/index.ts'
import type { Message, OpenAIResponsesOptions, ProviderRequest } from '../../src/index.ts'
import { fetchOf } from '../http.ts'

const send = (request: Partial<ProviderRequest>, options: OpenAIResponsesOptions = {}) =>
  // eslint-disable-next-line typescript/no-explicit-any -- tests look into it
  openaiResponses(options).request({ model: 'gpt-5-mini', prompt: 'Hi', ...request }) as Promise<any>
const bodyOf = async (request: Partial<ProviderRequest>) => {
  const { body } = await send(request)
  return JSON.parse(JSON.stringify(body))
}
const inputOf = async (messages: unknown[]) => (await bodyOf({ messages: messages as Message[] })).input

describe('where it goes', () => {
  it('is OpenAI unless another address is given, with the key and further headers', async () => {
    expect(await send({}, { apiKey: async () => 'key', headers: { 'x-team': 'a' } })).toMatchObject({
      url: 'https://api.openai.com/v1/responses',
      headers: { authorization: 'Bearer key', 'x-team': 'a' },
    })
    const azure = { baseURL: 'https://r.openai.azure.com/openai/v1/?api-version=preview', headers: { 'api-key': 'k' } }
    expect(await send({}, azure)).toMatchObject({
      url: 'https://r.openai.azure.com/openai/v1/responses?api-version=preview',
      headers: { 'api-key': 'k' },
    })
  })
})

describe('what it asks', () => {
  it('stores nothing and has the reasoning sent along, encrypted', async () => {
    expect(await bodyOf({})).toEqual({
      model: 'gpt-5-mini',
      input: [{ role: 'user', content: 'Hi' }],
      include: ['reasoning.encrypted_content'],
      store: false,
      stream: true,
    })
  })

  it.each(['gpt-4o', 'gpt-4.1-mini', 'gpt-3.5-turbo', 'openai/gpt-4o', 'gpt-5-chat-latest', 'chatgpt-4o-latest'])(
    'does not ask %s for reasoning, which would refuse the request',
    async (model) => {
      expect(await bodyOf({ model })).not.toHaveProperty('include')
    },
  )

  it('stores what the request says', async () => {
    expect(await bodyOf({ store: true, previous_response_id: 'resp_1' })).toMatchObject({
      include: ['reasoning.encrypted_content'],
      previous_response_id: 'resp_1',
      store: true,
    })
  })

  it('takes the include of the request in the place of its own', async () => {
    expect(await bodyOf({ include: ['file_search_call.results'] })).toMatchObject({
      include: ['file_search_call.results'],
    })
  })

  it('says what this API has another name or place for', async () => {
    const body = await bodyOf({
      max_tokens: 10,
      max_completion_tokens: 20,
      reasoning_effort: 'low',
      reasoning: { summary: 'auto' },
      text: { verbosity: 'low' },
      response_format: { type: 'json_schema', json_schema: { name: 'a', schema: { type: 'object' }, strict: true } },
      stream_options: { include_usage: true },
      n: 1,
    })
    expect(body).toEqual({
      model: 'gpt-5-mini',
      input: [{ role: 'user', content: 'Hi' }],
      max_output_tokens: 20,
      reasoning: { effort: 'low', summary: 'auto' },
      text: { format: { type: 'json_schema', name: 'a', schema: { type: 'object' }, strict: true }, verbosity: 'low' },
      include: ['reasoning.encrypted_content'],
      store: false,
      stream: true,
    })
    expect(await bodyOf({ max_tokens: 10, response_format: { type: 'json_object' } })).toMatchObject({
      max_output_tokens: 10,
      text: { format: { type: 'json_object' } },
    })
    expect(await bodyOf({ reasoning: { effort: 'high' }, text: { verbosity: 'high' } })).toMatchObject({
      reasoning: { effort: 'high' },
      text: { verbosity: 'high' },
    })
  })

  it('lets through what it does not know', async () => {
    const own = {
      instructions: 'Be kind.',
      temperature: 0.5,
      top_p: 0.9,
      parallel_tool_calls: false,
      user: 'u',
      metadata: { a: 'b' },
      service_tier: 'flex',
      truncation: 'auto',
      max_output_tokens: 5,
    }
    expect(await bodyOf(own)).toMatchObject(own)
  })

  it('writes functions as this API does, as strict as they were meant', async () => {
    const parameters = { type: 'object', properties: { city: { type: 'string' } } }
    const body = await bodyOf({
      tools: [
        { type: 'function', function: { name: 'weather', description: 'The weather', parameters } },
        { type: 'function', function: { name: 'now', strict: true } },
        { type: 'function', function: { name: 'later', strict: null } },
        { type: 'custom', custom: { name: 'run_sql', description: 'SQL' } },
        { type: 'custom', name: 'run_js' },
        { type: 'web_search', search_context_size: 'low' },
      ],
      tool_choice: { type: 'function', function: { name: 'weather' } },
    })
    const none = { type: 'object', properties: {} }
    expect(body.tools).toEqual([
      { type: 'function', name: 'weather', description: 'The weather', parameters, strict: false },
      { type: 'function', name: 'now', parameters: none, strict: true },
      { type: 'function', name: 'later', parameters: none, strict: false },
      { type: 'custom', name: 'run_sql', description: 'SQL' },
      { type: 'custom', name: 'run_js' },
      { type: 'web_search', search_context_size: 'low' },
    ])
    expect(body.tool_choice).toEqual({ type: 'function', name: 'weather' })
    expect(await bodyOf({ tool_choice: 'required' })).toMatchObject({ tool_choice: 'required' })
    expect(await bodyOf({ tool_choice: { type: 'web_search' } as never })).toMatchObject({
      tool_choice: { type: 'web_search' },
    })
  })

  it.each([
    [{ stop: 'x' }, 'take `stop`'],
    [{ seed: 1 }, 'take `seed`'],
    [{ frequency_penalty: 1 }, 'take `frequency_penalty`'],
    [{ presence_penalty: 1 }, 'take `presence_penalty`'],
    [{ logit_bias: { 1: 1 } }, 'take `logit_bias`'],
    [{ thinking: { type: 'enabled' as const, budget_tokens: 9 } }, 'take `thinking`'],
    [{ logprobs: true }, 'take `logprobs`'],
    [{ n: 2 }, 'take `n`'],
    [{ messages: [{ role: 'assistant' as const, audio: { id: 'audio_1' } }] }, 'take `audio`'],
  ])('refuses %j', async (request, what) => {
    await expect(send(request)).rejects.toThrow(`The Responses API cannot ${what}.`)
  })

  it('refuses to say nothing', async () => {
    await expect(send({ prompt: undefined })).rejects.toThrow('Set `messages` or `prompt`.')
  })
})

describe('the conversation', () => {
  it('keeps the roles, and has a place for each kind of part', async () => {
    const input = await inputOf([
      { role: 'system', content: 'Be brief.' },
      { role: 'developer', content: [{ type: 'text', text: 'Really.' }] },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Look:' },
          { type: 'image_url', image_url: { url: 'https://a.example/a.png', detail: 'low' } },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,AA==' } },
          { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,AA==' } },
          { type: 'file', file: { filename: 'a.pdf', file_data: 'https://a.example/a.pdf' } },
          { type: 'file', file: { file_id: 'file-1' } },
          { type: 'input_image', file_id: 'file-2' },
          // The server says itself whether it takes it.
          { type: 'input_audio', input_audio: { data: 'AA==', format: 'wav' } },
        ],
      },
    ])
    expect(input).toEqual([
      { role: 'system', content: 'Be brief.' },
      { role: 'developer', content: [{ type: 'input_text', text: 'Really.' }] },
      {
        role: 'user',
        content: [
          { type: 'input_text', text: 'Look:' },
          { type: 'input_image', image_url: 'https://a.example/a.png', detail: 'low' },
          { type: 'input_image', image_url: 'data:image/png;base64,AA==' },
          { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,AA==' },
          { type: 'input_file', file_url: 'https://a.example/a.pdf' },
          { type: 'input_file', file_id: 'file-1' },
          { type: 'input_image', file_id: 'file-2' },
          { type: 'input_audio', input_audio: { data: 'AA==', format: 'wav' } },
        ],
      },
    ])
  })

  it('has calls and results as items of their own', async () => {
    const input = await inputOf([
      { role: 'user', content: 'Go' },
      {
        role: 'assistant',
        content: 'Looking.',
        tool_calls: [
          { id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Oslo"}' } },
          { id: 'call_2', type: 'custom', custom: { name: 'run_sql', input: 'SELECT 1' } },
        ],
      },
      { role: 'tool', tool_call_id: 'call_1', content: 'sunny' },
      {
        role: 'tool',
        tool_call_id: 'call_2',
        content: [
          { type: 'text', text: '1' },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,AA==' } },
        ],
      },
    ])
    expect(input.slice(1)).toEqual([
      { role: 'assistant', content: 'Looking.' },
      { type: 'function_call', call_id: 'call_1', name: 'weather', arguments: '{"city":"Oslo"}' },
      { type: 'custom_tool_call', call_id: 'call_2', name: 'run_sql', input: 'SELECT 1' },
      { type: 'function_call_output', call_id: 'call_1', output: 'sunny' },
      {
        type: 'custom_tool_call_output',
        call_id: 'call_2',
        output: [
          { type: 'input_text', text: '1' },
          { type: 'input_image', image_url: 'data:image/png;base64,AA==' },
        ],
      },
    ])
  })

  it('has answers as text, also in parts, and refusals, but nothing empty', async () => {
    const input = await inputOf([
      {
        role: 'assistant',
        content: [
          { type: 'text', text: 'A' },
          { type: 'refusal', refusal: 'B' },
        ],
      },
      { role: 'assistant', content: null, refusal: 'No.' },
      { role: 'assistant', content: '' },
    ])
    expect(input).toEqual([
      {
        role: 'assistant',
        content: [
          { type: 'output_text', text: 'A' },
          { type: 'refusal', refusal: 'B' },
        ],
      },
      { role: 'assistant', content: 'No.' },
    ])
  })
})

describe('reasoning on its way back', () => {
  const format = 'openai-responses-v1'
  const summary = [
    { type: 'summary_text', text: 'One.' },
    { type: 'summary_text', text: 'Two.' },
  ]
  const content = [{ type: 'reasoning_text', text: 'Raw.' }]
  const details = [
    { type: 'reasoning.encrypted', format, index: 0, id: 'rs_1', data: 'eA==', summary },
    { type: 'reasoning.encrypted', format, index: 1, id: 'rs_2', data: 'eQ==' },
    { type: 'reasoning.encrypted', format, index: 2, id: 'rs_3', summary: [], content },
    { type: 'reasoning.encrypted', format, index: 3, id: 'rs_4', summary },
    { type: 'reasoning.summary', format, index: 4, id: 'rs_5', summary: 'Only a summary.' },
    { type: 'reasoning.text', format: 'anthropic-claude-v1', index: 5, text: 'Other.', signature: 'c2ln' },
    { type: 'reasoning.encrypted', data: 'bm9ib2R5' },
  ]
  const call = { id: 'call_1', type: 'function', function: { name: 'f', arguments: '{}' } }
  const message = {
    role: 'assistant',
    content: 'So:',
    reasoning_content: 'x',
    reasoning_details: details,
    tool_calls: [call],
  }

  it('stands as items before what it led to, without what this API cannot read', async () => {
    expect(await inputOf([message])).toEqual([
      { type: 'reasoning', id: 'rs_1', summary, encrypted_content: 'eA==' },
      { type: 'reasoning', id: 'rs_2', summary: [], encrypted_content: 'eQ==' },
      { type: 'reasoning', id: 'rs_3', summary: [], content },
      { role: 'assistant', content: 'So:' },
      { type: 'function_call', call_id: 'call_1', name: 'f', arguments: '{}' },
    ])
  })

  it('comes back as it came, with the phase of the message', async () => {
    const reasoning = {
      id: 'rs_1',
      type: 'reasoning',
      summary,
      encrypted_content: 'eA==',
    }
    const events = [
      { type: 'response.output_item.added', output_index: 0, item: { id: 'rs_1', type: 'reasoning', summary: [] } },
      { type: 'response.reasoning_summary_text.delta', output_index: 0, summary_index: 0, delta: 'One' },
      { type: 'response.reasoning_summary_text.delta', output_index: 0, summary_index: 0, delta: '.' },
      { type: 'response.reasoning_summary_text.delta', output_index: 0, summary_index: 1, delta: 'Two.' },
      { type: 'response.output_item.done', output_index: 0, item: reasoning },
      {
        type: 'response.output_item.done',
        output_index: 1,
        item: { type: 'message', phase: 'commentary', content: [{ type: 'output_text', text: 'Looking.' }] },
      },
      {
        type: 'response.output_item.done',
        output_index: 2,
        item: { type: 'function_call', call_id: 'call_1', name: 'f', arguments: '{}' },
      },
      { type: 'response.completed', response: { status: 'completed', output: [] } },
    ]
    const bytes = new TextEncoder().encode(events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join(''))
    const provider = openaiResponses({ fetch: fetchOf([bytes]) })
    const { choices } = await streamCompletion({ model: 'm', prompt: 'p' }, { provider }).finalCompletion()
    expect(await inputOf([choices[0]!.message])).toEqual([
      reasoning,
      { role: 'assistant', content: 'Looking.', phase: 'commentary' },
      { type: 'function_call', call_id: 'call_1', name: 'f', arguments: '{}' },
    ])
  })
})

describe('an answer that is no event stream', () => {
  it('is read', async () => {
    const content = [{ type: 'output_text', text: 'All at once.', annotations: [] }]
    const output = [{ id: 'msg_1', type: 'message', role: 'assistant', content }]
    const response = { id: 'resp_1', object: 'response', status: 'completed', output, error: null }
    const provider = openaiResponses({ fetch: async () => Response.json(response) })
    const reading = streamCompletion({ model: 'm', prompt: 'p' }, { provider }).finalCompletion()
    await expect(reading).resolves.toMatchObject({ text: 'All at once.', finishReason: 'stop' })
  })
})
