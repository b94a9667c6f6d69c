/** How much a reader holds while it reads: the most that a collection of garbage leaves at any of many points. */
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises'
import type { Contestant } from './contestant.ts'
import { eventPerRead } from './framing.ts'
import { collect } from './gc.ts'
import { readOnce, readsFor, tooSlow } from './rounds.ts'
import type { Workload } from './workload.ts'

/** How long the stream stops to be looked at, in milliseconds: longer than a frame, so that nothing is pending. */
const restMs = 20

/** What is held now, in bytes, on the heap and outside of it, and is no garbage. */
async function held(): Promise<number> {
  await sleep(restMs)
  // The second one takes what finalizers and weak references of the first one have freed.
  for (let i = 0; i < 2; i++) {
    collect()
    await turn()
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** How to look. */
export interface Looks {
  /** How often. */
  points: number
  /** When a read is given up, in milliseconds as `effortOf` has it. */
  limitMs: number
}

/**
 * The peak in bytes above what was held before: the input, which exists already, is not counted, nor is garbage, which is
 * gone whenever room is needed. The stream stands still at each point until all that was read has been dealt with.
 * Undefined when it takes longer than the limit.
 *
 * @param warmup the same in small, which is read before: it compiles all there is to compile
 */
export async function peakMemory(
  contestant: Contestant,
  workload: Workload,
  warmup: Workload,
  { points, limitMs }: Looks,
): Promise<number | undefined> {
  const reads = readsFor(workload, eventPerRead)(contestant)
  const every = Math.ceil(reads.length / points)
  const isPoint = (place: number): boolean => (place > 0 && place % every === 0) || place === reads.length
  await readOnce(contestant, warmup, readsFor(warmup, eventPerRead)(contestant))
  const before = await held()
  let peak = 0
  const look = async (): Promise<void> => {
    peak = Math.max(peak, (await held()) - before)
  }
  try {
    await readOnce(contestant, workload, reads, {
      limitMs,
      before: (place) => (isPoint(place) ? look() : undefined),
    })
  } catch (error) {
    if (tooSlow(error)) return undefined
    throw error
  }
  return peak
}
