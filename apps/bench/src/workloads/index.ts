/** Every workload in a size, by its id. */
import type { Workload, WorkloadId } from '../workload.ts'
import { createAnthropic } from './anthropic.ts'
import { createGemini } from './gemini.ts'
import { createResponses } from './responses.ts'
import { createText } from './text.ts'
import { createTools } from './tools.ts'

/** @param deltas how many pieces the answer comes in */
export const createWorkload: Record<WorkloadId, (deltas: number) => Workload> = {
  text: createText,
  tools: (deltas) => createTools(deltas),
  serial: (deltas) => createTools(deltas, undefined, 'serial'),
  anthropic: createAnthropic,
  gemini: createGemini,
  responses: createResponses,
}
