/** What this library is to reach, and whether it has. */
import type { Cell, Row, Table } from './results.ts'

/** One thing that was to be reached. */
export interface Target {
  sentence: string
  isMet: boolean
}

const mostTimesFloor: Record<string, number> = { text: 1.25, anthropic: 1.4, gemini: 1.4, responses: 1.4 }
const vendors: Record<string, string> = { anthropic: '@anthropic-ai/sdk', gemini: '@google/genai', responses: 'openai' }
const mostLive = 1.7
const leastFaster = 2
const mostGrowth = 1.1
const mostMemoryMB = 5

/** Those targets that these tables say something about. */
export function targetsOf(tables: readonly Table[]): Target[] {
  const targets: Target[] = []
  const atMost = (value: number, most: number, what: string): void =>
    void targets.push({ sentence: `${what}: ${value.toFixed(2)}, at most ${most}`, isMet: value <= most + 0.005 })
  const atLeast = (value: number, least: number, what: string): void =>
    void targets.push({ sentence: `${what}: ${value.toFixed(2)}, at least ${least}`, isMet: value >= least - 0.005 })
  for (const { id, columns, rows } of tables) {
    const ours = rows.filter(({ isOurs }) => isOurs)
    const each = (column: string, check: (cell: Cell, row: Row, name: string) => void, of: Row[] = ours): void => {
      for (const row of of) {
        const cell = row.cells[column]
        if (cell) check(cell, row, `${id}, ${column}, ${row.name}`)
      }
    }
    const most = mostTimesFloor[id]
    for (const column of columns) {
      if (most) each(column, ({ middle }, _, name) => atMost(middle, most, `${name}, times the floor`))
      if (id === 'tools' || id === 'serial')
        each(
          column,
          ({ middle }, { reach }, name) => reach === 'live' && atMost(middle, mostLive, `${name}, times the floor`),
        )
      if (id === 'growth')
        each(column, ({ middle }, _, name) => atMost(middle, mostGrowth, `${name}, times the floor's`))
      if (id === 'memory' && column === 'tools') {
        const base = rows[0]!.cells[column]!.middle
        each(column, ({ middle }, _, name) => atMost(middle - base, mostMemoryMB, `${name}, MB above the floor`))
      }
      const peers = rows.filter(
        (row) => !row.isOurs && !row.wire && !/^(floor|eventsource-parser)$/.test(row.package) && row.cells[column],
      )
      const cost = (row: Row): number => row.cells[column]!.middle
      const own = ours.find(({ name }) => name.includes('finalCompletion'))
      if (!own?.cells[column]) continue
      const compare = (who: Row[], least: number): void => {
        const [fastest] = who.sort((a, b) => cost(a) - cost(b))
        if (fastest) atLeast(cost(fastest) / cost(own), least, `${id}, ${column}, times faster than ${fastest.name}`)
      }
      if (id === 'text')
        compare(
          peers.filter(({ reach }) => reach !== 'chunks'),
          leastFaster,
        )
      const vendor = vendors[id]
      if (vendor)
        compare(
          peers.filter((row) => row.package === vendor),
          1,
        )
    }
  }
  return targets
}

/** The targets, a line each. */
export function targetLines(targets: readonly Target[]): string {
  return targets.map(({ sentence, isMet }) => `- ${isMet ? 'met   ' : 'MISSED'} ${sentence}`).join('\n')
}
