/** A browser's trace → what the page's main thread did between the two marks that the page set. */
import type { CDPSession } from 'playwright-core'

/** CPU milliseconds of the main thread: other processes on a busy machine do not count. */
export interface MainThread {
  /** In all tasks together. */
  taskMs: number
  longestTaskMs: number
  /** Of it in JavaScript and its garbage collection, and in style, layout and painting. */
  scriptMs: number
  renderMs: number
}

/** An event of Chromium's trace format; times in microseconds. */
export interface TraceEvent {
  name: string
  ph: string
  pid: number
  tid: number
  ts: number
  dur?: number
  /** The same on the thread's own clock, which stands still while another process runs. */
  tts?: number
  tdur?: number
}

const categories = ['devtools.timeline', 'disabled-by-default-devtools.timeline', 'blink.user_timing', 'v8.execute']
const script =
  /^(FunctionCall|EvaluateScript|RunMicrotasks|TimerFire|FireAnimationFrame|EventDispatch|V8\.|v8\.|M(in|aj)orGC)/
const rendering =
  /^(UpdateLayoutTree|Layout|PrePaint|Paint|Layerize|UpdateLayer|Commit|IntersectionObserver|ParseHTML|HitTest)/

/** Traces until the returned function is called, which resolves to the events. */
export async function startTrace(cdp: CDPSession): Promise<() => Promise<TraceEvent[]>> {
  const events: TraceEvent[] = []
  const collect = ({ value }: { value: object[] }): void => void events.push(...(value as TraceEvent[]))
  cdp.on('Tracing.dataCollected', collect)
  await cdp.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: {
      recordMode: 'recordAsMuchAsPossible',
      includedCategories: categories,
      excludedCategories: ['*'],
    },
  })
  return async () => {
    const complete = new Promise<{ dataLossOccurred: boolean }>((resolve) =>
      cdp.once('Tracing.tracingComplete', resolve),
    )
    await cdp.send('Tracing.end')
    const { dataLossOccurred } = await complete
    cdp.off('Tracing.dataCollected', collect)
    if (dataLossOccurred) throw new Error('The trace is not whole.')
    return events
  }
}

/** What happened on the thread that set the marks, from the one to the other. */
export function measure(events: readonly TraceEvent[]): MainThread {
  const [start, end] = ['bench:start', 'bench:end'].map((name) => events.find((event) => event.name === name))
  if (!start || !end) throw new Error('The trace has no marks.')
  const own = events
    .filter(({ ph, pid, tid, ts }) => ph === 'X' && pid === start.pid && tid === start.tid && ts < end.ts)
    .sort((a, b) => a.ts - b.ts || (b.dur ?? 0) - (a.dur ?? 0))
  const times = { script: 0, render: 0, other: 0 }
  let longest = 0
  /** The events around the present one, with what each counts as. */
  const around: { endsAt: number; kind: keyof typeof times }[] = []
  for (const event of own) {
    const { name, ts, dur = 0, tdur = dur } = event
    if (ts + dur < start.ts) continue
    while (around.length && around.at(-1)!.endsAt <= ts) around.pop()
    const outer = around.at(-1)
    if (!outer && name !== 'RunTask') continue
    const kind = script.test(name) ? 'script' : rendering.test(name) ? 'render' : (outer?.kind ?? 'other')
    // Each event's own time: what is in it is taken from what is around it.
    times[kind] += tdur
    if (outer) times[outer.kind] -= tdur
    else longest = Math.max(longest, tdur)
    around.push({ endsAt: ts + dur, kind })
  }
  const ms = (us: number): number => us / 1000
  return {
    taskMs: ms(times.script + times.render + times.other),
    longestTaskMs: ms(longest),
    scriptMs: ms(times.script),
    renderMs: ms(times.render),
  }
}
