/** That the benchmark compares like with like. It asserts no times: those belong to the machine. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { costCells } from '../src/cells.ts'
import type { Contestant } from '../src/contestant.ts'
import { contestants, contestantsFor } from '../src/contestants/index.ts'
import { floor } from '../src/contestants/floor.ts'
import { eventPerRead, framings } from '../src/framing.ts'
import { peakMemory } from '../src/memory.ts'
import type { Row, Table } from '../src/results.ts'
import { race, readOnce, readsFor } from '../src/rounds.ts'
import { sectionIds } from '../src/sections.ts'
import { table } from '../src/table.ts'
import { targetsOf } from '../src/targets.ts'
import { shapes } from '../src/workload.ts'
import type { WorkloadId } from '../src/workload.ts'
import { createWorkload } from '../src/workloads/index.ts'

const ids = Object.keys(createWorkload) as WorkloadId[]
const effort = { rounds: 2, warmup: 0, budgetMs: 10_000, limitMs: 10_000, leastMs: 0 }

describe.each(ids.map((id) => createWorkload[id](120)))('$id', (workload) => {
  describe.each(framings)('with $name', (framing) => {
    const readsOf = readsFor(workload, framing)

    it.each(contestantsFor(workload.id))('$name arrives at what was sent', async (contestant) => {
      await expect(readOnce(contestant, workload, readsOf(contestant))).resolves.toBeUndefined()
    })
  })
})

it('everybody has something to read, and the floor is first everywhere', () => {
  for (const { name, reads } of contestants) expect(Object.keys(reads), name).not.toHaveLength(0)
  for (const id of ids) expect(contestantsFor(id)[0]).toBe(floor)
})

const text = createWorkload.text(120)
const peer = (name: string, read: Contestant['reads']['text']): Contestant => ({
  package: name,
  name,
  reach: 'completion',
  reads: { text: read },
})

it('a contestant that reads another text has no time', async () => {
  const liar = peer('liar', async () => 'short')
  await expect(race([floor, liar], text, eventPerRead, effort)).rejects.toThrow('liar read another text (5 of')
})

it('a contestant that takes too long is given up, and the table says where', async () => {
  const slow = peer('slow', async (response) => {
    let spins = 0
    try {
      for await (const bytes of response.body!) for (let i = 0; i < 1e5; i++) spins += bytes.length
    } catch (cause) {
      throw new Error(`given up after ${spins}`, { cause })
    }
    return text.text
  })
  const long = createWorkload.text(2000)
  const outcomes = await race([floor, slow], long, eventPerRead, { ...effort, limitMs: 30 })
  const cells = costCells(outcomes, 'thread')
  expect(cells[1]!.gaveUpAt).toBeGreaterThan(0)
  expect(cells[1]!.gaveUpAt).toBeLessThan(1)
  const rows = [floor, slow].map(({ name }, i): Row => row(name, cells[i]!))
  expect(table({ id: 'text', title: '', columns: ['reads'], rows })).toMatch(/slow .* > .* ×, gave up at \d+ %/)
})

it('who has spent its budget sits out, and is compared with the floor of the rounds that it was in', async () => {
  const twice = peer('twice', async (response) => (await response.text()) && text.text)
  const outcomes = await race([floor, twice], text, eventPerRead, { ...effort, rounds: 3, budgetMs: 0 })
  expect(outcomes.map(({ costs }) => costs.filter(Boolean).length)).toEqual([3, 1])
  const [base, own] = outcomes.map(({ costs }) => costs[0]!.thread)
  expect(costCells(outcomes, 'thread')[1]).toMatchObject({ rounds: 1, middle: own! / base! })
})

it('memory is what is held at a time, above the input', async () => {
  const workload = createWorkload.text(2000)
  const hoard = peer('hoarder', async (response) => {
    const kept: number[][] = []
    for await (const bytes of response.body!) kept.push(Array.from({ length: 1000 }, (_, i) => i + bytes.length))
    return kept.length > 1000 ? workload.text : text.text
  })
  const looks = { points: 2, limitMs: 10_000 }
  expect(await peakMemory(hoard, workload, text, looks)).toBeGreaterThan(8e6)
  expect(await peakMemory(floor, workload, text, looks)).toBeLessThan(1e6)
}, 20_000)

/** A row with one cell. */
function row(name: string, cell: Partial<Row['cells'][string]>, more: Partial<Row> = {}): Row {
  const whole = { unit: '×' as const, middle: 1, low: 1, high: 1, rounds: 3, ...cell }
  return { package: name, name, isOurs: false, reach: 'completion', cells: { reads: whole }, ...more }
}

it('a target that was missed is said to be', () => {
  const ours = (middle: number, more?: Partial<Row>): Row =>
    row('ours: finalCompletion()', { middle }, { isOurs: true, ...more })
  const tables = (middle: number): Table[] => [
    {
      id: 'text',
      title: '',
      columns: ['reads'],
      rows: [row('floor', { unit: 'ms' }), ours(middle), row('openai', { middle: 3 })],
    },
  ]
  expect(targetsOf(tables(1.2)).map(({ isMet }) => isMet)).toEqual([true, true])
  expect(targetsOf(tables(1.6)).map(({ isMet }) => isMet)).toEqual([false, false])
})

it('the script prints a table for everything, with a row for everybody', async () => {
  const script = fileURLToPath(new URL('../src/main.ts', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, ['--no-warnings', script, '--quick'])
  const parts = new Map(
    stdout.split(/^(?=[a-z]+: )/m).map((part): [string, string[]] => {
      const rows = part.split('\n').filter((line) => line.startsWith('| '))
      return [part.slice(0, part.indexOf(':')), rows]
    }),
  )
  for (const id of sectionIds) expect(parts.has(id), id).toBe(true)
  for (const id of ids) {
    for (const { name } of contestantsFor(id)) {
      const found = parts.get(id)!.find((line) => line.includes(` ${name} `))
      expect(found, `${id}: ${name}`).toMatch(/\d+\.\d+ \(\d+\.\d+–\d+\.\d+\) (×|ms)/)
    }
  }
  expect(parts.get('text')![0]).toMatch(/an event per read.*16 KB reads.*7-byte reads/)
  for (const shape of Object.keys(shapes)) expect(parts.get('shapes')![0]).toContain(shape)
  expect(parts.get('memory')!.join('\n')).toMatch(/\d MB/)
}, 180_000)
