/** A conversation of ten thousand messages beside one of ten: what a published delta costs, what asking does, what is held. */
import type { ChatMessage } from 'completion-stream'
import { bytes, markdown, milliseconds, quantile, settledMemory } from './measure.ts'
import type { Talk, Talker } from './by-hand.ts'
import { ourMessages, ourTalk, talkers, turn } from './talks.ts'
import { collect } from '../gc.ts'

const median = (values: readonly number[]): number => quantile(values, 0.5)

async function time(work: () => unknown): Promise<number> {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}

interface Costs {
  askMs: number
  deltaMs: number
}

/** Medians over the deltas of one answer. */
async function answer(talk: Talk, deltas: number): Promise<Costs> {
  const count = talk.count()
  const askMs = await time(() => talk.ask('What now?'))
  await turn()
  const times: number[] = []
  for (let i = 0; i < deltas; i++) times.push(await time(() => talk.say(`word${i} `)))
  await talk.end()
  if (talk.count() !== count + 2 || talk.text().split(' ').length !== deltas + 1)
    throw new Error(`The answer is ${talk.text().length} characters long in ${talk.count()} messages.`)
  return { askMs, deltaMs: median(times) }
}

async function costs(talker: Talker, messages: number, deltas: number, rounds: number): Promise<Costs> {
  const all: Costs[] = []
  await answer(talker.open(messages), 20)
  for (let i = 0; i < rounds; i++) {
    collect()
    all.push(await answer(talker.open(messages), deltas))
  }
  return { askMs: median(all.map(({ askMs }) => askMs)), deltaMs: median(all.map(({ deltaMs }) => deltaMs)) }
}

async function compare(many: number, deltas: number, rounds: number): Promise<string> {
  const rows = [['', 'delta → state, of 10', `of ${many}`, '', 'question → request, of 10', `of ${many}`]]
  for (const talker of talkers) {
    const few = await costs(talker, 10, deltas, rounds)
    const lots = await costs(talker, many, deltas, rounds)
    rows.push([
      talker.name,
      milliseconds(few.deltaMs),
      milliseconds(lots.deltaMs),
      `${(lots.deltaMs / few.deltaMs).toFixed(1)} ×`,
      milliseconds(few.askMs),
      milliseconds(lots.askMs),
    ])
  }
  return markdown(rows)
}

/** Messages as they come out of a database. */
const kept = (count: number): ChatMessage[] => JSON.parse(JSON.stringify(ourMessages(count))) as ChatMessage[]

/** What each verb takes until the request is made, and what begins a conversation. */
async function verbs(many: number): Promise<string> {
  const rows = [['', 'of 10 messages', `of ${many}`]]
  const all: Record<string, (count: number) => Promise<number>> = {
    'createChat with initialMessages': async (count) => {
      const messages = kept(count)
      return time(() => void ourTalk(messages))
    },
    setMessages: async (count) => {
      const messages = kept(count)
      const { chat } = ourTalk([])
      return time(() => chat.setMessages(messages))
    },
    'messagesFrom(wire)': async (count) => time(() => void ourMessages(count)),
    edit: async (count) => {
      const { chat } = ourTalk(kept(count))
      const { id } = chat.getState().messages.at(-2)!
      return time(() => void chat.edit(id, 'Another question'))
    },
    regenerate: async (count) => {
      const { chat } = ourTalk(kept(count))
      return time(() => void chat.regenerate())
    },
    stop: async (count) => {
      const talk = ourTalk(kept(count))
      await talk.ask('What now?')
      await turn()
      await talk.say('This')
      return time(() => talk.chat.stop())
    },
  }
  for (const [name, run] of Object.entries(all)) {
    const cells: string[] = []
    for (const count of [10, many]) {
      const times: number[] = []
      for (let i = 0; i < 5; i++) times.push(await run(count))
      cells.push(milliseconds(median(times)))
    }
    rows.push([name, ...cells])
  }
  return markdown(rows)
}

/** What is held, beside what the messages themselves take as plain data. */
async function memory(many: number, answers: number, deltas: number): Promise<string> {
  const start = await settledMemory()
  const messages = kept(many)
  const made = await settledMemory()
  const talk = ourTalk(messages)
  const opened = await settledMemory()
  await answer(talk, 10)
  const asked = await settledMemory()
  const short = ourTalk([])
  const before = await settledMemory()
  for (let i = 0; i < answers; i++) await answer(short, deltas)
  const after = await settledMemory()
  const chars = short.chat.getState().messages.reduce((sum, { text }) => sum + text.length, 0)
  const rows = [
    ['', 'heap'],
    [`${many} messages that were kept as JSON, each`, bytes((made.heap - start.heap) / many)],
    ['a chat on top of them', bytes(opened.heap - made.heap)],
    ['after one more short answer, on top of that', bytes(asked.heap - opened.heap)],
    [
      `${answers} answers that were streamed, ${deltas} deltas each: each with its question`,
      bytes((after.heap - before.heap) / answers),
    ],
    ['the text of each', bytes(chars / answers)],
  ]
  // Until here they are held.
  if (talk.count() + short.count() + messages.length < many) throw new Error('Messages are missing.')
  return markdown(rows)
}

/** The tables. */
export async function conversationReport(quick: boolean): Promise<string> {
  const many = quick ? 100 : 10_000
  // A frame whenever somebody asks for one: the pace of the page is no cost of the library.
  globalThis.requestAnimationFrame = (draw) => {
    setImmediate(() => draw(performance.now()))
    return 1
  }
  globalThis.cancelAnimationFrame = () => {}
  return [
    `## A conversation of ${many} messages`,
    'From a delta that is written to a state that is published with it, and from a question to its request with its body as JSON:',
    await compare(many, quick ? 5 : 300, quick ? 1 : 5),
    'What verbs take:',
    await verbs(many),
    'What is held:',
    await memory(many, quick ? 2 : 100, quick ? 5 : 500),
  ].join('\n\n')
}
