/** What a request becomes on OpenAI's chat completions wire, at OpenAI itself and at others. */
import { describe, expect, it } from 'vitest'
import { endpoint, openai, openaiCompletions } from '../../src/index.ts'
import type { Message, Provider, ProviderRequest } from '../../src/index.ts'

/** The body as it goes out: JSON. */
// eslint-disable-next-line typescript/no-explicit-any -- tests look into it
async function bodyOf(provider: Provider, request: Partial<ProviderRequest>): Promise<any> {
  const { body } = await provider.request({ model: 'm', ...request })
  return JSON.parse(JSON.stringify(body))
}

const question: Message = { role: 'user', content: 'Weather?' }
const details = [{ type: 'reasoning.encrypted', format: 'openai-responses-v1', data: 'QUJD' }]
const call = { id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{}' } } as const
const signature = { google: { thought_signature: 'c2ln' } }
const conversation: Message[] = [
  { role: 'developer', content: 'Be brief.' },
  question,
  {
    role: 'assistant',
    content: 'Let me see.',
    reasoning_content: 'A tool tells.',
    reasoning_details: details,
    extra_content: signature,
    tool_calls: [{ ...call, extra_content: signature }],
  },
  { role: 'tool', tool_call_id: 'call_1', content: 'Sun.' },
]

describe('OpenAI itself', () => {
  it('gets nothing that only other providers take back', async () => {
    const { messages } = await bodyOf(openai(), { messages: conversation })
    expect(messages).toEqual([
      conversation[0],
      question,
      { role: 'assistant', content: 'Let me see.', tool_calls: [call] },
      conversation[3],
    ])
  })

  it('leaves the caller’s conversation alone', async () => {
    const before = structuredClone(conversation)
    await bodyOf(openai(), { messages: conversation })
    expect(conversation).toEqual(before)
  })

  it('takes an answer of this library back as it is', async () => {
    const answer = {
      role: 'assistant',
      content: 'Hi',
      refusal: null,
      server_tool_calls: [{ id: 's', name: 'search' }],
    } as Message
    const { messages } = await bodyOf(openai(), { messages: [question, answer, question] })
    expect(messages[1]).toEqual({ role: 'assistant', content: 'Hi', refusal: null })
  })

  it('refuses pictures that another model made, which no message here can hold', async () => {
    const images = [{ type: 'image_url' as const, image_url: { url: 'data:image/png;base64,AA' } }]
    const asked = bodyOf(openai(), { messages: [question, { role: 'assistant', content: '', images }, question] })
    await expect(asked).rejects.toThrow('A picture that a model made cannot go back here.')
  })

  it('gets the limit of tokens under the name that all of its models take', async () => {
    expect(await bodyOf(openai(), { prompt: 'Hi', max_tokens: 9 })).toEqual({
      model: 'm',
      messages: [{ role: 'user', content: 'Hi' }],
      max_completion_tokens: 9,
      stream: true,
      stream_options: { include_usage: true },
    })
    const both = await bodyOf(openai(), { prompt: 'Hi', max_tokens: 9, max_completion_tokens: 7 })
    expect([both.max_tokens, both.max_completion_tokens]).toEqual([undefined, 7])
  })

  it('gets fields that this library does not know as they are', async () => {
    const body = await bodyOf(openai(), { prompt: 'Hi', store: true, tools: [{ type: 'web_search', depth: 1 }] })
    expect(body).toMatchObject({ store: true, tools: [{ type: 'web_search', depth: 1 }] })
  })
})

describe('any other server', () => {
  it.each([
    ['endpoint()', endpoint('https://relay.example/v1')],
    ['a baseURL', openai({ baseURL: 'https://relay.example/v1' })],
  ])('gets the request untouched by %s', async (_, provider) => {
    const body = await bodyOf(provider, { messages: conversation, max_tokens: 9, thinking: { type: 'adaptive' } })
    expect(body).toMatchObject({ messages: conversation, max_tokens: 9, thinking: { type: 'adaptive' } })
    expect(body).not.toHaveProperty('max_completion_tokens')
  })

  it('gets the caller’s headers beside the key', async () => {
    const provider = openai({ baseURL: 'https://relay.example/v1', apiKey: 'k', headers: { 'x-title': 'Page' } })
    const { headers } = await provider.request({ model: 'm', prompt: 'Hi' })
    expect(headers).toEqual({ authorization: 'Bearer k', 'x-title': 'Page' })
  })
})

describe('what nobody can answer', () => {
  it('is refused with a sentence', async () => {
    await expect(openai().request({ model: 'm' })).rejects.toThrow('Set `messages` or `prompt`.')
    await expect(openaiCompletions().request({ model: 'm', messages: [question] })).rejects.toThrow(
      'Set `prompt`: the completions endpoint takes no `messages`.',
    )
  })

  it('says that the key could not be had, and why only to the program', async () => {
    const secret = new Error('token service said 17')
    const failing = openai({ apiKey: () => Promise.reject(secret) }).request({ model: 'm', prompt: 'Hi' })
    await expect(failing).rejects.toMatchObject({ message: '`apiKey` failed, so nothing was sent.', cause: secret })
  })
})
