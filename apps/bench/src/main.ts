/** `pnpm bench`: races everybody over every framing and prints the table. `--quick` only shows that it all works. */
import { cpus } from 'node:os'
import { contestants } from './contestants/index.ts'
import { framings } from './framing.ts'
import { race, type Times } from './rounds.ts'
import { table } from './table.ts'
import { createWorkload } from './workload.ts'

const quick = process.argv.includes('--quick')
const deltas = quick ? 200 : 10_000
const counts = quick ? { rounds: 2, warmup: 0 } : { rounds: 15, warmup: 3 }

const workload = createWorkload(deltas)
const bytes = workload.events.reduce((sum, event) => sum + event.length, 0)
console.log(`${deltas} deltas, ${workload.text.length} characters, ${(bytes / 1e6).toFixed(2)} MB on the wire;`)
console.log(`${counts.rounds} rounds; Node ${process.version}, ${cpus()[0]?.model ?? process.arch}\n`)

const results = new Map<string, Times>()
for (const framing of framings) results.set(framing.name, await race(contestants, framing, workload, counts))

console.log(table(contestants, results))
console.log('\nThe floor in milliseconds, everybody else as a multiple of the floor in the same round:')
console.log('the median over the rounds, and in brackets the range that the middle half of them fell in.')
if (quick) console.log('Too few rounds to mean anything: without --quick, it measures.')
