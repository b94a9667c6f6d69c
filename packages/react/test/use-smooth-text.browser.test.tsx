/** Smoothing: bursts revealed evenly, by fake clocks, in a real browser. */
import { act, cleanup, render, renderHook, screen } from '@testing-library/react'
import { Profiler, StrictMode, useSyncExternalStore } from 'react'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { useSmoothText } from '../src/index.ts'
import { withoutAct } from './scripted.ts'

beforeEach(() => vi.useFakeTimers())
afterEach(() => {
  cleanup()
  vi.useRealTimers()
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
})

const frameMs = 16
const burst = 'abcdefghij'.repeat(6)

interface Props {
  text: string
  live?: boolean
  lagMs?: number
}

/** The hook, and every text that it gave. */
function smooth(first: Props, strict = false) {
  const shown: string[] = []
  const { result, rerender, unmount } = renderHook(
    ({ text, live = true, lagMs }: Props) => {
      const now = useSmoothText(text, { live, lagMs })
      shown.push(now)
      return now
    },
    { initialProps: first, wrapper: strict ? StrictMode : undefined },
  )
  /** Lets so many milliseconds pass, frame by frame; the text after each. */
  const pass = (ms: number) => {
    const texts: string[] = []
    for (let passed = 0; passed < ms; passed += frameMs) {
      // What a frame reveals is rendered before the next one.
      act(() => vi.advanceTimersByTime(frameMs - 1))
      act(() => vi.advanceTimersByTime(1))
      texts.push(result.current)
    }
    return texts
  }
  return { result, rerender, unmount, shown, pass }
}

/** By how many characters each text is longer than the one before. */
const steps = (texts: string[]) => texts.slice(1).map((text, i) => text.length - texts[i]!.length)

/** Answers the question for less motion, and can change its mind. */
function stubMotion(reduced: boolean) {
  const query = Object.assign(new EventTarget(), { matches: reduced })
  vi.stubGlobal('matchMedia', () => query)
  return (next: boolean) => {
    query.matches = next
    query.dispatchEvent(new Event('change'))
  }
}

describe('useSmoothText', () => {
  it('shows whole what is there at the first render, and does nothing then', () => {
    const { result, pass } = smooth({ text: burst })
    expect(result.current).toBe(burst)
    expect(vi.getTimerCount()).toBe(0)
    pass(100)
    expect(result.current).toBe(burst)
  })

  it('reveals a burst evenly and within the lag, then rests', () => {
    const { rerender, pass, result } = smooth({ text: '', lagMs: 320 })
    rerender({ text: burst, lagMs: 320 })
    expect(result.current).toBe('')
    const texts = pass(160)
    expect(result.current.length).toBeGreaterThan(20)
    expect(result.current.length).toBeLessThan(40)
    expect(Math.max(...steps(texts)) - Math.min(...steps(texts))).toBeLessThanOrEqual(1)
    pass(176)
    expect(result.current).toBe(burst)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('settles on one pace when bursts follow each other', () => {
    const { rerender, pass } = smooth({ text: '', lagMs: 320 })
    const texts: string[] = []
    for (let bursts = 1; bursts <= 12; bursts++) {
      rerender({ text: burst.repeat(bursts), lagMs: 320 })
      texts.push(...pass(160))
    }
    // 60 characters in ten frames.
    const settled = steps(texts.slice(-40))
    expect(Math.min(...settled)).toBeGreaterThanOrEqual(5)
    expect(Math.max(...settled)).toBeLessThanOrEqual(7)
  })

  it('shows each piece in time, however many small ones follow', () => {
    const { rerender, pass, result } = smooth({ text: '', lagMs: 320 })
    let text = burst.repeat(10)
    const first = text
    rerender({ text, lagMs: 320 })
    for (let passed = 0; passed < 336; passed += frameMs) {
      rerender({ text: (text += '.'), lagMs: 320 })
      pass(frameMs)
    }
    expect(result.current.startsWith(first)).toBe(true)
  })

  it('catches up soon after the end', () => {
    const { rerender, pass, result } = smooth({ text: '', lagMs: 320 })
    rerender({ text: burst, lagMs: 320 })
    pass(48)
    rerender({ text: `${burst} The end.`, live: false, lagMs: 320 })
    expect(result.current.length).toBeLessThan(burst.length)
    pass(336)
    expect(result.current).toBe(`${burst} The end.`)
  })

  it('renders at most once per frame', () => {
    const { rerender, shown, pass } = smooth({ text: '' })
    rerender({ text: burst })
    const before = shown.length
    pass(160)
    expect(shown.length - before).toBeLessThanOrEqual(10)
  })

  it('is one commit with a text that arrives in each frame', async () => {
    vi.useRealTimers()
    let text = ''
    let tell!: () => void
    let commits = 0
    const subscribe = (listener: () => void) => {
      tell = listener
      return () => {}
    }
    function Page() {
      return (
        <p>
          {useSmoothText(
            useSyncExternalStore(subscribe, () => text),
            { live: true },
          )}
        </p>
      )
    }
    render(
      <Profiler id="page" onRender={() => void commits++}>
        <Page />
      </Profiler>,
    )
    const frame = () =>
      new Promise<void>((resolve) =>
        requestAnimationFrame(() => {
          text += burst
          tell()
          resolve()
        }),
      )
    await withoutAct(async () => {
      for (let frames = 0; frames < 40; frames++) await frame()
    })
    expect(screen.getByText(/^abc/).textContent.length).toBeGreaterThan(burst.length)
    expect(commits).toBeLessThan(50)
  })

  it('shows at once what a finished text becomes, and goes on from there when it is live again', () => {
    const { rerender, pass, result } = smooth({ text: 'Hello', live: false })
    rerender({ text: 'Another text', live: false })
    expect(result.current).toBe('Another text')
    rerender({ text: 'Another text and more', live: true })
    expect(result.current).toBe('Another text')
    pass(400)
    expect(result.current).toBe('Another text and more')
  })

  it('begins a new answer at its beginning, and drops an end that is gone', () => {
    const { rerender, pass, result } = smooth({ text: 'The first answer' })
    rerender({ text: 'The first' })
    expect(result.current).toBe('The first')
    rerender({ text: 'A second one' })
    expect(result.current).toBe('')
    const texts = pass(400)
    expect(texts.every((text) => 'A second one'.startsWith(text))).toBe(true)
    expect(result.current).toBe('A second one')
    rerender({ text: '' })
    expect(result.current).toBe('')
  })

  it.each([
    ['Intl.Segmenter', ['👩‍👩‍👧‍👦', '🇳🇴', 'é', 'm̈', '👍🏽', ' '], Intl.Segmenter],
    ['surrogate pairs alone, without it', ['😀', '𝒳', 'a'], undefined],
  ])('never cuts a character: %s', (_, characters, Segmenter) => {
    vi.stubGlobal('Intl', { ...Intl, Segmenter })
    const list = Array.from({ length: 60 }, (_item, i) => characters[i % characters.length]!)
    const whole = list.map((_item, i) => list.slice(0, i).join(''))
    const { rerender, pass } = smooth({ text: '' })
    const text = list.join('')
    rerender({ text })
    const texts = pass(400)
    expect(texts.at(-1)).toBe(text)
    expect(new Set(texts).size).toBeGreaterThan(8)
    for (const shown of texts) expect([...whole, text]).toContain(shown)
  })

  it('never cuts a flag, however many stand before it', () => {
    const { rerender, pass } = smooth({ text: '' })
    rerender({ text: '🇩🇪🇫🇷🇮🇹🇪🇸🇵🇹'.repeat(13) })
    const texts = pass(400)
    expect(new Set(texts).size).toBeGreaterThan(8)
    // A flag is two pairs.
    expect(texts.filter((shown) => shown.length % 4)).toEqual([])
  })

  it('shows the text as it is where less motion is preferred, also from now on', () => {
    const setReduced = stubMotion(true)
    const { rerender, pass, result, shown } = smooth({ text: '' })
    rerender({ text: burst })
    expect(result.current).toBe(burst)
    expect(vi.getTimerCount()).toBe(0)
    act(() => setReduced(false))
    rerender({ text: burst + burst })
    expect(result.current).toBe(burst)
    pass(32)
    act(() => setReduced(true))
    expect(result.current).toBe(burst + burst)
    expect(vi.getTimerCount()).toBe(0)
    expect(shown.at(-1)).toBe(burst + burst)
  })

  it('shows all when the tab is hidden, where there are no frames', () => {
    const { rerender, pass, result } = smooth({ text: '' })
    rerender({ text: burst })
    pass(32)
    vi.spyOn(document, 'hidden', 'get').mockReturnValue(true)
    act(() => void document.dispatchEvent(new Event('visibilitychange')))
    expect(result.current).toBe(burst)
    rerender({ text: burst + burst })
    expect(result.current).toBe(burst + burst)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('listens to nothing once a text is finished and shown', () => {
    const added = vi.spyOn(document, 'addEventListener')
    const removed = vi.spyOn(document, 'removeEventListener')
    const watches = () =>
      [added, removed].map(({ mock }) => mock.calls.filter(([name]) => name === 'visibilitychange').length)
    smooth({ text: 'Finished', live: false })
    expect(watches()).toEqual([0, 0])
    const { rerender, pass } = smooth({ text: '' })
    rerender({ text: burst })
    expect(watches()).toEqual([1, 0])
    rerender({ text: burst, live: false })
    pass(400)
    expect(watches()).toEqual([1, 1])
  })

  it('works under StrictMode, and leaves nothing behind when it unmounts midway', () => {
    const { rerender, pass, result, unmount } = smooth({ text: '' }, true)
    rerender({ text: burst })
    pass(400)
    expect(result.current).toBe(burst)
    rerender({ text: burst + burst })
    pass(32)
    unmount()
    expect(vi.getTimerCount()).toBe(0)
  })
})
