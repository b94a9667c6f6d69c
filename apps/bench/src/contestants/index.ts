/** Everyone who takes part, the floor first: the others are measured as multiples of it. */
import type { Contestant } from '../contestant.ts'
import type { WorkloadId } from '../workload.ts'
import { aiSdk } from './ai-sdk.ts'
import { anthropicSdk } from './anthropic.ts'
import { eventsourceParser } from './eventsource-parser.ts'
import { endless, floor } from './floor.ts'
import { genai } from './genai.ts'
import { openaiClient } from './openai.ts'
import { ours } from './ours.ts'
import { tanstack } from './tanstack.ts'

export const contestants: readonly Contestant[] = [
  floor,
  endless,
  eventsourceParser,
  ...ours,
  ...openaiClient,
  ...aiSdk,
  ...tanstack,
  ...anthropicSdk,
  genai,
]

/** Those that can read a workload. */
export function contestantsFor(id: WorkloadId): Contestant[] {
  return contestants.filter(({ reads }) => reads[id])
}
