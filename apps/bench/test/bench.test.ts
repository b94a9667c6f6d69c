/** That the benchmark compares like with like. It asserts no times: those belong to the machine. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { contestants } from '../src/contestants/index.ts'
import { framings, respond } from '../src/framing.ts'
import { timeOne } from '../src/rounds.ts'
import { createWorkload } from '../src/workload.ts'

const workload = createWorkload(300)

describe.each(framings)('with $name', (framing) => {
  it.each(contestants)('$name arrives at the text that was sent', async (contestant) => {
    expect(await contestant.read(respond(framing.cut(workload.events)))).toBe(workload.text)
  })
})

it('a contestant that reads another text has no time', async () => {
  const liar = { name: 'liar', read: async (): Promise<string> => 'short' }
  await expect(timeOne(liar, workload.events, workload.text)).rejects.toThrow('liar read another text')
})

it('the script prints a table with a row for everybody and a column for every framing', async () => {
  const script = fileURLToPath(new URL('../src/main.ts', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [script, '--quick'])
  const rows = stdout.split('\n').filter((line) => line.startsWith('| '))
  expect(rows[0]).toMatch(/an event per read.*16 KB reads.*7-byte reads/)
  for (const { name } of contestants) {
    const row = rows.find((line) => line.includes(name))
    expect(row?.match(/\d+\.\d\d \(\d+\.\d\d–\d+\.\d\d\)/g)).toHaveLength(framings.length)
  }
})
