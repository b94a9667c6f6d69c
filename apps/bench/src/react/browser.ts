/** One run: a fresh page that streams one workload with one entrant, traced. */
import { chromium } from 'playwright-core'
import type { Browser } from 'playwright-core'
import { launchOptions } from '../../../../.config/chromium.mjs'
import type { Entrant } from './entrants.ts'
import { startProfile } from './profile.ts'
import type { Profile } from './profile.ts'
import type { BenchServer } from './server.ts'
import { paragraphsOf } from './settings.ts'
import type { Seen, Settings } from './settings.ts'
import { measure, startTrace } from './trace.ts'
import type { MainThread } from './trace.ts'
import { paceMs, shownAtEnd } from './workloads.ts'
import type { Workload } from './workloads.ts'

/** What one run came to. Times in milliseconds. */
export interface Run extends MainThread, Omit<Seen, 'texts'> {
  /** Whether the whole answer was on screen, for each hook. */
  isWhole: boolean
  /** Of the JavaScript heap after a collection. */
  heapBytes: number
  /** What the page complained about. */
  errors: string[]
  profile?: Profile
}

/** How runs are made. */
export interface RunOptions {
  /** So many times slower than this machine's processor. */
  cpu?: number
  /** How long a run may take on top of the workload's own pace, in milliseconds. */
  limitMs?: number
  profiles?: boolean
}

/** The Chromium that all runs share. */
export function launch(): Promise<Browser> {
  return chromium.launch({ headless: true, ...launchOptions() })
}

/** Streams the workload once. */
export async function runOnce(
  browser: Browser,
  { origin }: BenchServer,
  workload: Workload,
  entrant: Entrant,
  { cpu = 1, limitMs = 60_000, profiles = false }: RunOptions = {},
): Promise<Run> {
  const { hook, wire, throttle } = entrant
  const expected = hook === 'idle' ? '' : shownAtEnd(workload)
  const paragraphs = workload.answer.kind === 'text' ? paragraphsOf(expected) : [expected]
  const settings: Settings = {
    hook,
    url: `${origin}/stream/${wire}/${workload.id}`,
    throttle,
    kind: workload.answer.kind,
    shows: workload.shows,
    history: workload.history,
    hooks: workload.hooks,
    paragraphs: paragraphs.length,
    lastLength: paragraphs.at(-1)!.length,
    idleMs: paceMs(workload),
    limitMs: paceMs(workload) + limitMs,
  }
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } })
  try {
    const page = await context.newPage()
    const errors: string[] = []
    page.on('pageerror', (error) => errors.push(error.message))
    page.on('console', (message) => void (message.type() === 'error' && errors.push(message.text())))
    await page.goto(`${origin}/?${new URLSearchParams({ settings: JSON.stringify(settings) })}`)
    await page
      .waitForFunction('globalThis.bench && document.querySelector("main").children.length', null, { timeout: 15_000 })
      .catch((cause) => {
        throw new Error(`The page did not start: ${errors.join(' ')}`, { cause })
      })
    const cdp = await context.newCDPSession(page)
    await cdp.send('Emulation.setCPUThrottlingRate', { rate: cpu })
    await cdp.send('HeapProfiler.collectGarbage')
    const stopProfile = profiles ? await startProfile(cdp) : undefined
    const stopTrace = await startTrace(cdp)
    const { texts, ...seen } = (await page.evaluate('bench.run()')) as Seen
    const thread = measure(await stopTrace())
    const profile = await stopProfile?.()
    await cdp.send('HeapProfiler.collectGarbage')
    const { usedSize: heapBytes } = await cdp.send('Runtime.getHeapUsage')
    const isWhole = texts.length === workload.hooks && texts.every((text) => text === expected)
    return { ...seen, ...thread, heapBytes, isWhole, errors, profile }
  } finally {
    await context.close()
  }
}
