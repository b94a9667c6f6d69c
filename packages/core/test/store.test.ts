/** The store of one completion: what it shows and when, how it is steered. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { createCompletionStore, openai } from '../src/index.ts'
import type { CompletionState, CompletionStore } from '../src/index.ts'
import { chunk, event, fetchOf } from './http.ts'

/** A fetch whose answers a test writes by hand. */
function manualFetch() {
  const answers: {
    body: { messages: unknown; model: string }
    write(text: string): void
    end(): void
    cancelled: boolean
  }[] = []
  const fetch = async (_: unknown, init?: RequestInit): Promise<Response> => {
    let controller!: ReadableStreamDefaultController<Uint8Array>
    const answer = {
      body: JSON.parse(String(init?.body)),
      write: (text: string) => controller.enqueue(new TextEncoder().encode(text)),
      end: () => controller.close(),
      cancelled: false,
    }
    const body = new ReadableStream<Uint8Array>({
      start: (c) => void (controller = c),
      cancel: () => void (answer.cancelled = true),
    })
    answers.push(answer)
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
  }
  return { answers, fetch: fetch as typeof globalThis.fetch }
}

/** Everything that a store publishes. */
function record(store: CompletionStore): CompletionState[] {
  const states: CompletionState[] = []
  store.subscribe(() => states.push(store.getState()))
  return states
}

const say = (content: string) => chunk({ content })
const finish = chunk({}, 'stop') + event('[DONE]')
const microtasks = () => vi.advanceTimersByTimeAsync(0)

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('a completion store', () => {
  it('shows nothing of an answer that has ended in one that a listener starts at once', async () => {
    const { answers, fetch } = manualFetch()
    const store = createCompletionStore({ model: 'm', provider: openai({ fetch }) })
    let next: Promise<unknown> | undefined
    store.subscribe(() => {
      if (store.getState().status === 'ready') next ??= store.start('second')
    })
    const states = record(store)
    const done = store.start('first')
    await microtasks()
    answers[0]!.write(say('one') + finish)
    await done
    await microtasks()
    answers[1]!.write(say('two') + finish)
    await next
    const waiting = states.filter(({ status }) => status === 'submitted')
    expect(waiting.length).toBeGreaterThan(1)
    expect(waiting.every(({ text, parts }) => text === '' && parts.length === 0)).toBe(true)
    expect(store.getState()).toMatchObject({ status: 'ready', text: 'two' })
  })

  it('lets a late count of a stopped answer alone what was started after it', async () => {
    const { answers, fetch } = manualFetch()
    const countTokens = async () => new Promise<number>((resolve) => setTimeout(resolve, 80, 7))
    const store = createCompletionStore({ model: 'm', provider: openai({ fetch }), countTokens })
    let next: Promise<unknown> | undefined
    store.subscribe(() => {
      if (store.getState().stopped) next ??= store.start('second')
    })
    void store.start('first')
    await microtasks()
    answers[0]!.write(say('one'))
    await microtasks()
    store.stop()
    await microtasks()
    answers[1]!.write(say('two'))
    await vi.advanceTimersByTimeAsync(500)
    expect(store.getState()).toMatchObject({ status: 'streaming', text: 'two' })
    answers[1]!.write(finish)
    await vi.advanceTimersByTimeAsync(500)
    await next
    expect(store.getState()).toMatchObject({ status: 'ready', text: 'two' })
  })

  it('has nothing to continue where an answer ended by itself, with a reason or without', async () => {
    const { answers, fetch } = manualFetch()
    const store = createCompletionStore({ model: 'm', provider: openai({ fetch }), continuation: (request) => request })
    for (const end of [finish, event('[DONE]')]) {
      const done = store.start('Hi')
      await microtasks()
      answers.at(-1)!.write(say('Hello') + end)
      await done
      const sent = answers.length
      await expect(store.continue()).resolves.toMatchObject({ text: 'Hello' })
      expect(answers).toHaveLength(sent)
    }
  })

  it('goes from idle over submitted and streaming to ready, with the answer', async () => {
    const { answers, fetch } = manualFetch()
    const store = createCompletionStore({ model: 'm', system: 'Be brief.', provider: openai({ fetch }) })
    expect(store.getState()).toMatchObject({ status: 'idle', text: '', completion: undefined })
    const states = record(store)
    const done = store.start('Hi')
    expect(store.getState().status).toBe('submitted')
    await microtasks()
    expect(answers[0]?.body.messages).toEqual([
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Hi' },
    ])
    answers[0]!.write(say('Hel'))
    await microtasks()
    answers[0]!.write(say('lo') + finish)
    await expect(done).resolves.toMatchObject({ text: 'Hello' })
    expect(states.map(({ status, text }) => `${status} ${text}`)).toEqual([
      'submitted ',
      'streaming Hel',
      'ready Hello',
    ])
    expect(store.getState()).toMatchObject({ finishReason: 'stop', stopped: false, completion: { text: 'Hello' } })
    expect(store.getState().timing?.totalMs).toBeGreaterThanOrEqual(0)
  })

  it('publishes the first token at once, then at most once per frame, and loses none', async () => {
    const { answers, fetch } = manualFetch()
    const store = createCompletionStore({ model: 'm', provider: openai({ fetch }) })
    void store.start('Hi')
    await microtasks()
    const states = record(store)
    for (let i = 0; i < 100; i++) {
      answers[0]!.write(say('x'))
      await vi.advanceTimersByTimeAsync(1)
    }
    expect(states[0]?.text).toBe('x')
    // 100 ms are six or seven frames.
    expect(states.length).toBeGreaterThan(4)
    expect(states.length).toBeLessThan(10)
    answers[0]!.write(finish)
    await microtasks()
    expect(states.at(-1)).toMatchObject({ status: 'ready', text: 'x'.repeat(100) })
  })

  it('stops: the text is kept, the connection is closed, nothing comes after', async () => {
    const { answers, fetch } = manualFetch()
    const store = createCompletionStore({ model: 'm', provider: openai({ fetch }) })
    const done = store.start('Hi')
    await microtasks()
    answers[0]!.write(say('Hel'))
    await microtasks()
    store.stop()
    expect(store.getState()).toMatchObject({
      status: 'ready',
      stopped: true,
      text: 'Hel',
      error: undefined,
      finishReason: null,
    })
    expect(answers[0]!.cancelled).toBe(true)
    await expect(done).resolves.toMatchObject({ text: 'Hel' })
    const states = record(store)
    await vi.advanceTimersByTimeAsync(1000)
    expect(states).toEqual([])
  })

  it('starts again at once after a stop, and never mixes the two', async () => {
    const { answers, fetch } = manualFetch()
    const store = createCompletionStore({ model: 'm', provider: openai({ fetch }) })
    void store.start('one')
    await microtasks()
    answers[0]!.write(say('first'))
    await microtasks()
    const second = store.start('two')
    expect(store.getState()).toMatchObject({ status: 'submitted', text: '' })
    await microtasks()
    expect(answers.map((answer) => answer.cancelled)).toEqual([true, false])
    answers[1]!.write(say('second') + finish)
    await expect(second).resolves.toMatchObject({ text: 'second' })
    expect(store.getState()).toMatchObject({ status: 'ready', text: 'second' })
  })

  it('sends one request for two starts in one go, and none when it is stopped before', async () => {
    const { answers, fetch } = manualFetch()
    const store = createCompletionStore({ model: 'm', provider: openai({ fetch }) })
    const first = store.start('Hi')
    store.stop()
    void store.start('Hi')
    await microtasks()
    await expect(first).resolves.toBeUndefined()
    expect(answers).toHaveLength(1)
    store.reset()
    void store.start('Hi')
    store.stop()
    await microtasks()
    expect(answers).toHaveLength(1)
    expect(store.getState()).toMatchObject({ status: 'ready', stopped: true })
  })

  it('fails with what arrived, resolves to undefined, and asks the same again', async () => {
    const { answers, fetch } = manualFetch()
    const store = createCompletionStore({ model: 'm', provider: openai({ fetch }) })
    const done = store.start({ messages: [{ role: 'user', content: 'Hi' }], temperature: 0 })
    await microtasks()
    answers[0]!.write(say('Hel'))
    answers[0]!.end()
    await expect(done).resolves.toBeUndefined()
    expect(store.getState()).toMatchObject({ status: 'error', text: 'Hel', error: { code: 'interrupted' } })
    void store.retry()
    expect(store.getState()).toMatchObject({ status: 'submitted', text: '', error: undefined })
    await microtasks()
    expect(answers[1]?.body).toEqual(answers[0]?.body)
  })

  it('asks for its options whenever a request starts', async () => {
    const { answers, fetch } = manualFetch()
    let model = 'a'
    const store = createCompletionStore(() => ({ model, provider: openai({ fetch }), request: { temperature: 1 } }))
    void store.start('Hi')
    await microtasks()
    model = 'b'
    void store.start('Hi')
    await microtasks()
    expect(answers.map(({ body }) => body)).toMatchObject([
      { model: 'a', temperature: 1 },
      { model: 'b', temperature: 1 },
    ])
  })

  it('is published at most once in `throttle` milliseconds, as the options say when a request starts', async () => {
    const { answers, fetch } = manualFetch()
    let throttle = 50
    const store = createCompletionStore(() => ({ model: 'm', provider: openai({ fetch }), throttle }))
    const seen: [number, string][] = []
    let startedAt = 0
    store.subscribe(() => seen.push([Math.round(performance.now() - startedAt), store.getState().text]))
    for (const expected of [
      [0, 50, 100, 150],
      [0, 100, 200],
    ]) {
      void store.start('Hi')
      await microtasks()
      seen.length = 0
      startedAt = performance.now()
      for (let i = 0; i < 120; i++) {
        answers.at(-1)!.write(say('x'))
        await vi.advanceTimersByTimeAsync(1)
      }
      await vi.advanceTimersByTimeAsync(100)
      expect(seen.map(([at]) => at)).toEqual(expected)
      expect(seen.at(-1)![1]).toBe('x'.repeat(120))
      // The end waits for nothing.
      answers.at(-1)!.write(say('y'))
      await microtasks()
      store.stop()
      expect(seen).toHaveLength(expected.length + 1)
      expect(store.getState()).toMatchObject({ status: 'ready', text: `${'x'.repeat(120)}y` })
      expect(vi.getTimerCount()).toBe(0)
      throttle = 100
    }
  })

  it('shows the value of a JSON answer as it grows, and what its schema made of it at the end', async () => {
    const { answers, fetch } = manualFetch()
    const schema = z.object({ city: z.string(), high: z.number().transform(String) })
    const request = { response_format: schema }
    const store = createCompletionStore({ model: 'm', provider: openai({ fetch }), request })
    expect(store.getState().object).toBeUndefined()
    const done = store.start('Hi')
    await microtasks()
    answers[0]!.write(say('{"city":"Par'))
    await microtasks()
    expect(store.getState().object).toEqual({ city: 'Par' })
    expect(store.getState().object).toBe(store.getState().completion!.parsed)
    answers[0]!.write(say('is","high":2') + chunk({ content: '1}' }, 'stop') + event('[DONE]'))
    await expect(done).resolves.toMatchObject({ parsed: { city: 'Paris', high: '21' } })
    expect(store.getState()).toMatchObject({ status: 'ready', object: { city: 'Paris', high: '21' } })
    void store.start('Hi')
    expect(store.getState().object).toBeUndefined()
    await microtasks()
    answers[1]!.write(say('{"city":"Par'))
    await microtasks()
    store.stop()
    expect(store.getState()).toMatchObject({ status: 'ready', stopped: true, object: { city: 'Par' } })
  })

  it('goes back to the beginning', async () => {
    const store = createCompletionStore({ model: 'm', provider: openai({ fetch: fetchOf([say('x'), finish]) }) })
    await store.start('Hi')
    expect(store.getState().text).toBe('x')
    store.reset()
    expect(store.getState()).toBe(store.getInitialState())
  })
})

describe('in a page', () => {
  it('publishes by frames, and by a timer while the page has none', async () => {
    const frames: (() => void)[] = []
    vi.stubGlobal('requestAnimationFrame', (run: () => void) => frames.push(run))
    vi.stubGlobal('cancelAnimationFrame', () => void frames.pop())
    try {
      const { answers, fetch } = manualFetch()
      const store = createCompletionStore({ model: 'm', provider: openai({ fetch }) })
      void store.start('Hi')
      await microtasks()
      answers[0]!.write(say('a'))
      await microtasks()
      answers[0]!.write(say('b'))
      await vi.advanceTimersByTimeAsync(100)
      expect([store.getState().text, frames.length]).toEqual(['a', 1])
      frames[0]!()
      expect(store.getState().text).toBe('ab')
      answers[0]!.write(say('c'))
      await vi.advanceTimersByTimeAsync(300)
      expect(store.getState().text).toBe('abc')
    } finally {
      vi.unstubAllGlobals()
    }
  })
})

it('changes nothing when it is started again and again before anything is sent', async () => {
  const sent: string[] = []
  const fetch: typeof globalThis.fetch = async (_, init) => {
    sent.push(String(init?.body))
    return new Response('data: [DONE]\n\n')
  }
  const store = createCompletionStore({ model: 'm', provider: openai({ fetch }), maxRetries: 0 })
  let changes = 0
  store.subscribe(() => changes++)
  for (let i = 0; i < 5; i++) void store.start(`${i}`)
  expect([store.getState().status, changes]).toEqual(['submitted', 1])
  await vi.waitFor(() => expect(store.getState().status).not.toBe('submitted'))
  expect(sent.map((body) => JSON.parse(body).messages)).toEqual([[{ role: 'user', content: '4' }]])
})

it('ends in an error when its options cannot be had, and asks again once they can', async () => {
  const { answers, fetch } = manualFetch()
  let isReady = false
  const store = createCompletionStore(() => {
    if (!isReady) throw new Error('Sign in first.')
    return { model: 'm', provider: openai({ fetch }) }
  })
  await expect(store.start('Hi')).resolves.toBeUndefined()
  expect(store.getState()).toMatchObject({
    status: 'error',
    error: { code: 'bad_request', message: 'Sign in first.', retryable: false },
  })
  isReady = true
  void store.retry()
  await microtasks()
  answers[0]!.write(say('Hello') + finish)
  await microtasks()
  expect(store.getState()).toMatchObject({ status: 'ready', text: 'Hello', error: undefined })
})
