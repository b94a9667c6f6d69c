/** What a process holds and how long it is blocked: memory after collections, timers, the longest time without a turn. */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { collect } from '../gc.ts'

/** What a process holds, in bytes. `heap` includes what is outside of the engine's own heap, such as buffers. */
export interface Memory {
  heap: number
  rss: number
}

/** What is left after several collections, with turns between them for whatever waits to be let go. */
export async function settledMemory(): Promise<Memory> {
  for (let i = 0; i < 4; i++) {
    await sleep(10)
    collect()
  }
  const { heapUsed, external, rss } = process.memoryUsage()
  return { heap: heapUsed + external, rss }
}

/** How many timers wait. */
export function pendingTimers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
}

/** What a piece of work took. */
export interface Work<T> {
  value: T
  /** Milliseconds. */
  ms: number
  /** The longest time in which nothing else had its turn, in milliseconds; about one more than it was. */
  blockedMs: number
  /** Bytes more than before, after collections, while `value` is held. */
  heldBytes: number
}

/** Does a piece of work and measures it. */
export async function measure<T>(work: () => Promise<T>): Promise<Work<T>> {
  const { heap } = await settledMemory()
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  // The first beat only starts the clock.
  await sleep(5)
  delay.reset()
  const startedAt = performance.now()
  const value = await work()
  const ms = performance.now() - startedAt
  await sleep(5)
  delay.disable()
  const after = await settledMemory()
  return { value, ms, blockedMs: delay.max / 1e6, heldBytes: after.heap - heap }
}

/** "12.3 MB", "4.5 kB". */
export function bytes(count: number): string {
  return Math.abs(count) >= 1e6 ? `${(count / 1e6).toFixed(1)} MB` : `${(count / 1e3).toFixed(1)} kB`
}

/** Milliseconds with as many digits as say something. */
export function milliseconds(ms: number): string {
  return `${ms < 0.1 ? ms.toFixed(4) : ms < 10 ? ms.toFixed(2) : ms.toFixed(0)} ms`
}

/** The value below which this share of the values lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN
}

/** Rows of the same length, the first one the head, as a Markdown table. */
export function markdown(rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  const [head = [], ...rest] = rows
  return [line(head), line(head.map(() => '---')), ...rest.map(line)].join('\n')
}
