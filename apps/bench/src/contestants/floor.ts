/** Plain readers: what everybody else is measured against. */
import type { Contestant, Read } from '../contestant.ts'
import { readFloor, withIteration } from '../workloads/floor.ts'

const read: Read = (response, workload) => readFloor(response, workload.gather())
const iterate: Read = (response, workload) => readFloor(response, workload.gather(), withIteration)

export const floor: Contestant = {
  package: 'floor',
  name: 'floor: decode, split, parse, concatenate',
  reach: 'completion',
  reads: { text: read, tools: read, serial: read, anthropic: read, gemini: read, responses: read },
}

/** What can be saved where nobody stops an answer. */
export const endless: Contestant = {
  package: 'floor',
  name: 'floor, with `for await` over the body',
  reach: 'completion',
  reads: { text: iterate, anthropic: iterate, gemini: iterate, responses: iterate },
}
