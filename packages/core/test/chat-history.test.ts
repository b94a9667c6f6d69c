/** Conversations that were kept in the wire's shape. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createChat, messagesFrom, openai } from '../src/index.ts'
import type { AssistantMessage, ChatMessage, CompletionRequest, Message } from '../src/index.ts'
import { calls, chatOf, misfits, open, says } from './conversation.ts'
import { byHand, chunk, event, reply, settle, whole } from './http.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const toolCall = (id: string, name = 'f', args = '{}') => ({
  id,
  type: 'function' as const,
  function: { name, arguments: args },
})
const image = { type: 'image_url' as const, image_url: { url: 'data:image/png;base64,AA==' } }

/** What a chat of these messages sends with the next question. */
async function sentAfter(initialMessages: ChatMessage[]): Promise<Message[]> {
  const { fetch, exchanges } = byHand(reply(whole('Fine.')))
  // Providers leave out what theirs do not take: this one takes all.
  const request = (body: CompletionRequest) => ({ url: 'https://x.example/', headers: {}, body })
  const chat = createChat({ model: 'm', provider: { ...openai({ fetch }), request }, initialMessages })
  void chat.sendMessage('And?')
  await settle(100)
  return exchanges[0]!.body.messages.slice(0, -1)
}

const conversations: [string, Message[]][] = [
  ['nothing', []],
  [
    'questions and answers',
    [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'Hello' },
      { role: 'user', content: 'And?', name: 'Ada' },
      { role: 'assistant', content: 'Fine', refusal: null },
    ],
  ],
  ['an answer without a question', [{ role: 'assistant', content: 'Welcome!' }]],
  [
    'tools, with thoughts, words and results between',
    [
      { role: 'user', content: 'Weather?' },
      {
        role: 'assistant',
        content: 'Let me look.',
        reasoning_content: 'Hm.',
        reasoning_details: [{ type: 'reasoning.text', text: 'Hm.', signature: 'x' }],
        tool_calls: [
          toolCall('a', 'sky', '{"city": "Oslo"}'),
          { id: 'b', type: 'custom', custom: { name: 'sql', input: 'SELECT 1' } },
        ],
      },
      { role: 'tool', tool_call_id: 'a', content: '{ "sky":  "clear" }' },
      { role: 'tool', tool_call_id: 'b', content: [{ type: 'text', text: 'one' }, image] },
      { role: 'assistant', content: null, tool_calls: [toolCall('a')] },
      { role: 'tool', tool_call_id: 'a', content: 'plain' },
      { role: 'assistant', content: [{ type: 'text', text: 'Clear.' }], images: [image] },
    ],
  ],
  [
    'files of every kind',
    [
      {
        role: 'user',
        content: [
          image,
          { type: 'image_url', image_url: { url: 'https://x.example/a.png', detail: 'low' } },
          { type: 'input_audio', input_audio: { data: 'AA==', format: 'wav' } },
          { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,AA==' } },
          { type: 'file', file: { file_id: 'file_1' } },
          { type: 'text', text: 'What ' },
          { type: 'text', text: 'are they?' },
        ],
      },
      { role: 'assistant', content: 'Files.' },
    ],
  ],
  [
    'a refusal',
    [
      { role: 'user', content: 'Do it' },
      { role: 'assistant', content: null, refusal: 'I will not.' },
    ],
  ],
]

describe('messagesFrom()', () => {
  it.each(conversations.slice(0, -1))('of %s: requests carry exactly the same', async (_, wire) => {
    const before = JSON.stringify(wire)
    expect(await sentAfter(messagesFrom(wire))).toEqual(wire)
    // The messages are plain data, and may be kept as JSON in their turn.
    expect(await sentAfter(JSON.parse(JSON.stringify(messagesFrom(wire))))).toEqual(wire)
    expect(JSON.stringify(wire)).toBe(before)
  })

  it('leaves out what the chat has an option for', async () => {
    const wire: Message[] = [
      { role: 'system', content: 'Be brief.' },
      { role: 'developer', content: 'Really.' },
      { role: 'user', content: 'Hi' },
    ]
    const talk = chatOf([whole('Hello')], { initialMessages: messagesFrom(wire), system: 'Be kind.' })
    void talk.chat.regenerate()
    await settle(100)
    expect(talk.sent(0)).toEqual([
      { role: 'system', content: 'Be kind.' },
      { role: 'user', content: 'Hi' },
    ])
  })

  it('shows an answer with its tools as one message, with the values that there were', () => {
    const [question, answer, ...rest] = messagesFrom(conversations[3]![1]) as [ChatMessage, AssistantMessage]
    expect(rest).toEqual([])
    expect(question).toMatchObject({ role: 'user', text: 'Weather?', parts: [{ type: 'text', text: 'Weather?' }] })
    expect(answer).toMatchObject({
      role: 'assistant',
      status: 'ready',
      text: 'Let me look.Clear.',
      finishReason: 'stop',
    })
    expect(answer.parts).toEqual([
      { type: 'reasoning', text: 'Hm.' },
      { type: 'text', text: 'Let me look.' },
      {
        type: 'tool-call',
        toolCall: {
          id: 'a',
          name: 'sky',
          arguments: '{"city": "Oslo"}',
          input: { city: 'Oslo' },
          state: 'output',
          output: { sky: 'clear' },
        },
      },
      {
        type: 'tool-call',
        toolCall: {
          id: 'b',
          type: 'custom',
          name: 'sql',
          arguments: 'SELECT 1',
          input: 'SELECT 1',
          state: 'output',
          output: 'one',
        },
      },
      {
        type: 'tool-call',
        toolCall: { id: 'a', name: 'f', arguments: '{}', input: {}, state: 'output', output: 'plain' },
      },
      { type: 'text', text: 'Clear.' },
      { type: 'image', image },
    ])
    expect(new Set([question.id, answer.id]).size).toBe(2)
  })

  it('shows files with what is known of them', () => {
    const [question] = messagesFrom(conversations[4]![1])
    expect(question!.text).toBe('What are they?')
    expect(question!.parts).toEqual([
      { type: 'text', text: 'What are they?' },
      { type: 'file', file: { url: image.image_url.url, mediaType: 'image/png' } },
      { type: 'file', file: { url: 'https://x.example/a.png', mediaType: 'image/*' } },
      { type: 'file', file: { url: 'data:audio/wav;base64,AA==', mediaType: 'audio/wav' } },
      { type: 'file', file: { url: 'data:application/pdf;base64,AA==', mediaType: 'application/pdf', name: 'a.pdf' } },
    ])
  })

  it('shows a result that is `null` as null', () => {
    const [answer] = messagesFrom([
      { role: 'assistant', tool_calls: [toolCall('a')] },
      { role: 'tool', tool_call_id: 'a', content: 'null' },
    ]) as AssistantMessage[]
    expect(answer!.parts).toMatchObject([{ toolCall: { state: 'output', output: null } }])
  })

  it('shows a refusal as one', () => {
    const [, answer] = messagesFrom(conversations.at(-1)![1]) as [ChatMessage, AssistantMessage]
    expect(answer).toMatchObject({ text: '', parts: [{ type: 'refusal', text: 'I will not.' }] })
  })

  it('lets a question be edited, and its files go with it', async () => {
    const initialMessages = messagesFrom(conversations[4]![1])
    const talk = chatOf([whole('Fine.')], { initialMessages })
    void talk.chat.edit(initialMessages[0]!.id, 'And now?')
    await settle(100)
    expect(talk.sent(0)).toEqual([
      {
        role: 'user',
        content: [
          image,
          { type: 'image_url', image_url: { url: 'https://x.example/a.png', detail: 'low' } },
          { type: 'input_audio', input_audio: { data: 'AA==', format: 'wav' } },
          { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,AA==' } },
          { type: 'file', file: { file_id: 'file_1' } },
          { type: 'text', text: 'And now?' },
        ],
      },
    ])
  })

  it('lets calls without a result be answered, beside results that stay as they were', async () => {
    const asking: Message = { role: 'assistant', content: null, tool_calls: [toolCall('a'), toolCall('b', 'ask')] }
    const result: Message = { role: 'tool', tool_call_id: 'a', content: '{ "kept":  1 }' }
    const wire: Message[] = [{ role: 'user', content: 'Hi' }, asking, result]
    const initialMessages = messagesFrom(wire)
    const talk = chatOf([whole('Done.')], { initialMessages, tools: { ask: {} } })
    expect(talk.calls().map(({ state }) => state)).toEqual(['output', 'input-complete'])
    void talk.chat.addToolOutput({ toolCallId: 'b', output: 'yes' })
    await settle(100)
    expect(talk.sent(0)).toEqual([...wire, { role: 'tool', tool_call_id: 'b', content: 'yes' }])
    expect(talk.last()).toMatchObject({ id: initialMessages[1]!.id, text: 'Done.' })
  })

  it('never sends calls without a result', async () => {
    const wire: Message[] = [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'Look.', tool_calls: [toolCall('a')] },
      { role: 'assistant', content: null, tool_calls: [toolCall('b')] },
    ]
    const sent = await sentAfter(messagesFrom(wire))
    expect(misfits(sent)).toEqual([])
    expect(sent).toEqual([wire[0], { role: 'assistant', content: 'Look.' }])
  })

  it('of calls without a result knows only the last ones: the others are past', async () => {
    const wire: Message[] = [
      { role: 'assistant', content: null, tool_calls: [toolCall('a', 'ask')] },
      { role: 'assistant', content: null, tool_calls: [toolCall('b', 'ask')] },
    ]
    const talk = chatOf([open(says('Do'))], { initialMessages: messagesFrom(wire), tools: { ask: {} } })
    void talk.chat.addToolOutput({ toolCallId: 'b', output: 1 })
    await settle(100)
    expect(await talk.chat.addToolOutput({ toolCallId: 'a', output: 1 })).toBeUndefined()
    talk.exchanges[0]!.write(says('ne.'), chunk({}, 'stop'), event('[DONE]'))
    await settle(100)
    expect(talk.last()).toMatchObject({ status: 'ready', text: 'Done.' })
    expect(await talk.chat.addToolOutput({ toolCallId: 'a', output: 1 })).toBeUndefined()
    await settle(100)
    expect(talk.exchanges).toHaveLength(1)
  })

  it('lets an answer that ends with a result be gone on with', async () => {
    const wire: Message[] = [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', tool_calls: [toolCall('a')] },
      { role: 'tool', tool_call_id: 'a', content: '1' },
    ]
    const talk = chatOf([whole('One.')], { initialMessages: messagesFrom(wire) })
    void talk.chat.continue()
    await settle(100)
    expect(talk.sent(0)).toEqual(wire)
    expect(talk.last()).toMatchObject({ text: 'One.', status: 'ready' })
  })

  it('gives back a conversation that a chat has had', async () => {
    const tools = { f: { execute: () => ({ n: 1 }) }, bad: { execute: () => Promise.reject(new Error('No.')) } }
    const first = chatOf(
      [
        [chunk({ reasoning_content: 'Hm.' }), says('Look.'), calls(['a', 'f', '{"x":1}'], ['b', 'bad'])],
        [says('One.'), chunk({}, 'stop'), event('[DONE]')],
        whole('Two.'),
      ],
      { tools },
    )
    for (const question of [{ text: 'Hi', attachments: [{ url: 'data:text/plain,x' }] }, 'And?']) {
      void first.chat.sendMessage(question)
      await settle(100)
    }
    const { messages: had } = first.chat.getState()
    const [one, , , , two] = first.sent(2)
    const wire = [one!, ...had[1]!.wire!, first.sent(2).at(-1)!, ...had[3]!.wire!]
    expect(two).toMatchObject({ role: 'assistant', content: 'One.' })
    const second = messagesFrom(wire)
    expect(await sentAfter(second)).toEqual(wire)
    const shape = (messages: readonly ChatMessage[]) =>
      messages.map((message) => [message.role, message.role === 'assistant' && message.text])
    expect(shape(second)).toEqual(shape(first.chat.getState().messages))
    const partsOf = (messages: readonly ChatMessage[]) =>
      (messages[1] as AssistantMessage).parts.map(({ type }) => type)
    expect(partsOf(second)).toEqual(partsOf(first.chat.getState().messages))
  })
})
