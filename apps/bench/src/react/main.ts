/**
 * `pnpm bench:react`: builds the page, races everybody over every workload in a real Chromium, and prints the tables.
 *
 *     --quick            small workloads and one round: shows that it all works
 *     --rounds 5         how many rounds count
 *     --only text,three  only these workloads: text, arguments, paced-200, paced-2000, messages, three
 *     --cpu 4            a processor that is so many times slower
 *     --out FILE         also writes every run as JSON
 *     --profile NAME     a CPU profile of each entrant whose name has this in it, instead of tables
 */
import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { launch, runOnce } from './browser.ts'
import { buildPage } from './build.ts'
import { profileLines } from './profile.ts'
import type { Profile } from './profile.ts'
import { reactTable, targetLines, targetsOf } from './report.ts'
import { race } from './rounds.ts'
import { startServer } from './server.ts'
import { createWorkloads } from './workloads.ts'

const { values } = parseArgs({
  args: process.argv.slice(2).filter((arg) => arg !== '--'),
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    only: { type: 'string' },
    cpu: { type: 'string', default: '1' },
    out: { type: 'string' },
    profile: { type: 'string' },
  },
})
const { quick, only, out, profile } = values
const rounds = Number(values.rounds ?? (quick ? 1 : 5))
const cpu = Number(values.cpu)

const all = createWorkloads(quick)
const workloads = only ? all.filter(({ id }) => only.split(',').includes(id)) : all
if (!workloads.length) throw new Error(`--only takes some of: ${all.map(({ id }) => id).join(', ')}`)

/** A line for each entrant, without the length of each frame. */
function written(measured: object): string {
  const json = JSON.stringify(measured, (name, value: unknown) => (name === 'gaps' ? undefined : value))
  return `${json.replaceAll('{"workload"', '\n{"workload"')}\n`
}

const page = await buildPage(profile !== undefined)
const server = await startServer(page, workloads)
const browser = await launch()
try {
  const slower = cpu > 1 ? `, a processor ${cpu} times slower` : ''
  console.log(`Chromium ${browser.version()}, ${cpus()[0]?.model ?? process.arch}${slower}; ${rounds} rounds`)
  const results: object[] = []
  for (const workload of workloads) {
    console.log(`\n${workload.id}: ${workload.title}\n`)
    if (profile !== undefined) {
      for (const entrant of workload.entrants.filter(({ name }) => name.includes(profile))) {
        const profiles: Profile[] = []
        for (let round = 0; round < rounds; round++)
          profiles.push((await runOnce(browser, server, workload, entrant, { cpu, profiles: true })).profile!)
        console.log(`${entrant.name}\n${profileLines(profiles, page).join('\n')}\n`)
      }
      continue
    }
    const runs = await race(browser, server, workload, rounds, { cpu }, ({ name }, { errors }) => {
      for (const error of new Set(errors)) console.log(`${name}: ${error.split('\n')[0]}`)
    })
    console.log(`${reactTable(workload, runs)}\n\n${targetLines(targetsOf(workload, runs))}`)
    for (const [entrant, own] of runs) results.push({ workload: workload.id, entrant, runs: own })
    // After each, as the slow ones take minutes: what is there is kept.
    if (out) writeFileSync(out, written({ chromium: browser.version(), cpu, results }))
  }
  if (profile === undefined) {
    console.log(`
Main thread and script: CPU time in milliseconds for the floor, for others how many times the floor in the same round:
the median over the rounds, and in brackets the range that the middle half of them fell in. The floor reads OpenAI's wire,
as ours do; the peers' own wires take less than half of its bytes. Frames are what the page had, dropped ones what an idle
page would have had; old renders are those of finished messages; lag is from the last byte to the last text on screen.`)
  }
  if (quick) console.log('\nToo little to mean anything: without --quick, it measures.')
} finally {
  await browser.close()
  await server.close()
}
