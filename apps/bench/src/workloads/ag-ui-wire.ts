/** AG-UI's events, as TanStack AI sends them from server to page. */
import { event } from '../workload.ts'

const timestamp = 1767225600000
const run = { threadId: 'thread_bench', runId: 'run_bench' }

/** One event. */
export function agUiEvent(type: string, fields: object): Uint8Array {
  return event({ type, timestamp, ...fields })
}

/** What is between the begin and the end of an answer. */
export function agUiRun(events: Uint8Array[], finishReason: string): Uint8Array[] {
  return [
    agUiEvent('RUN_STARTED', run),
    ...events,
    agUiEvent('RUN_FINISHED', { ...run, metadata: { tanstack: { finishReason } } }),
  ]
}
