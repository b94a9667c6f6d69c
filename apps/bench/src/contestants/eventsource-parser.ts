/** The event parser that this library builds on, alone: what is on top of it is ours. */
import { createParser } from 'eventsource-parser'
import type { Contestant, Read } from '../contestant.ts'
import { withReader } from '../workloads/floor.ts'

const read: Read = async (response, workload) => {
  const decoder = new TextDecoder()
  const { take, result } = workload.gather()
  const parser = createParser({ onEvent: ({ data }) => take(data) })
  await withReader(response.body!, (bytes) => parser.feed(decoder.decode(bytes, { stream: true })))
  return result()
}

export const eventsourceParser: Contestant = {
  package: 'eventsource-parser',
  name: 'eventsource-parser, parse, concatenate',
  reach: 'chunks',
  reads: { text: read, tools: read, serial: read, anthropic: read, gemini: read, responses: read },
}
