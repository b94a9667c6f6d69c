/**
 * `pnpm bench:scale`: what becomes of it where there is much of everything, as Markdown tables. `--only
 * streams,answer,trickle,conversation` for some of them, `--out FILE` writes them down, `--quick` only shows that it works.
 */
import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'

const reports: Record<string, (quick: boolean) => Promise<string>> = {
  streams: async (quick) => (await import('./streams.ts')).streamsReport(quick),
  answer: async (quick) => (await import('./answer.ts')).answerReport(quick),
  trickle: async (quick) => (await import('./trickle.ts')).trickleReport(quick),
  conversation: async (quick) => (await import('./conversation.ts')).conversationReport(quick),
}

const { values } = parseArgs({
  options: { only: { type: 'string' }, quick: { type: 'boolean', default: false }, out: { type: 'string' } },
})
const wanted = values.only?.split(',') ?? Object.keys(reports)
const written = [`Node ${process.version}, ${cpus()[0]?.model ?? process.arch}, ${cpus().length} cores`]
console.log(written[0])
for (const name of wanted) {
  const report = reports[name]
  if (!report) throw new Error(`There is no ${name}: ${Object.keys(reports).join(', ')}.`)
  written.push(await report(values.quick))
  console.log(`\n${written.at(-1)}`)
}
if (values.out) writeFileSync(values.out, `${written.join('\n\n')}\n`)
// What the patched clocks of the trickle and idle sockets would hold.
process.exit()
