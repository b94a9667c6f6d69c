/**
 * `pnpm bench`: races everybody over every framing of every workload, and prints the tables.
 *
 *     --quick              small answers and two rounds: shows that it all works
 *     --only text,growth   only these: text, tools, serial, shapes, anthropic, gemini, responses, growth, memory
 *     --rounds 11          how many rounds count
 *     --clock thread       what costs are told in: CPU time of the thread, of the process, or wall
 *     --out FILE           also writes everything as JSON
 */
import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { clocks } from './clock.ts'
import type { Clock } from './clock.ts'
import type { Results } from './results.ts'
import { sectionIds, sections } from './sections.ts'
import type { SectionId } from './sections.ts'
import { table } from './table.ts'
import { targetLines, targetsOf } from './targets.ts'

const { values } = parseArgs({
  args: process.argv.slice(2).filter((arg) => arg !== '--'),
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    rounds: { type: 'string' },
    clock: { type: 'string', default: 'thread' },
    out: { type: 'string' },
  },
})
const { quick, out } = values
const only = (values.only?.split(',') ?? sectionIds) as SectionId[]
const clock = values.clock as Clock
if (!only.every((id) => sectionIds.includes(id))) throw new Error(`--only takes some of: ${sectionIds.join(', ')}`)
if (!clocks.includes(clock)) throw new Error(`--clock takes one of: ${clocks.join(', ')}`)

const results: Results = { node: process.version, cpu: cpus()[0]?.model ?? process.arch, clock, tables: [] }
const rounds = Number(values.rounds ?? (quick ? 2 : 11))
console.log(`Node ${results.node}, ${results.cpu}; ${rounds} rounds`)
for (const id of only) {
  const startedAt = performance.now()
  const made = await sections[id]({ quick, rounds, clock })
  results.tables.push(made)
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(0)
  console.log(`\n${id}: ${made.title} (${seconds} s)\n\n${table(made)}`)
}
console.log(`
The floor in milliseconds (${clock}), everybody else as a multiple of the floor in the same round: the median over the
rounds, and in brackets the range that the middle half of them fell in. Who is slow had fewer rounds, where it says so.
"chunks" gives out pieces, which the bench puts together; "completion" puts them together; "live" has the value of the
arguments at every read as well. TanStack AI reads its own wire, which is less than half the bytes of OpenAI's.`)
if (quick) console.log('\nToo little to mean anything: without --quick, it measures.')
else console.log(`\n${targetLines(targetsOf(results.tables))}`)
if (out) {
  const thousandths = (_: string, value: unknown): unknown =>
    typeof value === 'number' ? Math.round(value * 1000) / 1000 : value
  // A line for each row of a table: to be kept, and to be compared with the next one.
  writeFileSync(out, `${JSON.stringify(results, thousandths).replaceAll('{"package"', '\n{"package"')}\n`)
}
// Some clients leave connections or timers behind that would keep the process.
process.exit()
