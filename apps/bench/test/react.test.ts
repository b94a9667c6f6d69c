/**
 * That the React bench compares like with like, in a real Chromium: everybody shows the whole answer. It asserts no times:
 * those belong to the machine.
 */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launch, runOnce } from '../src/react/browser.ts'
import type { Run } from '../src/react/browser.ts'
import { buildPage } from '../src/react/build.ts'
import { floor, ourChat, ourCompletion } from '../src/react/entrants.ts'
import type { Entrant } from '../src/react/entrants.ts'
import { droppedFrames, reactTable, targetsOf } from '../src/react/report.ts'
import { startServer } from '../src/react/server.ts'
import type { BenchServer } from '../src/react/server.ts'
import { measure } from '../src/react/trace.ts'
import { createWorkloads } from '../src/react/workloads.ts'
import type { Workload } from '../src/react/workloads.ts'

/** Who is not tried again here: everybody has shown the same in an earlier one. */
const without: Record<string, (entrant: Entrant) => boolean> = {
  'paced-200': ({ hook, throttle }) => hook !== 'idle' && throttle === undefined,
  three: ({ isOurs }) => !isOurs,
}
const workloads = createWorkloads(true)
  .filter(({ id }) => id !== 'paced-2000')
  .map((each) => ({ ...each, entrants: each.entrants.filter((entrant) => !without[each.id]?.(entrant)) }))
let browser: Browser
let server: BenchServer

beforeAll(async () => {
  server = await startServer(await buildPage(), workloads)
  browser = await launch()
}, 60_000)

afterAll(async () => {
  await browser?.close()
  await server?.close()
})

/** A run of which nothing is told, but what is said here. */
const runOf = (said: Partial<Run>): Run => ({
  commits: 0,
  frames: 0,
  gaps: [],
  finishedRenders: 0,
  wallMs: 0,
  lagMs: 0,
  taskMs: 1,
  longestTaskMs: 0,
  scriptMs: 1,
  renderMs: 0,
  heapBytes: 0,
  isWhole: true,
  errors: [],
  ...said,
})

describe.each(workloads)('$title', (workload: Workload) => {
  it.each(workload.entrants)(
    '$name shows all of it',
    async (entrant) => {
      const run = await runOnce(browser, server, workload, entrant, { limitMs: 20_000 })
      expect(run).toMatchObject({ isWhole: true, errors: [] })
      expect(run.taskMs).toBeGreaterThan(0)
      if (!entrant.isOurs) return
      // Beside one per frame: asked, begun, ended.
      expect(run.commits).toBeLessThanOrEqual(workload.hooks * (run.frames + 3))
      expect(run.finishedRenders).toBe(0)
    },
    30_000,
  )
})

it('an answer that is not whole is told from one that is', async () => {
  const [workload] = workloads
  const short = { ...workload!, answer: { ...workload!.answer, deltas: [...workload!.answer.deltas, ' more'] } }
  expect(await runOnce(browser, server, short, floor, { limitMs: 500 })).toMatchObject({ isWhole: false })
})

it('a trace is added up per kind of work, on the thread and in the time of the marks alone', () => {
  const event = (name: string, ts: number, dur: number, more = {}) => ({
    name,
    ph: 'X',
    pid: 1,
    tid: 1,
    ts,
    dur,
    tdur: dur,
    ...more,
  })
  const events = [
    event('RunTask', 0, 500),
    event('bench:start', 1000, 0, { ph: 'I' }),
    event('RunTask', 2000, 30_000),
    event('FunctionCall', 3000, 20_000),
    event('Layout', 4000, 5000),
    event('RunTask', 40_000, 10_000, { tdur: 4000 }),
    event('RunTask', 41_000, 10_000, { tid: 2 }),
    event('bench:end', 90_000, 0, { ph: 'I' }),
    event('RunTask', 95_000, 10_000),
  ]
  expect(measure(events)).toEqual({ taskMs: 34, longestTaskMs: 30, scriptMs: 15, renderMs: 5 })
})

it('a frame that came late counts as the frames that it took', () => {
  expect(droppedFrames(runOf({ gaps: [16, 17, 24, 33, 66] }), 16.5)).toBe(1 + 3)
})

it('the report says how many times the floor, who was not whole, and which targets were missed', () => {
  const workload = { ...workloads[0]!, entrants: [floor, ourCompletion, ourChat] }
  const runs = new Map([
    [floor, [runOf({ taskMs: 100, scriptMs: 50, gaps: [16] })]],
    [ourCompletion, [runOf({ taskMs: 120, scriptMs: 60, commits: 5, frames: 2, gaps: [16] })]],
    [ourChat, [runOf({ taskMs: 150, scriptMs: 60, commits: 6, frames: 2, gaps: [16], isWhole: false })]],
  ])
  const rows = reactTable(workload, runs).split('\n')
  expect(rows.find((row) => row.includes(ourCompletion.name))).toContain('1.20 (1.20–1.20) ×')
  expect(rows.find((row) => row.includes(ourChat.name))).toContain('NOT WHOLE in 1 of 1')
  const missed = targetsOf(workload, runs).filter(({ isMet }) => !isMet)
  expect(missed.map(({ entrant, sentence }) => `${entrant.name} ${sentence}`)).toEqual([
    `${ourChat.name} main thread, times the floor: 1.50, at most 1.3`,
    `${ourChat.name} the whole answer on screen`,
    `${ourChat.name} commits beyond frames (changes of status): 4, at most 3`,
  ])
})
