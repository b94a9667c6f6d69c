/** What a workload is, and what all of them are made of: the same words in every run. */
import type { Gather } from './workloads/floor.ts'

export type WorkloadId = 'text' | 'tools' | 'serial' | 'anthropic' | 'gemini' | 'responses'

/** A generated answer: what must come out, and what goes in. */
export interface Workload {
  id: WorkloadId
  /** What it is, for above its table. */
  title: string
  deltas: number
  /** The text, or the arguments of all calls, a line each. */
  text: string
  /** Its events as the bytes of the wire, one after the other. */
  events: Uint8Array[]
  /** The same on AG-UI's wire, for those that read no other. */
  agUi?(): Uint8Array[]
  /** Puts the answer together from the data of this wire's events, and does nothing else. */
  gather(): Gather
}

/** The request that every answer belongs to. */
export const request: { model: string; messages: { role: 'user'; content: string }[] } = {
  model: 'bench-model',
  messages: [{ role: 'user', content: 'Write a long answer.' }],
}

const words =
  'the of stream completion browser token naïve 数据 and reads 🙂 events “quoted” {"json":1} back\\slash'.split(' ')

/** The same pseudo-random numbers in every run, so that runs can be compared. */
function* numbers(): Generator<number, never> {
  for (let seed = 1; ;) {
    seed = (seed * 1103515245 + 12345) % 2147483648
    yield seed
  }
}

/** Words as a model writes them, a token each. */
export function writeWords(count: number): string[] {
  const random = numbers()
  const pick = (): string => {
    const n = random.next().value >> 8
    return n % 20 === 0 ? '.\n\n' : ` ${words[n % words.length]}`
  }
  return Array.from({ length: count }, pick)
}

/** What the arguments of a call look like: each of about so many characters, when it is written as JSON. */
export const shapes: Record<string, (size: number) => unknown> = {
  'one long text': (size) => ({ path: 'story.md', content: writeWords(size / 5).join('') }),
  'nested objects': (size) => ({
    chapters: Array.from({ length: Math.ceil(size / 2000) }, (_, chapter) => ({
      title: `Chapter ${chapter}`,
      paragraphs: Array.from({ length: 10 }, () => ({ text: writeWords(32).join(''), note: null })),
    })),
  }),
  'a list of small objects': (size) => ({
    items: Array.from({ length: size / 60 }, (_, id) => ({
      id,
      name: `Item ${id}`,
      price: id * 1.25,
      tags: ['a', 'b'],
    })),
  }),
  'a list of numbers': (size) => ({ list: Array.from({ length: size / 6 }, (_, n) => n * 7) }),
}

/** An event as bytes. */
export function event(data: object | string, name?: string): Uint8Array {
  const json = typeof data === 'string' ? data : JSON.stringify(data)
  return new TextEncoder().encode(`${name ? `event: ${name}\n` : ''}data: ${json}\n\n`)
}
