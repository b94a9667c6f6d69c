/** Going back in a conversation: other questions, other answers, another conversation, one that was kept. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { compatible, createChat, isCompletionError, messagesFrom } from '../src/index.ts'
import type { AssistantMessage, ChatMessage, Message, UserMessage } from '../src/index.ts'
import { call, calls, chatOf, done, misfits, open, says } from './conversation.ts'
import type { Conversation } from './conversation.ts'
import { byHand, chunk, reply, settle, whole } from './http.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const texts = ({ chat }: Conversation) => chat.getState().messages.map(({ text }) => text)
const kept = <T>(value: T): T => JSON.parse(JSON.stringify(value))
const png = { url: 'data:image/png;base64,AA==', mediaType: 'image/png', name: 'a.png' }

/** Two questions and their answers. */
async function twoTurns(...answers: Parameters<typeof chatOf>[0]) {
  const talk = chatOf([whole('1'), whole('2'), ...answers])
  await Promise.all([talk.chat.sendMessage('One'), settle(100)])
  await Promise.all([talk.chat.sendMessage('Two'), settle(100)])
  return { ...talk, ids: talk.chat.getState().messages.map(({ id }) => id) }
}

describe('edit()', () => {
  it('puts a question in the place of an earlier one, by the same id, and drops what came after', async () => {
    const talk = await twoTurns(whole('1 again'))
    const before = talk.chat.getState().messages
    const edited = talk.chat.edit(talk.ids[0]!, 'Uno')
    await settle(100)
    expect(texts(talk)).toEqual(['Uno', '1 again'])
    expect(talk.chat.getState().messages[0]!.id).toBe(talk.ids[0])
    expect(talk.ids).not.toContain(talk.last().id)
    expect(await edited).toBe(talk.last())
    expect(talk.sent(2)).toEqual([{ role: 'user', content: 'Uno' }])
    expect(before.map(({ text }) => text)).toEqual(['One', '1', 'Two', '2'])
  })

  it('leaves the messages before as they are', async () => {
    const talk = await twoTurns(whole('2 again'))
    const [one, answer] = talk.chat.getState().messages
    void talk.chat.edit(talk.ids[2]!, { text: 'Due' })
    await settle(100)
    expect(talk.chat.getState().messages[0]).toBe(one)
    expect(talk.chat.getState().messages[1]).toBe(answer)
    expect(texts(talk)).toEqual(['One', '1', 'Due', '2 again'])
  })

  it('keeps the files unless others are given', async () => {
    const talk = chatOf([whole('A picture.')])
    void talk.chat.sendMessage({ text: 'What?', attachments: [png] })
    await settle(100)
    const { id } = talk.chat.getState().messages[0]!
    const files = () => (talk.chat.getState().messages[0] as UserMessage).parts.filter(({ type }) => type === 'file')
    void talk.chat.edit(id, 'What is it?')
    await settle(100)
    expect(files()).toEqual([{ type: 'file', file: png }])
    expect(talk.sent(1)[0]!.content).toEqual([
      { type: 'image_url', image_url: { url: png.url } },
      { type: 'text', text: 'What is it?' },
    ])
    const other = { ...png, name: 'b.png' }
    void talk.chat.edit(id, { text: 'And this?', attachments: [other] })
    await settle(100)
    expect(files()).toEqual([{ type: 'file', file: other }])
    void talk.chat.edit(id, { text: 'Nothing.', attachments: [] })
    await settle(100)
    expect(files()).toEqual([])
    expect(talk.sent(3)).toEqual([{ role: 'user', content: 'Nothing.' }])
    expect(talk.chat.getState().messages[0]!.id).toBe(id)
  })

  it('does nothing about an unknown id or an answer', async () => {
    const talk = await twoTurns()
    const state = talk.chat.getState()
    expect(await talk.chat.edit('nobody', 'Uno')).toBeUndefined()
    expect(await talk.chat.edit(talk.ids[1]!, 'Uno')).toBeUndefined()
    expect(talk.chat.getState()).toBe(state)
    expect(talk.exchanges).toHaveLength(2)
  })

  it('stops an answer that is arriving, of which nothing comes later', async () => {
    const talk = chatOf([open(says('Hel')), whole('Ciao')])
    const first = talk.chat.sendMessage('Hi')
    await settle(100)
    void talk.chat.edit(talk.chat.getState().messages[0]!.id, 'Buongiorno')
    expect(await first).toMatchObject({ status: 'stopped', text: 'Hel' })
    await settle(100)
    expect(talk.exchanges[0]!.cancelled).toBe(true)
    expect(texts(talk)).toEqual(['Buongiorno', 'Ciao'])
  })
})

describe('regenerate()', () => {
  it('by the id of an answer or of its question drops that answer and what came after', async () => {
    for (const at of [0, 1]) {
      const talk = await twoTurns(whole('1 again'))
      const [one] = talk.chat.getState().messages
      const again = talk.chat.regenerate(talk.ids[at])
      await settle(100)
      expect(await again).toBe(talk.last())
      expect(texts(talk)).toEqual(['One', '1 again'])
      expect(talk.chat.getState().messages[0]).toBe(one)
      expect(talk.ids).not.toContain(talk.last().id)
      expect(talk.exchanges[2]!.body).toEqual(talk.exchanges[0]!.body)
    }
  })

  it('of the last one keeps the others; of an unknown one, or of nothing, does nothing', async () => {
    const talk = await twoTurns(whole('2 again'))
    const state = talk.chat.getState()
    expect(await talk.chat.regenerate('nobody')).toBeUndefined()
    expect(talk.chat.getState()).toBe(state)
    void talk.chat.regenerate()
    await settle(100)
    expect(texts(talk)).toEqual(['One', '1', 'Two', '2 again'])
    talk.chat.reset()
    expect(await talk.chat.regenerate()).toBeUndefined()
    expect(talk.exchanges).toHaveLength(3)
  })

  it('while the answer is arriving begins it anew', async () => {
    const talk = chatOf([open(says('Hel')), open(says('Good'))])
    void talk.chat.sendMessage('Hi')
    await settle(100)
    void talk.chat.regenerate()
    expect(talk.last()).toMatchObject({ status: 'submitted', text: '' })
    await settle(100)
    expect(talk.last()).toMatchObject({ status: 'streaming', text: 'Good' })
    expect(talk.chat.getState().messages).toHaveLength(2)
  })
})

describe('setMessages()', () => {
  it('takes a conversation, which requests then send', async () => {
    const first = await twoTurns()
    const { messages } = first.chat.getState()
    const talk = chatOf([whole('3')])
    talk.chat.setMessages(kept(messages))
    expect(talk.chat.getState()).toMatchObject({ status: 'ready', error: undefined })
    void talk.chat.sendMessage('Three')
    await settle(100)
    expect(talk.sent(0).map(({ content }) => content)).toEqual(['One', '1', 'Two', '2', 'Three'])
  })

  it('takes a function of the messages, and keeps those that it keeps', async () => {
    const talk = await twoTurns(whole('3'))
    const [one, answer] = talk.chat.getState().messages
    talk.chat.setMessages((messages) => messages.slice(0, 2))
    expect(talk.chat.getState().messages[0]).toBe(one)
    expect(talk.chat.getState().messages[1]).toBe(answer)
    talk.chat.setMessages([])
    expect(talk.chat.getState()).toEqual({ messages: [], queued: [], status: 'idle', error: undefined })
  })

  it('while an answer arrives stops it, and nothing of it comes back', async () => {
    const talk = chatOf([open(says('Hel')), whole('Fine.')])
    const asked = talk.chat.sendMessage('Hi')
    await settle(100)
    talk.exchanges[0]!.write(says('lo'))
    await settle()
    talk.chat.setMessages((messages) => messages.slice(0, 1))
    const state = talk.chat.getState()
    expect(state).toMatchObject({ status: 'ready', messages: [{ text: 'Hi' }] })
    await settle(1000)
    expect(talk.chat.getState()).toBe(state)
    expect(await asked).toMatchObject({ status: 'stopped' })
    expect(talk.exchanges[0]!.cancelled).toBe(true)
    void talk.chat.sendMessage('And?')
    await settle(100)
    expect(talk.sent(1).map(({ content }) => content)).toEqual(['Hi', 'And?'])
  })

  it('makes what ran when it was kept an answer that was interrupted', () => {
    const running = { role: 'assistant', id: 'a', parts: [], text: '', status: 'streaming', wire: [] }
    const talk = chatOf([])
    talk.chat.setMessages([running as unknown as ChatMessage])
    expect(talk.last()).toMatchObject({ status: 'error', error: { code: 'interrupted' } })
  })
})

describe('a conversation that was kept while an answer ran', () => {
  /** What is kept of a chat midway. */
  const midway = async (talk: Conversation, ms = 100): Promise<ChatMessage[]> => {
    void talk.chat.sendMessage('Hi')
    await settle(ms)
    const messages = kept(talk.chat.getState().messages)
    expect((messages[1] as AssistantMessage).status).toMatch(/submitted|streaming/)
    talk.chat.stop()
    return messages as ChatMessage[]
  }
  const vllm = (...answers: Parameters<typeof byHand>) => {
    const { fetch, exchanges } = byHand(...answers)
    return { provider: compatible('vllm', { fetch }), exchanges }
  }

  it('before anything came: the answer was interrupted, and continue() asks for it', async () => {
    const initialMessages = await midway(chatOf([() => {}]))
    const talk = chatOf([whole('Hello')], { initialMessages })
    expect(talk.chat.getState()).toMatchObject({ status: 'ready', error: undefined })
    expect(talk.last()).toMatchObject({ status: 'error', error: { code: 'interrupted' }, text: '' })
    const { id } = talk.last()
    void talk.chat.continue()
    await settle(100)
    expect(talk.last()).toMatchObject({ id, status: 'ready', text: 'Hello' })
    expect(talk.sent(0)).toEqual([{ role: 'user', content: 'Hi' }])
  })

  it('in the middle of a text: it is sent with the next question', async () => {
    const initialMessages = await midway(chatOf([open(chunk({ reasoning_content: 'Hm.' }), says('Hel'))]))
    const talk = chatOf([whole('Fine')], { initialMessages })
    expect(talk.last()).toMatchObject({ status: 'error', text: 'Hel' })
    expect(talk.last()).not.toHaveProperty('running')
    void talk.chat.sendMessage('And?')
    await settle(100)
    expect(talk.sent(0).map(({ role, content }) => [role, content])).toEqual([
      ['user', 'Hi'],
      ['assistant', 'Hel'],
      ['user', 'And?'],
    ])
  })

  it('in the middle of the text of a second step: continue() goes on in it, and the first one stays', async () => {
    const tools = { f: { execute: () => 'done' } }
    const first = chatOf([says('Look. ') + calls(['a', 'f']), open(says('It is'))], { tools })
    const initialMessages = await midway(first)
    const { provider, exchanges } = vllm(reply(says(' noon.'), chunk({}, 'stop'), done))
    const chat = createChat({ model: 'm', provider, tools, initialMessages })
    void chat.continue()
    await settle(100)
    expect(exchanges[0]!.body.messages.slice(1)).toMatchObject([
      { role: 'assistant', content: 'Look. ', tool_calls: [{ id: 'a' }] },
      { role: 'tool', tool_call_id: 'a', content: 'done' },
      { role: 'assistant', content: 'It is' },
    ])
    const last = chat.getState().messages.at(-1) as AssistantMessage
    expect(last).toMatchObject({ id: initialMessages[1]!.id, status: 'ready', text: 'Look. It is noon.' })
    expect(last.parts.map(({ type }) => type)).toEqual(['text', 'tool-call', 'text'])
    expect(last.wire.map(({ role, content }) => [role, content])).toEqual([
      ['assistant', 'Look. '],
      ['tool', 'done'],
      ['assistant', 'It is noon.'],
    ])
  })

  it('and again in the middle of what continue() brought: the text is there once', async () => {
    const first = chatOf([open(says('One, '))])
    const once = await midway(first)
    const second = vllm(open(says('two, ')))
    const again = createChat({ model: 'm', provider: second.provider, initialMessages: once })
    void again.continue()
    await settle(100)
    const twice = kept(again.getState().messages)
    expect(twice[1]).toMatchObject({ status: 'streaming' })
    again.stop()
    const third = vllm(reply(says('three.'), chunk({}, 'stop'), done))
    const chat = createChat({ model: 'm', provider: third.provider, initialMessages: twice })
    void chat.continue()
    await settle(100)
    const said = twice[1]!.text
    expect(third.exchanges[0]!.body.messages.at(-1)).toMatchObject({ role: 'assistant', content: said.trimEnd() })
    expect(chat.getState().messages[1]).toMatchObject({
      text: `${said.trimEnd()}three.`,
      wire: [{ role: 'assistant' }],
    })
  })

  it('while a tool ran: it counts as failed, and continue() tells the model', async () => {
    const tools = { f: { execute: () => new Promise(() => {}) }, g: { execute: () => 1 } }
    const initialMessages = await midway(chatOf([calls(['a', 'f'], ['b', 'g'])], { tools }))
    const talk = chatOf([whole('Sorry.')], { initialMessages, tools })
    expect(talk.last()).toMatchObject({ status: 'error' })
    expect(talk.calls().map(({ state }) => state)).toEqual(['error', 'output'])
    void talk.chat.continue()
    await settle(100)
    expect(misfits(talk.sent(0))).toEqual([])
    expect(talk.sent(0).slice(2)).toMatchObject([
      { tool_call_id: 'a', content: '{"error":"Stopped before the tool had finished."}' },
      { tool_call_id: 'b', content: '1' },
    ])
    expect(talk.last().text).toBe('Sorry.')
  })

  it('while a tool ran and another waited for leave: that one may still be allowed, and the model goes on', async () => {
    const execute = vi.fn(() => 'risked')
    const tools = { f: { execute: () => new Promise(() => {}) }, risky: { needsApproval: true, execute } }
    const initialMessages = await midway(chatOf([calls(['a', 'f'], ['b', 'risky'])], { tools }))
    const talk = chatOf([whole('Done.')], { initialMessages, tools })
    expect(talk.last()).toMatchObject({ status: 'ready' })
    expect(talk.call('b')).toMatchObject({ state: 'input-complete', approval: 'requested' })
    void talk.chat.addToolApprovalResponse({ toolCallId: 'b', approved: true })
    await settle(100)
    expect(execute).toHaveBeenCalledTimes(1)
    expect(misfits(talk.sent(0))).toEqual([])
    expect(talk.last()).toMatchObject({ status: 'ready', text: 'Done.' })
  })

  it('while calls were arriving: they were never made', async () => {
    const parts = [says('Look. '), call('a', 'f'), call('b', 'f', '{"x', 1)]
    const initialMessages = await midway(chatOf([open(...parts)], { tools: { f: {} } }))
    const talk = chatOf([whole('Fine')], { initialMessages, tools: { f: {} } })
    expect(talk.calls().map(({ state }) => state)).toEqual(['incomplete', 'incomplete'])
    expect(await talk.chat.addToolOutput({ toolCallId: 'a', output: 1 })).toBeUndefined()
    void talk.chat.sendMessage('And?')
    await settle(100)
    expect(talk.sent(0)).toMatchObject([{ role: 'user' }, { role: 'assistant', content: 'Look. ' }, { role: 'user' }])
    expect(misfits(talk.sent(0))).toEqual([])
  })

  it('while the model was asked to go on after its tools: continue() asks again', async () => {
    const tools = { f: { execute: () => 'done' } }
    const first = chatOf([calls(['a', 'f']), () => {}], { tools })
    const initialMessages = await midway(first)
    const talk = chatOf([whole('Done.')], { initialMessages, tools })
    void talk.chat.continue()
    await settle(100)
    expect(talk.exchanges[0]!.body).toEqual(first.exchanges[1]!.body)
    expect(talk.last()).toMatchObject({ text: 'Done.', parts: [{ type: 'tool-call' }, { type: 'text' }] })
  })

  it('while calls waited for a person: the person may still answer', async () => {
    const first = chatOf([calls(['a', 'ask'])], { tools: { ask: {} } })
    void first.chat.sendMessage('Hi')
    await settle(100)
    const initialMessages = kept(first.chat.getState().messages)
    const talk = chatOf([whole('Done.')], { initialMessages, tools: { ask: {} } })
    void talk.chat.addToolOutput({ toolCallId: 'a', output: 'yes' })
    await settle(100)
    expect(talk.sent(0).at(-1)).toEqual({ role: 'tool', tool_call_id: 'a', content: 'yes' })
    expect(talk.last()).toMatchObject({ id: initialMessages[1]!.id, text: 'Done.' })
  })
})

describe('a conversation that was kept', () => {
  it('has errors that are errors', async () => {
    const talk = chatOf([open(says('Hel'))])
    void talk.chat.sendMessage('Hi')
    await settle(100)
    talk.exchanges[0]!.end()
    await settle(100)
    expect(talk.last()).toMatchObject({ status: 'error', text: 'Hel' })
    const json = JSON.stringify(talk.chat.getState().messages)
    const other = chatOf([], { initialMessages: JSON.parse(json) })
    expect(isCompletionError(other.last().error)).toBe(true)
    expect(other.last().error).toMatchObject({
      code: 'interrupted',
      retryable: true,
      message: talk.last().error!.message,
    })
    // The message has the text; its error need not have it again.
    expect(talk.last().error).not.toHaveProperty('partial')
  })

  it('keeps the results of a step whose ids come again in the one that was running', async () => {
    const talk = chatOf([calls(['call_0_0', 'pay']), open(call('call_0_0', 'mail', '{"to'))], {
      tools: { pay: { execute: () => 'paid 10' }, mail: { execute: () => 'sent' } },
    })
    void talk.chat.sendMessage('Pay and mail')
    await settle(100)
    const initialMessages = JSON.parse(JSON.stringify(talk.chat.getState().messages))
    const other = chatOf([whole('Done.')], { initialMessages })
    void other.chat.continue()
    await settle(100)
    expect(other.sent(0).map(({ role, content }) => [role, content])).toEqual([
      ['user', 'Pay and mail'],
      ['assistant', null],
      ['tool', 'paid 10'],
    ])
  })

  it('keeps, in a question in other words, what only its wire holds', async () => {
    const wire: Message[] = [
      {
        role: 'user',
        content: [
          { type: 'file', file: { file_id: 'file_1' } },
          { type: 'text', text: 'What is it?' },
        ],
      },
      { role: 'assistant', content: 'A file.' },
    ]
    const talk = chatOf([whole('Fine.')], { initialMessages: messagesFrom(wire) })
    void talk.chat.edit(talk.chat.getState().messages[0]!.id, 'Who wrote it?')
    await settle(100)
    expect(talk.sent(0)).toEqual([
      {
        role: 'user',
        content: [
          { type: 'file', file: { file_id: 'file_1' } },
          { type: 'text', text: 'Who wrote it?' },
        ],
      },
    ])
  })

  it('is not asked the questions that waited in the one before', async () => {
    const talk = chatOf([open(says('A'))], { whenBusy: 'queue' })
    void talk.chat.sendMessage('1')
    const waiting = talk.chat.sendMessage('2')
    await settle(100)
    talk.chat.setMessages([])
    expect(talk.chat.getState()).toMatchObject({ messages: [], queued: [], status: 'idle' })
    expect(await waiting).toBeUndefined()
    expect(talk.exchanges).toHaveLength(1)
  })
})
