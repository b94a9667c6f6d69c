/** Whether an answer streamed, or was held back on its way and came in one burst. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type * as Core from '../src/index.ts'
import { byHand, chunk, event, settle } from './http.ts'

// Each test has modules of its own: it warns once in the life of a page.
let core: typeof Core
let warn: ReturnType<typeof vi.spyOn>
beforeEach(async () => {
  vi.resetModules()
  core = await import('../src/index.ts')
  vi.useFakeTimers()
  warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
})
afterEach(() => {
  vi.unstubAllEnvs()
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
  vi.useRealTimers()
})

const say = (count: number) => chunk({ content: 'x' }).repeat(count)
const end = chunk({}, 'stop') + event('[DONE]')

/** An answer whose reads come at these times, in ms. */
async function timed(...reads: [atMs: number, said: string][]) {
  const { fetch, exchanges } = byHand((exchange) => exchange.answer())
  const stream = core.streamCompletion(
    { model: 'm', prompt: 'Hi' },
    { provider: core.openai({ fetch }), maxRetries: 0 },
  )
  const final = stream.finalCompletion().catch(() => undefined)
  let now = 0
  for (const [at, said] of reads) {
    await settle(at - now)
    now = at
    exchanges[0]!.write(said)
  }
  await settle()
  stream.abort()
  await final
  return stream.timing
}

describe('an answer that came in one burst', () => {
  it.each<[string, [number, string][], true | undefined]>([
    ['twenty pieces at once, after a second', [[1000, say(20) + end]], true],
    ['nineteen pieces', [[1000, say(19) + end]], undefined],
    ['before a second', [[999, say(500) + end]], undefined],
    [
      'five pieces in each millisecond',
      [
        [1000, say(50)],
        [1020, say(50) + end],
      ],
      true,
    ],
    [
      'fewer than that',
      [
        [1000, say(50)],
        [1020, say(49) + end],
      ],
      undefined,
    ],
    ['a real stream', Array.from({ length: 100 }, (_, i): [number, string] => [1000 + i * 10, say(1)]), undefined],
    ['empty chunks, which are no pieces', [[1000, chunk({}).repeat(50) + say(5) + end]], undefined],
    [
      'headers late, but streamed',
      [
        [3000, say(1)],
        [3500, say(60) + end],
      ],
      undefined,
    ],
  ])('%s: %j', async (_, reads, buffered) => {
    const timing = await timed(...reads)
    expect(timing.buffered).toBe(buffered)
    expect('buffered' in timing).toBe(!!buffered)
    expect(warn).toHaveBeenCalledTimes(buffered ? 1 : 0)
  })

  const burst: [number, string] = [2000, say(100) + end]

  it('is told of once', async () => {
    for (let i = 0; i < 3; i++) expect(await timed(burst)).toMatchObject({ buffered: true })
    expect(warn).toHaveBeenCalledTimes(1)
    expect(String(warn.mock.calls[0])).toMatch(/one burst.*X-Accel-Buffering/)
  })

  it('is not told of in production, but known', async () => {
    vi.stubEnv('NODE_ENV', 'production')
    expect(await timed(burst)).toMatchObject({ buffered: true })
    expect(warn).not.toHaveBeenCalled()
  })

  it.each([
    ['localhost', 1],
    ['example.com', 0],
  ])('is told of in a page without a bundler on %s: %i times', async (hostname, times) => {
    vi.stubGlobal('location', { hostname })
    const env = process.env
    // No `process.env` there.
    Object.defineProperty(process, 'env', { value: undefined, configurable: true, writable: true })
    try {
      expect(await timed(burst)).toMatchObject({ buffered: true })
    } finally {
      Object.defineProperty(process, 'env', { value: env, configurable: true, writable: true })
    }
    expect(warn).toHaveBeenCalledTimes(times)
  })

  it('is not known before the end', async () => {
    const { fetch, exchanges } = byHand((exchange) => exchange.answer())
    const stream = core.streamCompletion({ model: 'm', prompt: 'Hi' }, { provider: core.openai({ fetch }) })
    void stream.finalCompletion()
    await settle(2000)
    exchanges[0]!.write(say(100))
    await settle()
    expect(stream.timing).not.toHaveProperty('buffered')
    exchanges[0]!.write(end)
    await settle()
    expect(stream.timing).toMatchObject({ buffered: true })
  })

  it('is none where the reader was late and not the server', async () => {
    const { fetch, exchanges } = byHand((exchange) => exchange.answer())
    const stream = core.streamCompletion({ model: 'm', prompt: 'Hi' }, { provider: core.openai({ fetch }) })
    await settle()
    for (let i = 0; i < 60; i++) {
      exchanges[0]!.write(say(1))
      await settle(50)
    }
    exchanges[0]!.write(end)
    // Nobody read till now: what waited comes in one go.
    const final = stream.finalCompletion()
    await settle()
    await final
    expect(stream.timing).not.toHaveProperty('buffered')
    expect(warn).not.toHaveBeenCalled()
  })

  it('is none where a failed request took the time', async () => {
    const { fetch } = byHand(
      (exchange) => exchange.drop(),
      (exchange) => (exchange.answer(say(30) + end), exchange.end()),
    )
    const stream = core.streamCompletion(
      { model: 'm', prompt: 'Hi' },
      { provider: core.openai({ fetch }), maxRetries: 5 },
    )
    vi.spyOn(Math, 'random').mockReturnValue(0)
    const again = core.streamCompletion(
      { model: 'm', prompt: 'Hi' },
      {
        provider: core.openai({
          fetch: byHand(
            (x) => x.drop(),
            (x) => x.drop(),
            (x) => (x.answer(say(30) + end), x.end()),
          ).fetch,
        }),
        maxRetries: 5,
      },
    )
    const finals = [stream.finalCompletion(), again.finalCompletion()]
    await settle(10_000)
    await Promise.all(finals)
    expect([stream.timing.buffered, again.timing.buffered]).toEqual([undefined, undefined])
    expect(warn).not.toHaveBeenCalled()
  })
})
