/** What a request becomes on Anthropic's wire, and what it does not take. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { anthropic, streamCompletion } from '../../src/index.ts'
import type { CompletionRequest, Message, ProviderRequest } from '../../src/index.ts'
import { fetchOf } from '../http.ts'

const ask: Message = { role: 'user', content: 'Tides?' }
const asked = { role: 'user', content: [{ type: 'text', text: 'Tides?' }] }

/** The body as it goes out: JSON. Fields that a test is not about may be of any kind. */
// eslint-disable-next-line typescript/no-explicit-any -- tests look into it
async function bodyOf(request: object): Promise<any> {
  const whole = { model: 'claude-sonnet-5', messages: [ask], ...request } as ProviderRequest
  const { body } = await anthropic().request(whole)
  return JSON.parse(JSON.stringify(body))
}

const refusal = async (request: object) => bodyOf(request).catch((error: Error) => error.message)
const turnsOf = async (...messages: object[]) => (await bodyOf({ messages })).messages

const tide = { name: 'tide', description: 'High water', parameters: { type: 'object', properties: {} } }
const tools = [{ type: 'function', function: tide }]
const call = (id: string, input = '{"port":"Oslo"}') => ({
  id,
  type: 'function',
  function: { name: 'tide', arguments: input },
})

describe('the address', () => {
  it('is Anthropic’s own, with the key, and lets browsers in', async () => {
    const { url, headers } = await anthropic({ apiKey: 'k', headers: { 'anthropic-beta': 'skills-1' } }).request({
      model: 'm',
      prompt: 'Hi',
    })
    expect(url).toBe('https://api.anthropic.com/v1/messages')
    expect(headers).toEqual({
      'x-api-key': 'k',
      'anthropic-version': '2023-06-01',
      'anthropic-dangerous-direct-browser-access': 'true',
      'anthropic-beta': 'skills-1',
    })
  })

  it('may be another, and the key may come from a function, or be missing', async () => {
    const request = { model: 'm', prompt: 'Hi' }
    const fresh = await anthropic({ baseURL: 'https://relay.example/v1/', apiKey: async () => 'fresh' }).request(
      request,
    )
    expect(fresh).toMatchObject({ url: 'https://relay.example/v1/messages', headers: { 'x-api-key': 'fresh' } })
    expect((await anthropic().request(request)).headers).toEqual({ 'anthropic-version': '2023-06-01' })
  })
})

describe('the conversation', () => {
  it('may be one prompt', async () => {
    expect(await bodyOf({ messages: undefined, prompt: 'Tides?' })).toEqual({
      model: 'claude-sonnet-5',
      max_tokens: 32_000,
      messages: [asked],
      stream: true,
    })
  })

  it('has its system prompts at the top, from wherever they stood', async () => {
    const body = await bodyOf({
      messages: [
        { role: 'system', content: 'Be brief.' },
        ask,
        { role: 'developer', content: [{ type: 'text', text: 'Be kind.' }] },
        { role: 'user', content: 'Well?' },
      ],
    })
    expect(body.system).toEqual([
      { type: 'text', text: 'Be brief.' },
      { type: 'text', text: 'Be kind.' },
    ])
    expect(body.messages).toEqual([{ role: 'user', content: [asked.content[0], { type: 'text', text: 'Well?' }] }])
  })

  it('takes turns: all results of calls, and what the user adds, are one turn', async () => {
    const turns = await turnsOf(
      ask,
      { role: 'assistant', content: 'Let me look.', tool_calls: [call('toolu_a'), call('toolu_b', '')] },
      { role: 'tool', tool_call_id: 'toolu_a', content: 'six' },
      { role: 'tool', tool_call_id: 'toolu_b', content: '' },
      { role: 'user', content: 'Quick!' },
    )
    expect(turns).toEqual([
      asked,
      {
        role: 'assistant',
        content: [
          { type: 'text', text: 'Let me look.' },
          { type: 'tool_use', id: 'toolu_a', name: 'tide', input: { port: 'Oslo' } },
          { type: 'tool_use', id: 'toolu_b', name: 'tide', input: {} },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'toolu_a', content: [{ type: 'text', text: 'six' }] },
          { type: 'tool_result', tool_use_id: 'toolu_b', content: [] },
          { type: 'text', text: 'Quick!' },
        ],
      },
    ])
  })

  it('has no blank text, which is not taken, and no blanks at the end of an answer’s start', async () => {
    const turns = await turnsOf(
      {
        role: 'user',
        content: [
          { type: 'text', text: '' },
          { type: 'text', text: 'Tides?' },
        ],
      },
      { role: 'assistant', content: '\n\n', tool_calls: [call('toolu_a')] },
      { role: 'assistant', content: '' },
      { role: 'user', content: 'Go on.' },
      { role: 'assistant', content: 'High at \n' },
    )
    expect(turns).toEqual([
      asked,
      { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_a', name: 'tide', input: { port: 'Oslo' } }] },
      { role: 'user', content: [{ type: 'text', text: 'Go on.' }] },
      { role: 'assistant', content: [{ type: 'text', text: 'High at' }] },
    ])
  })

  it('has a refusal as what the assistant said', async () => {
    const refused = { role: 'assistant', content: [{ type: 'text', text: 'No.' }] }
    expect(await turnsOf(ask, { role: 'assistant', content: null, refusal: 'No.' }, ask)).toEqual([
      asked,
      refused,
      asked,
    ])
    const parts = [{ type: 'refusal', refusal: 'No.' }]
    expect(await turnsOf(ask, { role: 'assistant', content: parts }, ask)).toEqual([asked, refused, asked])
  })

  it('has only characters that are taken in the ids of other providers’ calls, on both sides', async () => {
    const turns = await turnsOf(
      ask,
      { role: 'assistant', content: null, tool_calls: [call('functions.tide:0')] },
      { role: 'tool', tool_call_id: 'functions.tide:0', content: 'six' },
    )
    expect(turns[1].content[0].id).toBe('functions_tide_0')
    expect(turns[2].content[0].tool_use_id).toBe('functions_tide_0')
  })
})

describe('pictures and files', () => {
  const blocksOf = async (...content: object[]) => (await turnsOf({ role: 'user', content }))[0].content
  const file = (fields: object) => ({ type: 'file', file: fields })

  it('go by URL or as their data', async () => {
    expect(
      await blocksOf(
        { type: 'image_url', image_url: { url: 'https://p.example/a.png', detail: 'high' } },
        { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
        file({ file_data: 'data:image/webp;base64,BBBB' }),
        file({ filename: 'tides.pdf', file_data: 'data:application/pdf;base64,CCCC' }),
        file({ file_data: 'https://p.example/b.pdf' }),
        file({ file_id: 'file_7' }),
      ),
    ).toEqual([
      { type: 'image', source: { type: 'url', url: 'https://p.example/a.png' } },
      { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } },
      { type: 'image', source: { type: 'base64', media_type: 'image/webp', data: 'BBBB' } },
      {
        type: 'document',
        title: 'tides.pdf',
        source: { type: 'base64', media_type: 'application/pdf', data: 'CCCC' },
      },
      { type: 'document', source: { type: 'url', url: 'https://p.example/b.pdf' } },
      { type: 'document', source: { type: 'file', file_id: 'file_7' } },
    ])
  })

  it('are text where they are text', async () => {
    const source = { type: 'text', media_type: 'text/plain', data: 'Flut 🌊 um sechs' }
    const base64 = Buffer.from(source.data).toString('base64')
    expect(
      await blocksOf(
        file({ file_data: `data:text/markdown;charset=utf-8;base64,${base64}` }),
        file({ file_data: `data:,${encodeURIComponent(source.data)}` }),
      ),
    ).toEqual([
      { type: 'document', source },
      { type: 'document', source },
    ])
  })

  it('may stand in a tool’s result, and a part of the wire’s own goes as it is', async () => {
    const own = { type: 'search_result', source: 'https://s.example/', title: 'S', content: [] }
    const [{ content }] = await blocksOf(own).then(async (blocks) => {
      expect(blocks).toEqual([own])
      return (
        await turnsOf({
          role: 'tool',
          tool_call_id: 'toolu_a',
          content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }],
        })
      )[0].content
    })
    expect(content).toEqual([{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } }])
  })
})

describe('cache marks', () => {
  const cache_control = { type: 'ephemeral' }

  it('may stand on parts, messages, tools and the request', async () => {
    const body = await bodyOf({
      cache_control,
      messages: [
        { role: 'system', content: [{ type: 'text', text: 'Long.', cache_control }] },
        {
          role: 'user',
          content: [{ type: 'file', file: { file_id: 'f' }, citations: { enabled: true }, cache_control }],
        },
        { role: 'assistant', content: 'Yes.', tool_calls: [call('toolu_a')] },
        { role: 'tool', tool_call_id: 'toolu_a', content: 'six', cache_control },
      ],
      tools: [{ ...tools[0], cache_control }],
    })
    const source = { type: 'file', file_id: 'f' }
    expect(body.cache_control).toEqual(cache_control)
    expect(body.system).toEqual([{ type: 'text', text: 'Long.', cache_control }])
    expect(body.messages[0].content).toEqual([
      { type: 'document', source, citations: { enabled: true }, cache_control },
    ])
    expect(body.messages[2].content[0].cache_control).toEqual(cache_control)
    expect(body.tools[0].cache_control).toEqual(cache_control)
  })
})

describe('tools', () => {
  it('have their schema as the wire names it, and the wire’s own go as they are', async () => {
    const own = { type: 'web_search_20250305', name: 'web_search', max_uses: 2 }
    const bare = { type: 'function', function: { name: 'now', strict: null } }
    const strict = { type: 'function', function: { ...tide, strict: true }, eager_input_streaming: true }
    expect((await bodyOf({ tools: [strict, bare, own] })).tools).toEqual([
      {
        name: 'tide',
        description: 'High water',
        input_schema: tide.parameters,
        strict: true,
        eager_input_streaming: true,
      },
      { name: 'now', input_schema: { type: 'object' } },
      own,
    ])
  })

  it.each([
    [{}, undefined],
    [{ tool_choice: 'auto' }, { type: 'auto' }],
    [{ tool_choice: 'required' }, { type: 'any' }],
    [{ tool_choice: 'none' }, { type: 'none' }],
    [{ tool_choice: { type: 'function', function: { name: 'tide' } } }, { type: 'tool', name: 'tide' }],
    [{ tool_choice: { type: 'any' } }, { type: 'any' }],
    [{ parallel_tool_calls: true }, undefined],
    [{ parallel_tool_calls: false }, { type: 'auto', disable_parallel_tool_use: true }],
    [
      { parallel_tool_calls: false, tool_choice: 'required' },
      { type: 'any', disable_parallel_tool_use: true },
    ],
    [{ parallel_tool_calls: false, tool_choice: 'none' }, { type: 'none' }],
    [{ parallel_tool_calls: false, tools: undefined }, undefined],
  ])('are chosen by %j', async (choice, wire) => {
    expect((await bodyOf({ tools, ...choice })).tool_choice).toEqual(wire)
  })
})

describe('options', () => {
  it('have the wire’s names, and its own go through', async () => {
    const body = await bodyOf({
      max_tokens: 5,
      max_completion_tokens: 7,
      temperature: 0,
      top_p: 0.5,
      top_k: 3,
      stop: 'END',
      user: 'u1',
      n: 1,
      seed: null,
      stream: false,
      stream_options: { include_usage: true },
      container: 'container_1',
    })
    expect(body).toEqual({
      model: 'claude-sonnet-5',
      messages: [asked],
      max_tokens: 7,
      temperature: 0,
      top_p: 0.5,
      top_k: 3,
      stop_sequences: ['END'],
      metadata: { user_id: 'u1' },
      container: 'container_1',
      stream: true,
    })
    expect((await bodyOf({ stop: ['a', 'b'] })).stop_sequences).toEqual(['a', 'b'])
  })

  it('have a limit, as the wire wants one, thinking included', async () => {
    const thinking = { type: 'enabled', budget_tokens: 10_000 }
    expect((await bodyOf({ thinking })).max_tokens).toBe(32_000)
    expect((await bodyOf({ max_tokens: 5, max_completion_tokens: null })).max_tokens).toBe(5)
  })

  it('say which form the answer has', async () => {
    const schema = { type: 'object', properties: {}, additionalProperties: false }
    const json = { type: 'json_schema', json_schema: { name: 'tides', schema, strict: true } }
    expect((await bodyOf({ response_format: json, reasoning_effort: 'high' })).output_config).toEqual({
      format: { type: 'json_schema', schema },
      effort: 'high',
    })
    expect((await bodyOf({ response_format: { type: 'text' } })).output_config).toBeUndefined()
  })
})

describe('what the wire does not take', () => {
  it.each([
    [{ n: 2 }, 'Anthropic cannot take `n`.'],
    [{ seed: 1 }, 'Anthropic cannot take `seed`.'],
    [{ logprobs: true }, 'Anthropic cannot take `logprobs`.'],
    [{ logit_bias: { 7: 1 } }, 'Anthropic cannot take `logit_bias`.'],
    [{ presence_penalty: 0.5 }, 'Anthropic cannot take `presence_penalty`.'],
    [{ response_format: { type: 'json_object' } }, 'Anthropic cannot take `json_object`.'],
    [
      { messages: [{ role: 'user', content: [{ type: 'input_audio', input_audio: { data: 'x', format: 'wav' } }] }] },
      'Anthropic cannot take `input_audio`.',
    ],
    [{ messages: [ask, { role: 'assistant', audio: { id: 'a1' } }] }, 'Anthropic cannot take `audio`.'],
    [
      {
        messages: [
          ask,
          { role: 'assistant', tool_calls: [{ id: 'c', type: 'custom', custom: { name: 'sql', input: '1' } }] },
        ],
      },
      'Anthropic cannot take `custom`.',
    ],
    [{ messages: [] }, 'Set `messages` or `prompt`.'],
  ])('is refused before it is sent: %j', async (request, sentence) => {
    expect(await refusal(request)).toBe(sentence)
  })

  it('is a bad request', async () => {
    const request: CompletionRequest = { model: 'm', prompt: 'Hi', seed: 1 }
    const sent = streamCompletion(request, { provider: anthropic() }).finalCompletion()
    await expect(sent).rejects.toMatchObject({ code: 'bad_request', message: 'Anthropic cannot take `seed`.' })
  })
})

describe('an answer that is sent back', () => {
  const answerOf = async (fixture: string) => {
    const bytes = new Uint8Array(
      readFileSync(new URL(`../fixtures/anthropic-messages/${fixture}.sse`, import.meta.url)),
    )
    const stream = streamCompletion({ model: 'm', prompt: 'p' }, { provider: anthropic({ fetch: fetchOf([bytes]) }) })
    return (await stream.finalCompletion()).choices[0]!.message
  }

  it('has its thoughts first, each with what proves it, in their order', async () => {
    const [, { content }] = await turnsOf(ask, await answerOf('thinking'), ask)
    expect(content).toEqual([
      { type: 'thinking', thinking: 'The moon is full.', signature: 'c2lnMQ==' },
      { type: 'redacted_thinking', data: 'ZW5jMQ==' },
      { type: 'redacted_thinking', data: 'ZW5jMg==' },
      { type: 'thinking', thinking: '', signature: 'c2lnMg==' },
      { type: 'text', text: 'High.' },
    ])
  })

  it('goes back block by block where the provider’s own tools took part, unless it was touched', async () => {
    const answer = await answerOf('thoughts-between-tools')
    const result = { role: 'tool', tool_call_id: 'toolu_1', content: 'Calm.' }
    const types = async (message: object, ...rest: object[]) =>
      (await turnsOf(ask, message, ...rest))[1].content.map((block: { type: string }) => block.type)
    expect(await types(answer, result)).toEqual([
      'thinking',
      'server_tool_use',
      'web_search_tool_result',
      'thinking',
      'text',
      'tool_use',
    ])
    // A call that nobody answered is left out, as the conversation leaves it out.
    const { tool_calls: _, ...unanswered } = answer
    expect(await types(unanswered, ask)).not.toContain('tool_use')
    expect(await types({ ...answer, content: 'Low at six.' }, result)).toEqual([
      'thinking',
      'thinking',
      'text',
      'tool_use',
    ])
  })

  it('leaves out thoughts of other providers, and those that nothing proves', async () => {
    const reasoning_details = [
      { type: 'reasoning.encrypted', format: 'openai-responses-v1', index: 0, data: 'x' },
      { type: 'reasoning.text', format: 'anthropic-claude-v1', index: 0, text: 'cut' },
    ]
    const message = { role: 'assistant', content: 'High.', reasoning_content: 'cut', reasoning_details }
    expect((await turnsOf(ask, message, ask))[1].content).toEqual([{ type: 'text', text: 'High.' }])
  })

  it('has what the conversation was compacted to', async () => {
    const [, { content }] = await turnsOf(ask, await answerOf('compaction'), ask)
    expect(content).toEqual([
      { type: 'compaction', content: 'They spoke of tides.' },
      { type: 'text', text: 'Go on.' },
    ])
  })

  it('has its calls', async () => {
    const message = await answerOf('interleaved-tools')
    const [, { content }] = await turnsOf(ask, message, ask)
    expect(content.map(({ id, input }: { id?: string; input?: object }) => [id, input])).toEqual([
      [undefined, undefined],
      ['toolu_a', { port: 'Oslo' }],
      ['toolu_b', { port: 'Bergen' }],
      ['toolu_c', {}],
      ['toolu_d', { level: 1 }],
    ])
  })
})
