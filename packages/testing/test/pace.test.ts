import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { scriptedProvider, type Script, type ScriptedProviderOptions } from '../src/index.ts'
import { dataOf, post, user } from './client.ts'

const words = (count: number): string => ' word'.repeat(count)
const streamed = { model: 'm', messages: user('hi'), stream: true }

/** Starts reading an answer and keeps what came, with the time at which each read ended. */
async function reading(
  script: Script,
  options: ScriptedProviderOptions = {},
  init: RequestInit = {},
): Promise<{ words(): number; text(): string; ended(): boolean; failure(): unknown; cancel(): Promise<void> }> {
  const response = await post(scriptedProvider(script, options), streamed, init)
  const reader = response.body?.getReader() as ReadableStreamDefaultReader<Uint8Array>
  const decoder = new TextDecoder()
  let text = ''
  let ended = false
  let failure: unknown
  void (async () => {
    try {
      for (let next = await reader.read(); !next.done; next = await reader.read()) text += decoder.decode(next.value)
    } catch (cause) {
      failure = cause
    }
    ended = true
  })()
  return {
    words: () => text.split('"content":" word"').length - 1,
    text: () => text,
    ended: () => ended,
    failure: () => failure,
    cancel: () => reader.cancel(),
  }
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('the pace', () => {
  it('is 60 pieces per second after a first pause of 250 ms, unless told otherwise', async () => {
    const answer = await reading([words(200)])
    await vi.advanceTimersByTimeAsync(249)
    expect(answer.text()).toBe('')
    await vi.advanceTimersByTimeAsync(1)
    expect(answer.words()).toBe(1)
    await vi.advanceTimersByTimeAsync(1000)
    expect(answer.words()).toBe(61)
    await vi.advanceTimersByTimeAsync(2000)
    expect(answer.words()).toBe(181)
    await vi.advanceTimersByTimeAsync(1000)
    expect(answer.ended()).toBe(true)
    expect(dataOf(answer.text()).at(-1)).toBe('[DONE]')
  })

  it('is kept with few timers when it is fast', async () => {
    const timers = vi.spyOn(globalThis, 'setTimeout')
    const answer = await reading([words(5000)], { tokensPerSecond: 2000, firstTokenMs: 0 })
    await vi.advanceTimersByTimeAsync(1000)
    expect(answer.words()).toBeGreaterThan(1900)
    expect(answer.words()).toBeLessThanOrEqual(2001)
    expect(timers.mock.calls.length).toBeLessThan(120)
    timers.mockRestore()
    await answer.cancel()
  })

  it('needs no timer at all when it is infinite', async () => {
    const answer = await reading([words(500)], { tokensPerSecond: Infinity, firstTokenMs: 0 })
    await vi.waitFor(() => expect(answer.ended()).toBe(true))
    expect(answer.words()).toBe(500)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('stops for a wait, before the response headers when the wait comes first', async () => {
    const responded = vi.fn()
    const started = reading([{ wait: 500 }, words(1), { wait: 2000 }, words(1)], {
      tokensPerSecond: Infinity,
      firstTokenMs: 100,
    })
    void started.then(responded)
    await vi.advanceTimersByTimeAsync(499)
    expect(responded).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    const answer = await started
    await vi.advanceTimersByTimeAsync(100)
    expect(answer.words()).toBe(1)
    await vi.advanceTimersByTimeAsync(1999)
    expect(answer.words()).toBe(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(answer.words()).toBe(2)
    expect(answer.ended()).toBe(true)
  })

  it('goes on from where it was after a script that took its time, without a burst', async () => {
    const script: Script = async function* () {
      yield words(1)
      await new Promise((resolve) => setTimeout(resolve, 5000))
      yield words(100)
    }
    const answer = await reading(script, { tokensPerSecond: 10, firstTokenMs: 0 })
    await vi.advanceTimersByTimeAsync(5000)
    expect(answer.words()).toBeLessThanOrEqual(2)
    await vi.advanceTimersByTimeAsync(1000)
    expect(answer.words()).toBe(12)
    await answer.cancel()
  })

  it('leaves an answer that is not streamed alone, but for its waits', async () => {
    const provider = scriptedProvider([words(1000), { wait: 300 }], { tokensPerSecond: 1 })
    const answered = vi.fn()
    void post(provider, { ...streamed, stream: false }).then(answered)
    await vi.advanceTimersByTimeAsync(299)
    expect(answered).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    expect(answered).toHaveBeenCalled()
  })
})

describe('backpressure', () => {
  it('keeps the script from running ahead of the reader', async () => {
    let told = 0
    const script: Script = function* () {
      for (;;) yield words((told += 1) && 1)
    }
    const response = await post(scriptedProvider(script, { tokensPerSecond: Infinity, firstTokenMs: 0 }), streamed)
    const reader = response.body?.getReader()
    for (let i = 0; i < 5; i += 1) await reader?.read()
    await vi.advanceTimersByTimeAsync(1000)
    expect(told).toBeLessThanOrEqual(5)
    await reader?.cancel()
  })
})

describe('a client that goes away', () => {
  it('by cancelling the body stops the timers and aborts the signal of the turn', async () => {
    let signal: AbortSignal | undefined
    const script: Script = function* (turn) {
      signal = turn.signal
      for (;;) yield words(10)
    }
    const answer = await reading(script)
    await vi.advanceTimersByTimeAsync(1000)
    expect(vi.getTimerCount()).toBe(1)
    expect(signal?.aborted).toBe(false)
    await answer.cancel()
    expect(signal?.aborted).toBe(true)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('by aborting the request makes the body fail as that of fetch does', async () => {
    let signal: AbortSignal | undefined
    const client = new AbortController()
    const script: Script = function* (turn) {
      signal = turn.signal
      for (;;) yield words(10)
    }
    const answer = await reading(script, {}, { signal: client.signal })
    await vi.advanceTimersByTimeAsync(1000)
    const before = answer.words()
    client.abort()
    await vi.advanceTimersByTimeAsync(1000)
    expect(before).toBe(46)
    expect(answer.words()).toBe(before)
    expect(answer.failure()).toMatchObject({ name: 'AbortError' })
    expect(signal?.aborted).toBe(true)
    expect(vi.getTimerCount()).toBe(0)
  })

  it.each([true, false])(
    'before the response (stream: %s) gets a rejection and nothing is left running',
    async (stream) => {
      const client = new AbortController()
      const script: Script = function* () {
        for (;;) yield { wait: 1000 }
      }
      const provider = scriptedProvider(script)
      const rejected = expect(post(provider, { ...streamed, stream }, { signal: client.signal })).rejects.toMatchObject(
        {
          name: 'AbortError',
        },
      )
      await vi.advanceTimersByTimeAsync(3500)
      client.abort()
      await rejected
      expect(vi.getTimerCount()).toBe(0)
      await expect(post(provider, streamed, { signal: client.signal })).rejects.toMatchObject({ name: 'AbortError' })
      expect(provider.requests).toHaveLength(1)
    },
  )

  it('is the only end of a stall', async () => {
    const client = new AbortController()
    const answer = await reading([words(2), { stall: true }, words(2)], {}, { signal: client.signal })
    await vi.advanceTimersByTimeAsync(3_600_000)
    expect(answer.words()).toBe(2)
    expect(answer.ended()).toBe(false)
    client.abort()
    await vi.advanceTimersByTimeAsync(0)
    expect(answer.failure()).toMatchObject({ name: 'AbortError' })
    expect(answer.words()).toBe(2)
  })
})
