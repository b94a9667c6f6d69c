/** What the page is made to show: long answers as fast as they can be read, tool calls, paced answers, a conversation. */
import { shapes, writeWords } from '../workload.ts'
import {
  aiSdkChat,
  aiSdkCompletion,
  floor,
  idle,
  liveFloor,
  ourChat,
  ourCompletion,
  tanstackChat,
  throttled,
} from './entrants.ts'
import type { Entrant } from './entrants.ts'
import type { Answer } from './wires.ts'

/** One table. */
export interface Workload {
  /** What `--only` calls it. */
  id: string
  title: string
  answer: Answer
  deltasPerWrite: number
  /** Milliseconds from one write to the next; without it, as fast as they are taken. */
  tickMs?: number
  /** What the page shows of it: the last answer alone, or every message in a component of its own. */
  shows: 'answer' | 'messages'
  /** How many messages there are before. */
  history: number
  /** How many hooks stream it at the same time. */
  hooks: number
  entrants: readonly Entrant[]
}

/** What stands on the screen at the end. */
export function shownAtEnd({ answer: { kind, deltas } }: Workload): string {
  const text = deltas.join('')
  return kind === 'text' ? text : JSON.stringify(JSON.parse(text), null, 1)
}

/** How long a paced answer takes at least, in milliseconds; 0 for one that is not paced. */
export function paceMs({ answer, deltasPerWrite, tickMs = 0 }: Workload): number {
  return (answer.deltas.length / deltasPerWrite) * tickMs
}

/** The pieces of a text, all of the same length but for the last. */
function cut(text: string, size: number): string[] {
  return Array.from({ length: Math.ceil(text.length / size) }, (_, i) => text.slice(i * size, (i + 1) * size))
}

const chats = [ourChat, aiSdkChat, tanstackChat]
const everybody = [ourCompletion, ourChat, aiSdkCompletion, aiSdkChat, tanstackChat]
const throttledOnes = [ourCompletion, ourChat, aiSdkCompletion, aiSdkChat].map((entrant) => throttled(entrant, 50))
const text = (deltas: number): Answer => ({ kind: 'text', deltas: writeWords(deltas) })

/** All workloads, in their full size or (to show that it all works) in a small one. */
export function createWorkloads(isSmall: boolean): Workload[] {
  const size = (full: number, small: number): number => (isSmall ? small : full)
  const seconds = isSmall ? 0.3 : 5
  const plain = { shows: 'answer', history: 0, hooks: 1 } as const
  const fast = size(10_000, 200)
  const args = size(5000, 100)
  const json = JSON.stringify(shapes['nested objects']!(args * 16))
  const paced = (rate: number): Workload => ({
    ...plain,
    id: `paced-${rate}`,
    title: `${rate} deltas a second for ${seconds} s`,
    answer: text(rate * seconds),
    deltasPerWrite: rate / 200,
    tickMs: 5,
    entrants: [idle, floor, ...everybody, ...throttledOnes],
  })
  return [
    {
      ...plain,
      id: 'text',
      title: `${fast} text deltas, as fast as they can be read`,
      answer: text(fast),
      deltasPerWrite: 10,
      entrants: [floor, liveFloor, ...everybody, throttled(aiSdkCompletion, 50), throttled(aiSdkChat, 50)],
    },
    {
      ...plain,
      id: 'arguments',
      title: `one tool call, ${args} deltas of its arguments, its live value on screen`,
      answer: { kind: 'arguments', deltas: cut(json, Math.ceil(json.length / args)) },
      deltasPerWrite: 10,
      entrants: [floor, ourCompletion, ourChat, aiSdkChat, throttled(aiSdkChat, 50), tanstackChat],
    },
    paced(200),
    paced(2000),
    {
      ...plain,
      id: 'messages',
      title: `20 messages in memo components, and one more that streams in ${size(1000, 100)} deltas`,
      answer: text(size(1000, 100)),
      deltasPerWrite: 2,
      tickMs: 5,
      shows: 'messages',
      history: 20,
      entrants: chats,
    },
    {
      ...plain,
      id: 'three',
      title: `three hooks at once, ${size(3000, 100)} text deltas each, as fast as they can be read`,
      answer: text(size(3000, 100)),
      deltasPerWrite: 10,
      hooks: 3,
      entrants: [floor, ...everybody],
    },
  ]
}
