/** Questions that come while an answer is still arriving: it is interrupted, they wait, or they are dropped. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { call, calls, chatOf, done, misfits, open, says } from './conversation.ts'
import type { Conversation } from './conversation.ts'
import { chunk, refuse, reply, settle, whole } from './http.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const texts = ({ chat }: Conversation) => chat.getState().messages.map(({ text }) => text)
const queued = ({ chat }: Conversation) => chat.getState().queued.map(({ text }) => text)
const finish = (talk: Conversation, n: number, text = '') => {
  talk.exchanges[n]!.write(says(text), chunk({}, 'stop'), done)
  return settle(100)
}
/** Whether a promise has come to something, and to what. */
function watched<T>(promise: Promise<T>): { isSettled: boolean; value?: T; reason?: unknown } {
  const seen: { isSettled: boolean; value?: T; reason?: unknown } = { isSettled: false }
  promise.then(
    (value) => Object.assign(seen, { isSettled: true, value }),
    (reason) => Object.assign(seen, { isSettled: true, reason }),
  )
  return seen
}

describe('interrupting, which is what happens by default', () => {
  it('stops the answer, keeps its text, and asks', async () => {
    const talk = chatOf([open(says('Hel')), whole('Fine.')])
    const first = talk.chat.sendMessage('Hi')
    await settle(100)
    const second = talk.chat.sendMessage('And?')
    expect(talk.chat.getState().messages[1]).toMatchObject({ status: 'stopped', text: 'Hel' })
    await settle(100)
    expect(await first).toBe(talk.chat.getState().messages[1])
    expect(await second).toBe(talk.last())
    expect(talk.exchanges[0]!.cancelled).toBe(true)
    expect(texts(talk)).toEqual(['Hi', 'Hel', 'And?', 'Fine.'])
    expect(talk.sent(1).map(({ content }) => content)).toEqual(['Hi', 'Hel', 'And?'])
  })

  it('of two questions in one go sends one request, with both', async () => {
    const talk = chatOf([whole('Fine.')])
    const first = talk.chat.sendMessage('One')
    const second = talk.chat.sendMessage('Two')
    await settle(100)
    expect(await first).toMatchObject({ status: 'stopped', text: '' })
    expect(await second).toBe(talk.last())
    expect(talk.exchanges).toHaveLength(1)
    expect(talk.sent(0).map(({ content }) => content)).toEqual(['One', 'Two'])
    expect(talk.last().text).toBe('Fine.')
  })

  it('abandons calls that wait for somebody: requests leave them out', async () => {
    const talk = chatOf([calls(['a', 'ask']), whole('Fine.')], { tools: { ask: {} } })
    void talk.chat.sendMessage('Hi')
    await settle(100)
    void talk.chat.sendMessage('And?')
    await settle(100)
    expect(misfits(talk.sent(1))).toEqual([])
    expect(talk.last().text).toBe('Fine.')
  })
})

describe('dropping', () => {
  it('does nothing while an answer arrives, and asks once it is there', async () => {
    const talk = chatOf([open(says('Hel')), whole('Fine.')], { whenBusy: 'drop' })
    void talk.chat.sendMessage('Hi')
    expect(await talk.chat.sendMessage('Too soon')).toBeUndefined()
    await settle(100)
    const state = talk.chat.getState()
    expect(await talk.chat.sendMessage('Too soon')).toBeUndefined()
    expect(talk.chat.getState()).toBe(state)
    await finish(talk, 0, 'lo')
    void talk.chat.sendMessage('Now')
    await settle(100)
    expect(texts(talk)).toEqual(['Hi', 'Hello', 'Now', 'Fine.'])
  })

  it('drops a question also while an allowed call begins', async () => {
    const talk = chatOf([calls(['a', 'risky']), whole('Fine.')], {
      whenBusy: 'drop',
      tools: { risky: { needsApproval: true, parameters: z.object({}), execute: () => new Promise(() => {}) } },
    })
    void talk.chat.sendMessage('Hi')
    await settle(100)
    void talk.chat.addToolApprovalResponse({ toolCallId: 'a', approved: true })
    expect(await talk.chat.sendMessage('Too soon')).toBeUndefined()
    expect(talk.last()).toMatchObject({ role: 'assistant', status: 'streaming' })
  })
})

describe('queueing', () => {
  it('asks in order, each once the answer before is whole, and each promise is that question’s own', async () => {
    const talk = chatOf([open(says('1')), open(says('2')), open(says('3'))], { whenBusy: 'queue' })
    const answers = ['One', 'Two', 'Three'].map((text) => watched(talk.chat.sendMessage(text)))
    expect(texts(talk)).toEqual(['One', ''])
    expect(queued(talk)).toEqual(['Two', 'Three'])
    expect(talk.chat.getState().queued[0]).toMatchObject({ role: 'user', parts: [{ type: 'text', text: 'Two' }] })
    await settle(100)
    const ids = talk.chat.getState().queued.map(({ id }) => id)
    for (let n = 0; n < 3; n++) {
      expect(talk.exchanges).toHaveLength(n + 1)
      expect(answers.map(({ isSettled }) => isSettled)).toEqual([0, 1, 2].map((i) => i < n))
      await finish(talk, n, '.')
    }
    expect(texts(talk)).toEqual(['One', '1.', 'Two', '2.', 'Three', '3.'])
    expect(answers.map(({ value }) => value?.text)).toEqual(['1.', '2.', '3.'])
    const { messages } = talk.chat.getState()
    expect([messages[2]!.id, messages[4]!.id]).toEqual(ids)
    expect(talk.chat.getState()).toMatchObject({ queued: [], status: 'ready' })
  })

  it('asks at once when nothing arrives', async () => {
    const talk = chatOf([whole('1'), whole('2')], { whenBusy: 'queue' })
    await Promise.all([talk.chat.sendMessage('One'), settle(100)])
    void talk.chat.sendMessage('Two')
    expect(queued(talk)).toEqual([])
    await settle(100)
    expect(texts(talk)).toEqual(['One', '1', 'Two', '2'])
  })

  it('lets a question be taken out: its promise resolves to nothing', async () => {
    const talk = chatOf([open(says('1')), whole('3')], { whenBusy: 'queue' })
    void talk.chat.sendMessage('One')
    const two = watched(talk.chat.sendMessage('Two'))
    const three = watched(talk.chat.sendMessage('Three'))
    talk.chat.unqueue(talk.chat.getState().queued[0]!.id)
    await settle(100)
    expect(two).toEqual({ isSettled: true, value: undefined })
    expect(queued(talk)).toEqual(['Three'])
    const state = talk.chat.getState()
    talk.chat.unqueue('nobody')
    expect(talk.chat.getState()).toBe(state)
    await finish(talk, 0)
    expect(texts(talk)).toEqual(['One', '1', 'Three', '3'])
    expect(three.value?.text).toBe('3')
  })

  it.each([
    ['was stopped', open(says('1')), (talk: Conversation) => talk.chat.stop()],
    ['failed', reply(says('1')), () => {}],
    ['was refused', refuse(400), () => {}],
  ])('waits where an answer %s, until it is told to go on', async (_, first, end) => {
    const talk = chatOf([first, whole('2'), whole('3')], { whenBusy: 'queue' })
    void talk.chat.sendMessage('One')
    const two = watched(talk.chat.sendMessage('Two'))
    const three = watched(talk.chat.sendMessage('Three'))
    await settle(100)
    end(talk)
    await settle(100)
    expect(talk.exchanges).toHaveLength(1)
    expect(queued(talk)).toEqual(['Two', 'Three'])
    expect([two.isSettled, three.isSettled]).toEqual([false, false])
    const told = watched(talk.chat.sendMessage())
    await settle(100)
    expect([told, two, three].map(({ value }) => value?.text)).toEqual(['2', '2', '3'])
    expect(texts(talk).toSpliced(1, 1)).toEqual(['One', 'Two', '2', 'Three', '3'])
    expect(queued(talk)).toEqual([])
  })

  it('keeps its order when another question comes after a failure: the oldest goes first', async () => {
    const talk = chatOf([refuse(400), whole('2'), whole('3')], { whenBusy: 'queue' })
    void talk.chat.sendMessage('One')
    void talk.chat.sendMessage('Two')
    await settle(100)
    const three = watched(talk.chat.sendMessage('Three'))
    await settle(100)
    expect(texts(talk)).toEqual(['One', '', 'Two', '2', 'Three', '3'])
    expect(three.value?.text).toBe('3')
  })

  it.each(['regenerate', 'continue'] as const)('goes on after %s() has made the answer whole', async (verb) => {
    const talk = chatOf([reply(says('1')), whole('1 again'), whole('2')], {
      whenBusy: 'queue',
      continuation: (request) => request,
    })
    void talk.chat.sendMessage('One')
    const two = watched(talk.chat.sendMessage('Two'))
    await settle(100)
    expect(talk.chat.getState().status).toBe('error')
    void talk.chat[verb]()
    await settle(100)
    expect(two.value?.text).toBe('2')
    expect(texts(talk)).toEqual(['One', verb === 'continue' ? '11 again' : '1 again', 'Two', '2'])
  })

  it('sendMessage() without a question does nothing while an answer arrives, or with an empty queue', async () => {
    const talk = chatOf([open(says('1'))], { whenBusy: 'queue' })
    expect(await talk.chat.sendMessage()).toBeUndefined()
    expect(talk.chat.getState().status).toBe('idle')
    void talk.chat.sendMessage('One')
    void talk.chat.sendMessage('Two')
    expect(await talk.chat.sendMessage()).toBeUndefined()
    await settle(100)
    expect(talk.exchanges).toHaveLength(1)
    expect(queued(talk)).toEqual(['Two'])
  })

  it('reset() forgets the queue and resolves every promise', async () => {
    const talk = chatOf([open(says('1'))], { whenBusy: 'queue' })
    const all = ['One', 'Two', 'Three'].map((text) => watched(talk.chat.sendMessage(text)))
    await settle(100)
    talk.chat.reset()
    await settle(100)
    expect(all.map(({ isSettled, value }) => [isSettled, value?.status])).toEqual([
      [true, 'stopped'],
      [true, undefined],
      [true, undefined],
    ])
    expect(talk.chat.getState()).toEqual({ messages: [], queued: [], status: 'idle', error: undefined })
    await settle(100)
    expect(talk.exchanges).toHaveLength(1)
  })

  it('waits while calls wait for somebody, and goes on once the model has answered', async () => {
    const talk = chatOf([open(call('a', 'ask')), open(says('1')), whole('2')], {
      whenBusy: 'queue',
      tools: { ask: {} },
    })
    void talk.chat.sendMessage('One')
    const two = watched(talk.chat.sendMessage('Two'))
    await settle(100)
    talk.exchanges[0]!.write(chunk({}, 'tool_calls'), done)
    await settle(100)
    expect(talk.exchanges).toHaveLength(1)
    expect(queued(talk)).toEqual(['Two'])
    void talk.chat.addToolOutput({ toolCallId: 'a', output: 'yes' })
    await settle(100)
    expect(queued(talk)).toEqual(['Two'])
    await finish(talk, 1, '.')
    expect(texts(talk)).toEqual(['One', '1.', 'Two', '2'])
    expect(two.value?.text).toBe('2')
    expect(misfits(talk.sent(2))).toEqual([])
  })

  it('stays in order when whoever hears that an answer is whole asks the next question', async () => {
    const talk = chatOf([open(says('1')), whole('2'), whole('3')], { whenBusy: 'queue' })
    void talk.chat.sendMessage('One')
    void talk.chat.sendMessage('Two')
    const stop = talk.chat.subscribe(() => {
      if (talk.chat.getState().status !== 'ready') return
      stop()
      void talk.chat.sendMessage('Three')
    })
    await settle(100)
    await finish(talk, 0)
    expect(texts(talk)).toEqual(['One', '1', 'Two', '2', 'Three', '3'])
    expect(talk.exchanges).toHaveLength(3)
  })

  it('of edits and other answers knows nothing: those interrupt, and the queue goes on after them', async () => {
    const talk = chatOf([open(says('1')), whole('One more'), whole('2')], { whenBusy: 'queue' })
    void talk.chat.sendMessage('One')
    void talk.chat.sendMessage('Two')
    await settle(100)
    void talk.chat.edit(talk.chat.getState().messages[0]!.id, 'Other')
    await settle(100)
    expect(texts(talk)).toEqual(['Other', 'One more', 'Two', '2'])
    expect(talk.exchanges[0]!.cancelled).toBe(true)
  })
})

it('is never ready between two questions of the queue', async () => {
  const talk = chatOf([open(says('On')), whole('Two')], { whenBusy: 'queue' })
  const seen: string[] = []
  talk.chat.subscribe(() => seen.push(`${talk.chat.getState().status} ${talk.chat.getState().queued.length}`))
  const one = talk.chat.sendMessage('1')
  const two = talk.chat.sendMessage('2')
  await vi.waitFor(() => expect(talk.last().text).toBe('On'))
  talk.exchanges[0]!.write(says('e'), chunk({}, 'stop'), done)
  expect((await one)?.text).toBe('One')
  expect((await two)?.text).toBe('Two')
  expect(seen).not.toContain('ready 1')
  expect(seen.filter((state) => state.startsWith('ready'))).toEqual(['ready 0'])
})

it('comes to rest when the last question is taken out of the queue as the answer ends', async () => {
  const talk = chatOf([open(says('On'))], { whenBusy: 'queue' })
  const one = talk.chat.sendMessage('1')
  const two = talk.chat.sendMessage('2')
  await vi.waitFor(() => expect(talk.last().text).toBe('On'))
  talk.chat.subscribe(() => {
    const [first] = talk.chat.getState().queued
    if (talk.last().status === 'ready' && first) talk.chat.unqueue(first.id)
  })
  talk.exchanges[0]!.write(chunk({}, 'stop'), done)
  await one
  expect(await two).toBeUndefined()
  await vi.waitFor(() => expect(talk.chat.getState().status).toBe('ready'))
})
