/** However much arrives at once, it is decoded in slices: in between, everything else has its turn. */
import { isDeepStrictEqual } from 'node:util'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { buildCompletion, createCompletionStore, openai, streamCompletion } from '../src/index.ts'
import type { CompletionChunk, StreamOptions } from '../src/index.ts'
import { chunk, event, fetchOf } from './http.ts'

const request = { model: 'm', prompt: 'Hi' }
const words = (n: number) => Array.from({ length: n }, (_, i) => chunk({ content: `wört ${i} 🌊 ` }))
const end = [chunk({}, 'stop'), event('[DONE]')]
const events = [...words(20_000), ...end]
/** More than 3 MB. Slices of it end in the middle of signs as well as between them. */
const oneRead = [events.join('')]
const cases: [string, string[]][] = [
  ['one read of 3 MB', oneRead],
  ['20,000 reads that are there at once', events],
  [
    '100,000 reads of a few bytes',
    words(2000)
      .join('')
      .match(/[^]{1,4}/gu)!
      .concat(end),
  ],
]

const ask = (parts: string[], options: Partial<StreamOptions> = {}) =>
  streamCompletion(request, { provider: openai({ fetch: fetchOf(parts) }), maxRetries: 0, ...options })

/** Counts how often the event loop comes round, and how often a timer rings, until it is stopped. */
function watchTurns() {
  const seen = { turns: 0, rings: 0 }
  let isOver = false
  const turn = () => void (isOver || (seen.turns++, setImmediate(turn)))
  const ring = () => void (isOver || (seen.rings++, setTimeout(ring)))
  setImmediate(turn)
  setTimeout(ring)
  return { seen, stop: () => void (isOver = true) }
}

afterEach(() => void vi.unstubAllGlobals())

describe('a burst', () => {
  it.each(cases)('of %s leaves the event loop its turns', async (_, parts) => {
    const stream = ask(parts)
    const { seen, stop } = watchTurns()
    await stream.finalCompletion()
    stop()
    expect(seen.turns).toBeGreaterThan(8)
    expect(seen.rings).toBeGreaterThan(2)
  })

  it.each(cases)('of %s comes to the same completion as its chunks', async (_, parts) => {
    const said = [...parts.join('').matchAll(/^data: (\{.*)$/gm)].map(([, json]): CompletionChunk => JSON.parse(json!))
    const stream = ask(parts)
    // Where they are not, nobody wants to read both.
    expect(isDeepStrictEqual(await stream.finalCompletion(), buildCompletion(said, request))).toBe(true)
    expect(stream.timing.chunks).toBe(said.length)
  })

  it('needs no turn as long as it is short', async () => {
    const channels = vi.fn()
    vi.stubGlobal('MessageChannel', channels)
    await ask([...words(100), ...end]).finalCompletion()
    expect(channels).not.toHaveBeenCalled()
  })

  it('is sliced where there are no message channels', async () => {
    vi.stubGlobal('MessageChannel', undefined)
    const { seen, stop } = watchTurns()
    const { finishReason } = await ask(oneRead).finalCompletion()
    stop()
    expect(finishReason).toBe('stop')
    expect(seen.turns).toBeGreaterThan(8)
  })

  it('shows in a store before all of it is decoded', async () => {
    const store = createCompletionStore({ model: 'm', provider: openai({ fetch: fetchOf(oneRead) }) })
    const lengths: number[] = []
    store.subscribe(() => lengths.push(store.getState().text.length))
    const whole = await store.start('Hi')
    expect(lengths[1]).toBeGreaterThan(0)
    expect(lengths[1]).toBeLessThan(whole!.text.length / 5)
  })

  it('is decoded no faster than its reader takes it', async () => {
    const stream = ask(oneRead)
    for await (const _ of stream) break
    expect(stream.timing.chunks).toBeLessThan(2000)
    const whole = ask(oneRead)
    let text = ''
    for await (const piece of whole.textStream) text += piece
    expect(text).toBe(whole.snapshot.text)
    expect(whole.snapshot.finishReason).toBe('stop')
  })
})

describe('a burst that is stopped', () => {
  const others: [string, (stream: ReturnType<typeof ask>) => void][] = [
    ['by a listener', (stream) => stream.subscribe(() => stream.abort())],
    ['between two slices', (stream) => setImmediate(() => setImmediate(() => stream.abort()))],
  ]
  it.each(others)('%s is not decoded any further', async (_, stop) => {
    for (const [, parts] of cases) {
      const stream = ask(parts)
      stop(stream)
      const { text, finishReason } = await stream.finalCompletion()
      const { chunks } = stream.timing
      for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve))
      expect(stream.timing.chunks).toBe(chunks)
      expect(stream.snapshot.text).toBe(text)
      expect(chunks).toBeLessThan(events.length / 2)
      expect(finishReason).toBeNull()
    }
  })

  it('because it is too long ends where the limit is', async () => {
    const stream = ask(oneRead, { limits: { maxCompletionBytes: 1_000_000 } })
    await expect(stream.finalCompletion()).rejects.toMatchObject({ code: 'limit_exceeded' })
    expect(stream.timing.chunks).toBeLessThan(events.length / 2)
  })
})
