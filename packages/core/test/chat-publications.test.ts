/** How often a conversation is published, what stays the same object, and what that costs. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { ChatMessage, ChatState } from '../src/index.ts'
import { calls, chatOf, done, lever, open, says } from './conversation.ts'
import type { Conversation } from './conversation.ts'
import { chunk, event, settle, whole } from './http.ts'

const frames = new Map<number, () => void>()
let lastFrame = 0
const frame = async () => {
  const due = [...frames.values()]
  frames.clear()
  for (const draw of due) draw()
  await settle()
}
beforeEach(() => {
  frames.clear()
  vi.useFakeTimers()
  vi.stubGlobal('requestAnimationFrame', (draw: () => void) => (frames.set(++lastFrame, draw), lastFrame))
  vi.stubGlobal('cancelAnimationFrame', (id: number) => frames.delete(id))
})
afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

/** All states from now on. */
function states({ chat }: Conversation): ChatState[] {
  const seen: ChatState[] = []
  chat.subscribe(() => seen.push(chat.getState()))
  return seen
}

describe('publications', () => {
  it('come at once when the status changes and with the first token, then at most once per frame', async () => {
    const talk = chatOf([open()])
    const seen = states(talk)
    const shown = () => seen.splice(0).map(({ status, messages }) => [status, messages.at(-1)!.text])
    void talk.chat.sendMessage('Hi')
    expect(shown()).toEqual([['submitted', '']])
    await settle()
    talk.exchanges[0]!.write(says('One '))
    await settle()
    expect(shown()).toEqual([['streaming', 'One ']])
    for (let n = 0; n < 3; n++) {
      for (let i = 0; i < 50; i++) {
        talk.exchanges[0]!.write(says('x'))
        await settle()
      }
      expect(shown()).toEqual([])
      const state = talk.chat.getState()
      expect(talk.chat.getState()).toBe(state)
      await frame()
      expect(shown()).toEqual([['streaming', `One ${'x'.repeat(50 * (n + 1))}`]])
      await frame()
      expect(shown()).toEqual([])
    }
    talk.exchanges[0]!.write(says('!'), chunk({}, 'stop'), done)
    await settle()
    expect(shown()).toEqual([['ready', `One ${'x'.repeat(150)}!`]])
    await frame()
    await settle(1000)
    expect(shown()).toEqual([])
  })

  it('come no more often than `throttle` allows', async () => {
    const talk = chatOf([open(says('One '))], { throttle: 500 })
    void talk.chat.sendMessage('Hi')
    await settle()
    const seen = states(talk)
    for (let i = 0; i < 20; i++) {
      talk.exchanges[0]!.write(says('x'))
      await settle(100)
      await frame()
    }
    expect(seen.length).toBeGreaterThanOrEqual(3)
    expect(seen.length).toBeLessThanOrEqual(4)
  })

  it.each(['stop', 'reset', 'setMessages'] as const)('end with %s(): what comes late is not told of', async (verb) => {
    const talk = chatOf([open(says('One '))])
    const asked = talk.chat.sendMessage('Hi')
    await settle()
    talk.exchanges[0]!.write(says('two '))
    await settle()
    talk.chat[verb]([])
    const state = talk.chat.getState()
    const seen = states(talk)
    await asked
    await frame()
    await settle(5000)
    expect(seen).toEqual([])
    expect(talk.chat.getState()).toBe(state)
  })

  it('tell after a stop what was counted, where that takes time, beside what the steps before took', async () => {
    const counted = { prompt_tokens: 3, completion_tokens: 5, total_tokens: 8 }
    const first = [calls(['a', 'f']).replace(done, ''), event({ choices: [], usage: counted }), done]
    const talk = chatOf([first, open(says('One '))], {
      countTokens: async () => 42,
      tools: { f: { execute: () => 1 } },
    })
    void talk.chat.sendMessage('Hi')
    await settle(100)
    talk.chat.stop()
    await settle(100)
    expect(talk.last()).toMatchObject({ status: 'stopped', usage: { prompt_tokens: 45, completion_tokens: 47 } })
  })

  it.each(['reset', 'setMessages', 'regenerate'] as const)(
    'tell nothing of what is counted after %s()',
    async (verb) => {
      const count = lever<number>()
      const talk = chatOf([open(says('One ')), open()], { countTokens: () => count.promise })
      void talk.chat.sendMessage('Hi')
      await settle()
      void talk.chat[verb]([] as never)
      await settle()
      const state = talk.chat.getState()
      count.resolve(42)
      await settle(1000)
      expect(talk.chat.getState()).toBe(state)
    },
  )

  it('show a tool when it begins and when it has ended', async () => {
    const talk = chatOf([calls(['a', 'f']), whole('Done.')], {
      tools: { f: { execute: () => new Promise((resolve) => setTimeout(resolve, 50)) } },
    })
    const seen: string[] = []
    talk.chat.subscribe(() => {
      const { messages, status } = talk.chat.getState()
      const [part] = (messages[1]?.parts ?? []) as readonly { toolCall?: { state: string } }[]
      const shown = `${status} ${part?.toolCall?.state}`
      if (seen.at(-1) !== shown) seen.push(shown)
    })
    void talk.chat.sendMessage('Hi')
    await settle(200)
    expect(seen).toEqual([
      'submitted undefined',
      'streaming input-complete',
      'streaming running',
      'streaming output',
      'ready output',
    ])
  })

  it('keep the messages that did not change, and their parts', async () => {
    const talk = chatOf([whole('Hello'), calls(['a', 'f', '{"x":[1]}']), open(says('So '))], {
      tools: { f: { execute: () => ({ y: 1 }) } },
    })
    void talk.chat.sendMessage('Hi')
    await settle(100)
    void talk.chat.sendMessage('And?')
    await settle(100)
    const before = talk.chat.getState()
    talk.exchanges[2]!.write(says('be it'))
    await settle()
    await frame()
    const after = talk.chat.getState()
    expect(after).not.toBe(before)
    for (const at of [0, 1, 2]) expect(after.messages[at]).toBe(before.messages[at])
    expect(after.messages[3]).not.toBe(before.messages[3])
    expect(after.messages[3]!.parts[0]).toBe(before.messages[3]!.parts[0])
    expect(after.messages[3]!.parts.at(-1)).toEqual({ type: 'text', text: 'So be it' })
    expect(after.queued).toBe(before.queued)
  })

  it('of a long conversation read no message of it', async () => {
    let reads = 0
    const spied = (message: ChatMessage): ChatMessage =>
      new Proxy(message, { get: (target, key) => (reads++, Reflect.get(target, key)) })
    const initialMessages = Array.from({ length: 10_000 }, (_, i) =>
      spied({ id: `m${i}`, role: 'user', text: 'Hi', parts: [{ type: 'text', text: 'Hi' }] }),
    )
    const talk = chatOf([open(says('One '))], { initialMessages })
    const seen = states(talk)
    void talk.chat.sendMessage('Hi')
    await settle()
    expect(talk.sent(0)).toHaveLength(10_001)
    reads = 0
    seen.length = 0
    for (let n = 0; n < 5; n++) {
      talk.exchanges[0]!.write(says('x'))
      await settle()
      await frame()
    }
    expect(seen).toHaveLength(5)
    expect(reads).toBe(0)
    expect(talk.chat.getState().messages).toHaveLength(10_002)
    expect(talk.chat.getState().messages[9_999]).toBe(initialMessages[9_999])
  })

  it('give listeners the verbs as stable functions without a `this`', async () => {
    const talk = chatOf([whole('Hello')])
    const { sendMessage, getState, stop, reset } = talk.chat
    void sendMessage('Hi')
    await settle(100)
    expect(getState().messages).toHaveLength(2)
    stop()
    reset()
    expect(getState()).toEqual(talk.chat.getInitialState())
  })
})

it('what is counted after an answer has ended changes nothing but that answer', async () => {
  const count = lever<number>()
  const talk = chatOf([open(says('One '))], { countTokens: () => count.promise })
  void talk.chat.sendMessage('Hi')
  await settle()
  talk.chat.stop()
  const unreadable = Object.assign(new Blob(['x']), { arrayBuffer: () => Promise.reject(new Error('Gone.')) })
  await talk.chat.sendMessage({ text: 'Two', attachments: [unreadable] })
  expect(talk.chat.getState()).toMatchObject({ status: 'error', error: { code: 'bad_request' } })
  count.resolve(42)
  await settle(1000)
  const { messages, status } = talk.chat.getState()
  expect(messages.map(({ text }) => text)).toEqual(['Hi', 'One ', 'Two'])
  expect(messages[1]).toMatchObject({ usage: { completion_tokens: 42 } })
  expect(status).toBe('error')
})
