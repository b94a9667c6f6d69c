/** A conversation: what is sent, what is shown, how tools are run. */
import { describe, expect, it, vi } from 'vitest'
import { createChat, openai } from '../src/index.ts'
import type { AssistantMessage, Chat, ChatOptions, ChatTools, Message } from '../src/index.ts'
import { bodyOf, byHand, chunk, event, reply, whole } from './http.ts'

const done = event('[DONE]')
const usage = (prompt_tokens: number, completion_tokens: number) =>
  event({ choices: [], usage: { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens } })
const say = (text: string) => [chunk({ content: text }), chunk({}, 'stop'), usage(2, 1), done]
const call = (...calls: [id: string, name: string, args: string][]) => [
  ...calls.map(([id, name, args], index) =>
    chunk({ tool_calls: [{ index, id, function: { name, arguments: args } }] }),
  ),
  chunk({}, 'tool_calls'),
  usage(3, 5),
  done,
]

/** A chat whose provider gives these answers, one after the other, and the bodies that were sent. */
function chatOf(answers: Iterable<string>[], options: Partial<ChatOptions> = {}) {
  const sent: { messages: Message[]; tools?: unknown; model: string }[] = []
  const left = [...answers]
  const fetch: typeof globalThis.fetch = async (_, init) => {
    sent.push(JSON.parse(String(init?.body)))
    return new Response(bodyOf(left.shift() ?? []), { headers: { 'content-type': 'text/event-stream' } })
  }
  return { chat: createChat({ model: 'm', provider: openai({ fetch }), ...options }), sent }
}
const lastOf = (chat: Chat) => chat.getState().messages.at(-1) as AssistantMessage
const callsOf = (chat: Chat) => lastOf(chat).parts.flatMap((part) => (part.type === 'tool-call' ? [part.toolCall] : []))

/** Says something, then nothing more. */
function* endless(text: string): Generator<string> {
  yield chunk({ content: text })
  for (;;) yield ': ping\n\n'
}
/** A chat of endless answers which reads no more than it is given time for. */
const slowFetch =
  (text: string): typeof globalThis.fetch =>
  async () => {
    const parts = endless(text)
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        await new Promise((resolve) => setTimeout(resolve, 5))
        controller.enqueue(new TextEncoder().encode(parts.next().value as string))
      },
    })
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
  }

describe('a conversation', () => {
  it('sends what was said so far, and keeps the messages that did not change', async () => {
    const { chat, sent } = chatOf([say('Hello'), say('Fine')], { system: 'Be brief.' })
    await chat.sendMessage('Hi')
    const before = chat.getState().messages
    await chat.sendMessage('How are you?')
    expect(sent[1]?.messages).toEqual([
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'Hello' },
      { role: 'user', content: 'How are you?' },
    ])
    const { messages, status } = chat.getState()
    expect(status).toBe('ready')
    expect(messages.map((message) => message.text)).toEqual(['Hi', 'Hello', 'How are you?', 'Fine'])
    expect(messages.slice(0, 2)).toEqual(before)
    expect(messages[1]).toBe(before[1])
    expect(new Set(messages.map((message) => message.id)).size).toBe(4)
    expect(lastOf(chat)).toMatchObject({ status: 'ready', finishReason: 'stop', usage: { total_tokens: 3 } })
  })

  it('sends a refusal back as what the assistant said', async () => {
    const { chat, sent } = chatOf([[chunk({ refusal: 'I will not.' }), chunk({}, 'stop'), done], say('Fine')])
    await chat.sendMessage('Do it')
    expect(lastOf(chat).parts).toEqual([{ type: 'refusal', text: 'I will not.' }])
    await chat.sendMessage('Then hello')
    expect(sent[1]?.messages[1]).toEqual({ role: 'assistant', content: 'I will not.' })
  })

  it('drops the last answer and asks again', async () => {
    const { chat, sent } = chatOf([say('Hello'), say('Good day')])
    await chat.sendMessage('Hi')
    await chat.regenerate()
    expect(sent[1]).toEqual(sent[0])
    expect(chat.getState().messages.map((message) => message.text)).toEqual(['Hi', 'Good day'])
  })

  it('keeps what arrived when the stream is cut, tells why, and can be asked again', async () => {
    const { chat } = chatOf([[chunk({ content: 'Hel' })], say('Hello')])
    await chat.sendMessage('Hi')
    expect(chat.getState()).toMatchObject({ status: 'error', error: { code: 'interrupted' } })
    expect(lastOf(chat)).toMatchObject({
      status: 'error',
      text: 'Hel',
      error: { code: 'interrupted' },
      finishReason: null,
    })
    await chat.regenerate()
    expect(chat.getState()).toMatchObject({ status: 'ready', error: undefined })
    expect(lastOf(chat).text).toBe('Hello')
  })

  it('stops, keeps the text and goes on from there', async () => {
    const fetch = vi.fn(slowFetch('Hel'))
    const chat = createChat({ model: 'm', provider: openai({ fetch }) })
    const asked = chat.sendMessage('Hi')
    expect(lastOf(chat).status).toBe('submitted')
    await vi.waitFor(() => expect(lastOf(chat)).toMatchObject({ status: 'streaming', text: 'Hel' }))
    chat.stop()
    expect(chat.getState().status).toBe('ready')
    expect(lastOf(chat)).toMatchObject({ status: 'stopped', text: 'Hel', error: undefined })
    await asked
    void chat.sendMessage('And?')
    await vi.waitFor(() => expect(fetch).toHaveBeenCalledTimes(2))
    expect(JSON.parse(String(fetch.mock.calls[1]?.[1]?.body)).messages).toEqual([
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'Hel' },
      { role: 'user', content: 'And?' },
    ])
    chat.reset()
    expect(chat.getState()).toEqual({ messages: [], queued: [], status: 'idle', error: undefined })
  })

  it('goes on from a conversation that was kept as JSON', async () => {
    const first = chatOf([call(['a', 'add', '{"x":1}']), say('One')], { tools: { add: { execute: () => 1 } } })
    await first.chat.sendMessage('Hi')
    const initialMessages = JSON.parse(JSON.stringify(first.chat.getState().messages))
    const { chat, sent } = chatOf([say('Two')], { initialMessages })
    await chat.sendMessage('And?')
    expect(sent[0]?.messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool', 'assistant', 'user'])
  })
})

describe('the tool loop', () => {
  it('runs the calls of a step in parallel, sends their results back and goes on', async () => {
    const running: string[] = []
    const tools: ChatTools = {
      weather: {
        description: 'The weather in a city.',
        parameters: { type: 'object', properties: { city: { type: 'string' } } },
        async execute({ city }: { city: string }) {
          running.push(city)
          await vi.waitFor(() => expect(running).toHaveLength(2))
          return { city, sky: 'clear' }
        },
      },
    }
    const answers = [call(['a', 'weather', '{"city":"Oslo"}'], ['b', 'weather', '{"city":"Rome"}']), say('Both clear.')]
    const { chat, sent } = chatOf(answers, { tools })
    const states: string[] = []
    chat.subscribe(() =>
      states.push(
        callsOf(chat)
          .map(({ state }) => state)
          .join(),
      ),
    )
    await chat.sendMessage('Weather?')
    expect(sent[0]?.tools).toEqual([
      {
        type: 'function',
        function: { name: 'weather', description: tools.weather?.description, parameters: tools.weather?.parameters },
      },
    ])
    expect(sent[1]?.messages.slice(1)).toEqual([
      {
        role: 'assistant',
        content: null,
        tool_calls: [
          { id: 'a', type: 'function', function: { name: 'weather', arguments: '{"city":"Oslo"}' } },
          { id: 'b', type: 'function', function: { name: 'weather', arguments: '{"city":"Rome"}' } },
        ],
      },
      { role: 'tool', tool_call_id: 'a', content: '{"city":"Oslo","sky":"clear"}' },
      { role: 'tool', tool_call_id: 'b', content: '{"city":"Rome","sky":"clear"}' },
    ])
    expect(states).toContain('running,running')
    expect(callsOf(chat)).toMatchObject([
      { id: 'a', state: 'output', output: { city: 'Oslo', sky: 'clear' } },
      { id: 'b', state: 'output', output: { city: 'Rome', sky: 'clear' } },
    ])
    expect(lastOf(chat)).toMatchObject({
      text: 'Both clear.',
      status: 'ready',
      finishReason: 'stop',
      usage: { prompt_tokens: 5, completion_tokens: 6, total_tokens: 11 },
    })
  })

  it('adds the usage of all its requests up, with the details', async () => {
    const counted = (prompt_tokens: number, completion_tokens: number, details: object) =>
      event({
        choices: [],
        usage: { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens, ...details },
      })
    const first = [
      chunk({ tool_calls: [{ index: 0, id: 'a', function: { name: 'f', arguments: '{}' } }] }),
      chunk({}, 'tool_calls'),
    ]
    const second = [chunk({ content: 'Done' }), chunk({}, 'stop')]
    const { chat } = chatOf(
      [
        [...first, counted(10, 5, { completion_tokens_details: { reasoning_tokens: 3 } }), done],
        [
          ...second,
          counted(20, 1, {
            completion_tokens_details: { reasoning_tokens: 4 },
            prompt_tokens_details: { cached_tokens: 8 },
          }),
          done,
        ],
      ],
      { tools: { f: { execute: () => 1 } } },
    )
    await chat.sendMessage('Go')
    expect(lastOf(chat).usage).toEqual({
      prompt_tokens: 30,
      completion_tokens: 6,
      total_tokens: 36,
      prompt_tokens_details: { cached_tokens: 8 },
      completion_tokens_details: { reasoning_tokens: 7 },
    })
  })

  it('tells the model of a tool that failed and of one that does not exist', async () => {
    const tools: ChatTools = {
      broken: {
        execute() {
          throw new Error('No such city.')
        },
      },
    }
    const { chat, sent } = chatOf([call(['a', 'broken', ''], ['b', 'toString', '{}']), say('Sorry.')], { tools })
    await chat.sendMessage('Weather?')
    expect(sent[1]?.messages.slice(2).map(({ content }) => content)).toEqual([
      '{"error":"No such city."}',
      '{"error":"There is no tool named \\"toString\\"."}',
    ])
    expect(callsOf(chat).map(({ state, error }) => [state, error])).toEqual([
      ['error', 'No such city.'],
      ['error', 'There is no tool named "toString".'],
    ])
  })

  it.each([
    [
      'were cut by the length limit',
      [
        chunk({ tool_calls: [{ index: 0, id: 'a', function: { name: 'f', arguments: '{}' } }] }),
        chunk({}, 'length'),
        done,
      ],
    ],
    ['do not parse', call(['a', 'f', '{"x":'])],
    [
      'were cut with the connection',
      [chunk({ tool_calls: [{ index: 0, id: 'a', function: { name: 'f', arguments: '{"x":1}' } }] })],
    ],
  ])('never runs a call whose arguments %s, and never sends it back', async (_, answer) => {
    const execute = vi.fn()
    const { chat, sent } = chatOf([answer, say('Fine')], { tools: { f: { execute } } })
    await chat.sendMessage('Go')
    expect(execute).not.toHaveBeenCalled()
    expect(callsOf(chat)).toMatchObject([{ id: 'a', state: 'incomplete' }])
    await chat.sendMessage('Well?')
    expect(sent[1]?.messages).toEqual([
      { role: 'user', content: 'Go' },
      { role: 'user', content: 'Well?' },
    ])
  })

  it('gives a tool of free text what the model wrote', async () => {
    const custom = [{ index: 0, id: 'c', type: 'custom', custom: { name: 'sql', input: 'SELECT 1' } }]
    const seen: unknown[] = []
    const tools: ChatTools = { sql: { execute: (input) => seen.push(input) } }
    const answers = [[chunk({ tool_calls: custom }), chunk({}, 'tool_calls'), done], say('One.')]
    const { chat, sent } = chatOf(answers, { tools })
    await chat.sendMessage('How many?')
    expect(seen).toEqual(['SELECT 1'])
    expect(lastOf(chat).text).toBe('One.')
    expect(sent[1]!.messages.slice(1)).toMatchObject([
      { role: 'assistant', tool_calls: [{ id: 'c', type: 'custom', custom: { name: 'sql', input: 'SELECT 1' } }] },
      { role: 'tool', tool_call_id: 'c', content: '1' },
    ])
  })

  it('shows a call that nobody runs, and ends there', async () => {
    const { chat, sent } = chatOf([call(['a', 'ask', '{}'])], { tools: { ask: {} } })
    await chat.sendMessage('Go')
    expect(sent).toHaveLength(1)
    expect(callsOf(chat)).toMatchObject([{ state: 'input-complete' }])
    expect(lastOf(chat)).toMatchObject({ status: 'ready', finishReason: 'tool_calls' })
  })

  it('ends after as many requests as allowed', async () => {
    const execute = vi.fn(() => 'again')
    const answers = Array.from({ length: 9 }, (_, i) => call([`call_${i}`, 'f', '{}']))
    const { chat, sent } = chatOf(answers, { tools: { f: { execute } }, maxSteps: 3 })
    await chat.sendMessage('Go')
    expect(sent).toHaveLength(3)
    expect(execute).toHaveBeenCalledTimes(2)
    expect(lastOf(chat).status).toBe('ready')
  })

  it('stops while a tool runs: the tool is told, its late result is ignored', async () => {
    let signal!: AbortSignal
    let finish!: (result: string) => void
    const tools: ChatTools = {
      slow: {
        execute(_, context) {
          signal = context.signal
          return new Promise((resolve) => (finish = resolve))
        },
      },
    }
    const { chat, sent } = chatOf([call(['a', 'slow', '{}'])], { tools })
    const asked = chat.sendMessage('Go')
    await vi.waitFor(() => expect(callsOf(chat)).toMatchObject([{ state: 'running' }]))
    chat.stop()
    expect(signal.aborted).toBe(true)
    expect(lastOf(chat)).toMatchObject({ status: 'stopped' })
    expect(callsOf(chat)).toMatchObject([{ state: 'error', error: 'Stopped before the tool had finished.' }])
    const before = chat.getState()
    finish('late')
    await asked
    expect(chat.getState()).toBe(before)
    expect(sent).toHaveLength(1)
  })
})

it('tells of options that cannot be had as of any failure, with the question, and asks again once they can', async () => {
  let isReady = true
  const { fetch } = byHand(reply(whole('Hello')))
  const options = () => {
    if (!isReady) throw new Error('Sign in first.')
    return { model: 'm', provider: openai({ fetch }) }
  }
  const chat = createChat(options)
  isReady = false
  // Whoever makes one gets the failure itself, as there would be no messages to begin with.
  expect(() => createChat(options)).toThrow('Sign in first.')
  await expect(chat.sendMessage('Hi')).resolves.toMatchObject({ status: 'error', text: '' })
  expect(chat.getState()).toMatchObject({
    status: 'error',
    error: { code: 'bad_request', message: 'Sign in first.' },
    messages: [{ text: 'Hi' }, { error: { message: 'Sign in first.' } }],
  })
  isReady = true
  await chat.regenerate()
  expect(chat.getState()).toMatchObject({ status: 'ready', messages: [{ text: 'Hi' }, { text: 'Hello' }] })
})
