/** Which charts there are, and what of the results each of them shows. */
import type { Run } from '../react/browser.ts'
import type { Entrant } from '../react/entrants.ts'
import type { Cell, Results, Row } from '../results.ts'
import type { Size } from '../sizes.ts'
import { quantile } from '../table.ts'
import type { Bar, Chart, Panel } from './svg.ts'

/** What `src/react/main.ts --out` writes. */
export interface ReactResults {
  chromium: string
  results: { workload: string; entrant: Entrant; runs: Run[] }[]
}

/** Everything that was measured, as far as it was. */
export interface Measured {
  node?: Results
  react?: ReactResults
  sizes?: { sizes: Size[] }
}

const number = (value: number): string => value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)

function bar({ package: owner, name, isOurs }: Row, { unit, middle, gaveUpAt }: Cell): Bar {
  const kind = isOurs ? 'ours' : owner === 'floor' ? 'floor' : 'peer'
  // The floor's own cell is in milliseconds.
  if (unit === 'ms') return { label: name, value: 1, text: `1 × = ${number(middle)} ms`, kind }
  if (gaveUpAt !== undefined)
    return { label: name, value: middle, text: `> ${number(middle)} ${unit}`, kind, isOpen: true }
  return { label: name, value: middle, text: `${number(middle)} ${unit}`, kind }
}

/** One column of a table; no panel where it was not measured. */
function panel(
  { node }: Measured,
  id: string,
  column: string,
  title: string,
  shows: (row: Row) => boolean = () => true,
): Panel[] {
  const rows = node?.tables.find((table) => table.id === id)?.rows ?? []
  const bars = rows.flatMap((row) => (row.cells[column] && shows(row) ? bar(row, row.cells[column]) : []))
  return bars.length ? [{ title, bars }] : []
}

const isLiveOrFloor = ({ reach, package: owner }: Row): boolean => reach === 'live' || owner === 'floor'

/** The runs of one workload in the page, by what is to be shown of them. */
function reactPanel({ react }: Measured, id: string, title: string, of: (run: Run) => number, unit: string): Panel[] {
  const bars = (react?.results ?? []).flatMap(({ workload, entrant, runs }): Bar[] => {
    if (workload !== id || entrant.hook === 'idle' || !runs.length) return []
    const value = quantile(runs.map(of), 0.5)
    const kind = entrant.isOurs ? 'ours' : entrant.hook === 'floor' ? 'floor' : 'peer'
    return [{ label: entrant.name, value, text: `${value.toFixed(0)}${unit}`, kind }]
  })
  return bars.length ? [{ title, bars }] : []
}

const jobs: Record<Size['job'], string> = {
  'one request, streamed and put together': 'One request, streamed and put together',
  'a React hook for a chat': 'A React hook for a chat (React not counted)',
  'a vendor’s wire': 'A vendor’s wire',
}

/** The charts that can be drawn of this. */
export function chartsOf(measured: Measured): Chart[] {
  const cpu =
    'CPU time of the thread that reads, in Node, as a multiple of a plain reader: decode, split, parse, concatenate. Lower is better.'
  const eventPerRead = 'an event per read'
  const all: Chart[] = [
    {
      id: 'text',
      title: 'Reading a streamed text: 10,000 deltas on OpenAI’s wire',
      note: `${cpu} “Own wire”: less than half the bytes for the same answer.`,
      panels: ['an event per read', '16 KB reads', '7-byte reads'].flatMap((column) =>
        panel(measured, 'text', column, `${column[0]!.toUpperCase()}${column.slice(1)}`),
      ),
    },
    {
      id: 'tools',
      title: 'Tool calls: 4 calls of 80 KB each, 20,000 deltas',
      note: cpu,
      panels: [
        ...panel(
          measured,
          'tools',
          eventPerRead,
          'With the arguments’ live value at every delta, calls in turn',
          isLiveOrFloor,
        ),
        ...panel(measured, 'serial', eventPerRead, 'With live values, one call after the other', isLiveOrFloor),
        ...panel(measured, 'tools', eventPerRead, 'Without, calls in turn', ({ reach }) => reach !== 'live'),
      ],
    },
    {
      id: 'vendors',
      title: 'Other wires, beside their vendors’ own clients: 10,000 text deltas',
      note: cpu,
      panels: [
        ...panel(measured, 'anthropic', eventPerRead, 'Anthropic'),
        ...panel(measured, 'gemini', eventPerRead, 'Gemini'),
        ...panel(measured, 'responses', eventPerRead, 'OpenAI Responses'),
      ],
    },
    {
      id: 'react',
      title: 'In a page: what an answer costs the main thread',
      note: 'CPU milliseconds of the main thread in Chromium, rendering included. Lower is better.',
      panels: [
        ...reactPanel(measured, 'text', '10,000 text deltas at once', ({ taskMs }) => taskMs, ' ms'),
        ...reactPanel(measured, 'arguments', '5,000 deltas of a tool call’s arguments', ({ taskMs }) => taskMs, ' ms'),
      ],
    },
    {
      id: 'commits',
      title: 'In a page: how often React commits',
      note: 'Commits of the component with the hook, in Chromium. Lower is better: more than one per frame is never seen.',
      panels: [
        ...reactPanel(measured, 'text', '10,000 text deltas at once', ({ commits }) => commits, ''),
        ...reactPanel(measured, 'paced-200', '200 deltas a second for 5 seconds', ({ commits }) => commits, ''),
        ...reactPanel(measured, 'paced-2000', '2,000 deltas a second for 5 seconds', ({ commits }) => commits, ''),
      ],
    },
    {
      id: 'sizes',
      title: 'What an import adds to a page',
      note: 'Kilobytes, bundled by Vite, minified and gzipped, with all dependencies. Lower is better.',
      panels: Object.entries(jobs).flatMap(([job, title]) => {
        const own = (measured.sizes?.sizes ?? []).filter((size) => size.job === job)
        const bars = own.map(({ name, isOurs, gzipped }): Bar => {
          const value = gzipped / 1000
          return { label: name, value, text: `${value.toFixed(1)} kB`, kind: isOurs ? 'ours' : 'peer' }
        })
        return bars.length ? [{ title, bars }] : []
      }),
    },
  ]
  return all.filter(({ panels }) => panels.length)
}
