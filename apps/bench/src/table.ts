/** The result as a Markdown table: per framing the median over the rounds, and the middle half of them as spread. */
import type { Contestant } from './contestant.ts'
import type { Times } from './rounds.ts'

/** The value below which this share of the values lies, between two of them where it must. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const place = (sorted.length - 1) * share
  const below = sorted[Math.floor(place)]!
  return below + (sorted[Math.ceil(place)]! - below) * (place % 1)
}

/** "1.23 (1.20–1.31)": the median and the quartiles. */
export function spread(values: readonly number[], digits = 2): string {
  const [low, middle, high] = [0.25, 0.5, 0.75].map((share) => quantile(values, share).toFixed(digits))
  return `${middle} (${low}–${high})`
}

/** What stands in one cell: milliseconds for the floor, for others how many times the floor, round by round. */
function cell(times: Times, contestant: Contestant, floor: Contestant): string {
  const own = times.get(contestant)!
  if (contestant === floor) return `${spread(own)} ms`
  const base = times.get(floor)!
  return `${spread(own.map((time, round) => time / base[round]!))} ×`
}

/** One row per contestant, one column per framing; the first contestant is the floor. */
export function table(contestants: readonly Contestant[], results: ReadonlyMap<string, Times>): string {
  const rows = contestants.map((contestant) => [
    contestant.name,
    ...[...results.values()].map((times) => cell(times, contestant, contestants[0]!)),
  ])
  return markdown([['', ...results.keys()], ...rows])
}

/** Rows of the same length, the first one the head, as a Markdown table. */
export function markdown(all: readonly string[][]): string {
  const widths = all[0]!.map((_, column) => Math.max(...all.map((row) => row[column]!.length)))
  const line = (row: string[]): string => `| ${row.map((text, column) => text.padEnd(widths[column]!)).join(' | ')} |`
  const rule = line(widths.map((width) => '-'.repeat(width)))
  return [line(all[0]!), rule, ...all.slice(1).map(line)].join('\n')
}
