/** The tables of the bench, each made when it is asked for. */
import { cellOf, costCells, rowOf } from './cells.ts'
import type { Clock } from './clock.ts'
import type { Contestant } from './contestant.ts'
import { contestantsFor } from './contestants/index.ts'
import { bigReads, eventPerRead, framings } from './framing.ts'
import type { Framing } from './framing.ts'
import { measureGrowth } from './growth.ts'
import { peakMemory } from './memory.ts'
import type { Cell, Row, Table } from './results.ts'
import { race } from './rounds.ts'
import type { Effort } from './rounds.ts'
import { shapes } from './workload.ts'
import type { Workload, WorkloadId } from './workload.ts'
import { createWorkload } from './workloads/index.ts'
import { createTools } from './workloads/tools.ts'

export const sectionIds = [
  'text',
  'tools',
  'serial',
  'shapes',
  'anthropic',
  'gemini',
  'responses',
  'growth',
  'memory',
] as const
export type SectionId = (typeof sectionIds)[number]

/** How much to measure. */
export interface Settings {
  quick: boolean
  rounds: number
  clock: Clock
}

/** Makes a table. */
export type Section = (settings: Settings) => Promise<Table>

const effortOf = ({ quick, rounds }: Settings, budgetMs = 2000): Effort =>
  quick
    ? { rounds, warmup: 0, budgetMs: 1000, limitMs: 10_000, leastMs: 0 }
    : { rounds, warmup: 5, budgetMs, limitMs: 10_000, leastMs: 30 }

const bytesOf = ({ events }: Workload): string =>
  `${(events.reduce((sum, event) => sum + event.length, 0) / 1e6).toFixed(2)} MB`

/** Fills in a column. */
function put(rows: Row[], column: string, cells: readonly (Cell | undefined)[]): void {
  for (const [i, cell] of cells.entries()) if (cell) rows[i]!.cells[column] = cell
}

/** Everybody who can read a workload, over some framings. */
function framed(id: WorkloadId, fullDeltas: number, framedBy: readonly Framing[]): Section {
  return async (settings) => {
    const workload = createWorkload[id](settings.quick ? 200 : fullDeltas)
    const contestants = contestantsFor(id)
    const rows = contestants.map(rowOf)
    for (const framing of framedBy)
      put(rows, framing.name, costCells(await race(contestants, workload, framing, effortOf(settings)), settings.clock))
    return { id, title: `${workload.title}, ${bytesOf(workload)}`, columns: framedBy.map(({ name }) => name), rows }
  }
}

/** The floor, and ours without and with live values. */
const isForShapes = ({ isOurs, package: owner, name }: Contestant): boolean =>
  owner === 'floor' || (!!isOurs && /finalCompletion|live/.test(name))

/** Tool calls by the shape of their arguments: what the live values cost depends on it. */
async function byShape(settings: Settings): Promise<Table> {
  const contestants = contestantsFor('tools').filter(isForShapes)
  const rows = contestants.map(rowOf)
  for (const shape of Object.keys(shapes)) {
    const workload = createTools(settings.quick ? 200 : 20_000, shape)
    put(rows, shape, costCells(await race(contestants, workload, eventPerRead, effortOf(settings)), settings.clock))
  }
  return {
    id: 'shapes',
    title: 'Tool calls by the shape of their arguments, an event per read',
    columns: Object.keys(shapes),
    rows,
  }
}

/** Rows for all that can read one of these. */
const rowsFor = (ids: readonly WorkloadId[]): Map<Contestant, Row> =>
  new Map(ids.flatMap(contestantsFor).map((contestant) => [contestant, rowOf(contestant)]))

const big: readonly WorkloadId[] = ['text', 'tools']

async function growth(settings: Settings): Promise<Table> {
  const rows = rowsFor(big)
  const [small, large] = settings.quick ? [50, 500] : [10_000, 100_000]
  const effort = { ...effortOf(settings, 4000), rounds: Math.min(settings.rounds, 9) }
  for (const id of big) {
    const contestants = contestantsFor(id)
    const sizes = [createWorkload[id](small), createWorkload[id](large)] as const
    const cells = await measureGrowth(contestants, sizes, effort, settings.clock)
    put(
      contestants.map((contestant) => rows.get(contestant)!),
      id,
      cells,
    )
  }
  const title = `${large} deltas beside ${small}: how many times the cost, an event per read; for others than the floor divided by the floor's`
  return { id: 'growth', title, columns: [...big], rows: [...rows.values()] }
}

async function memory({ quick }: Settings): Promise<Table> {
  const rows = rowsFor(big)
  for (const id of big) {
    const workload = createWorkload[id](quick ? 200 : 20_000)
    const warmup = createWorkload[id](quick ? 20 : 2000)
    for (const contestant of contestantsFor(id)) {
      // What is no garbage is the same each time: a second look would find nothing else.
      const peak = await peakMemory(contestant, workload, warmup, { points: quick ? 1 : 8, limitMs: 5000 })
      if (peak !== undefined) rows.get(contestant)!.cells[id] = cellOf([peak / 1e6], 'MB')
    }
  }
  const title = `The most that is held while ${quick ? 200 : 20_000} deltas are read, beside the input and without garbage`
  return { id: 'memory', title, columns: [...big], rows: [...rows.values()] }
}

/** How to make each table. */
export const sections: Record<SectionId, Section> = {
  text: framed('text', 10_000, framings),
  // In reads of seven bytes it would be the text's story again, at twice the length.
  tools: framed('tools', 20_000, [eventPerRead, bigReads]),
  // OpenAI's helper reads strict tools in this order alone.
  serial: framed('serial', 20_000, [eventPerRead]),
  shapes: byShape,
  anthropic: framed('anthropic', 10_000, framings),
  gemini: framed('gemini', 10_000, framings),
  responses: framed('responses', 10_000, framings),
  growth,
  memory,
}
