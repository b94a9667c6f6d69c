/** A megabyte of answer: time against the floor and its growth, how long the thread is blocked, what is held in the end. */
import { createCompletionStore, estimateTokens, openai, streamCompletion } from 'completion-stream'
import type { Completion, StreamOptions } from 'completion-stream'
import { bytes, markdown, measure, milliseconds, quantile } from './measure.ts'
import type { Work } from './measure.ts'
import { chunk, cut, ending, readBare, request, respond, says, textOf, uncounted } from './wire.ts'

/** Reads one answer; resolves to what is kept of it. */
interface Reader {
  name: string
  read(body: Uint8Array): Promise<unknown>
}

function options(body: Uint8Array): StreamOptions {
  const fetch = async (): Promise<Response> => respond(body)
  return { provider: openai({ baseURL: 'http://scale.invalid/v1', apiKey: 'none', fetch }), maxRetries: 0 }
}

/** Looks at the end of a text, as a page does that renders it: it has to be one piece for that. */
const look = (text: string): number => text.charCodeAt(text.length - 1)

const floor: Reader = {
  name: 'floor: decode, split, parse, concatenate',
  async read(body) {
    let text = ''
    await readBare(respond(body), ({ content = '' }) => (text += content))
    return text
  },
}

const textReaders: readonly Reader[] = [
  floor,
  { name: 'finalCompletion()', read: (body) => streamCompletion(request, options(body)).finalCompletion() },
  {
    name: 'for await',
    async read(body) {
      const stream = streamCompletion(request, options(body))
      let text = ''
      for await (const { choices } of stream) text += choices[0]?.delta.content ?? ''
      return [text, stream.snapshot]
    },
  },
  {
    name: 'createCompletionStore, text at each publication',
    async read(body) {
      const store = createCompletionStore({ model: 'scale', ...options(body) })
      store.subscribe(() => look(store.getState().text))
      await store.start('Write.')
      return store.getState()
    },
  },
]

const argumentReaders: readonly Reader[] = [
  floor,
  { name: 'finalCompletion()', read: (body) => streamCompletion(request, options(body)).finalCompletion() },
  {
    name: 'for await, the value at each chunk',
    async read(body) {
      const stream = streamCompletion(request, options(body))
      for await (const _ of stream) void stream.snapshot.toolCalls[0]?.input
      return stream.snapshot
    },
  },
  {
    name: 'createCompletionStore, the value at each publication',
    async read(body) {
      const store = createCompletionStore({ model: 'scale', ...options(body) })
      store.subscribe(() => void store.getState().toolCalls[0]?.input)
      await store.start('Write.')
      return store.getState()
    },
  },
]

/** What one of them took, over so many rounds, each paired with the floor's. */
interface Score {
  works: Work<unknown>[]
  ratios: number[]
}

async function race(readers: readonly Reader[], body: Uint8Array, rounds: number): Promise<Score[]> {
  const scores: Score[] = readers.map(() => ({ works: [], ratios: [] }))
  // What is compiled before does not count.
  for (let round = rounds > 1 ? -1 : 0; round < rounds; round++) {
    let floorMs = 1
    for (const [i, reader] of readers.entries()) {
      const work: Work<unknown> = await measure(() => reader.read(body))
      work.value = undefined
      if (!i) floorMs = work.ms
      if (round < 0) continue
      scores[i]!.works.push(work)
      scores[i]!.ratios.push(work.ms / floorMs)
    }
  }
  return scores
}

const median = (values: readonly number[]): number => quantile(values, 0.5)
const msOf = ({ works }: Score): number => median(works.map(({ ms }) => ms))

/** A table of one kind of answer, at its size and at a tenth of it. */
async function compare(
  title: string,
  readers: readonly Reader[],
  bodyOf: (chars: number) => string,
  quick: boolean,
): Promise<string> {
  const chars = quick ? 10_000 : 1_000_000
  const encode = (size: number): Uint8Array => new TextEncoder().encode(bodyOf(size))
  const rounds = quick ? 1 : 3
  const small = await race(readers, encode(chars / 10), rounds)
  const body = encode(chars)
  const large = await race(readers, body, rounds)
  const rows = readers.map(({ name }, i) => {
    const { works, ratios } = large[i]!
    return [
      name,
      milliseconds(msOf(large[i]!)),
      `${median(ratios).toFixed(2)} ×`,
      `${(msOf(large[i]!) / msOf(small[i]!)).toFixed(1)} ×`,
      milliseconds(median(works.map(({ blockedMs }) => blockedMs))),
      bytes(median(works.map(({ heldBytes }) => heldBytes))),
    ]
  })
  const head = ['', 'time', 'of the floor', 'growth from a tenth', 'longest block', 'held at the end']
  return [`### ${title} (${bytes(body.length)} on the wire)`, markdown([head, ...rows])].join('\n\n')
}

/** What an answer takes at its end when its provider does not count, and what a long question does. */
async function counting(quick: boolean): Promise<string> {
  const rows = [['text', 'estimateTokens()', 'end of an answer of one event, counted', 'the same, not counted']]
  for (const mega of quick ? [0.01] : [1, 4, 15]) {
    const text = textOf(mega * 1e6)
    const estimate = await measure(async () => estimateTokens(text))
    const took = async (end: string): Promise<string> => {
      const body = new TextEncoder().encode(says(text) + end)
      const read = (): Promise<Completion> => streamCompletion(request, options(body)).finalCompletion()
      const { blockedMs } = await measure(read)
      return milliseconds(blockedMs)
    }
    rows.push([bytes(text.length), milliseconds(estimate.ms), await took(ending), await took(uncounted)])
  }
  return ['### Longest block when tokens are estimated', markdown(rows)].join('\n\n')
}

/** The tables. */
export async function answerReport(quick: boolean): Promise<string> {
  const call = (delta: object): string => chunk({ tool_calls: [{ index: 0, ...delta }] })
  const opened = { id: 'call_1', type: 'function', function: { name: 'save', arguments: '' } }
  return [
    '## A long answer',
    await compare(
      '1 MB of text in deltas of 4 characters',
      textReaders,
      (chars) => cut(textOf(chars), 4).map(says).join('') + ending,
      quick,
    ),
    await compare('1 MB of text in one event', textReaders, (chars) => says(textOf(chars)) + ending, quick),
    await compare(
      '1 MB of tool arguments in deltas of 16 characters',
      argumentReaders,
      (chars) => {
        const items = cut(textOf(chars), 80).map((text, id) => ({ id, text }))
        const args = cut(JSON.stringify({ items }), 16).map((text) => call({ function: { arguments: text } }))
        return call(opened) + args.join('') + chunk({}, 'tool_calls') + ending
      },
      quick,
    ),
    await counting(quick),
  ].join('\n\n')
}
