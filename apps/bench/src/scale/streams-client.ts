/**
 * One process that reads many answers at once in one way, so that its memory is its own. It is forked with its settings as
 * JSON, and sends back what it measured.
 */
import { createCompletionStore, openai, streamCompletion } from 'completion-stream'
import { pendingTimers, settledMemory } from './measure.ts'
import type { Memory } from './measure.ts'
import { ending, readBare, request, says } from './wire.ts'

/** Who reads. `bare` is a loop over the response. */
export type Reader = 'bare' | 'final' | 'iteration' | 'store'

export interface StreamsSettings {
  reader: Reader
  streams: number
  /** Where to ask; without it, responses are made in the process itself. */
  url?: string
  everyMs: number
  count: number
  burst: number
}

export interface StreamsResult {
  /** Before anything was asked, with all streams waiting for their second piece, and after the last one had ended. */
  before: Memory
  idle: Memory
  after: Memory
  timersIdle: number
  timersAfter: number
  /** How long each piece took from its writing to its reader, in ms, without the stream that gets a burst. */
  lags: number[]
  /** When each stream had ended, in ms after the first one. */
  ends: number[]
  /** How many answers did not come whole. */
  broken: number
}

const settings = JSON.parse(process.argv[2]!) as StreamsSettings
const { reader, streams, url, everyMs, count, burst } = settings
const lags: number[] = []
const ends: number[] = []
const now = (): number => performance.timeOrigin + performance.now()
const started: ((every: number, pieces: number) => void)[] = []
/** Connections that are kept alive are closed by then. */
const closed = () => new Promise((resolve) => setTimeout(resolve, url && streams > 100 ? 2500 : 0))

/** A response that is made here: its body goes on as the server's would, at one pace. */
function made(): Response {
  const encoder = new TextEncoder()
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(encoder.encode(says('0 ')))
      started.push((every, pieces) => {
        let round = 0
        const timer = setInterval(() => {
          if (++round <= pieces) return controller.enqueue(encoder.encode(says(`${now()} `)))
          clearInterval(timer)
          controller.enqueue(encoder.encode(ending))
          controller.close()
        }, every)
      })
    },
  })
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
}

const ask = (signal?: AbortSignal): Promise<Response> =>
  url ? fetch(url, { method: 'POST', body: '{}', signal }) : Promise.resolve(made())

/** Reads one answer; resolves to how many pieces it had. `seen` is told each piece once it is read. */
const readers: Record<Reader, (seen: (text: string) => void) => Promise<void>> = {
  async bare(seen) {
    await readBare(await ask(), ({ content }) => content && seen(content))
  },
  async final(seen) {
    const stream = streamCompletion(request, options())
    stream.subscribe(() => seen(stream.snapshot.text))
    await stream.finalCompletion()
  },
  async iteration(seen) {
    for await (const text of streamCompletion(request, options()).textStream) seen(text)
  },
  async store(seen) {
    const store = createCompletionStore({ model: 'scale', ...options() })
    store.subscribe(() => seen(store.getState().text))
    await store.start('Write.')
  },
}

function options() {
  return {
    provider: openai({
      baseURL: 'http://scale.invalid/v1',
      apiKey: 'none',
      fetch: (_url, init) => ask(init?.signal ?? undefined),
    }),
    maxRetries: 0,
  }
}

/** Lets all that were asked for go on. */
async function go(every: number, pieces: number, burstBytes = 0): Promise<void> {
  if (url) await (await fetch(`${url}/begin?every=${every}&count=${pieces}&burst=${burstBytes}`)).text()
  for (const start of started.splice(0)) start(every, pieces)
}

async function main(): Promise<StreamsResult> {
  // Once before it counts, so that what is loaded and compiled is no stream's.
  const warm = Array.from({ length: 50 }, () => readers[reader](() => {}))
  await new Promise((resolve) => setTimeout(resolve, 200))
  await go(10, 2)
  await Promise.all(warm.splice(0))
  await closed()
  const before = await settledMemory()
  let begun = 0
  let broken = 0
  let running: Promise<void>[] = Array.from({ length: streams }, async (_, i) => {
    let chars = 0
    let hasBegun = false
    const seen = (text: string): void => {
      if (!hasBegun) begun++
      hasBegun = true
      // Whoever collects is told the whole text, whoever iterates a piece of it.
      const isWhole = reader === 'final' || reader === 'store'
      if (isWhole && text.length === chars) return
      const stamp = Number(text.slice(0, -1).split(' ').at(-1))
      chars = isWhole ? text.length : chars + text.length
      if (stamp && !(burst && !i)) lags.push(now() - stamp)
    }
    try {
      await readers[reader](seen)
      if (burst && !i ? chars < burst : chars < count * 10) broken++
    } catch {
      broken++
    }
    ends.push(now())
  })
  while (begun < streams) await new Promise((resolve) => setTimeout(resolve, 20))
  const idle = await settledMemory()
  const timersIdle = pendingTimers()
  await go(everyMs, count, burst)
  await Promise.all(running)
  running = []
  const timersAfter = pendingTimers()
  await closed()
  const after = await settledMemory()
  const first = Math.min(...ends)
  return { before, idle, after, timersIdle, timersAfter, lags, ends: ends.map((at) => at - first), broken }
}

const result = await main()
process.send!(result, () => process.exit())
