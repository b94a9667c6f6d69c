/** The results as Markdown: a table for each workload, and below it which of the targets were met. */
import { markdown, quantile, spread } from '../table.ts'
import type { Run } from './browser.ts'
import { floor, idle } from './entrants.ts'
import type { Entrant } from './entrants.ts'
import type { Runs } from './rounds.ts'
import type { Workload } from './workloads.ts'

/** One thing that a library should do, and whether it did. */
export interface Target {
  entrant: Entrant
  sentence: string
  isMet: boolean
}

/** A status can change at once, without a frame: asked, begun, ended. */
const statusCommits = 3
const longTaskMs = 50

const median = (runs: readonly Run[], of: (run: Run) => number): number => quantile(runs.map(of), 0.5)
const main = (run: Run): number => run.taskMs
const script = (run: Run): number => run.scriptMs

/** The frames that a page at rest has and this run had not: gaps of more than one and a half of its usual ones. */
export function droppedFrames({ gaps }: Run, usualMs: number): number {
  return gaps.reduce((sum, gap) => sum + (gap > usualMs * 1.5 ? Math.round(gap / usualMs) - 1 : 0), 0)
}

/** The usual time between two frames: of the idle page where there is one, else the shortest that was usual for anybody. */
function usualGap(runs: Runs): number {
  const gaps = (of: readonly Run[]): number =>
    quantile(
      of.flatMap((run) => run.gaps),
      0.5,
    )
  return gaps(runs.get(idle) ?? []) || Math.min(...[...runs.values()].map(gaps))
}

/** How many times the floor's, round by round: a slow moment of the machine slows both. */
function ratios(runs: Runs, entrant: Entrant, of: (run: Run) => number): number[] {
  const base = runs.get(floor)!
  return runs.get(entrant)!.map((run, round) => of(run) / of(base[round]!))
}

function row(runs: Runs, entrant: Entrant, usualMs: number): string[] {
  const own = runs.get(entrant)!
  const number = (of: (run: Run) => number, digits = 0): string => median(own, of).toFixed(digits)
  const isBase = entrant === floor || !runs.has(floor)
  const cell = (of: (run: Run) => number): string =>
    isBase || entrant === idle ? `${spread(own.map(of), 0)} ms` : `${spread(ratios(runs, entrant, of))} ×`
  const notWhole = own.filter((run) => !run.isWhole).length
  const marks = [
    own.length < Math.max(...[...runs.values()].map(({ length }) => length)) ? ' (one run)' : '',
    notWhole ? ` (NOT WHOLE in ${notWhole} of ${own.length})` : '',
  ]
  return [
    entrant.name + marks.join(''),
    cell(main),
    number(main),
    cell(script),
    number(script),
    number((run) => run.renderMs),
    number((run) => run.longestTaskMs),
    number((run) => run.commits),
    number((run) => run.frames),
    number((run) => droppedFrames(run, usualMs)),
    number((run) => run.finishedRenders),
    number((run) => run.lagMs),
    number((run) => run.wallMs),
    number((run) => run.heapBytes / 1e6, 1),
  ]
}

const head = [
  '',
  'main thread',
  'ms',
  'script',
  'ms',
  'render ms',
  'longest task ms',
  'commits',
  'frames',
  'dropped',
  'old renders',
  'lag ms',
  'wall ms',
  'heap MB',
]

/** The table of one workload. */
export function reactTable({ entrants }: Workload, runs: Runs): string {
  const usualMs = usualGap(runs)
  return markdown([head, ...entrants.map((entrant) => row(runs, entrant, usualMs))])
}

/** What this library is to reach in a workload, and whether it has. */
export function targetsOf({ id, entrants, hooks }: Workload, runs: Runs): Target[] {
  const usualMs = usualGap(runs)
  const targets: Target[] = []
  for (const entrant of entrants) {
    if (!entrant.isOurs) continue
    const own = runs.get(entrant)!
    const check = (isMet: boolean, sentence: string): void => void targets.push({ entrant, sentence, isMet })
    const atMost = (value: number, most: number, what: string, digits = 0): void =>
      check(Number(value.toFixed(digits)) <= most, `${what}: ${value.toFixed(digits)}, at most ${most}`)
    const most = { text: 1.3, arguments: 1.5 }[id]
    if (most) {
      atMost(quantile(ratios(runs, entrant, main), 0.5), most, 'main thread, times the floor', 2)
      atMost(quantile(ratios(runs, entrant, script), 0.5), most, 'script, times the floor', 2)
      atMost(
        median(own, (run) => run.longestTaskMs),
        longTaskMs,
        'longest task, ms',
      )
    }
    check(
      own.every((run) => run.isWhole),
      'the whole answer on screen',
    )
    const perFrame = median(own, (run) => run.commits / hooks - run.frames)
    atMost(perFrame, statusCommits, 'commits beyond frames (changes of status)')
    if (id.startsWith('paced')) {
      const drops = (of: Entrant): number => median(runs.get(of)!, (run) => droppedFrames(run, usualMs))
      atMost(drops(entrant), drops(idle), 'dropped frames, as on an idle page')
      const isPeer = (other: Entrant): boolean => !/floor|idle/.test(other.hook) && !other.isOurs
      const peers = entrants.filter((other) => isPeer(other) && other.throttle === entrant.throttle)
      const least = Math.min(...peers.map((peer) => median(runs.get(peer)!, script)))
      atMost(median(own, script), Math.round(least), 'script ms, as the best peer with the same setting')
    }
    if (id === 'messages')
      atMost(
        median(own, (run) => run.finishedRenders),
        0,
        'renders of finished messages',
      )
  }
  return targets
}

/** The targets, a line each. */
export function targetLines(targets: readonly Target[]): string {
  return targets
    .map(({ entrant, sentence, isMet }) => `- ${isMet ? 'met   ' : 'MISSED'} ${entrant.name}: ${sentence}`)
    .join('\n')
}
