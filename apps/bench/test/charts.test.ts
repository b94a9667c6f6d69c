/** That the charts show everybody and every number. What was measured is made up. */
import { expect, it } from 'vitest'
import { chartsOf } from '../src/charts/charts.ts'
import type { ReactResults } from '../src/charts/charts.ts'
import { svgOf, widthOf } from '../src/charts/svg.ts'
import type { Results, Row } from '../src/results.ts'
import { imports, sizeOf } from '../src/sizes.ts'
import type { Size } from '../src/sizes.ts'

const columns = ['an event per read', '16 KB reads', '7-byte reads']
const row = (owner: string, middle: number, more: Partial<Row> = {}): Row => {
  const unit = owner === 'floor' ? 'ms' : '×'
  const cell = { unit, middle, low: middle, high: middle, rounds: 5 } as const
  const cells = Object.fromEntries(columns.map((column) => [column, cell]))
  return { package: owner, name: `${owner} & more`, isOurs: owner === 'ours', reach: 'live', cells, ...more }
}
const rows = [row('floor', 21.34), row('ours', 1.23), row('slow', 45.6), row('openai', 3.21)]
const given = row('hopeless', 150)
for (const cell of Object.values(given.cells)) cell.gaveUpAt = 0.2
const node: Results = {
  node: 'v24.0.0',
  cpu: 'a processor',
  clock: 'thread',
  tables: ['text', 'tools', 'serial', 'anthropic', 'gemini', 'responses'].map((id) => ({
    id,
    title: id,
    columns,
    rows: id === 'serial' ? [...rows, given] : rows,
  })),
}
const runs = (taskMs: number, commits: number): never[] => [{ taskMs, commits }] as never[]
const react = {
  chromium: '1',
  results: ['text', 'arguments', 'paced-200'].flatMap((workload) => [
    { workload, entrant: { name: 'idle', hook: 'idle', wire: 'openai' }, runs: runs(1, 0) },
    { workload, entrant: { name: 'plain page', hook: 'floor', wire: 'openai' }, runs: runs(111, 1) },
    {
      workload,
      entrant: { name: 'ours: useChat', hook: 'ours-chat', wire: 'openai', isOurs: true },
      runs: runs(222, 60),
    },
    { workload, entrant: { name: 'peer: useChat', hook: 'ai-sdk-chat', wire: 'openai' }, runs: runs(4444, 9999) },
  ]),
} as ReactResults
const size = { job: 'a React hook for a chat', minified: 2, isOurs: undefined } as const
const sizes: Size[] = [
  { ...size, name: 'ours: hook', package: 'ours', isOurs: true, gzipped: 7890 },
  { ...size, name: 'peer: hook', package: 'peer', gzipped: 48_612 },
]

const charts = chartsOf({ node, react, sizes: { sizes } })
const textsIn = (svg: string): string[] => [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text!)

it('there is a chart of everything that was measured, and of nothing else', () => {
  expect(charts.map(({ id }) => id)).toEqual(['text', 'tools', 'vendors', 'react', 'commits', 'sizes'])
  expect(chartsOf({ sizes: { sizes } }).map(({ id }) => id)).toEqual(['sizes'])
  expect(chartsOf({})).toEqual([])
})

it.each(charts)('$id shows every contestant with its number, and says which way is better', (chart) => {
  for (const theme of ['light', 'dark'] as const) {
    const svg = svgOf(chart, theme)
    const texts = textsIn(svg)
    expect(texts.join(' ')).toContain('Lower is better')
    for (const { title, bars } of chart.panels) {
      expect(texts).toContain(title)
      for (const { label, text } of bars) {
        expect(texts).toContain(label.replace('&', '&amp;'))
        expect(texts).toContain(text.replace('>', '&gt;'))
      }
    }
  }
})

it('what was measured is what is shown', () => {
  const shown = charts.flatMap((chart) => textsIn(svgOf(chart, 'light')))
  for (const text of ['1 × = 21.3 ms', '1.23 ×', '45.6 ×', '3.21 ×', '&gt; 150 ×', '222 ms', '4444 ms', '9999'])
    expect(shown).toContain(text)
  for (const text of ['7.9 kB', '48.6 kB']) expect(shown).toContain(text)
  expect(shown).not.toContain('idle')
})

it('bars stand from the shortest to the longest, none of them beyond the picture', () => {
  for (const chart of charts) {
    const svg = svgOf(chart, 'light')
    const bars = [...svg.matchAll(/<path d="M([\d.]+) [\d.]+h([\d.]+)/g)].map(([, x, long]) => [
      Number(x),
      Number(long),
    ])
    let at = 0
    for (const { bars: own } of chart.panels) {
      const lengths = bars.slice(at, (at += own.length)).map(([, long]) => long!)
      expect(lengths).toEqual([...lengths].sort((a, b) => a - b))
    }
    expect(at).toBe(bars.length)
  }
})

it('no text runs out of the picture', () => {
  for (const chart of charts) {
    for (const [, x, pixels, weight, anchor, text] of svgOf(chart, 'light').matchAll(
      /<text x="([\d.]+)" y="[\d.]+" font-size="(\d+)" font-weight="(\d+)"[^>]* text-anchor="(\w+)"[^>]*>([^<]*)</g,
    )) {
      const long = widthOf(text!.replace(/&\w+;/g, '&'), Number(pixels), weight === '600')
      const start = Number(x) - long * { start: 0, middle: 0.5, end: 1 }[anchor as 'start']
      expect(start, text).toBeGreaterThanOrEqual(0)
      expect(start + long, text).toBeLessThanOrEqual(720)
    }
  }
})

it('an import is bundled with its dependencies, and without React', async () => {
  const own = imports.find(({ name }) => name.includes('useCompletionStream'))!
  const { minified, gzipped } = await sizeOf(own)
  expect(gzipped).toBeGreaterThan(1000)
  expect(minified).toBeGreaterThan(gzipped)
  // React alone has more.
  expect(minified).toBeLessThan(100_000)
}, 60_000)
