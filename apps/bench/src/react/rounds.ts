/** Rounds in which everybody streams the same answer into a fresh page, in an order that rotates. */
import type { Browser } from 'playwright-core'
import { runOnce } from './browser.ts'
import type { Run, RunOptions } from './browser.ts'
import type { Entrant } from './entrants.ts'
import type { BenchServer } from './server.ts'
import type { Workload } from './workloads.ts'

/** For each entrant its runs, or its warm-up alone when that was enough; the same place in two lists is the same round. */
export type Runs = Map<Entrant, Run[]>

/** Who took longer than this (beside the answer's own pace) is not asked again: that one run counts. In milliseconds. */
const slowMs = 20_000

/** Runs everybody once to warm up the machine, and then in so many rounds. */
export async function race(
  browser: Browser,
  server: BenchServer,
  workload: Workload,
  rounds: number,
  options: RunOptions,
  onRun: (entrant: Entrant, run: Run) => void = () => {},
): Promise<Runs> {
  const { entrants } = workload
  const runs: Runs = new Map(entrants.map((entrant) => [entrant, []]))
  const slow = new Set<Entrant>()
  for (let round = -1; round < rounds; round++) {
    for (let turn = 0; turn < entrants.length; turn++) {
      const entrant = entrants[(turn + round + 1) % entrants.length]!
      if (slow.has(entrant)) continue
      const run = await runOnce(browser, server, workload, entrant, options)
      if (round < 0 && run.lagMs > slowMs) slow.add(entrant)
      if (round >= 0 || slow.has(entrant)) runs.get(entrant)!.push(run)
      onRun(entrant, run)
    }
  }
  return runs
}
