/** What ten times the input costs: of something linear, ten times as much, and what the machine adds (caches, collections). */
import { cellOf } from './cells.ts'
import { effortOf, startClock } from './clock.ts'
import type { Clock } from './clock.ts'
import type { Contestant } from './contestant.ts'
import { eventPerRead } from './framing.ts'
import type { TooSlow } from './framing.ts'
import type { Cell } from './results.ts'
import { readsFor, timeReads, tooSlow } from './rounds.ts'
import type { Effort } from './rounds.ts'
import type { Workload } from './workload.ts'

/** When the longer answer costs so many times as much, it is given up: nothing that is linear does. */
const mostGrowth = 40
/** When there is no time for at least so many times as much, it is not tried. */
const leastGrowth = 15

/**
 * For the floor how many times as much the longer answer cost; for others that number divided by the floor's own in the
 * same round. Undefined where the shorter one takes so long already that the longer one is hopeless.
 */
export async function measureGrowth(
  contestants: readonly Contestant[],
  [small, big]: readonly [Workload, Workload],
  { rounds, budgetMs, limitMs, leastMs }: Effort,
  clock: Clock,
): Promise<(Cell | undefined)[]> {
  const smallReads = readsFor(small, eventPerRead)
  const bigReads = readsFor(big, eventPerRead)
  const runners = contestants.map((contestant) => ({
    contestant,
    growths: [] as (number | undefined)[],
    spentMs: 0,
    longestMs: 0,
    smallMs: 0,
    isHopeless: false,
    gaveUp: undefined as TooSlow | undefined,
  }))
  type Runner = (typeof runners)[number]

  const costOfSmall = async (runner: Runner, times: number): Promise<number> => {
    const cost = await timeReads(runner.contestant, small, smallReads(runner.contestant), { times, limitMs })
    runner.smallMs = effortOf(cost)
    return cost[clock]
  }

  const grow = async (runner: Runner): Promise<number> => {
    const { contestant } = runner
    // A small answer is over soon: several in a row have a cost that is as steady as the long one's.
    const base = await costOfSmall(runner, Math.max(1, Math.min(5, Math.ceil((leastMs * 2) / runner.smallMs))))
    const limit = Math.min(limitMs, runner.smallMs * mostGrowth)
    return (await timeReads(contestant, big, bigReads(contestant), { limitMs: limit }))[clock] / base
  }

  /** Undefined when it took too long, which the runner remembers. */
  const timed = async (runner: Runner, work: () => Promise<number>): Promise<number | undefined> => {
    const spent = startClock()
    try {
      return await work()
    } catch (error) {
      runner.gaveUp = tooSlow(error)
      if (!runner.gaveUp) throw error
      return undefined
    } finally {
      const tookMs = effortOf(spent())
      runner.spentMs += tookMs
      runner.longestMs = Math.max(runner.longestMs, tookMs)
    }
  }

  for (const runner of runners) {
    await timed(runner, () => costOfSmall(runner, 1))
    runner.isHopeless = !!runner.gaveUp || runner.smallMs * leastGrowth > limitMs
    if (!runner.isHopeless) await timed(runner, () => costOfSmall(runner, 2))
  }
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < runners.length; turn++) {
      const runner = runners[(turn + round) % runners.length]!
      const isSpent = runner !== runners[0] && round > 0 && runner.spentMs + runner.longestMs > budgetMs
      if (runner.isHopeless || runner.gaveUp || isSpent) continue
      runner.growths[round] = await timed(runner, () => grow(runner))
    }
  }
  const own = runners[0]!.growths
  const ownCell = cellOf(
    own.flatMap((growth) => growth ?? []),
    '×',
  )
  return runners.map(({ growths, gaveUp, isHopeless, smallMs }, i) => {
    if (i === 0) return ownCell
    const values = growths.flatMap((growth, round) => (growth && own[round] ? growth / own[round] : []))
    if (values.length) return cellOf(values, '×')
    if (isHopeless || !gaveUp) return undefined
    const least = Math.min(limitMs / smallMs, mostGrowth) / ownCell.middle
    return { ...cellOf([least], '×'), gaveUpAt: gaveUp.share }
  })
}
