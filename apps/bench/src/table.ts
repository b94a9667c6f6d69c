/** Results as Markdown: per column the median over the rounds, and the middle half of them as spread. */
import type { Cell, Table } from './results.ts'

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

/** One cell. Where most had more rounds, it says how many there were. */
function written({ unit, middle, low, high, rounds, gaveUpAt, waitsSeconds }: Cell, mostRounds: number): string {
  const digits = unit === 'MB' || middle >= 100 ? 1 : 2
  const number = (value: number): string => value.toFixed(digits)
  if (gaveUpAt !== undefined) return `> ${number(middle)} ${unit}, gave up at ${Math.round(gaveUpAt * 100)} %`
  if (unit === 'MB') return `${number(middle)} ${unit}`
  const waits = waitsSeconds ? `, waits ${waitsSeconds.toFixed(1)} s` : ''
  const few = rounds < mostRounds ? `, ${rounds} ${rounds === 1 ? 'round' : 'rounds'}` : ''
  return `${number(middle)} (${number(low)}–${number(high)}) ${unit}${waits}${few}`
}

/** One row per contestant; the second column says how far it goes. */
export function table({ columns, rows }: Table): string {
  const most = Math.max(...rows.flatMap(({ cells }) => Object.values(cells).map(({ rounds }) => rounds)))
  const lines = rows.map(({ name, reach, cells }) => [
    name,
    reach,
    ...columns.map((column) => (cells[column] ? written(cells[column], most) : '–')),
  ])
  return markdown([['', 'comes to', ...columns], ...lines])
}

/** Rows of the same length, the first one the head, as a Markdown table. */
export function markdown(all: readonly string[][]): string {
  const widths = all[0]!.map((_, column) => Math.max(...all.map((row) => row[column]!.length)))
  const line = (row: string[]): string => `| ${row.map((text, column) => text.padEnd(widths[column]!)).join(' | ')} |`
  const rule = line(widths.map((width) => '-'.repeat(width)))
  return [line(all[0]!), rule, ...all.slice(1).map(line)].join('\n')
}
