/** The measurement: rounds in which everybody reads the same answer, one after the other, in an order that rotates. */
import { effortOf, startClock } from './clock.ts'
import type { Cost } from './clock.ts'
import type { Contestant } from './contestant.ts'
import { respond, TooSlow } from './framing.ts'
import type { Framing, Respond } from './framing.ts'
import { collectYoung } from './gc.ts'
import type { Workload } from './workload.ts'

/** How long a measurement may take. */
export interface Effort {
  /** How many rounds count, and how many are run before. */
  rounds: number
  warmup: number
  /** What one contestant may spend on one framing, in milliseconds as `effortOf` has it: the slow ones get fewer rounds. */
  budgetMs: number
  /** When a single read is given up, in the same milliseconds. */
  limitMs: number
  /** A measurement shorter than this is of several reads, one after the other. */
  leastMs: number
}

/** What came of one contestant. */
export interface Outcome {
  contestant: Contestant
  /** The costs of a read in each round: the same place in two lists is the same round. Undefined where it sat out. */
  costs: (Cost | undefined)[]
  /** It took too long: this share of the answer had been read by then, for so many milliseconds of CPU. */
  gaveUp?: { share: number; afterMs: number }
}

/** The reads of a framing, on the wire that a contestant reads. */
export function readsFor(workload: Workload, framing: Framing): (contestant: Contestant) => Uint8Array[] {
  const byWire = new Map<string | undefined, Uint8Array[]>()
  return ({ wire }) => {
    let reads = byWire.get(wire)
    if (!reads) {
      const events = wire ? workload.agUi?.() : workload.events
      if (!events) throw new Error(`There is no ${wire} for ${workload.id}.`)
      byWire.set(wire, (reads = framing.cut(events)))
    }
    return reads
  }
}

/** Reads once. Throws when what comes out is not what was sent: a wrong answer has no time. */
export async function readOnce(
  contestant: Contestant,
  workload: Workload,
  reads: readonly Uint8Array[],
  options?: Respond,
): Promise<void> {
  const got = await contestant.reads[workload.id]!(respond(reads, options), workload)
  if (got !== workload.text)
    throw new Error(`${contestant.name} read another text (${got.length} of ${workload.text.length} characters)`)
}

/** The mean cost of so many reads in a row. */
export async function timeReads(
  contestant: Contestant,
  workload: Workload,
  reads: readonly Uint8Array[],
  { times = 1, limitMs = Infinity }: { times?: number; limitMs?: number } = {},
): Promise<Cost> {
  collectYoung()
  const spent = startClock()
  for (let time = 0; time < times; time++) await readOnce(contestant, workload, reads, { limitMs })
  const { thread, process, wall } = spent()
  return { thread: thread / times, process: process / times, wall: wall / times }
}

/** The body's own error, whatever a client has wrapped it in. */
export function tooSlow(error: unknown): TooSlow | undefined {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause)
    if (cause instanceof TooSlow) return cause
  return undefined
}

/** Times everybody on one framing. */
export async function race(
  contestants: readonly Contestant[],
  workload: Workload,
  framing: Framing,
  { rounds, warmup, budgetMs, limitMs, leastMs }: Effort,
): Promise<Outcome[]> {
  const readsOf = readsFor(workload, framing)
  const runners = contestants.map((contestant) => ({
    outcome: { contestant, costs: [] } as Outcome,
    reads: readsOf(contestant),
    times: 1,
    spentMs: 0,
    longestMs: 0,
  }))
  for (let round = -warmup; round < rounds; round++) {
    for (let turn = 0; turn < runners.length; turn++) {
      const runner = runners[(turn + round + warmup) % runners.length]!
      const { outcome, reads, times } = runner
      // The first one is what the others are measured against: it is in every round.
      const isSpent =
        round < 0
          ? runner.spentMs > budgetMs / 4
          : runner !== runners[0] && outcome.costs.some(Boolean) && runner.spentMs + runner.longestMs > budgetMs
      const sitsOut = outcome.gaveUp || isSpent
      let cost: Cost | undefined
      if (!sitsOut) {
        const spent = startClock()
        try {
          cost = await timeReads(outcome.contestant, workload, reads, { times, limitMs })
        } catch (error) {
          const slow = tooSlow(error)
          if (!slow) throw error
          outcome.gaveUp = { share: slow.share, afterMs: spent().thread }
        }
        const tookMs = effortOf(spent())
        runner.spentMs += tookMs
        runner.longestMs = Math.max(runner.longestMs, tookMs)
      }
      if (round >= 0) outcome.costs[round] ??= cost
      // It would not come to another one.
      else if (cost && runner.spentMs > budgetMs) outcome.costs[0] = cost
      else if (cost) runner.times = Math.max(1, Math.min(10, Math.ceil(leastMs / cost.thread)))
    }
  }
  return runners.map(({ outcome }) => outcome)
}
