/** An answer that takes ten hours, a piece every half minute: nothing grows but the answer, and nobody runs out of patience. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createCompletionStore, openai, streamCompletion } from '../src/index.ts'
import type { CompletionError, StreamOptions } from '../src/index.ts'
import { nextTurn } from '../src/slices.ts'
import { byHand, chunk, event, settle } from './http.ts'
import type { Exchange } from './http.ts'

const minute = 60_000
const hour = 60 * minute
const pieces = 1200
const alive = ': keep-alive\n\n'

let armed: ReturnType<typeof vi.spyOn>
beforeEach(() => {
  vi.useFakeTimers()
  armed = vi.spyOn(globalThis, 'setTimeout')
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

/** How to ask, once, a provider whose answer is written by hand. */
function scene(timeout: StreamOptions['timeout']): { options: StreamOptions; exchanges: Exchange[] } {
  const { fetch, exchanges } = byHand((exchange) => exchange.answer())
  return { options: { provider: openai({ fetch }), timeout, maxRetries: 0 }, exchanges }
}

/** Ten hours of it, with a comment between two pieces. Tells what there is after each piece. */
async function trickle(exchange: Exchange, look: (piece: number) => void): Promise<void> {
  for (let i = 0; i < pieces; i++) {
    await settle(minute / 4)
    exchange.write(alive)
    await settle(minute / 4)
    exchange.write(chunk({ content: `${i} ` }))
    await settle()
    // What is read in slices goes on in a turn of the real clock.
    await nextTurn()
    await settle()
    look(i)
  }
}

it('is read to its end, with as many timers in the last hour as in the first', async () => {
  const { options, exchanges } = scene({ firstChunkMs: minute, chunkMs: 45_000, totalMs: 11 * hour })
  const stream = streamCompletion({ model: 'm', prompt: 'Hi' }, options)
  const final = stream.finalCompletion()
  await settle()
  const waiting = new Set<number>()
  const perHour: number[] = []
  await trickle(exchanges[0]!, (i) => {
    waiting.add(vi.getTimerCount())
    if ((i + 1) % 120) return
    perHour.push(armed.mock.calls.length)
    armed.mockClear()
  })
  expect([...waiting]).toEqual([2])
  // A deadline that is put off costs a timer when its old time has come, at most.
  expect(Math.max(...perHour.slice(1))).toBeLessThanOrEqual(perHour[1]!)
  expect(perHour[1]).toBeLessThanOrEqual(2 * 120)

  exchanges[0]!.write(chunk({}, 'stop') + event('[DONE]'))
  await settle()
  const { text } = await final
  expect(text.split(' ')).toHaveLength(pieces + 1)
  expect(vi.getTimerCount()).toBe(0)
  const { timing } = stream
  expect(timing.timeToFirstTokenMs).toBeCloseTo(minute / 2, -1)
  expect(timing.totalMs).toBeCloseTo(10 * hour, -2)
  expect(timing.chunks).toBe(pieces + 1)
  expect(timing.gaps!.median).toBeCloseTo(minute / 2, -1)
  expect(timing.gaps!.max).toBeLessThan(minute)
  expect(timing.buffered).toBeUndefined()
  // By our own count: the provider told none.
  expect(timing.tokensPerSecond).toBeGreaterThan(1 / 30)
  expect(timing.tokensPerSecond).toBeLessThan(4 / 30)
})

it('is over when nothing but comments comes for longer than it may take to the next piece', async () => {
  const { options, exchanges } = scene({ chunkMs: 45_000 })
  const stream = streamCompletion({ model: 'm', prompt: 'Hi' }, options)
  let error: CompletionError | undefined
  stream.finalCompletion().catch((cause) => (error = cause))
  await settle()
  await trickle(exchanges[0]!, () => {})
  for (let i = 0; i < 3; i++) {
    expect(error).toBeUndefined()
    await settle(minute / 4 - 1)
    exchanges[0]!.write(alive)
  }
  await settle(10)
  expect(error).toMatchObject({ code: 'timeout', phase: 'chunk' })
  expect(error!.partial!.text.split(' ')).toHaveLength(pieces + 1)
  expect(vi.getTimerCount()).toBe(0)
})

it('is over when it takes longer than it may in all, and not before', async () => {
  const { options, exchanges } = scene({ totalMs: 10 * hour + 5 * minute })
  const stream = streamCompletion({ model: 'm', prompt: 'Hi' }, options)
  let error: CompletionError | undefined
  stream.finalCompletion().catch((cause) => (error = cause))
  await settle()
  await trickle(exchanges[0]!, () => {})
  expect(error).toBeUndefined()
  await settle(5 * minute)
  expect(error).toMatchObject({ code: 'timeout', phase: 'total' })
  expect(vi.getTimerCount()).toBe(0)
})

it('is shown by a store piece by piece, with no timer between two of them', async () => {
  const { options, exchanges } = scene({})
  const store = createCompletionStore({ model: 'm', ...options })
  const asked = store.start('Hi')
  await settle()
  let publications = 0
  store.subscribe(() => publications++)
  const waiting = new Set<number>()
  await trickle(exchanges[0]!, (i) => {
    // Of the frame in which the piece before was shown there is nothing left, nor, after five minutes, of the connection's.
    if (i > 10) waiting.add(vi.getTimerCount())
    expect(store.getState().status).toBe('streaming')
  })
  await settle(minute / 4)
  // One for each piece.
  expect(publications).toBe(pieces)
  expect(waiting.size).toBe(1)
  const { timing, text } = store.getState()
  expect(text.split(' ')).toHaveLength(pieces + 1)
  expect(timing!.tokensPerSecond).toBeCloseTo(1 / 30, 3)
  exchanges[0]!.write(chunk({}, 'stop') + event('[DONE]'))
  await settle()
  await asked
  expect(store.getState().status).toBe('ready')
  expect(vi.getTimerCount()).toBe(0)
})
