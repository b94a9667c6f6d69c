/**
 * What a piece of work costs, on three clocks.
 *
 * The tables go by the CPU time of the thread that reads: it is what a page's main thread would be busy for, and what is
 * steady. On a machine that others use too, the quartiles of wall time lay up to ten times as far apart, and those of the
 * whole process twice as far: it counts V8's helpers, which compile and collect garbage beside the thread, and when they
 * run is a matter of luck. What the thread itself does for the collector is in its time.
 */

/** Milliseconds: of the thread that reads, of all threads of the process, and of the clock on the wall. */
export interface Cost {
  thread: number
  process: number
  wall: number
}

export const clocks = ['thread', 'process', 'wall'] as const

/** One of the three. */
export type Clock = (typeof clocks)[number]

type Usage = (before?: NodeJS.CpuUsage) => NodeJS.CpuUsage

const ofProcess: Usage = (before) => process.cpuUsage(before)
// Before Node 23.9 a thread does not know its own.
const ofThread: Usage = process.threadCpuUsage ? (before) => process.threadCpuUsage(before) : ofProcess
const milliseconds = ({ user, system }: NodeJS.CpuUsage): number => (user + system) / 1000

/**
 * What it takes of a run's time, in milliseconds: CPU, and a part of the time in which a contestant only waits. Of a machine
 * that others use, waiting for the processor may be several times as long as using it.
 */
export function effortOf({ thread, wall }: Cost): number {
  return Math.max(thread, wall / 5)
}

/** Starts all three; the returned function says what has been spent since. */
export function startClock(): () => Cost {
  const wall = performance.now()
  // Linux brings a thread's account up to date when the process is asked for its own: without that, it lags by up to 4 ms.
  const process = ofProcess()
  const thread = ofThread()
  return () => ({
    process: milliseconds(ofProcess(process)),
    thread: milliseconds(ofThread(thread)),
    wall: performance.now() - wall,
  })
}
