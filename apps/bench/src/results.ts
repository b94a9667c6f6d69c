/** What a run came to, as data: the tables print it, `--out` writes it, the charts are drawn from it. */
import type { Clock, Cost } from './clock.ts'
import type { Contestant, Reach } from './contestant.ts'

/** What stands in one place of a table: the median over the rounds, and the range that their middle half fell in. */
export interface Cell {
  /** `×`: times the floor in the same round. */
  unit: '×' | 'ms' | 'MB'
  middle: number
  low: number
  high: number
  rounds: number
  /** The median cost in milliseconds, where the cell says how many times the floor that is. */
  ms?: number
  /** How long it waits on top of its cost, in seconds, where that is most of its time. */
  waitsSeconds?: number
  /** It was given up: `middle` is what it had cost by then, at this share of the answer. */
  gaveUpAt?: number
  /** Every round. */
  costs?: Cost[]
}

/** One contestant in one table; without a cell where it has nothing to show. */
export interface Row {
  package: string
  name: string
  isOurs: boolean
  reach: Reach
  /** It reads the same answer on a wire of its own. */
  wire?: Contestant['wire']
  cells: Record<string, Cell>
}

export interface Table {
  id: string
  title: string
  columns: string[]
  /** The first row is the floor. */
  rows: Row[]
}

/** A whole run. */
export interface Results {
  node: string
  cpu: string
  clock: Clock
  tables: Table[]
}
