/** An answer that is taken up by another page, piece by piece: what is shown meanwhile, and what is kept of it. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { compatible, createChat, messagesFrom } from '../src/index.ts'
import type { AssistantMessage, ChatMessage, ChatOptions } from '../src/index.ts'
import { call, calls, done, says } from './conversation.ts'
import { byHand, chunk, event, refuse, reply, settle, unreachable, whole } from './http.ts'
import type { Exchange } from './http.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const relay = 'https://app.example/api'
/** The beginning of an answer that the relay keeps by this name. */
const keeps =
  (name: string, ...parts: string[]) =>
  (exchange: Exchange): void =>
    exchange.answer(parts, { headers: { 'content-location': `../streams/${name}` } })

/** A page with a chat at a relay: what it shows, and what is kept of it. */
function openPage(
  answers: ((exchange: Exchange) => void)[],
  initialMessages: readonly ChatMessage[] = [],
  options: Partial<ChatOptions> = {},
) {
  const { fetch, exchanges } = byHand(...answers)
  const provider = compatible('vllm', { fetch, baseURL: relay })
  const chat = createChat({ model: 'm', provider, maxRetries: 0, initialMessages, ...options })
  const last = (): AssistantMessage => chat.getState().messages.at(-1) as AssistantMessage
  const shown: AssistantMessage[] = []
  chat.subscribe(() => shown.push(last()))
  return {
    chat,
    exchanges,
    last,
    shown,
    leave: (): ChatMessage[] => JSON.parse(JSON.stringify(chat.getState().messages)),
  }
}
const wireOf = ({ wire }: AssistantMessage) => wire.map(({ role, content }) => [role, content])
const source = (n: number) => ({
  type: 'url_citation' as const,
  url_citation: { url: `https://x.example/${n}`, title: `${n}`, start_index: 0, end_index: 1 },
})
const counts = (prompt_tokens: number, completion_tokens: number) =>
  event({ choices: [], usage: { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens } })
const tools = { f: { execute: () => 'done' } }

describe('an answer that is taken up', () => {
  /** A page that was left in the second step of an answer. */
  const secondStep = async () => {
    const { exchanges, ...page } = openPage(
      [
        keeps(
          'first',
          chunk({ content: 'Look. ', annotations: [source(1)] }),
          call('a', 'f'),
          chunk({}, 'tool_calls'),
          counts(10, 5),
          done,
        ),
        keeps('second', chunk({ reasoning_content: 'Hm. ' }), chunk({ content: 'It is', annotations: [source(2)] })),
      ],
      [],
      { tools },
    )
    void page.chat.sendMessage('Hi')
    await settle(100)
    expect(exchanges).toHaveLength(2)
    return page.leave()
  }

  it('shows what was there until it has come as far, then what is new', async () => {
    const kept = await secondStep()
    const talk = openPage([keeps('second')], kept, { tools })
    expect(talk.last()).toMatchObject({ status: 'error', text: 'Look. It is' })
    const before = talk.last()
    void talk.chat.resume()
    await settle(100)
    expect(talk.exchanges[0]).toMatchObject({ url: `${relay}/streams/second`, method: 'GET' })
    for (const piece of [chunk({ reasoning_content: 'Hm. ' }), says('It'), says(' is'), says(' noon'), says('.')]) {
      talk.exchanges[0]!.write(piece)
      await settle(100)
    }
    talk.exchanges[0]!.write(chunk({}, 'stop'), counts(20, 7), done)
    await settle(100)
    expect([...new Set(talk.shown.map(({ text }) => text))]).toEqual([
      'Look. It is',
      'Look. It is noon',
      'Look. It is noon.',
    ])
    for (const message of talk.shown) {
      expect(message.id).toBe(before.id)
      expect(message.parts.map(({ type }) => type)).toEqual(['text', 'tool-call', 'reasoning', 'text'])
    }
    expect(talk.last()).toMatchObject({ status: 'ready', finishReason: 'stop' })
    expect(wireOf(talk.last())).toEqual([
      ['assistant', 'Look. '],
      ['tool', 'done'],
      ['assistant', 'It is noon.'],
    ])
  })

  it('counts tokens and sources of each step once', async () => {
    const talk = openPage(
      [reply(chunk({ content: 'It is noon.', annotations: [source(2)] }), chunk({}, 'stop'), counts(20, 7), done)],
      await secondStep(),
      { tools },
    )
    expect(talk.last().annotations).toEqual([source(1), source(2)])
    void talk.chat.resume()
    await settle(100)
    expect(talk.last().annotations).toEqual([source(1), source(2)])
    expect(talk.last().usage).toMatchObject({ prompt_tokens: 30, completion_tokens: 12 })
  })

  it('goes on with the tools that it asks for', async () => {
    const rest = reply(says('It is '), call('b', 'f'), chunk({}, 'tool_calls'), done)
    const talk = openPage([rest, reply(whole('noon.'))], await secondStep(), { tools })
    void talk.chat.resume()
    await settle(100)
    expect(talk.exchanges.map(({ method }) => method)).toEqual(['GET', 'POST'])
    expect(talk.last()).toMatchObject({ status: 'ready', text: 'Look. It is noon.' })
    expect(talk.exchanges[1]!.body.messages.map(({ role }: { role: string }) => role)).toEqual([
      'user',
      'assistant',
      'tool',
      'assistant',
      'tool',
    ])
  })

  it('is left again before anything has come, and then again: nothing is there twice', async () => {
    let kept = await secondStep()
    for (let i = 0; i < 2; i++) {
      const page = openPage([keeps('second')], kept, { tools })
      void page.chat.resume()
      await settle(100)
      kept = page.leave()
      expect(kept[1]).toMatchObject({ text: 'Look. It is', running: { url: `${relay}/streams/second` } })
      page.chat.stop()
    }
    const other = openPage([reply(whole('Fine.'))], kept, { tools })
    void other.chat.sendMessage('And?')
    await settle(100)
    expect(other.exchanges[0]!.body.messages.map(({ content }: { content: string }) => content)).toEqual([
      'Hi',
      'Look. ',
      'done',
      'It is',
      'And?',
    ])
    const talk = openPage([reply(whole('It is noon.'))], kept, { tools })
    void talk.chat.resume()
    await settle(100)
    expect(talk.last()).toMatchObject({ status: 'ready', text: 'Look. It is noon.' })
    expect(wireOf(talk.last()).length).toBe(3)
  })

  it.each([
    ['nothing', []],
    ['less than there was', [says('It')]],
  ])('and is stopped after %s: what was there stays, and is sent', async (_, parts) => {
    const talk = openPage([keeps('second', ...parts), reply(), reply(whole('Fine.'))], await secondStep(), { tools })
    const resumed = talk.chat.resume()
    await settle(100)
    talk.chat.stop()
    expect(await resumed).toMatchObject({ status: 'stopped', text: 'Look. It is' })
    expect(talk.chat.getState().status).toBe('ready')
    await settle(100)
    expect(talk.exchanges[1]).toMatchObject({ method: 'DELETE', url: `${relay}/streams/second` })
    expect(await talk.chat.resume()).toBeUndefined()
    void talk.chat.sendMessage('And?')
    await settle(100)
    expect(talk.exchanges[2]!.body.messages.slice(1).map(({ content }: { content: string }) => content)).toEqual([
      'Look. ',
      'done',
      'It is',
      'And?',
    ])
  })

  it('is gone: what was there stays, and continue() goes on with it', async () => {
    const talk = openPage([refuse(404), reply(says(' noon.'), chunk({}, 'stop'), done)], await secondStep(), { tools })
    void talk.chat.resume()
    await settle(100)
    expect(talk.last()).toMatchObject({ status: 'error', text: 'Look. It is', error: { code: 'not_found' } })
    expect(await talk.chat.resume()).toBeUndefined()
    void talk.chat.continue()
    await settle(100)
    expect(talk.last()).toMatchObject({ status: 'ready', text: 'Look. It is noon.', error: undefined })
    expect(talk.exchanges[1]!.body.messages.at(-1)).toMatchObject({ role: 'assistant', content: 'It is' })
  })

  it('cannot be reached: what was there stays, and it can be taken up later, also by another page', async () => {
    const talk = openPage([unreachable, refuse(503), reply(whole('It is noon.'))], await secondStep(), { tools })
    for (const code of ['network', 'overloaded']) {
      void talk.chat.resume()
      await settle(100)
      expect(talk.last()).toMatchObject({ status: 'error', text: 'Look. It is' })
      expect(talk.last().error!.code).toBe(code)
    }
    const later = openPage([reply(whole('It is noon.'))], talk.leave(), { tools })
    for (const page of [talk, later]) {
      void page.chat.resume()
      await settle(100)
      expect(page.last()).toMatchObject({ status: 'ready', text: 'Look. It is noon.', error: undefined })
      expect(wireOf(page.last()).length).toBe(3)
    }
  })
})

describe('there is nothing to take up', () => {
  const leftWith = async (...answers: ((exchange: Exchange) => void)[]) => {
    const page = openPage(answers, [], { tools: { f: { execute: () => new Promise(() => {}) } } })
    void page.chat.sendMessage('Hi')
    await settle(100)
    return page
  }

  it.each<[string, () => Promise<readonly ChatMessage[]>]>([
    ['in an empty conversation', async () => []],
    ['when the answer is whole', async () => (await leftWith(keeps('x', whole('Hello')))).leave()],
    ['when no relay keeps it', async () => (await leftWith((exchange) => exchange.answer(says('Hel')))).leave()],
    ['before the relay has answered', async () => (await leftWith(() => {})).leave()],
    // The step is whole: to read it again would say it twice.
    ['while tools ran', async () => (await leftWith(keeps('x', calls(['a', 'f'])))).leave()],
    [
      'after a stop',
      async () => {
        const page = await leftWith(keeps('x', says('Hel')))
        page.chat.stop()
        return page.leave()
      },
    ],
    ['when a question came last', async () => (await leftWith(keeps('x', says('Hel')))).leave().slice(0, 1)],
  ])('%s', async (_, leave) => {
    const talk = openPage([reply(whole('Never.'))], await leave())
    const state = talk.chat.getState()
    expect(await talk.chat.resume()).toBeUndefined()
    await settle(100)
    expect(talk.chat.getState()).toBe(state)
    expect(talk.exchanges).toHaveLength(0)
  })

  it('while an answer arrives', async () => {
    const page = await leftWith(keeps('x', says('Hel')))
    const state = page.chat.getState()
    expect(await page.chat.resume()).toBeUndefined()
    expect(page.chat.getState()).toBe(state)
  })

  it('of what continue() asks for, which no relay has from its beginning: it is gone on with instead', async () => {
    const first = await leftWith(reply(says('One, ')))
    const second = openPage([keeps('rest', says('two, '))], first.leave())
    void second.chat.continue()
    await settle(100)
    expect(second.last()).toMatchObject({ status: 'streaming' })
    const third = openPage([reply(says('three'), chunk({}, 'stop'), done)], second.leave())
    expect(await third.chat.resume()).toBeUndefined()
    void third.chat.continue()
    await settle(100)
    expect(third.last()).toMatchObject({ status: 'ready', text: 'One,two,three' })
  })
})

describe('an answer that is about to be taken up (`resume`)', () => {
  const left = async () => {
    const page = openPage([keeps('it', chunk({ content: 'Hel' }))])
    void page.chat.sendMessage('Hi')
    await settle(100)
    return page.leave()
  }

  it('is shown as running from the beginning, and never as one that was interrupted', async () => {
    const talk = openPage([keeps('it', chunk({ content: 'Hello' }), chunk({}, 'stop'), done)], await left(), {
      resume: true,
    })
    expect(talk.chat.getInitialState()).toMatchObject({ status: 'streaming', error: undefined })
    expect(talk.last()).toMatchObject({ status: 'streaming', text: 'Hel' })
    expect(talk.last().error).toBeUndefined()
    void talk.chat.resume()
    await settle(100)
    expect(talk.last()).toMatchObject({ status: 'ready', text: 'Hello' })
    expect(talk.shown.map(({ status }) => status)).not.toContain('error')
    expect(talk.chat.getState()).toMatchObject({ status: 'ready', error: undefined })
  })

  it.each(['stop', 'setMessages'] as const)('is interrupted by %s()', async (verb) => {
    const talk = openPage([], await left(), { resume: true })
    talk.chat[verb]((messages: readonly ChatMessage[]) => messages)
    expect(talk.chat.getState()).toMatchObject({ status: 'ready' })
    expect(talk.last()).toMatchObject({ status: 'error', error: { code: 'interrupted' }, text: 'Hel' })
    expect(talk.exchanges).toHaveLength(0)
  })

  it('is interrupted by another question, which is sent with what there was', async () => {
    const talk = openPage(
      [(exchange) => exchange.answer([chunk({ content: 'Fine' }), chunk({}, 'stop'), done])],
      await left(),
      {
        resume: true,
      },
    )
    void talk.chat.sendMessage('And?')
    await settle(100)
    expect(talk.last()).toMatchObject({ status: 'ready', text: 'Fine' })
    expect(JSON.parse(String(talk.exchanges[0]!.init.body)).messages).toEqual([
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'Hel' },
      { role: 'user', content: 'And?' },
    ])
  })

  it('is told where it is kept before there is anything to see of it', async () => {
    const page = openPage([keeps('early', chunk({ role: 'assistant' } as object))])
    void page.chat.sendMessage('Hi')
    await settle(100)
    expect(page.last()).toMatchObject({
      status: 'submitted',
      running: { url: 'https://app.example/api/streams/early' },
    })
  })
})

describe('an answer whose connection was lost, at a relay that keeps it', () => {
  it('before its first token can be taken up, as often as it takes', async () => {
    const page = openPage([keeps('it', chunk({ role: 'assistant' } as object))])
    void page.chat.sendMessage('Hi')
    await settle(100)
    const again = openPage(
      [unreachable, keeps('it', chunk({ content: 'Hello' }), chunk({}, 'stop'), done)],
      page.leave(),
    )
    void again.chat.resume()
    await settle(100)
    expect(again.last()).toMatchObject({ status: 'error', error: { code: 'network' } })
    void again.chat.resume()
    await settle(100)
    expect(again.last()).toMatchObject({ status: 'ready', text: 'Hello' })
    expect(again.last()).not.toHaveProperty('running')
    expect(wireOf(again.last())).toEqual([['assistant', 'Hello']])
  })

  it('in the middle can be taken up: each word is there once', async () => {
    const page = openPage([
      (exchange) => {
        keeps('it', chunk({ content: 'Hel' }))(exchange)
        exchange.end()
      },
      keeps('it', chunk({ content: 'Hel' }), chunk({ content: 'lo' }), chunk({}, 'stop'), done),
    ])
    void page.chat.sendMessage('Hi')
    await settle(100)
    expect(page.last()).toMatchObject({ status: 'error', error: { code: 'interrupted' }, text: 'Hel' })
    const taken = page.chat.resume()
    await settle(100)
    expect(await taken).toMatchObject({ status: 'ready', text: 'Hello' })
    expect(wireOf(page.last())).toEqual([['assistant', 'Hello']])
  })
})

it('is looked for where a fallback gave it', async () => {
  const elsewhere = 'https://other.example/api'
  const { fetch, exchanges } = byHand(keeps('it', chunk({ content: 'Hello' }), chunk({}, 'stop'), done))
  const chat = createChat({
    model: 'm',
    provider: compatible('vllm', { fetch, baseURL: relay }),
    fallbacks: [{ provider: compatible('vllm', { fetch, baseURL: elsewhere }) }],
    maxRetries: 0,
    initialMessages: [
      ...JSON.parse(
        JSON.stringify(
          messagesFrom([
            { role: 'user', content: 'Hi' },
            { role: 'assistant', content: '' },
          ]),
        ),
      ),
    ].map((message) =>
      message.role === 'assistant'
        ? { ...message, status: 'streaming', wire: [], running: { parts: 0, wire: 0, url: `${elsewhere}/streams/it` } }
        : message,
    ),
  })
  void chat.resume()
  await settle(100)
  expect(exchanges.map(({ url }) => url)).toEqual([`${elsewhere}/streams/it`])
  expect(chat.getState().messages.at(-1)).toMatchObject({ status: 'ready', text: 'Hello' })
})
