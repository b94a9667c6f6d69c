/** Counts what the page does from start to end: frames, commits, renders, and when the last text was on screen. */
import type { Seen, Settings } from '../settings.ts'

/** What the components tell, and what the bench asks. */
export interface Meter {
  /** A component with a hook was committed. */
  committed(index: number, isBusy: boolean, start: () => unknown): void
  /** A message that was there before rendered. */
  finishedRendered(): void
  /** Starts all hooks; resolves when all answers are on screen, or at the limit. */
  run(): Promise<Seen>
}

interface Place {
  wasBusy: boolean
  isBusy: boolean
  start(): unknown
}

/** Resolves in the next frame to when it was due: earlier than now when the thread was busy. */
const nextFrame = (): Promise<number> => new Promise(requestAnimationFrame)

export function createMeter({ hooks, paragraphs, lastLength, limitMs }: Settings): Meter {
  const places: Place[] = []
  let commits = 0
  let finishedRenders = 0

  /** The element with the last thing that a hook shows. */
  const shown = (index: number): Element | null | undefined =>
    document.querySelector('main')?.children[index]?.lastElementChild
  // Not all of the text: to put it together in each frame would be work that a page does not do.
  const isShown = (index: number): boolean => {
    const article = shown(index)
    const { length = 0 } = article?.lastElementChild?.firstChild?.nodeValue ?? {}
    return (article?.childElementCount ?? 0) === paragraphs && length === lastLength
  }

  return {
    committed(index, isBusy, start) {
      commits++
      const place = (places[index] ??= { wasBusy: false, isBusy, start })
      place.isBusy = isBusy
      place.wasBusy ||= isBusy
      place.start = start
    },
    finishedRendered() {
      finishedRenders++
    },
    async run() {
      while (places.length < hooks) await nextFrame()
      let last = await nextFrame()
      commits = finishedRenders = 0
      performance.mark('bench:start')
      const startedAt = performance.now()
      for (const place of places) void place.start()
      const gaps: number[] = []
      const countFrame = async (): Promise<void> => {
        const dueAt = await nextFrame()
        gaps.push(dueAt - last)
        last = dueAt
      }
      let shownAt: number | undefined
      let isOver = false
      while (!isOver && performance.now() - startedAt < limitMs) {
        await countFrame()
        // Some are no longer busy before they have shown everything, some the other way round.
        const isAll = places.every(({ wasBusy }, index) => wasBusy && isShown(index))
        shownAt = isAll ? (shownAt ?? performance.now()) : undefined
        isOver = isAll && places.every(({ isBusy }) => !isBusy)
      }
      // The next one shows how late the last one was, and leaves the screen as it stays.
      await countFrame()
      await new Promise((resolve) => setTimeout(resolve))
      performance.mark('bench:end')
      const streams = performance.getEntriesByType('resource').filter(({ name }) => name.includes('/stream/'))
      const lastByteAt = Math.max(...streams.map((entry) => (entry as PerformanceResourceTiming).responseEnd))
      const endedAt = shownAt ?? performance.now()
      return {
        texts: places.map((_, index) => shown(index)?.textContent ?? ''),
        commits,
        frames: gaps.length,
        gaps,
        finishedRenders,
        wallMs: endedAt - startedAt,
        lagMs: streams.length ? Math.max(0, endedAt - lastByteAt) : 0,
      }
    },
  }
}
