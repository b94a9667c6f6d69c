/** What was measured as what stands in a table. */
import type { Clock, Cost } from './clock.ts'
import type { Contestant } from './contestant.ts'
import type { Cell, Row } from './results.ts'
import type { Outcome } from './rounds.ts'
import { quantile } from './table.ts'

/** The median and the quartiles. */
export function cellOf(values: readonly number[], unit: Cell['unit']): Cell {
  const [low, middle, high] = [0.25, 0.5, 0.75].map((share) => quantile(values, share)) as [number, number, number]
  return { unit, middle, low, high, rounds: values.length }
}

/** A row that has no cells yet. */
export function rowOf({ package: owner, name, isOurs, reach, wire }: Contestant): Row {
  return { package: owner, name, isOurs: !!isOurs, reach, wire, cells: {} }
}

/** How long a contestant sits still, where that is more than a busy machine could explain: for a timer with each piece. */
function waitOf(costs: readonly Cost[]): number | undefined {
  const wait = quantile(
    costs.map(({ wall, process }) => (wall > process * 8 ? wall - process : 0)),
    0.5,
  )
  return wait > 1000 ? wait / 1000 : undefined
}

/** The floor in milliseconds, others as multiples of it, round by round: a slow moment of the machine slows both. */
export function costCells(outcomes: readonly Outcome[], clock: Clock): Cell[] {
  const base = outcomes[0]!
  const ms = outcomes.map(({ costs }) => costs.flatMap((cost) => cost?.[clock] ?? []))
  return outcomes.map(({ costs, gaveUp }, i) => {
    const floorMs = quantile(ms[0]!, 0.5)
    if (gaveUp) {
      const middle = gaveUp.afterMs / floorMs
      return { unit: '×', middle, low: middle, high: middle, rounds: 1, ms: gaveUp.afterMs, gaveUpAt: gaveUp.share }
    }
    const known = costs.flatMap((cost) => cost ?? [])
    if (i === 0) return { ...cellOf(ms[0]!, 'ms'), ms: floorMs, costs: known }
    const ratios = costs.flatMap((cost, round) => {
      const own = base.costs[round]
      return cost && own ? cost[clock] / own[clock] : []
    })
    const waitsSeconds = waitOf(known)
    return { ...cellOf(ratios, '×'), ms: quantile(ms[i]!, 0.5), waitsSeconds, costs: known }
  })
}
