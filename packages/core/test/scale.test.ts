/** Where there is much of something: what is let go in the end, and what costs nothing however often it comes. */
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createChat, createCompletionStore, estimateTokens, openai } from '../src/index.ts'
import type { ChatState, CompletionState, Provider } from '../src/index.ts'
import { done, open, says } from './conversation.ts'
import { byHand, chunk, settle, whole } from './http.ts'

afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

/** A provider that gives this answer, and remembers what it was asked without holding it. */
function forgetful(said: string, isOpen = false): { provider: Provider; asked: WeakRef<object>[] } {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(said))
      if (!isOpen) controller.close()
    },
  })
  const response = new Response(body, { headers: { 'content-type': 'text/event-stream' } })
  const provider = openai({ fetch: async () => response })
  const asked: WeakRef<object>[] = []
  return {
    asked,
    provider: {
      ...provider,
      request(request) {
        asked.push(new WeakRef(request.messages!))
        return provider.request(request)
      },
    },
  }
}

async function collected(): Promise<void> {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  for (let i = 0; i < 4; i++) {
    await sleep(5)
    collect()
  }
}

describe('what was sent is let go', () => {
  const ends = { ends: whole('Hello'), 'is stopped': says('Hel') }

  it.each(Object.entries({ ...ends, fails: says('Hel') }))('by a conversation whose answer %s', async (how, answer) => {
    const { provider, asked } = forgetful(answer, how === 'is stopped')
    const chat = createChat({ model: 'm', provider, maxRetries: 0 })
    const answered = chat.sendMessage('Hi')
    if (how === 'is stopped') {
      while (chat.getState().status !== 'streaming') await sleep(1)
      chat.stop()
    }
    await answered
    await collected()
    expect(asked.map((messages) => messages.deref())).toEqual([undefined])
    expect(chat.getState().messages).toHaveLength(2)
  })

  it.each(Object.entries(ends))('by a store whose completion %s', async (how, answer) => {
    const { provider, asked } = forgetful(answer, how === 'is stopped')
    const store = createCompletionStore({ model: 'm', provider, maxRetries: 0, system: 'Be brief.' })
    const answered = store.start('Hi')
    if (how === 'is stopped') {
      while (store.getState().status !== 'streaming') await sleep(1)
      store.stop()
    }
    await answered
    await collected()
    expect(asked.map((messages) => messages.deref())).toEqual([undefined])
    expect(store.getState().text).toMatch(/^Hel/)
  })
})

describe('a read that brings nothing but a comment is not published', () => {
  const comment = ': keep-alive\n\n'

  it('by a store, nor is the first one before the answer', async () => {
    vi.useFakeTimers()
    const { fetch, exchanges } = byHand(open())
    const store = createCompletionStore({ model: 'm', provider: openai({ fetch }) })
    void store.start('Hi')
    await settle()
    const seen: CompletionState[] = []
    store.subscribe(() => seen.push(store.getState()))
    for (const said of [comment, says('One '), comment, comment, says('two '), comment, comment]) {
      exchanges[0]!.write(said)
      await settle(100)
    }
    expect(seen.map(({ text }) => text)).toEqual(['One ', 'One two '])
    exchanges[0]!.write(chunk({}, 'stop') + done)
    await settle()
    expect(seen.at(-1)).toMatchObject({ status: 'ready', text: 'One two ' })
  })

  it('by a conversation', async () => {
    vi.useFakeTimers()
    const { fetch, exchanges } = byHand(open())
    const chat = createChat({ model: 'm', provider: openai({ fetch }) })
    void chat.sendMessage('Hi')
    await settle()
    const seen: ChatState[] = []
    chat.subscribe(() => seen.push(chat.getState()))
    for (const said of [comment, says('One '), comment, comment, says('two '), comment, comment]) {
      exchanges[0]!.write(said)
      await settle(100)
    }
    expect(seen.map(({ messages }) => messages.at(-1)!.text)).toEqual(['One ', 'One two '])
  })
})

describe('the estimate of a long text', () => {
  const words = 'The lamp room shook with every wave that hit the rocks, 1024 times; keeper_of(light) said: naïve. '
  const text = words.repeat(40_000)

  it('looks at a small part of it', () => {
    const match = vi.spyOn(String.prototype, 'match')
    estimateTokens(text)
    const looked = match.mock.contexts.reduce<number>((sum, part) => sum + (part as string).length, 0)
    match.mockRestore()
    expect(looked).toBeGreaterThan(2 ** 16)
    expect(looked).toBeLessThan(text.length / 10)
  })

  it('is what the estimates of its parts are together', () => {
    const parts = words.repeat(500)
    expect(estimateTokens(text) / (estimateTokens(parts) * 80)).toBeCloseTo(1, 1)
    // An answer's tokens are what is left without those of its beginning.
    for (const end of [100, 5000, 20_000]) {
      const more = estimateTokens(text + words.repeat(end / 100)) - estimateTokens(text)
      expect(more / ((estimateTokens(parts) * end) / 50_000)).toBeCloseTo(1, 0)
    }
  })
})
