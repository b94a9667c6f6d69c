/**
 * `pnpm bench`: races everybody over every framing of a long answer, then over the arguments of tool calls, and prints the
 * tables. `--quick` only shows that it all works.
 */
import { cpus } from 'node:os'
import { contestants } from './contestants/index.ts'
import { argumentReaders } from './contestants/tool-arguments.ts'
import { framings } from './framing.ts'
import { race, type Times } from './rounds.ts'
import { table } from './table.ts'
import { createToolWorkload, createWorkload, shapes } from './workload.ts'

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

const toolDeltas = quick ? 200 : 20_000
console.log(
  `\n4 tool calls, ${toolDeltas} deltas of about 16 characters in turn, an event per read, by the shape of the arguments:\n`,
)
const byShape = new Map<string, Times>()
for (const [name, shape] of Object.entries(shapes))
  byShape.set(name, await race(argumentReaders, framings[0]!, createToolWorkload(toolDeltas, shape), counts))
console.log(table(argumentReaders, byShape))
console.log('\nWhat the live value costs on top of the same stream without it:\n')
console.log(table(argumentReaders.slice(1), byShape))
if (quick) console.log('Too few rounds to mean anything: without --quick, it measures.')
