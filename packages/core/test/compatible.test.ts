/** Servers that are known by name: where a request goes, and what is written otherwise for each of them. */
import { describe, expect, it } from 'vitest'
import { compatible } from '../src/index.ts'
import type { CompatibleName, CompatibleOptions, Message, ProviderRequest } from '../src/index.ts'

/** What goes out, the body as JSON. */
async function sent(name: CompatibleName, request: Partial<ProviderRequest> = {}, options: CompatibleOptions = {}) {
  const wire = await compatible(name, { apiKey: 'key', ...options }).request({ model: 'm', prompt: 'Hi', ...request })
  // eslint-disable-next-line typescript/no-explicit-any -- tests look into it
  return { ...wire, body: JSON.parse(JSON.stringify(wire.body)) as any }
}

const question: Message = { role: 'user', content: 'Weather?' }
const call = { id: 'call_Ab12-xyz34567', type: 'function', function: { name: 'weather', arguments: '{}' } } as const
const signature = { google: { thought_signature: 'c2ln' } }
const details = [{ type: 'reasoning.text', format: 'anthropic-claude-v1', text: 'A tool tells.', signature: 'c2ln' }]
const answer: Message = {
  role: 'assistant',
  content: 'Let me see.',
  reasoning_content: 'A tool tells.',
  reasoning_details: details,
  extra_content: signature,
  tool_calls: [{ ...call, extra_content: signature }],
}
const result: Message = { role: 'tool', tool_call_id: call.id, content: 'Sun.' }
const messages: Message[] = [{ role: 'developer', content: 'Be brief.' }, question, answer, result]

it('gives LiteLLM back what Claude signed, in its own words', async () => {
  const secret = { type: 'reasoning.encrypted', data: 'blob' }
  const thought = { ...answer, reasoning_details: [...details, secret] }
  const { body } = await sent('litellm', { messages: [question, thought, result] })
  expect(body.messages[1]).toMatchObject({
    reasoning_content: 'A tool tells.',
    thinking_blocks: [
      { type: 'thinking', thinking: 'A tool tells.', signature: 'c2ln' },
      { type: 'redacted_thinking', data: 'blob' },
    ],
  })
})

describe('the address', () => {
  it.each<[CompatibleName, string]>([
    ['groq', 'https://api.groq.com/openai/v1/chat/completions'],
    ['deepseek', 'https://api.deepseek.com/chat/completions'],
    ['google', 'https://generativelanguage.googleapis.com/v1beta/openai/chat/completions'],
    ['ollama', 'http://localhost:11434/v1/chat/completions'],
  ])('of %s is known', async (name, url) => {
    expect(await sent(name)).toMatchObject({ url, headers: { authorization: 'Bearer key' } })
  })

  it('is the caller’s where one is given', async () => {
    const { url } = await sent('vllm', {}, { baseURL: 'https://gpu.example/v1' })
    expect(url).toBe('https://gpu.example/v1/chat/completions')
    // An address that turned out to be undefined must not send the key elsewhere.
    expect((await sent('groq', {}, { baseURL: undefined })).url).toContain('api.groq.com')
  })

  it('of an Azure resource has its name, and the key its own header', async () => {
    const { url, headers } = await sent('azure', {}, { resource: 'mine', headers: { 'x-team': 'a' } })
    expect(url).toBe('https://mine.openai.azure.com/openai/v1/chat/completions')
    expect(headers).toEqual({ 'api-key': 'key', 'x-team': 'a' })

    const deployment = 'https://mine.openai.azure.com/openai/deployments/gpt?api-version=2024-10-21'
    expect((await sent('azure', {}, { baseURL: deployment })).url).toBe(
      'https://mine.openai.azure.com/openai/deployments/gpt/chat/completions?api-version=2024-10-21',
    )
    const bearer = { resource: 'mine', apiKey: undefined, headers: { authorization: 'Bearer entra' } }
    expect((await sent('azure', {}, bearer)).headers).toEqual({ authorization: 'Bearer entra' })
  })

  it('is asked for where it cannot be known', () => {
    expect(() => compatible('azure')).toThrow("compatible('azure') needs a `resource` or a `baseURL`.")
    expect(() => compatible('acme' as CompatibleName)).toThrow(
      'compatible() knows no "acme": use openai() with a `baseURL`.',
    )
  })
})

describe('reasoning on its way back', () => {
  const plain = { role: 'assistant', content: 'Let me see.', tool_calls: [call] }
  it.each<[CompatibleName, object]>([
    ['deepseek', { ...plain, reasoning_content: 'A tool tells.' }],
    ['groq', { ...plain, reasoning: 'A tool tells.' }],
    ['cerebras', { ...plain, reasoning: 'A tool tells.' }],
    ['perplexity', plain],
    ['google', { ...plain, extra_content: signature, tool_calls: [{ ...call, extra_content: signature }] }],
    ['openrouter', answer],
    ['litellm', { ...answer, thinking_blocks: [{ type: 'thinking', thinking: 'A tool tells.', signature: 'c2ln' }] }],
  ])('is what %s takes', async (name, expected) => {
    const { body } = await sent(name, { messages })
    expect(body.messages[2]).toEqual(expected)
  })

  it('is made up where the server insists on some', async () => {
    const silent: Message = { role: 'assistant', content: null, tool_calls: [call] }
    const history = [question, silent, result]
    expect((await sent('deepseek', { messages: history })).body.messages[1].reasoning_content).toBe('')
    expect((await sent('moonshot', { messages: history })).body.messages[1].reasoning_content).toBe(' ')
    expect((await sent('zai', { messages: history })).body.messages[1]).toEqual(silent)
  })

  it('leaves the caller’s conversation alone', async () => {
    const before = structuredClone(messages)
    await sent('mistral', { messages: [...messages, answer] })
    expect(messages).toEqual(before)
  })
})

describe('messages', () => {
  it('call the developer system, except where nothing is touched', async () => {
    expect((await sent('xai', { messages })).body.messages[0].role).toBe('system')
    expect((await sent('vercel', { messages })).body.messages[0].role).toBe('developer')
  })

  it('say a refusal as text', async () => {
    const refused: Message = { role: 'assistant', content: null, refusal: 'I would rather not.' }
    const { body } = await sent('groq', { messages: [question, refused, question] })
    expect(body.messages[1]).toEqual({ role: 'assistant', content: 'I would rather not.' })
  })
})

describe('the limit of tokens', () => {
  it.each<[CompatibleName, string]>([
    ['deepseek', 'max_tokens'],
    ['ollama', 'max_tokens'],
    ['groq', 'max_completion_tokens'],
    ['azure', 'max_completion_tokens'],
  ])('for %s is called %s', async (name, field) => {
    const { body } = await sent(name, { max_completion_tokens: 9 }, { resource: 'r' })
    expect([body.max_tokens, body.max_completion_tokens]).toEqual(
      field === 'max_tokens' ? [9, undefined] : [undefined, 9],
    )
  })
})

describe('Mistral', () => {
  it('gets its own names and words', async () => {
    const weather = { name: 'weather', parameters: { type: 'object', properties: {} } }
    const tools = [{ type: 'function' as const, function: { name: 'weather' } }, { type: 'web_search' }]
    const { body } = await sent('mistral', {
      messages,
      tools,
      tool_choice: 'required',
      seed: 1,
      max_completion_tokens: 9,
      stream_options: { include_usage: true },
    })
    expect(body).toEqual({
      model: 'm',
      messages: [
        { role: 'system', content: 'Be brief.' },
        question,
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: [{ type: 'text', text: 'A tool tells.' }], closed: true },
            { type: 'text', text: 'Let me see.' },
          ],
          tool_calls: [{ ...call, id: 'xyz34567'.padStart(9, '2') }],
        },
        { role: 'tool', tool_call_id: '2xyz34567', content: 'Sun.' },
      ],
      tools: [{ type: 'function', function: weather }, { type: 'web_search' }],
      tool_choice: 'any',
      random_seed: 1,
      max_tokens: 9,
      stream: true,
    })
  })

  it('keeps its own ids of tool calls, and makes the shortest long enough', async () => {
    const ids = async (id: string) => {
      const history: Message[] = [
        question,
        { role: 'assistant', tool_calls: [{ ...call, id }] },
        { ...result, tool_call_id: id } as Message,
      ]
      const { messages: out } = (await sent('mistral', { messages: history })).body
      return [out[1].tool_calls[0].id, out[2].tool_call_id]
    }
    expect(await ids('Ab3dE6gH9')).toEqual(['Ab3dE6gH9', 'Ab3dE6gH9'])
    expect(await ids('call_0_1')).toEqual(['000call01', '000call01'])
  })

  it('gets files and sound in its own shapes', async () => {
    const content = [
      { type: 'text' as const, text: 'Read this.' },
      { type: 'image_url' as const, image_url: { url: 'https://a.example/a.png' } },
      { type: 'file' as const, file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,QQ==' } },
      { type: 'file' as const, file: { file_id: 'f-1' } },
      { type: 'input_audio' as const, input_audio: { data: 'UklG', format: 'wav' } },
    ]
    const { body } = await sent('mistral', { messages: [{ role: 'user', content }] })
    expect(body.messages[0].content).toEqual([
      content[0],
      content[1],
      { type: 'document_url', document_url: 'data:application/pdf;base64,QQ==', document_name: 'a.pdf' },
      { type: 'file', file_id: 'f-1' },
      { type: 'input_audio', input_audio: 'UklG' },
    ])
  })

  it('is told that a last message of the assistant is the start of the answer', async () => {
    const start: Message = { role: 'assistant', content: 'The' }
    const { body } = await sent('mistral', { messages: [question, start] })
    expect(body.messages[1]).toEqual({ ...start, prefix: true })
  })
})
