/** The measurement: rounds in which everybody reads the same answer, one after the other, in an order that rotates. */
import type { Contestant } from './contestant.ts'
import { type Framing, respond } from './framing.ts'
import type { Workload } from './workload.ts'

/** For each contestant, the milliseconds of each round; the same place in two lists is the same round. */
export type Times = Map<Contestant, number[]>

/** One timed read. Throws when the text is not the one that was sent: a wrong answer has no time. */
export async function timeOne(contestant: Contestant, reads: Uint8Array[], text: string): Promise<number> {
  const response = respond(reads)
  globalThis.gc?.()
  const start = performance.now()
  const got = await contestant.read(response)
  const time = performance.now() - start
  if (got !== text) throw new Error(`${contestant.name} read another text (${got.length} of ${text.length} characters)`)
  return time
}

/** Times everybody on one framing, after `warmup` rounds that do not count. */
export async function race(
  contestants: readonly Contestant[],
  framing: Framing,
  workload: Workload,
  { rounds, warmup }: { rounds: number; warmup: number },
): Promise<Times> {
  const reads = framing.cut(workload.events)
  const times: Times = new Map(contestants.map((contestant) => [contestant, []]))
  for (let round = -warmup; round < rounds; round++) {
    for (let turn = 0; turn < contestants.length; turn++) {
      const contestant = contestants[(turn + round + warmup) % contestants.length]!
      const time = await timeOne(contestant, reads, workload.text)
      if (round >= 0) times.get(contestant)!.push(time)
    }
  }
  return times
}
