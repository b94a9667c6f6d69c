/** Tools that run side by side: by themselves, by somebody's leave, or by somebody else altogether. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { openCalls } from '../src/index.ts'
import type { ChatTools, Message } from '../src/index.ts'
import { call, calls, chatOf, done, lever, misfits, open, says } from './conversation.ts'
import { chunk, settle, whole } from './http.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const results = (messages: readonly Message[]): string[][] =>
  messages.flatMap((message) => (message.role === 'tool' ? [[message.tool_call_id, String(message.content)]] : []))
/** One tool of each kind, and how often those of the page have run. */
function kit() {
  const slow = lever()
  const ran: string[] = []
  const tools: ChatTools = {
    slow: { execute: () => slow.promise },
    fast: { execute: (_, { toolCallId }) => (ran.push(toolCallId), 'fast') },
    ask: { description: 'A question to the person.' },
    risky: { needsApproval: true, execute: (_, { toolCallId }) => (ran.push(toolCallId), 'risked') },
  }
  return { slow, ran, tools }
}
const everyKind = calls(['a', 'slow'], ['b', 'ask'], ['c', 'risky'], ['d', 'fast'], ['e', 'other'])
const request = { tools: [{ type: 'function' as const, function: { name: 'other' } }] }

describe('calls of every kind in one step', () => {
  const say = {
    output: (chat: ReturnType<typeof chatOf>['chat']) => chat.addToolOutput({ toolCallId: 'b', output: { yes: true } }),
    other: (chat: ReturnType<typeof chatOf>['chat']) => chat.addToolOutput({ toolCallId: 'e', error: 'Gone.' }),
    leave: (chat: ReturnType<typeof chatOf>['chat']) =>
      chat.addToolApprovalResponse({ toolCallId: 'c', approved: true }),
  }
  const orders: (keyof typeof say)[][] = [
    ['output', 'other', 'leave'],
    ['leave', 'output', 'other'],
    ['other', 'leave', 'output'],
  ]
  it.each(orders.flatMap((order) => [0, 1, 2, 3].map((at) => [order.join(), at, order] as const)))(
    'answered in the order %s, the slow tool done after %i of them: the model goes on once',
    async (_, at, order) => {
      const { slow, ran, tools } = kit()
      const talk = chatOf([everyKind, whole('Done.')], { tools, request })
      const asked = talk.chat.sendMessage('Go')
      await settle(100)
      expect(talk.calls().map(({ id, state, approval }) => [id, state, approval])).toEqual([
        ['a', 'running', undefined],
        ['b', 'input-complete', undefined],
        ['c', 'input-complete', 'requested'],
        ['d', 'output', undefined],
        ['e', 'input-complete', undefined],
      ])
      expect(talk.chat.getState().status).toBe('streaming')
      for (const [i, what] of order.entries()) {
        if (i === at) slow.resolve('slow')
        await settle(100)
        expect(talk.exchanges).toHaveLength(1)
        void say[what](talk.chat)
        await settle(100)
      }
      if (at === 3) slow.resolve('slow')
      await settle(100)
      await asked
      expect(talk.exchanges).toHaveLength(2)
      expect(ran).toEqual(['d', 'c'])
      expect(talk.sent(1)).toEqual([
        { role: 'user', content: 'Go' },
        {
          role: 'assistant',
          content: null,
          tool_calls: ['slow', 'ask', 'risky', 'fast', 'other'].map((name, i) => ({
            id: 'abcde'[i],
            type: 'function',
            function: { name, arguments: '{}' },
          })),
        },
        { role: 'tool', tool_call_id: 'a', content: 'slow' },
        { role: 'tool', tool_call_id: 'b', content: '{"yes":true}' },
        { role: 'tool', tool_call_id: 'c', content: 'risked' },
        { role: 'tool', tool_call_id: 'd', content: 'fast' },
        { role: 'tool', tool_call_id: 'e', content: '{"error":"Gone."}' },
      ])
      expect(talk.chat.getState()).toMatchObject({ status: 'ready', error: undefined })
      expect(talk.chat.getState().messages).toHaveLength(2)
      expect(talk.last()).toMatchObject({ text: 'Done.', status: 'ready', finishReason: 'stop' })
      expect(talk.call('c')).toMatchObject({ state: 'output', approval: 'approved' })
    },
  )

  it('declares the tools of the page and those of the request, each once', async () => {
    const { tools } = kit()
    const own = { type: 'function' as const, function: { name: 'fast', description: 'As the request says.' } }
    const talk = chatOf([whole('Hi')], { tools, request: { tools: [...request.tools, own] } })
    void talk.chat.sendMessage('Go')
    await settle(100)
    expect(talk.exchanges[0]!.body.tools.map((tool: typeof own) => tool.function)).toEqual([
      { name: 'slow' },
      { name: 'ask', description: 'A question to the person.' },
      { name: 'risky' },
      { name: 'other' },
      own.function,
    ])
  })

  it('leaves calls to others that the request declares in another way', async () => {
    const tools = [
      { type: 'custom', custom: { name: 'sql' } },
      { type: 'function', name: 'flat' },
    ]
    const talk = chatOf([calls(['a', 'sql'], ['b', 'flat'], ['c', 'nobody']), whole('Hi')], { request: { tools } })
    void talk.chat.sendMessage('Go')
    await settle(100)
    expect(talk.calls().map(({ state }) => state)).toEqual(['input-complete', 'input-complete', 'error'])
  })

  it('ends `ready` while calls wait for somebody, and tells of all that it knew before', async () => {
    const { slow, tools } = kit()
    const talk = chatOf([everyKind, whole('Done.')], { tools, request })
    const asked = talk.chat.sendMessage('Go')
    await settle(100)
    slow.resolve('slow')
    await settle(100)
    expect(await asked).toBe(talk.last())
    expect(talk.last()).toMatchObject({ status: 'ready', finishReason: 'tool_calls' })
    const { timing, id } = talk.last()
    const allowed = talk.chat.addToolApprovalResponse({ toolCallId: 'c', approved: true })
    expect(talk.chat.getState().status).toBe('streaming')
    await settle(100)
    expect(await allowed).toBe(talk.last())
    // Others still wait.
    expect(talk.last()).toMatchObject({ id, status: 'ready', finishReason: 'tool_calls', timing: timing! })
    expect(talk.exchanges).toHaveLength(1)
  })

  it('keeps the time to the first token of the first request', async () => {
    const { tools } = kit()
    const talk = chatOf([calls(['b', 'ask']), (exchange) => void setTimeout(() => exchange.answer(whole('x')), 5000)], {
      tools,
    })
    void talk.chat.sendMessage('Go')
    await settle(100)
    const { timeToFirstTokenMs } = talk.last().timing!
    expect(timeToFirstTokenMs).toBeDefined()
    void talk.chat.addToolOutput({ toolCallId: 'b', output: 1 })
    await settle(10_000)
    expect(talk.last()).toMatchObject({ text: 'x', timing: { timeToFirstTokenMs } })
  })
})

describe('approval', () => {
  const risky = (needsApproval: ChatTools[string]['needsApproval']) => {
    const execute = vi.fn(() => 'risked')
    return { execute, tools: { risky: { needsApproval, execute } } as ChatTools }
  }

  it.each([
    ['with a reason', 'Too dear.', 'Too dear.'],
    ['without one', undefined, 'The user did not allow this call.'],
  ])('denied %s is told to the model, and the tool never runs', async (_, reason, said) => {
    const { execute, tools } = risky(true)
    const talk = chatOf([calls(['a', 'risky']), whole('Well.')], { tools })
    void talk.chat.sendMessage('Go')
    await settle(100)
    void talk.chat.addToolApprovalResponse({ toolCallId: 'a', approved: false, reason })
    await settle(100)
    expect(results(talk.sent(1))).toEqual([['a', JSON.stringify({ error: said })]])
    expect(talk.call('a')).toMatchObject({ state: 'error', error: said, approval: 'denied' })
    expect(execute).not.toHaveBeenCalled()
    expect(talk.last().text).toBe('Well.')
  })

  it('is asked of a function with the arguments, once per call', async () => {
    const needsApproval = vi.fn(async ({ price }: { price: number }) => price > 10)
    const { execute, tools } = risky(needsApproval)
    const talk = chatOf([calls(['a', 'risky', '{"price":5}'], ['b', 'risky', '{"price":50}']), whole('Well.')], {
      tools,
    })
    void talk.chat.sendMessage('Go')
    await settle(100)
    expect(talk.calls().map(({ state, approval }) => [state, approval])).toEqual([
      ['output', undefined],
      ['input-complete', 'requested'],
    ])
    void talk.chat.addToolApprovalResponse({ toolCallId: 'b', approved: true })
    await settle(100)
    expect(execute).toHaveBeenCalledTimes(2)
    expect(needsApproval.mock.calls).toEqual([
      [{ price: 5 }, { toolCallId: 'a' }],
      [{ price: 50 }, { toolCallId: 'b' }],
    ])
    expect(talk.last().text).toBe('Well.')
  })

  it('of a function that throws counts as a failure: nothing runs', async () => {
    const { execute, tools } = risky(() => {
      throw new Error('No policy.')
    })
    const talk = chatOf([calls(['a', 'risky']), whole('Well.')], { tools })
    void talk.chat.sendMessage('Go')
    await settle(100)
    expect(execute).not.toHaveBeenCalled()
    expect(talk.call('a')).toMatchObject({ state: 'error', error: 'No policy.' })
    expect(talk.last().text).toBe('Well.')
  })

  it.each([
    ['denied', { approved: false }, 0, '{"error":"The user did not allow this call."}'],
    ['allowed', { approved: true }, 1, 'risked'],
  ])('that is %s before the function has said whether it is needed counts', async (_, said, times, result) => {
    const asks = lever<boolean>()
    const { execute, tools } = risky(() => asks.promise)
    execute.mockImplementation(() => new Promise((resolve) => setTimeout(resolve, 500, 'risked')) as never)
    const talk = chatOf([calls(['a', 'risky']), whole('Well.')], { tools })
    void talk.chat.sendMessage('Go')
    await settle(100)
    void talk.chat.addToolApprovalResponse({ toolCallId: 'a', ...said })
    await settle(100)
    asks.resolve(said.approved)
    await settle(1000)
    expect(execute).toHaveBeenCalledTimes(times)
    expect(talk.exchanges).toHaveLength(2)
    expect(results(talk.sent(1))).toEqual([['a', result]])
    expect(talk.call('a').approval).toBe(said.approved ? 'approved' : 'denied')
  })

  it('is asked for once, however many calls are answered meanwhile', async () => {
    const needsApproval = vi.fn(() => true)
    const { execute, tools } = risky(needsApproval)
    const talk = chatOf([calls(['a', 'risky'], ['b', 'risky'], ['c', 'risky']), whole('Well.')], { tools })
    void talk.chat.sendMessage('Go')
    await settle(100)
    for (const toolCallId of ['b', 'a', 'c']) {
      expect(talk.exchanges).toHaveLength(1)
      void talk.chat.addToolApprovalResponse({ toolCallId, approved: true })
      await settle(100)
    }
    expect(needsApproval).toHaveBeenCalledTimes(3)
    expect(execute).toHaveBeenCalledTimes(3)
    expect(talk.last().text).toBe('Well.')
  })

  it('said twice counts once, in either order', async () => {
    for (const [first, second] of [
      [true, true],
      [true, false],
      [false, true],
      [false, false],
    ]) {
      const { execute, tools } = risky(true)
      const talk = chatOf([calls(['a', 'risky']), whole('Well.')], { tools })
      void talk.chat.sendMessage('Go')
      await settle(100)
      void talk.chat.addToolApprovalResponse({ toolCallId: 'a', approved: first! })
      await settle(100)
      const state = talk.chat.getState()
      expect(await talk.chat.addToolApprovalResponse({ toolCallId: 'a', approved: second! })).toBeUndefined()
      await settle(100)
      expect(talk.chat.getState()).toBe(state)
      expect(execute).toHaveBeenCalledTimes(first ? 1 : 0)
      expect(talk.exchanges).toHaveLength(2)
    }
  })

  it('taken back while the arguments are validated keeps the tool from running', async () => {
    const { execute, tools } = risky(true)
    const parameters = {
      '~standard': {
        version: 1 as const,
        vendor: 'test',
        validate: async (value: unknown) => ({ value }),
        jsonSchema: { input: () => ({ type: 'object' }) },
      },
    }
    const talk = chatOf([calls(['a', 'risky']), whole('Well.')], { tools: { risky: { ...tools.risky, parameters } } })
    void talk.chat.sendMessage('Go')
    await settle(100)
    void talk.chat.addToolApprovalResponse({ toolCallId: 'a', approved: true })
    void talk.chat.addToolApprovalResponse({ toolCallId: 'a', approved: false })
    await settle(100)
    expect(execute).not.toHaveBeenCalled()
    expect(talk.call('a')).toMatchObject({ state: 'error', approval: 'denied' })
    expect(talk.exchanges).toHaveLength(2)
  })

  it('can be given by whoever hears that it is requested', async () => {
    const { execute, tools } = risky(true)
    const talk = chatOf([calls(['a', 'risky'], ['b', 'risky']), whole('Well.')], { tools })
    talk.chat.subscribe(() => {
      for (const each of talk.last().role === 'assistant' ? talk.calls() : []) {
        if (each.approval === 'requested')
          void talk.chat.addToolApprovalResponse({ toolCallId: each.id, approved: true })
      }
    })
    void talk.chat.sendMessage('Go')
    await settle(100)
    expect(execute).toHaveBeenCalledTimes(2)
    expect(talk.exchanges).toHaveLength(2)
    expect(talk.last()).toMatchObject({ status: 'ready', text: 'Well.' })
  })

  it('is not asked for again after a result was given by hand', async () => {
    const { execute, tools } = risky(true)
    const talk = chatOf([calls(['a', 'risky']), whole('Well.')], { tools })
    void talk.chat.sendMessage('Go')
    await settle(100)
    void talk.chat.addToolOutput({ toolCallId: 'a', output: 'by hand' })
    await settle(100)
    expect(talk.call('a')).toMatchObject({ state: 'output', output: 'by hand', approval: 'approved' })
    expect(execute).not.toHaveBeenCalled()
    expect(results(talk.sent(1))).toEqual([['a', 'by hand']])
  })

  it('given while others run lets the call run beside them', async () => {
    const { slow, ran, tools } = kit()
    const talk = chatOf([calls(['a', 'slow'], ['c', 'risky']), whole('Done.')], { tools })
    void talk.chat.sendMessage('Go')
    await settle(100)
    void talk.chat.addToolApprovalResponse({ toolCallId: 'c', approved: true })
    await settle(100)
    expect(ran).toEqual(['c'])
    expect(talk.calls().map(({ state }) => state)).toEqual(['running', 'output'])
    slow.resolve(1)
    await settle(100)
    expect(talk.last().text).toBe('Done.')
  })
})

describe('what somebody says of a call', () => {
  it('is ignored when there is no such call, or it has come to something', async () => {
    const { tools } = kit()
    const talk = chatOf([calls(['d', 'fast'], ['b', 'ask']), whole('Well.')], { tools })
    expect(await talk.chat.addToolOutput({ toolCallId: 'b', output: 1 })).toBeUndefined()
    void talk.chat.sendMessage('Go')
    await settle(100)
    const state = talk.chat.getState()
    expect(await talk.chat.addToolOutput({ toolCallId: 'nobody', output: 1 })).toBeUndefined()
    expect(await talk.chat.addToolOutput({ toolCallId: 'd', output: 'slower' })).toBeUndefined()
    expect(talk.chat.getState()).toBe(state)
    const first = talk.chat.addToolOutput({ toolCallId: 'b', output: 'one' })
    const second = talk.chat.addToolOutput({ toolCallId: 'b', output: 'two' })
    await settle(100)
    expect(await first).toBe(talk.last())
    expect(await second).toBeUndefined()
    expect(talk.exchanges).toHaveLength(2)
    expect(results(talk.sent(1))).toEqual([
      ['d', 'fast'],
      ['b', 'one'],
    ])
  })

  it('of a tool that runs is ignored: the tool answers', async () => {
    const { slow, tools } = kit()
    const talk = chatOf([calls(['a', 'slow']), whole('Well.')], { tools })
    void talk.chat.sendMessage('Go')
    await settle(100)
    expect(await talk.chat.addToolOutput({ toolCallId: 'a', output: 'early' })).toBeUndefined()
    slow.resolve('late')
    await settle(100)
    expect(results(talk.sent(1))).toEqual([['a', 'late']])
  })

  it('is not lost, and shows, while the step still streams', async () => {
    const { ran, tools } = kit()
    const step = [call('b', 'ask', '{"q":1}'), call('c', 'risky', '{}', 1), call('d', 'fast', '{}', 2)]
    const talk = chatOf([open(...step), whole('Done.')], { tools })
    const asked = talk.chat.sendMessage('Go')
    await settle(100)
    // Until its step says why it ended, nobody knows whether a call is whole.
    expect(await talk.chat.addToolOutput({ toolCallId: 'b', output: 'too early' })).toBeUndefined()
    talk.exchanges[0]!.write(chunk({}, 'tool_calls'))
    await settle(100)
    expect(talk.calls().map(({ state }) => state)).toEqual(['input-complete', 'input-complete', 'input-complete'])
    const told = talk.chat.addToolOutput({ toolCallId: 'b', output: 'early' })
    expect(talk.call('b')).toMatchObject({ state: 'output', output: 'early' })
    // The first word stands.
    expect(await talk.chat.addToolOutput({ toolCallId: 'b', output: 'again' })).toBeUndefined()
    void talk.chat.addToolApprovalResponse({ toolCallId: 'c', approved: true })
    expect(talk.call('c')).toMatchObject({ state: 'input-complete', approval: 'approved' })
    await settle(100)
    expect(ran).toEqual([])
    talk.exchanges[0]!.write(done)
    await settle(100)
    expect(await told).toBe(await asked)
    expect(ran.sort()).toEqual(['c', 'd'])
    expect(results(talk.sent(1))).toEqual([
      ['b', 'early'],
      ['c', 'risked'],
      ['d', 'fast'],
    ])
    expect(talk.last()).toMatchObject({ status: 'ready', text: 'Done.' })
  })

  it('that is no JSON is a failure of the call, and no rejection', async () => {
    const circular: Record<string, unknown> = {}
    circular.self = circular
    for (const output of [circular, 1n]) {
      const { tools } = kit()
      const talk = chatOf([calls(['b', 'ask']), whole('Well.')], { tools })
      void talk.chat.sendMessage('Go')
      await settle(100)
      const told = talk.chat.addToolOutput({ toolCallId: 'b', output })
      await settle(100)
      await expect(told).resolves.toMatchObject({ text: 'Well.' })
      expect(talk.call('b')).toMatchObject({ state: 'error', error: expect.stringMatching(/circular|BigInt/) })
    }
  })

  it('of an answer that the conversation has gone past is kept, and nothing is asked for it', async () => {
    const { ran, tools } = kit()
    const talk = chatOf([calls(['b', 'ask'], ['c', 'risky']), whole('One.'), whole('Two.')], { tools })
    void talk.chat.sendMessage('Go')
    await settle(100)
    void talk.chat.sendMessage('Never mind')
    await settle(100)
    expect(talk.sent(1)).toEqual([
      { role: 'user', content: 'Go' },
      { role: 'user', content: 'Never mind' },
    ])
    expect(await talk.chat.addToolApprovalResponse({ toolCallId: 'c', approved: true })).toBeUndefined()
    const [, past] = talk.chat.getState().messages
    expect(await talk.chat.addToolOutput({ toolCallId: 'b', output: 'late' })).toBe(talk.chat.getState().messages[1])
    expect(talk.chat.getState().messages[1]).not.toBe(past)
    await settle(100)
    expect(ran).toEqual([])
    expect(talk.exchanges).toHaveLength(2)
    void talk.chat.sendMessage('And?')
    await settle(100)
    expect(misfits(talk.sent(2))).toEqual([])
    expect(talk.sent(2).map(({ role }) => role)).toEqual(['user', 'assistant', 'tool', 'user', 'assistant', 'user'])
  })

  it('of an earlier answer shows while the next one arrives', async () => {
    const { tools } = kit()
    const talk = chatOf([calls(['b', 'ask']), open(says('O'))], { tools })
    void talk.chat.sendMessage('Go')
    await settle(100)
    void talk.chat.sendMessage('Never mind')
    await settle(100)
    void talk.chat.addToolOutput({ toolCallId: 'b', output: 'late' })
    talk.exchanges[1]!.write(says('ne.'))
    await settle(100)
    expect(talk.chat.getState().messages[1]).toMatchObject({
      parts: [{ toolCall: { state: 'output', output: 'late' } }],
    })
    expect(talk.last()).toMatchObject({ status: 'streaming', text: 'One.' })
  })
})

describe('steps', () => {
  it('may use the same call ids again and again', async () => {
    const { slow, ran, tools } = kit()
    const talk = chatOf(
      [
        calls(['call_0_0', 'fast'], ['call_0_1', 'ask']),
        calls(['call_0_0', 'ask'], ['call_0_1', 'fast']),
        open(call('call_0_0', 'risky')),
        whole('Done.'),
      ],
      { tools },
    )
    slow.resolve(1)
    void talk.chat.sendMessage('Go')
    await settle(100)
    void talk.chat.addToolOutput({ toolCallId: 'call_0_1', output: 'first' })
    await settle(100)
    // The first step's call by that id is no longer open: this is the second one's.
    void talk.chat.addToolOutput({ toolCallId: 'call_0_0', output: 'second' })
    await settle(100)
    talk.exchanges[2]!.write(chunk({}, 'tool_calls'), done)
    await settle(100)
    expect(talk.calls().map(({ state, output }) => [state, output])).toEqual([
      ['output', 'fast'],
      ['output', 'first'],
      ['output', 'second'],
      ['output', 'fast'],
      ['input-complete', undefined],
    ])
    void talk.chat.addToolApprovalResponse({ toolCallId: 'call_0_0', approved: true })
    await settle(100)
    expect(ran).toEqual(['call_0_0', 'call_0_1', 'call_0_0'])
    expect(talk.last()).toMatchObject({ status: 'ready', text: 'Done.' })
    expect(results(talk.sent(3))).toEqual([
      ['call_0_0', 'fast'],
      ['call_0_1', 'first'],
      ['call_0_0', 'second'],
      ['call_0_1', 'fast'],
      ['call_0_0', 'risked'],
    ])
    for (let i = 0; i < 4; i++) expect(misfits(talk.sent(i))).toEqual([])
  })

  it('do not take what was said about an earlier call by the same id', async () => {
    const { tools } = kit()
    const talk = chatOf([open(call('call_0_0', 'ask'), chunk({}, 'tool_calls')), calls(['call_0_0', 'ask'])], { tools })
    void talk.chat.sendMessage('Go')
    await settle(100)
    void talk.chat.addToolOutput({ toolCallId: 'call_0_0', output: 'first' })
    talk.exchanges[0]!.write(done)
    await settle(100)
    expect(talk.exchanges).toHaveLength(2)
    expect(talk.calls().map(({ state }) => state)).toEqual(['output', 'input-complete'])
    expect(talk.last().status).toBe('ready')
  })

  it('end when the model has nothing more to say after its tools', async () => {
    const { tools } = kit()
    const talk = chatOf([calls(['d', 'fast']), [chunk({ role: 'assistant', content: '' }), chunk({}, 'stop'), done]], {
      tools,
    })
    void talk.chat.sendMessage('Go')
    await settle(100)
    expect(talk.exchanges).toHaveLength(2)
    expect(talk.last()).toMatchObject({ status: 'ready', finishReason: 'stop', text: '' })
  })

  it('are counted anew after a person has said something, before the step has ended as well', async () => {
    const { tools } = kit()
    const talk = chatOf([calls(['1', 'fast']), calls(['2', 'ask']), calls(['3', 'fast']), calls(['4', 'fast'])], {
      tools,
      maxSteps: 2,
    })
    void talk.chat.sendMessage('Go')
    await settle(100)
    expect(talk.exchanges).toHaveLength(2)
    void talk.chat.addToolOutput({ toolCallId: '2', output: 1 })
    await settle(100)
    expect(talk.exchanges).toHaveLength(4)
    expect(talk.last()).toMatchObject({ status: 'ready', finishReason: 'tool_calls' })

    const early = chatOf([open(call('1', 'ask'), chunk({}, 'tool_calls')), whole('Done.')], { tools, maxSteps: 1 })
    void early.chat.sendMessage('Go')
    await settle(100)
    void early.chat.addToolOutput({ toolCallId: '1', output: 1 })
    early.exchanges[0]!.write(done)
    await settle(100)
    expect(early.last()).toMatchObject({ status: 'ready', text: 'Done.' })
  })

  it('that ran out are gone on with by continue(), which runs the calls that were left', async () => {
    const { ran, tools } = kit()
    const talk = chatOf([calls(['1', 'fast']), calls(['2', 'fast'], ['3', 'risky']), whole('Done.')], {
      tools,
      maxSteps: 2,
    })
    void talk.chat.sendMessage('Go')
    await settle(100)
    const { id } = talk.last()
    expect(talk.calls().map(({ state }) => state)).toEqual(['output', 'input-complete', 'input-complete'])
    void talk.chat.continue()
    await settle(100)
    expect(ran).toEqual(['1', '2'])
    expect(talk.call('3')).toMatchObject({ approval: 'requested' })
    expect(talk.exchanges).toHaveLength(2)
    void talk.chat.addToolApprovalResponse({ toolCallId: '3', approved: true })
    await settle(100)
    expect(talk.last()).toMatchObject({ id, status: 'ready', text: 'Done.' })
    expect(misfits(talk.sent(2))).toEqual([])
    const state = talk.chat.getState()
    expect(await talk.chat.continue()).toBeUndefined()
    expect(talk.chat.getState()).toBe(state)
  })
})

describe('continue()', () => {
  it('does nothing while tools run; where a call was no JSON it asks anew', async () => {
    const talk = chatOf([calls(['a', 'slow']), calls(['b', 'slow', '{"x']), whole('Fine.')], { tools: kit().tools })
    void talk.chat.sendMessage('Go')
    await settle(100)
    expect(talk.last()).toMatchObject({ status: 'streaming', finishReason: 'tool_calls' })
    const state = talk.chat.getState()
    expect(await talk.chat.continue()).toBeUndefined()
    expect(talk.chat.getState()).toBe(state)
    void talk.chat.sendMessage('Again')
    await settle(100)
    expect(talk.last()).toMatchObject({ status: 'ready', finishReason: 'tool_calls' })
    void talk.chat.continue()
    await settle(100)
    expect(talk.last()).toMatchObject({ status: 'ready', text: 'Fine.' })
    expect(talk.last().parts).toHaveLength(1)
    expect(misfits(talk.sent(2))).toEqual([])
  })

  it('goes on where the number of requests was used up, and until then nobody is waited for', async () => {
    const f = vi.fn(() => 'again')
    const talk = chatOf([calls(['a', 'f']), calls(['b', 'f']), whole('Done.')], {
      tools: { f: { execute: f } },
      maxSteps: 1,
      whenBusy: 'queue',
    })
    void talk.chat.sendMessage('Go')
    const next = talk.chat.sendMessage('Next')
    await settle(200)
    // The queue goes on: the call waits for nobody.
    expect(openCalls(talk.chat.getState().messages[1])).toEqual([])
    expect(await next).toMatchObject({ status: 'ready' })
    expect(f).not.toHaveBeenCalled()
    void talk.chat.continue()
    await settle(100)
    expect(f).toHaveBeenCalledOnce()
    expect(talk.last()).toMatchObject({ text: 'Done.' })
  })

  it('tells calls that wait for an output from others', async () => {
    const talk = chatOf([calls(['a', 'ask'], ['b', 'f'])], { tools: { ask: {}, f: { execute: () => 1 } } })
    void talk.chat.sendMessage('Go')
    await settle(100)
    expect(openCalls(talk.last())).toMatchObject([{ id: 'a', awaitsOutput: true }])
    void talk.chat.addToolOutput({ toolCallId: 'a', output: 'x' })
    expect(talk.call('a')).not.toHaveProperty('awaitsOutput')
  })
})

describe('stop()', () => {
  const stopped = 'Stopped before the tool had finished.'

  it('while tools run and approval is requested: all calls have ended, nothing more runs, what comes late is ignored', async () => {
    const { slow, ran, tools } = kit()
    const talk = chatOf([everyKind, whole('Fine.')], { tools, request })
    const asked = talk.chat.sendMessage('Go')
    await settle(100)
    talk.chat.stop()
    expect(await asked).toBe(talk.last())
    expect(talk.chat.getState().status).toBe('ready')
    expect(talk.last().status).toBe('stopped')
    expect(talk.calls().map(({ id, state, error, approval }) => [id, state, error, approval])).toEqual([
      ['a', 'error', stopped, undefined],
      ['b', 'error', stopped, undefined],
      ['c', 'error', stopped, undefined],
      ['d', 'output', undefined, undefined],
      ['e', 'error', stopped, undefined],
    ])
    const state = talk.chat.getState()
    slow.resolve('late')
    expect(await talk.chat.addToolApprovalResponse({ toolCallId: 'c', approved: true })).toBeUndefined()
    expect(await talk.chat.addToolOutput({ toolCallId: 'b', output: 1 })).toBeUndefined()
    await settle(100)
    expect(talk.chat.getState()).toBe(state)
    expect(ran).toEqual(['d'])
    void talk.chat.sendMessage('And?')
    await settle(100)
    expect(misfits(talk.sent(1))).toEqual([])
    expect(results(talk.sent(1)).map(([id]) => id)).toEqual(['a', 'b', 'c', 'd', 'e'])
  })

  it('while all that waits is a person changes nothing: the person may still answer', async () => {
    const { tools } = kit()
    const talk = chatOf([calls(['b', 'ask']), whole('Fine.')], { tools })
    void talk.chat.sendMessage('Go')
    await settle(100)
    const state = talk.chat.getState()
    talk.chat.stop()
    expect(talk.chat.getState()).toBe(state)
    void talk.chat.addToolOutput({ toolCallId: 'b', output: 1 })
    await settle(100)
    expect(talk.last().text).toBe('Fine.')
  })

  it('while a call is allowed and runs after the turn', async () => {
    const talk = chatOf([calls(['a', 'risky'])], {
      tools: { risky: { needsApproval: true, execute: () => new Promise(() => {}) } },
    })
    void talk.chat.sendMessage('Go')
    await settle(100)
    const allowed = talk.chat.addToolApprovalResponse({ toolCallId: 'a', approved: true })
    await settle(100)
    expect(talk.call('a').state).toBe('running')
    expect(talk.chat.getState().status).toBe('streaming')
    talk.chat.stop()
    expect(await allowed).toMatchObject({ status: 'stopped' })
    expect(talk.call('a')).toMatchObject({ state: 'error', approval: 'approved' })
  })

  it('while a step streams its calls: they come to nothing and are never sent', async () => {
    const { ran, tools } = kit()
    const talk = chatOf([open(says('Look: '), call('d', 'fast'), call('e', 'fast', '{"a', 1)), whole('Fine.')], {
      tools,
    })
    void talk.chat.sendMessage('Go')
    await settle(100)
    talk.chat.stop()
    await settle(100)
    expect(talk.calls().map(({ state }) => state)).toEqual(['incomplete', 'incomplete'])
    expect(await talk.chat.addToolApprovalResponse({ toolCallId: 'd', approved: true })).toBeUndefined()
    void talk.chat.sendMessage('And?')
    await settle(100)
    expect(ran).toEqual([])
    expect(talk.sent(1)).toEqual([
      { role: 'user', content: 'Go' },
      { role: 'assistant', content: 'Look: ' },
      { role: 'user', content: 'And?' },
    ])
  })

  it('when the calls are whole but the step has not ended: they were never made', async () => {
    const { tools } = kit()
    const step = [says('Look: '), call('b', 'ask'), chunk({}, 'tool_calls')]
    const talk = chatOf([open(...step), calls(['b', 'ask'])], { tools, continuation: (body) => body })
    void talk.chat.sendMessage('Go')
    await settle(100)
    expect(talk.call('b').state).toBe('input-complete')
    talk.chat.stop()
    expect(talk.call('b').state).toBe('incomplete')
    expect(talk.last().wire).toEqual([{ role: 'assistant', content: 'Look: ' }])
    expect(await talk.chat.addToolOutput({ toolCallId: 'b', output: 1 })).toBeUndefined()
    void talk.chat.continue()
    await settle(100)
    expect(talk.exchanges[1]!.body).toEqual(talk.exchanges[0]!.body)
    expect(talk.calls().map(({ state }) => state)).toEqual(['input-complete'])
  })

  it('by a tool itself, between the steps', async () => {
    const talk = chatOf([calls(['a', 'last']), whole('Never.')], {
      tools: { last: { execute: () => (talk.chat.stop(), 'done') } },
    })
    const asked = talk.chat.sendMessage('Go')
    await settle(100)
    expect(await asked).toMatchObject({ status: 'stopped', parts: [{ toolCall: { state: 'error' } }] })
    expect(talk.exchanges).toHaveLength(1)
  })

  it('is not waited for by tools that ignore their signal', async () => {
    for (const end of ['stop', 'reset', 'sendMessage'] as const) {
      const talk = chatOf([calls(['a', 'deaf']), whole('Fine.')], {
        tools: { deaf: { execute: () => new Promise(() => {}) } },
      })
      const asked = talk.chat.sendMessage('Go')
      await settle(100)
      void talk.chat[end]('Next')
      await expect(asked).resolves.toMatchObject({ status: 'stopped', parts: [{ toolCall: { error: stopped } }] })
    }
  })

  it('tells tools by their signal, and a validation that is under way runs no tool', async () => {
    const valid = lever()
    const execute = vi.fn()
    const parameters = {
      '~standard': {
        version: 1 as const,
        vendor: 'test',
        validate: async (value: unknown) => (await valid.promise, { value }),
        jsonSchema: { input: () => ({ type: 'object' }) },
      },
    }
    const talk = chatOf([calls(['a', 'slow'])], { tools: { slow: { parameters, execute } } })
    void talk.chat.sendMessage('Go')
    await settle(100)
    talk.chat.stop()
    valid.resolve(0)
    await settle(100)
    expect(execute).not.toHaveBeenCalled()
  })
})

describe('what a tool returns', () => {
  const circular: unknown[] = []
  circular.push(circular)
  it.each<[string, () => unknown, string, object]>([
    ['nothing', () => undefined, 'null', { state: 'output', output: undefined }],
    ['null', () => null, 'null', { state: 'output', output: null }],
    ['a text', () => 'plain', 'plain', { state: 'output', output: 'plain' }],
    ['an empty text', () => '', '', { state: 'output' }],
    ['an object', () => ({ a: [1] }), '{"a":[1]}', { state: 'output', output: { a: [1] } }],
    ['a circle', () => circular, expect.stringContaining('circular'), { state: 'error' }],
    ['a BigInt', () => 1n, expect.stringContaining('BigInt'), { state: 'error' }],
    ['a rejection', () => Promise.reject(new Error('Down.')), '{"error":"Down."}', { state: 'error', error: 'Down.' }],
    ['a text thrown', () => Promise.reject('Down.'), '{"error":"Down."}', { state: 'error', error: 'Down.' }],
    ['an error without words', () => Promise.reject(new Error('')), '{"error":""}', { state: 'error', error: '' }],
  ])('%s', async (_, execute, content, shown) => {
    const talk = chatOf([calls(['a', 'f']), whole('Done.')], { tools: { f: { execute } } })
    void talk.chat.sendMessage('Go')
    await settle(100)
    expect(results(talk.sent(1))).toEqual([['a', content]])
    expect(talk.call('a')).toMatchObject(shown)
    expect(talk.last().text).toBe('Done.')
  })
})
