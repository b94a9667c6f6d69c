/** When a paced value is published: by frames, by timers where there are none, never more often than it may be. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createPacer } from '../src/pace.ts'
import { nextTurn } from '../src/slices.ts'
import type * as Slices from '../src/slices.ts'

vi.mock('../src/slices.ts', async (original) => {
  const slices = await original<typeof Slices>()
  return { ...slices, nextTurn: vi.fn(slices.nextTurn) }
})

/** What waits for the next frame of the page. A page that is hidden has none until it is shown. */
const frames = new Map<number, () => void>()
let last = 0
let isHidden = false
/** By the fake clock, since the test began. */
let published: number[]
let startedAt: number

beforeEach(() => {
  vi.useFakeTimers()
  startedAt = performance.now()
  isHidden = false
  published = []
})
afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

const now = () => Math.round(performance.now() - startedAt)
const publish = () => void published.push(now())

/** Time goes by, with a frame every 16 ms. */
async function pass(ms: number): Promise<void> {
  for (let i = 0; i < ms; i++) {
    await vi.advanceTimersByTimeAsync(1)
    if (isHidden || now() % 16) continue
    const due = [...frames.values()]
    frames.clear()
    for (const run of due) run()
  }
}

/** Changes something every millisecond. */
async function change(pacer: { schedule(): void }, ms: number): Promise<void> {
  for (let i = 0; i < ms; i++) {
    pacer.schedule()
    await pass(1)
  }
}

/** How long it was from each publication to the next. */
const gaps = () => published.slice(1).map((at, i) => at - published[i]!)

describe('where there are no frames', () => {
  it('publishes every 16 ms while something changes, and not at all while nothing does', async () => {
    const pacer = createPacer(publish)
    await change(pacer, 64)
    expect(published).toEqual([16, 32, 48, 64])
    await pass(1000)
    expect(published).toHaveLength(4)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('publishes at most once in `throttleMs`, from one publication to the next', async () => {
    const pacer = createPacer(publish, 100)
    pacer.flush()
    await change(pacer, 350)
    expect(published).toEqual([0, 100, 200, 300])
  })

  it('does not make one wait who changes seldom', async () => {
    const pacer = createPacer(publish, 100)
    pacer.flush()
    await pass(500)
    pacer.schedule()
    await pass(16)
    expect(published).toEqual([0, 516])
  })

  it('counts from a flush, which nothing holds back', async () => {
    const pacer = createPacer(publish, 100)
    pacer.flush()
    await change(pacer, 50)
    pacer.flush()
    await change(pacer, 120)
    expect(published).toEqual([0, 50, 150])
  })

  it('waits for a flush when the throttle is infinite', async () => {
    const pacer = createPacer(publish, Infinity)
    pacer.flush()
    await change(pacer, 500)
    expect(published).toEqual([0])
  })

  it.each([undefined, 100])('leaves no timer behind, throttled by %s', async (throttleMs) => {
    const pacer = createPacer(publish, throttleMs)
    for (const end of [pacer.cancel, pacer.flush]) {
      pacer.schedule()
      expect(vi.getTimerCount()).toBe(1)
      end()
      expect(vi.getTimerCount()).toBe(0)
    }
    await pass(1000)
    expect(published).toEqual([0])
  })
})

describe('in a page', () => {
  beforeEach(() => {
    frames.clear()
    vi.stubGlobal('requestAnimationFrame', (run: () => void) => {
      frames.set(++last, run)
      return last
    })
    vi.stubGlobal('cancelAnimationFrame', (id: number) => frames.delete(id))
  })

  it('publishes once in each frame in which something changes', async () => {
    const pacer = createPacer(publish)
    await change(pacer, 160)
    expect(published).toHaveLength(10)
    expect(gaps()).toEqual(Array(9).fill(16))
    pacer.cancel()
    expect([vi.getTimerCount(), frames.size]).toEqual([0, 0])
  })

  it('gives frames that take long a quarter of the time, and every frame again once they do not', async () => {
    let tookMs = 20
    const pacer = createPacer(() => {
      publish()
      vi.advanceTimersByTime(tookMs)
    })
    const changeFor = async (ms: number) => {
      const from = now()
      while (now() < from + ms) {
        await change(pacer, 1)
        // What a frame took is known in the turn after it.
        await nextTurn()
      }
    }
    await changeFor(1000)
    expect(published.length).toBeGreaterThan(5)
    expect(Math.min(...gaps())).toBeGreaterThanOrEqual(80)
    expect(Math.max(...gaps())).toBeLessThanOrEqual(80 + 32)
    // Whatever it was that took so long (a dialogue, a breakpoint): nobody waits for it longer than a moment.
    tookMs = 2000
    await changeFor(2500)
    expect(Math.max(...gaps())).toBeLessThanOrEqual(2000 + 250 + 32)
    tookMs = 5
    await changeFor(400)
    published = []
    await changeFor(320)
    expect(gaps().every((ms) => ms <= 32)).toBe(true)
    pacer.cancel()
  })

  it('times one in four of the frames that are quick', async () => {
    vi.mocked(nextTurn).mockClear()
    const pacer = createPacer(publish)
    await change(pacer, 16 * 40)
    expect(published).toHaveLength(40)
    expect(nextTurn).toHaveBeenCalledTimes(10)
    pacer.cancel()
  })

  it('publishes in frames when it is throttled, and only once in one', async () => {
    const pacer = createPacer(publish, 40)
    pacer.flush()
    await change(pacer, 400)
    // 40 ms after each publication comes the third frame.
    expect(published.slice(0, 4)).toEqual([0, 48, 96, 144])
    expect(gaps().every((ms) => ms === 48)).toBe(true)
  })

  it.each([undefined, 100])('goes on in a hidden page, throttled by %s', async (throttleMs) => {
    const pacer = createPacer(publish, throttleMs)
    isHidden = true
    await change(pacer, 2000)
    expect(published.length).toBeGreaterThan(3)
    expect(Math.max(...gaps())).toBeLessThanOrEqual(250 + (throttleMs ?? 0))
  })

  it('publishes what it was about to when the page is hidden before the frame comes', async () => {
    const pacer = createPacer(publish)
    pacer.schedule()
    isHidden = true
    await pass(250)
    expect(published).toEqual([250])
    // The frame comes when the page is shown again, and finds nothing to do.
    isHidden = false
    await pass(1000)
    expect(published).toHaveLength(1)
  })

  it.each([undefined, 100])('leaves no timer and no frame behind, throttled by %s', async (throttleMs) => {
    const pacer = createPacer(publish, throttleMs)
    for (const end of [pacer.cancel, pacer.flush, pacer.flush]) {
      pacer.schedule()
      expect(vi.getTimerCount()).toBe(1)
      end()
      expect([vi.getTimerCount(), frames.size]).toEqual([0, 0])
    }
    // One that waits for its frame.
    pacer.schedule()
    await pass(throttleMs ?? 0)
    expect([vi.getTimerCount(), frames.size]).toEqual([1, 1])
    pacer.cancel()
    expect([vi.getTimerCount(), frames.size]).toEqual([0, 0])
  })
})
