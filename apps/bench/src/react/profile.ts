/** A CPU profile of runs: where the time went, by function. */
import type { CDPSession } from 'playwright-core'
import type { PageFiles } from './build.ts'

/** The own milliseconds of each function, by its name, file and line (or the engine's name for what is none). */
export type Profile = Map<string, number>

/** Samples until the returned function is called. */
export async function startProfile(cdp: CDPSession): Promise<() => Promise<Profile>> {
  await cdp.send('Profiler.enable')
  await cdp.send('Profiler.setSamplingInterval', { interval: 100 })
  await cdp.send('Profiler.start')
  return async () => {
    const { nodes, samples = [], timeDeltas = [] } = (await cdp.send('Profiler.stop')).profile
    const own = new Map<number, number>()
    for (const [i, id] of samples.entries()) own.set(id, (own.get(id) ?? 0) + (timeDeltas[i] ?? 0) / 1000)
    const profile: Profile = new Map()
    for (const { id, callFrame } of nodes) {
      const { functionName, url, lineNumber } = callFrame
      if (/^\((idle|root)\)$/.test(functionName)) continue
      const place = url && `${new URL(url).pathname.slice(1)}:${lineNumber + 1}`
      const name = `${functionName || '(anonymous)'} ${place}`.trim()
      profile.set(name, (profile.get(name) ?? 0) + (own.get(id) ?? 0))
    }
    return profile
  }
}

/** The functions that took longest, a line each: the mean over the profiles, and what the function begins with. */
export function profileLines(profiles: readonly Profile[], page: PageFiles, lines = 30): string[] {
  const sums: Profile = new Map()
  for (const profile of profiles) for (const [name, ms] of profile) sums.set(name, (sums.get(name) ?? 0) + ms)
  const sourceOf = (name: string): string => {
    const [, file = '', line] = / (\S+):(\d+)$/.exec(name) ?? []
    const source = String(page.get(file)?.body ?? '').split('\n')
    return source[Number(line) - 1]?.trim().slice(0, 70) ?? ''
  }
  return [...sums]
    .sort(([, a], [, b]) => b - a)
    .slice(0, lines)
    .map(([name, ms]) => `${(ms / profiles.length).toFixed(2).padStart(8)} ms  ${name}  ${sourceOf(name)}`.trimEnd())
}
