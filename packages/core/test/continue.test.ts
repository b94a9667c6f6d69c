/** The rest of an answer that was cut: asked for, joined, counted, and never less on the screen than before. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  anthropic,
  askToContinue,
  compatible,
  createChat,
  createCompletionStore,
  openai,
  streamCompletion,
} from '../src/index.ts'
import type {
  AssistantMessage,
  Beginning,
  Chat,
  ChatOptions,
  Completion,
  CompletionError,
  CompletionStore,
  Message,
  StreamOptions,
} from '../src/index.ts'
import { byHand, chunk, event, refuse, reply, settle, whole } from './http.ts'
import type { Exchange } from './http.ts'

beforeEach(() => {
  vi.useFakeTimers()
  vi.spyOn(Math, 'random').mockReturnValue(0)
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

const counts = (prompt_tokens: number, completion_tokens: number, extra = {}) =>
  event({
    choices: [],
    usage: { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens, ...extra },
  })
const done = event('[DONE]')
const says = (...parts: string[]) => parts.map((content) => chunk({ content })).join('')
const call = (id: string, name: string, args: string, index = 0) =>
  chunk({ tool_calls: [{ index, id, function: { name, arguments: args } }] })
const calls = (text: string) =>
  reply(says(text), call('c1', 'f', '{"a":1}'), chunk({}, 'tool_calls'), counts(3, 5), done)

type Answers = ((exchange: Exchange) => void)[]

/** The completion of these answers, and how the last request looked. */
async function complete(answers: Answers, options: Partial<StreamOptions> = {}, request: object = {}) {
  const { fetch, exchanges } = byHand(...answers)
  const stream = streamCompletion(
    { model: 'm', prompt: 'Hi', ...request },
    { provider: compatible('vllm', { fetch }), maxRetries: 0, ...options },
  )
  const result: { completion?: Completion; error?: CompletionError } = {}
  stream.finalCompletion().then(
    (completion) => (result.completion = completion),
    (error) => (result.error = error),
  )
  await settle(10_000)
  return { ...result, stream, exchanges }
}
const beginning = async (...parts: string[]): Promise<Completion> => (await complete([reply(...parts)])).error!.partial!

describe('a stream that continues an answer', () => {
  it('asks for the rest in the provider’s words, and its completion is both', async () => {
    const continues = await beginning(says('High water', ' is at '))
    const { completion, exchanges, stream } = await complete([reply(says(' noon.'), chunk({}, 'stop'), done)], {
      continues,
    })
    expect(exchanges[0]!.body).toMatchObject({
      messages: [
        { role: 'user', content: 'Hi' },
        { role: 'assistant', content: 'High water is at' },
      ],
      continue_final_message: true,
    })
    expect(completion).toMatchObject({
      text: 'High water is at noon.',
      parts: [{ type: 'text', text: 'High water is at noon.' }],
      finishReason: 'stop',
      choices: [{ message: { role: 'assistant', content: 'High water is at noon.' } }],
    })
    expect(completion!.parts).toHaveLength(1)
    expect(stream.timing.chunks).toBe(2)
  })

  it('shows what there was before anything else arrives, and never less', async () => {
    const continues = await beginning(says('High water is'))
    const { fetch, exchanges } = byHand()
    const stream = streamCompletion(
      { model: 'm', prompt: 'Hi' },
      { provider: compatible('vllm', { fetch }), continues },
    )
    expect(stream.snapshot.text).toBe('High water is')
    const seen = [stream.snapshot.text]
    stream.subscribe(() => seen.push(stream.snapshot.text))
    void stream.finalCompletion()
    await settle()
    refuse(503)(exchanges[0]!)
    await settle(500)
    exchanges[1]!.answer(chunk({ role: 'assistant' }))
    for (const part of [says(' at'), says(' noon'), chunk({}, 'stop') + done]) {
      await settle()
      exchanges[1]!.write(part)
    }
    await settle()
    for (const [i, text] of seen.entries()) expect(text.startsWith(seen[i - 1] ?? '')).toBe(true)
    expect(seen.at(-1)).toBe('High water is at noon')
  })

  it('gives the new chunks alone to who reads them', async () => {
    const continues = await beginning(says('High water is'))
    const { fetch } = byHand(reply(says(' at', ' noon'), chunk({}, 'stop'), done))
    const texts: string[] = []
    for await (const text of streamCompletion(
      { model: 'm', prompt: 'Hi' },
      { provider: compatible('vllm', { fetch }), continues },
    ).textStream)
      texts.push(text)
    expect(texts).toEqual([' at', ' noon'])
  })

  it('keeps the pieces in their order, with reasoning, sources and pictures', async () => {
    const image = { type: 'image_url' as const, image_url: { url: 'data:image/png;base64,AA' } }
    const source = {
      type: 'url_citation' as const,
      url_citation: { url: 'https://x.example', title: 'X', start_index: 0, end_index: 1 },
    }
    const continues = await beginning(
      chunk({ reasoning_content: 'Hm.' }),
      says('See '),
      chunk({ images: [image] }),
      chunk({ content: 'this: ', annotations: [source] }),
    )
    const { completion } = await complete([reply(says('a tide.'), chunk({}, 'stop'), done)], { continues })
    expect(completion!.parts).toEqual([
      { type: 'reasoning', text: 'Hm.' },
      { type: 'text', text: 'See ' },
      { type: 'image', image },
      { type: 'text', text: 'this:a tide.' },
    ])
    expect(completion).toMatchObject({ text: 'See this:a tide.', reasoning: 'Hm.' })
    expect(completion!.choices[0]!.message).toMatchObject({
      annotations: [source],
      images: [image],
      reasoning_content: 'Hm.',
    })
    // What is continued is left as it was.
    expect(continues.text).toBe('See this: ')
    expect(continues.parts.at(-1)).toEqual({ type: 'text', text: 'this: ' })
  })

  it('adds up what both requests took, details included', async () => {
    const details = { completion_tokens_details: { reasoning_tokens: 2 }, prompt_tokens_details: { cached_tokens: 3 } }
    const continues = (await complete([reply(says('High'), chunk({}, 'length'), counts(10, 4, details), done)]))
      .completion!
    const { completion } = await complete([reply(says(' water'), chunk({}, 'stop'), counts(14, 5, details), done)], {
      continues,
    })
    expect(completion!.usage).toEqual({
      prompt_tokens: 24,
      completion_tokens: 9,
      total_tokens: 33,
      completion_tokens_details: { reasoning_tokens: 4 },
      prompt_tokens_details: { cached_tokens: 6 },
    })
  })

  it('estimates what was not told: of the rest alone, and what was estimated before stays so', async () => {
    const first = await beginning(says('One two three four five six seven eight.'))
    expect(first.usage).toMatchObject({ estimated: true })
    const { usage } = (await complete([reply(says(' Nine ten.'), chunk({}, 'stop'), done)], { continues: first }))
      .completion!
    const added = usage!.completion_tokens - first.usage!.completion_tokens
    expect(usage!.estimated).toBe(true)
    expect(added).toBeGreaterThan(0)
    expect(added).toBeLessThan(first.usage!.completion_tokens)
    // The question of the second request holds what was said before.
    expect(usage!.prompt_tokens).toBeGreaterThan(2 * first.usage!.prompt_tokens)
    expect(usage!.total_tokens).toBe(usage!.prompt_tokens + usage!.completion_tokens)
    const told = (await complete([reply(says(' Nine.'), chunk({}, 'stop'), counts(20, 3), done)], { continues: first }))
      .completion!
    expect(told.usage).toMatchObject({ completion_tokens: first.usage!.completion_tokens + 3, estimated: true })
  })

  it('takes no tokens for a rest that never came', async () => {
    const continues = (await complete([reply(says('High'), chunk({}, 'length'), counts(10, 4), done)])).completion!
    const { error } = await complete([refuse(401)], { continues })
    expect(error!.partial).toMatchObject({ text: 'High', usage: { completion_tokens: 4 } })
  })

  it('parses JSON across the cut', async () => {
    const request = { response_format: { type: 'json_object' } }
    const continues = (await complete([reply(says('{"city":"Par'))], {}, request)).error!.partial!
    expect(continues.parsed).toEqual({ city: 'Par' })
    const { fetch, exchanges } = byHand()
    const stream = streamCompletion(
      { model: 'm', prompt: 'Hi', response_format: { type: 'json_object' } },
      { provider: compatible('vllm', { fetch }), continues },
    )
    const final = stream.finalCompletion()
    await settle()
    exchanges[0]!.answer(says('is","days":[1,'))
    await settle()
    expect(stream.snapshot.parsed).toEqual({ city: 'Paris', days: [1] })
    exchanges[0]!.write(says('2]}'), chunk({}, 'stop'), done)
    await settle()
    await expect(final).resolves.toMatchObject({
      text: '{"city":"Paris","days":[1,2]}',
      parsed: { city: 'Paris', days: [1, 2] },
    })
  })

  it('validates with a schema what both came to', async () => {
    const validate = vi.fn((value: unknown) => ({ value: { ...(value as object), seen: true } }))
    const response_format = {
      '~standard': { version: 1, vendor: 't', validate, jsonSchema: { input: () => ({ type: 'object' }) } },
    }
    const continues = (await complete([reply(says('{"a":'))], {}, { response_format })).error!.partial!
    const { completion } = await complete(
      [reply(says('1}'), chunk({}, 'stop'), done)],
      { continues },
      { response_format },
    )
    expect(validate).toHaveBeenCalledWith({ a: 1 })
    expect(completion!.parsed).toEqual({ a: 1, seen: true })
  })

  it.each([
    ['blanks at its end', 'High water \n\n', ' is', 'High water is'],
    ['blanks within', 'a\n\n  b  ', '\n\nc', 'a\n\n  b\n\nc'],
    ['nothing', '', 'High', 'High'],
    ['blanks alone', ' \n ', 'High', 'High'],
  ])('joins an answer with %s', async (_, before, after, text) => {
    const continues: Beginning = {
      text: before,
      parts: before ? [{ type: 'text', text: before }] : [],
      toolCalls: [],
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: before, refusal: null },
          finish_reason: null,
          logprobs: null,
        },
      ],
    }
    const { completion, exchanges } = await complete([reply(says(after), chunk({}, 'stop'), done)], { continues })
    expect(completion!.text).toBe(text)
    const sent = exchanges[0]!.body.messages as Message[]
    const asked = before.trim() ? [['assistant', before.trimEnd()]] : []
    expect(sent.map(({ role, content }) => [role, content])).toEqual([['user', 'Hi'], ...asked])
  })

  it('goes on with an answer that reached its length, and the end is that of the rest', async () => {
    const first = (await complete([reply(says('High'), chunk({}, 'length'), done)])).completion!
    const second = await complete([reply(says(' water'), chunk({}, 'length'), done)], { continues: first })
    expect(second.completion).toMatchObject({ text: 'High water', finishReason: 'length' })
    const third = await complete([reply(says(' is'))], { continues: second.completion! })
    expect(third.error).toMatchObject({ code: 'interrupted', partial: { text: 'High water is', finishReason: null } })
  })

  it('asks with `continuation`, where the provider has no way or another one is wanted', async () => {
    const continues = await beginning(says('High'))
    const { fetch, exchanges } = byHand(reply(whole(' water')))
    const provider = openai({ fetch })
    const refused = streamCompletion({ model: 'm', prompt: 'Hi' }, { provider, continues }).finalCompletion()
    await expect(refused).rejects.toMatchObject({
      code: 'bad_request',
      attempts: 0,
      message: expect.stringContaining('`askToContinue`'),
      partial: { text: 'High' },
    })
    expect(exchanges).toHaveLength(0)
    const asked = streamCompletion(
      { model: 'm', prompt: 'Hi' },
      { provider, continues, continuation: askToContinue },
    ).finalCompletion()
    await settle()
    await expect(asked).resolves.toMatchObject({ text: 'High water' })
    expect((exchanges[0]!.body.messages as Message[]).map(({ role }) => role)).toEqual(['user', 'assistant', 'user'])
    const own = compatible('vllm', { fetch })
    const other = streamCompletion(
      { model: 'm', prompt: 'Hi' },
      { provider: own, continues, continuation: askToContinue },
    ).finalCompletion()
    await settle()
    await other
    expect((exchanges[1]!.body.messages as Message[]).map(({ role }) => role)).toEqual(['user', 'assistant', 'user'])
  })

  it('refuses an answer that calls tools, and keeps all of it', async () => {
    const continues = await beginning(says('Let me look.'), call('c1', 'f', '{"a"'))
    const { error, exchanges } = await complete([reply(whole('no'))], { continues })
    expect(error).toMatchObject({ code: 'bad_request', message: expect.stringContaining('tools') })
    expect(exchanges).toHaveLength(0)
    expect(error!.partial).toMatchObject({
      text: 'Let me look.',
      toolCalls: [{ id: 'c1', name: 'f', arguments: '{"a"' }],
    })
  })

  it('takes what was kept as JSON', async () => {
    const continues = JSON.parse(JSON.stringify(await beginning(chunk({ reasoning_content: 'Hm' }), says('High'))))
    const { completion } = await complete([reply(whole(' water'))], { continues })
    expect(completion).toMatchObject({ text: 'High water', reasoning: 'Hm' })
  })
})

describe('a store’s continue()', () => {
  function storeOf(answers: Answers, options = {}) {
    const { fetch, exchanges } = byHand(...answers)
    const store: CompletionStore = createCompletionStore({
      model: 'm',
      provider: compatible('vllm', { fetch }),
      maxRetries: 0,
      ...options,
    })
    const texts: string[] = []
    store.subscribe(() => texts.push(store.getState().text))
    return { store, exchanges, texts }
  }
  const onlyGrows = (texts: string[]) => {
    for (const [i, text] of texts.entries()) expect(text.startsWith((texts[i - 1] ?? '').trimEnd())).toBe(true)
  }

  it.each<[string, (exchange: Exchange) => void]>([
    ['was cut', reply(says('High'))],
    ['ended in an error', reply(says('High'), event({ error: { code: 503 } }))],
    ['reached its length limit', reply(says('High'), chunk({}, 'length'), counts(3, 1), done)],
  ])('joins the rest to an answer that %s, and the text never vanishes', async (_, first) => {
    const { store, exchanges, texts } = storeOf([first, reply(says(' water'), chunk({}, 'stop'), counts(5, 2), done)])
    void store.start('Hi')
    await settle(100)
    const more = store.continue()
    expect(store.getState()).toMatchObject({ status: 'submitted', text: 'High', error: undefined })
    await settle(100)
    await expect(more).resolves.toMatchObject({ text: 'High water' })
    expect(store.getState()).toMatchObject({
      status: 'ready',
      text: 'High water',
      finishReason: 'stop',
      error: undefined,
    })
    expect(exchanges[1]!.body.messages.at(-1)).toMatchObject({ role: 'assistant', content: 'High' })
    onlyGrows(texts)
  })

  it('goes on with an answer that was stopped, and again when that is stopped', async () => {
    const open = (exchange: Exchange) => exchange.answer(says(' and on'))
    const { store, texts, exchanges } = storeOf([open])
    void store.start('Hi')
    const stopped = (times: number) => ({ status: 'ready', stopped: true, text: ' and on'.repeat(times) })
    for (const times of [1, 2, 3]) {
      await settle(100)
      store.stop()
      expect(store.getState()).toMatchObject(stopped(times))
      void store.continue()
      // Stopped before it was even sent.
      store.stop()
      expect(store.getState()).toMatchObject(stopped(times))
      void store.continue()
    }
    await settle(100)
    expect(store.getState()).toMatchObject({ status: 'streaming', text: ' and on'.repeat(4) })
    expect(exchanges).toHaveLength(4)
    onlyGrows(texts)
    store.stop()
  })

  it('asks the question again when nothing had come', async () => {
    const { store, exchanges } = storeOf([refuse(401), reply(whole('Hello'))])
    void store.start('Hi')
    await settle(100)
    void store.continue()
    await settle(100)
    expect(store.getState()).toMatchObject({ status: 'ready', text: 'Hello' })
    expect(exchanges[1]!.body).toEqual(exchanges[0]!.body)
  })

  it('asks the question again when only thoughts had come, which begin anew', async () => {
    const { store, exchanges } = storeOf([
      reply(chunk({ reasoning_content: 'Hm' })),
      reply(chunk({ reasoning_content: 'So' }), whole('Hello')),
    ])
    void store.start('Hi')
    await settle(100)
    expect(store.getState()).toMatchObject({ status: 'error', reasoning: 'Hm' })
    void store.continue()
    await settle(100)
    expect(store.getState()).toMatchObject({ status: 'ready', text: 'Hello', reasoning: 'So' })
    expect(exchanges[1]!.body).toEqual(exchanges[0]!.body)
  })

  it('does nothing before there is an answer, about a whole one, or while one arrives', async () => {
    const { store, exchanges } = storeOf([(exchange) => exchange.answer(says('Hel'))])
    await expect(store.continue()).resolves.toBeUndefined()
    expect(store.getState().status).toBe('idle')
    void store.start('Hi')
    expect(await store.continue()).toBeUndefined()
    await settle(100)
    expect(await store.continue()).toMatchObject({ text: 'Hel' })
    exchanges[0]!.write(says('lo'), chunk({}, 'stop'), done)
    await settle(100)
    const state = store.getState()
    expect(await store.continue()).toMatchObject({ text: 'Hello' })
    await settle(100)
    expect(store.getState()).toBe(state)
    expect(exchanges).toHaveLength(1)
  })

  it('does nothing while the usage of an answer that reached its limit is still to come', async () => {
    const { store, exchanges } = storeOf([(exchange) => exchange.answer(says('Hel'))])
    void store.start('Hi')
    await settle(100)
    exchanges[0]!.write(chunk({}, 'length'))
    await settle(100)
    expect(store.getState()).toMatchObject({ status: 'streaming', finishReason: 'length' })
    void store.continue()
    await settle(100)
    expect(exchanges).toHaveLength(1)
    expect(exchanges[0]!.cancelled).toBe(false)
    exchanges[0]!.write(counts(3, 1), done)
    await settle(100)
    expect(store.getState()).toMatchObject({ status: 'ready', usage: { total_tokens: 4 } })
  })

  it('does nothing about a whole answer that its schema refused', async () => {
    const validate = () => ({ issues: [{ message: 'No.' }] })
    const response_format = {
      '~standard': { version: 1, vendor: 't', validate, jsonSchema: { input: () => ({ type: 'object' }) } },
    }
    const { store, exchanges } = storeOf([reply(whole('{}'))], { request: { response_format } })
    void store.start('Hi')
    await settle(100)
    expect(store.getState()).toMatchObject({
      status: 'error',
      finishReason: 'stop',
      error: { code: 'invalid_response' },
    })
    void store.continue()
    await settle(100)
    expect(exchanges).toHaveLength(1)
  })

  it('keeps text and calls where the answer cannot be continued, however often it is asked to', async () => {
    const { store, exchanges } = storeOf([reply(says('Look: '), call('c1', 'f', '{"a"')), reply(whole('no'))])
    void store.start('Hi')
    await settle(100)
    for (let i = 0; i < 2; i++) {
      void store.continue()
      await settle(100)
      expect(store.getState()).toMatchObject({
        status: 'error',
        error: { code: 'bad_request' },
        toolCalls: [{ id: 'c1' }],
      })
      expect(store.getState().text.trimEnd()).toBe('Look:')
    }
    expect(exchanges).toHaveLength(1)
  })

  it('keeps the text when the provider cannot go on, and goes on when told how', async () => {
    const { fetch } = byHand(reply(says('High')), reply(whole(' water')))
    let continuation: StreamOptions['continuation']
    const store = createCompletionStore(() => ({ model: 'm', provider: openai({ fetch }), continuation }))
    void store.start('Hi')
    await settle(100)
    void store.continue()
    await settle(100)
    expect(store.getState()).toMatchObject({ status: 'error', text: 'High', error: { code: 'bad_request' } })
    continuation = askToContinue
    void store.continue()
    await settle(100)
    expect(store.getState()).toMatchObject({ status: 'ready', text: 'High water' })
  })

  it('retry() afterwards asks the question anew', async () => {
    const { store, exchanges } = storeOf([reply(says('High')), reply(whole(' water')), reply(whole('Low'))])
    void store.start('Hi')
    await settle(100)
    void store.continue()
    await settle(100)
    void store.retry()
    expect(store.getState()).toMatchObject({ status: 'submitted', text: '' })
    await settle(100)
    expect(store.getState().text).toBe('Low')
    expect(exchanges[2]!.body).toEqual(exchanges[0]!.body)
  })
})

describe('a chat’s continue()', () => {
  function chatOf(answers: Answers, options: Partial<ChatOptions> = {}) {
    const { fetch, exchanges } = byHand(...answers)
    const chat: Chat = createChat({ model: 'm', provider: compatible('vllm', { fetch }), maxRetries: 0, ...options })
    const texts: string[] = []
    const counted: number[] = []
    const watch = () =>
      chat.subscribe(() => {
        texts.push(last(chat).text)
        counted.push(chat.getState().messages.length)
      })
    return { chat, exchanges, texts, counted, watch, sent: (n: number) => exchanges[n]!.body.messages as Message[] }
  }
  const last = (chat: Chat) => chat.getState().messages.at(-1) as AssistantMessage
  const onlyGrows = (texts: string[]) => {
    for (const [i, text] of texts.entries())
      expect(text.startsWith((texts[i - 1] ?? '').trimEnd()), texts.join('|')).toBe(true)
  }
  const run = async (promise: Promise<unknown>) => {
    await settle(1000)
    await promise
  }
  const tools = { f: { execute: () => 'done' } }

  it.each<[string, (exchange: Exchange) => void]>([
    ['was cut', reply(says('High '))],
    ['ended in an error', reply(says('High '), event({ error: { code: 503 } }))],
    ['reached its length limit', reply(says('High '), chunk({}, 'length'), counts(3, 1), done)],
  ])('joins the rest to an answer that %s: the same message, which never shrinks', async (_, first) => {
    const { chat, texts, counted, watch, sent } = chatOf([
      first,
      reply(says(' water'), chunk({}, 'stop'), done),
      reply(whole('Fine')),
    ])
    await run(chat.sendMessage('Hi'))
    const { id } = last(chat)
    const [asked] = chat.getState().messages
    watch()
    texts.push(last(chat).text)
    await run(chat.continue())
    expect(last(chat)).toMatchObject({
      id,
      status: 'ready',
      text: 'High water',
      finishReason: 'stop',
      error: undefined,
    })
    expect(last(chat).parts).toEqual([{ type: 'text', text: 'High water' }])
    expect(chat.getState().messages[0]).toBe(asked)
    expect(new Set(counted)).toEqual(new Set([2]))
    onlyGrows(texts)
    expect(sent(1)).toEqual([
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'High' },
    ])
    await run(chat.sendMessage('And?'))
    expect(sent(2)).toEqual([
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'High water' },
      { role: 'user', content: 'And?' },
    ])
  })

  it('adds up the usage of all requests', async () => {
    const { chat } = chatOf([
      reply(says('High'), chunk({}, 'length'), counts(3, 1), done),
      reply(says(' water'), chunk({}, 'length'), counts(5, 2), done),
      reply(says(' is'), chunk({}, 'stop'), counts(7, 3), done),
    ])
    await run(chat.sendMessage('Hi'))
    await run(chat.continue())
    expect(last(chat).usage).toEqual({ prompt_tokens: 8, completion_tokens: 3, total_tokens: 11 })
    await run(chat.continue())
    expect(last(chat)).toMatchObject({
      text: 'High water is',
      usage: { prompt_tokens: 15, completion_tokens: 6, total_tokens: 21 },
    })
  })

  it('goes on with an answer that was stopped in the middle', async () => {
    const { chat, sent } = chatOf([(exchange) => exchange.answer(says('High')), reply(whole(' water'))])
    void chat.sendMessage('Hi')
    await settle(100)
    chat.stop()
    await run(chat.continue())
    expect(last(chat)).toMatchObject({ status: 'ready', text: 'High water' })
    expect(sent(1).at(-1)).toMatchObject({ role: 'assistant', content: 'High' })
  })

  it('asks the question again when it was stopped before any text, or failed', async () => {
    for (const first of [
      () => {},
      (exchange: Exchange) => exchange.answer(chunk({ role: 'assistant' })),
      refuse(401),
    ]) {
      const { chat, exchanges } = chatOf([first, reply(whole('Hello'))])
      void chat.sendMessage('Hi')
      await settle(100)
      chat.stop()
      const { id } = last(chat)
      await run(chat.continue())
      expect(last(chat)).toMatchObject({ id, status: 'ready', text: 'Hello', error: undefined })
      expect(exchanges[1]!.body).toEqual(exchanges[0]!.body)
      expect(chat.getState().messages).toHaveLength(2)
    }
  })

  it('goes on in the step that was cut, with the results of the tools before', async () => {
    const { chat, sent, texts, watch } = chatOf(
      [calls('Let me look. '), reply(says('It is')), reply(says(' noon.'), chunk({}, 'stop'), counts(9, 2), done)],
      { tools },
    )
    await run(chat.sendMessage('When?'))
    expect(last(chat)).toMatchObject({ status: 'error', text: 'Let me look. It is' })
    const before = last(chat)
    watch()
    texts.push(before.text)
    await run(chat.continue())
    expect(last(chat)).toMatchObject({ id: before.id, status: 'ready', text: 'Let me look. It is noon.' })
    expect(last(chat).parts).toMatchObject([
      { type: 'text', text: 'Let me look. ' },
      { type: 'tool-call', toolCall: { id: 'c1', state: 'output', output: 'done' } },
      { type: 'text', text: 'It is noon.' },
    ])
    expect(last(chat).parts).toHaveLength(3)
    expect(sent(2).map(({ role, content }) => [role, content])).toEqual([
      ['user', 'When?'],
      ['assistant', 'Let me look. '],
      ['tool', 'done'],
      ['assistant', 'It is'],
    ])
    expect(last(chat).wire.map(({ role, content }) => [role, content])).toEqual([
      ['assistant', 'Let me look. '],
      ['tool', 'done'],
      ['assistant', 'It is noon.'],
    ])
    onlyGrows(texts)
  })

  it('runs the tools that the rest asks for', async () => {
    const { chat, sent } = chatOf([reply(says('Let me')), calls(' look.'), reply(whole('Noon.'))], { tools })
    await run(chat.sendMessage('When?'))
    await run(chat.continue())
    expect(last(chat)).toMatchObject({ status: 'ready', text: 'Let me look.Noon.' })
    expect(last(chat).parts.map(({ type }) => type)).toEqual(['text', 'tool-call', 'text'])
    expect(sent(2)).toMatchObject([
      { role: 'user' },
      { role: 'assistant', content: 'Let me look.', tool_calls: [{ id: 'c1' }] },
      { role: 'tool', tool_call_id: 'c1' },
    ])
  })

  it('drops a call that was cut, and goes on with the text before it', async () => {
    const { chat, sent } = chatOf(
      [reply(says('Let me look.'), call('c1', 'f', '{"a"')), calls(''), reply(whole('Noon.'))],
      { tools },
    )
    await run(chat.sendMessage('When?'))
    expect(last(chat).parts).toMatchObject([{ type: 'text' }, { type: 'tool-call', toolCall: { state: 'incomplete' } }])
    await run(chat.continue())
    expect(sent(1).at(-1)).toMatchObject({ role: 'assistant', content: 'Let me look.' })
    expect(sent(1).at(-1)).not.toHaveProperty('tool_calls')
    expect(last(chat).parts).toMatchObject([
      { type: 'text', text: 'Let me look.' },
      { type: 'tool-call', toolCall: { state: 'output' } },
      { type: 'text', text: 'Noon.' },
    ])
  })

  it('asks again where a cut call is all that there is', async () => {
    const { chat, exchanges } = chatOf([reply(call('c1', 'f', '{"a"')), reply(whole('Noon.'))], { tools })
    await run(chat.sendMessage('When?'))
    await run(chat.continue())
    expect(last(chat)).toMatchObject({ status: 'ready', text: 'Noon.' })
    expect(last(chat).parts).toEqual([{ type: 'text', text: 'Noon.' }])
    expect(exchanges[1]!.body).toEqual(exchanges[0]!.body)
  })

  it('goes on after tools that were stopped, and tells the model so', async () => {
    const hanging = { f: { execute: () => new Promise(() => {}) } }
    const { chat, sent } = chatOf([calls('Look. '), reply(whole('Sorry.'))], { tools: hanging })
    void chat.sendMessage('When?')
    await settle(100)
    chat.stop()
    expect(last(chat)).toMatchObject({ status: 'stopped', parts: [{ type: 'text' }, { toolCall: { state: 'error' } }] })
    await run(chat.continue())
    expect(sent(1).at(-1)).toMatchObject({ role: 'tool', content: expect.stringContaining('Stopped') })
    expect(last(chat)).toMatchObject({ status: 'ready', text: 'Look. Sorry.' })
    expect(last(chat).parts.map(({ type }) => type)).toEqual(['text', 'tool-call', 'text'])
  })

  it('goes on between the steps, when the second one was stopped before any text', async () => {
    const { chat, sent, exchanges } = chatOf([calls('Look. '), () => {}, reply(whole('Noon.'))], { tools })
    void chat.sendMessage('When?')
    await settle(100)
    chat.stop()
    await run(chat.continue())
    expect(exchanges[2]!.body).toEqual(exchanges[1]!.body)
    expect(sent(2).at(-1)!.role).toBe('tool')
    expect(last(chat)).toMatchObject({ status: 'ready', text: 'Look. Noon.' })
  })

  it('keeps thoughts before the cut where they were', async () => {
    const { chat, sent } = chatOf([reply(chunk({ reasoning_content: 'Hm.' }), says('High')), reply(whole(' water'))])
    await run(chat.sendMessage('Hi'))
    await run(chat.continue())
    expect(last(chat).parts).toEqual([
      { type: 'reasoning', text: 'Hm.' },
      { type: 'text', text: 'High water' },
    ])
    expect(sent(1).at(-1)).toMatchObject({ role: 'assistant', content: 'High' })
    expect(last(chat).wire).toMatchObject([{ role: 'assistant', content: 'High water', reasoning_content: 'Hm.' }])
  })

  it('keeps the sources of what was cut, each once', async () => {
    const cites = (text: string, url: string) =>
      chunk({
        content: text,
        annotations: [{ type: 'url_citation', url_citation: { url, title: '', start_index: 0, end_index: 1 } }],
      })
    const { chat } = chatOf([
      reply(cites('High', 'https://a.example')),
      reply(cites(' water', 'https://b.example'), chunk({}, 'stop'), done),
    ])
    await run(chat.sendMessage('Hi'))
    await run(chat.continue())
    expect(last(chat).annotations.map(({ url_citation }) => url_citation.url)).toEqual([
      'https://a.example',
      'https://b.example',
    ])
  })

  it('goes on with messages that were kept as JSON, at any point', async () => {
    const cuts: [string, Answers, string][] = [
      ['in text', [reply(says('It is'))], 'It is noon.'],
      ['in a later step', [calls('Look. '), reply(says('It is'))], 'Look. It is noon.'],
      ['in a call', [reply(says('It is'), call('c1', 'f', '{'))], 'It is noon.'],
      ['after reasoning', [reply(chunk({ reasoning_content: 'Hm' }), says('It is'))], 'It is noon.'],
      ['before text', [refuse(401)], ' noon.'],
    ]
    for (const [where, answers, text] of cuts) {
      const first = chatOf(answers, { tools })
      await run(first.chat.sendMessage('When?'))
      const initialMessages = JSON.parse(JSON.stringify(first.chat.getState().messages))
      const { chat, texts, watch } = chatOf([reply(whole(' noon.'))], { tools, initialMessages })
      watch()
      texts.push(last(chat).text)
      await run(chat.continue())
      expect(last(chat), where).toMatchObject({ status: 'ready', text, error: undefined })
      expect(last(chat).id).toBe(initialMessages.at(-1).id)
      onlyGrows(texts)
    }
  })

  it('does nothing about a whole answer, about none, and while one arrives', async () => {
    const { chat, exchanges } = chatOf([(exchange) => exchange.answer(says('Hel'))])
    await chat.continue()
    void chat.sendMessage('Hi')
    await chat.continue()
    await settle(100)
    await chat.continue()
    expect(last(chat)).toMatchObject({ status: 'streaming', text: 'Hel' })
    exchanges[0]!.write(says('lo'), chunk({}, 'stop'))
    await settle(100)
    await chat.continue()
    exchanges[0]!.write(done)
    await settle(100)
    const state = chat.getState()
    await chat.continue()
    expect(chat.getState()).toBe(state)
    expect(exchanges).toHaveLength(1)
  })

  it('does nothing about a whole answer that its schema refused', async () => {
    const validate = () => ({ issues: [{ message: 'No.' }] })
    const response_format = {
      '~standard': { version: 1 as const, vendor: 't', validate, jsonSchema: { input: () => ({ type: 'object' }) } },
    }
    const { chat, exchanges } = chatOf([reply(whole('{}'))], { request: { response_format } })
    await run(chat.sendMessage('Hi'))
    expect(last(chat)).toMatchObject({ status: 'error', finishReason: 'stop' })
    await run(chat.continue())
    expect(exchanges).toHaveLength(1)
  })

  it('can be called twice in one go, and asks once', async () => {
    const { chat, exchanges } = chatOf([reply(says('High')), reply(whole(' water'))])
    await run(chat.sendMessage('Hi'))
    const both = [chat.continue(), chat.continue()]
    await run(Promise.all(both))
    expect(last(chat)).toMatchObject({ status: 'ready', text: 'High water' })
    expect(exchanges).toHaveLength(2)
  })

  it('shows the failed attempts of the rest, and fails with all the text', async () => {
    const { chat } = chatOf([reply(says('High')), refuse(503)], { maxRetries: 1 })
    await run(chat.sendMessage('Hi'))
    void chat.continue()
    await settle(100)
    expect(last(chat)).toMatchObject({ status: 'streaming', text: 'High', attempts: [{ action: 'retry' }] })
    await settle(1000)
    expect(last(chat)).toMatchObject({ status: 'error', text: 'High', error: { code: 'overloaded', attempts: 2 } })
    expect(last(chat).wire).toMatchObject([{ role: 'assistant', content: 'High' }])
  })

  it('works in Anthropic’s words too', async () => {
    const begun = [
      { type: 'message_start', message: { id: 'msg', model: 'claude', content: [], usage: { input_tokens: 3 } } },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'High' } },
    ].map(event)
    const hand = byHand(reply(...begun), reply(...begun))
    const claude = createChat({ model: 'm', provider: anthropic({ fetch: hand.fetch }), maxRetries: 0 })
    await run(claude.sendMessage('Hi'))
    await run(claude.continue())
    expect(last(claude).text).toBe('HighHigh')
    expect(hand.exchanges[1]!.body.messages.at(-1)).toMatchObject({
      role: 'assistant',
      content: [{ type: 'text', text: 'High' }],
    })
  })
})
