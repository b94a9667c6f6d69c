/** Thousands of streams from a server that misbehaves, read in every way: each ends well, and nothing is left behind. */
import { getEventListeners } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, it } from 'vitest'
import { isCompletionError, streamCompletion } from '../src/index.ts'
import type { Completion, CompletionError, CompletionStream, StreamOptions } from '../src/index.ts'
import { chunk, event } from './http.ts'

const seed = 20_260_801
const warmUp = 200
const streams = 2000
const atOnce = 50

// ── what happens to whom: all of it is drawn from the stream's number ──────────────────────────────────────────────

/** Numbers from 0 to 1, always the same ones for a seed (mulberry32). */
function randomOf(start: number): () => number {
  let state = start >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** How the server misbehaves, how often (in parts of all), and in which errors that may end; `whole` where it need not. */
const faults = {
  whole: [20, 'whole'],
  slow: [10, 'whole'],
  cut: [8, 'interrupted'],
  reset: [8, 'interrupted'],
  stall: [6, 'timeout'],
  busyOnce: [8, 'whole'],
  down: [5, 'server'],
  refused: [3, 'authentication'],
  errorFrame: [6, 'overloaded'],
  hugeChunk: [2, 'whole'],
  flood: [1, 'limit_exceeded'],
  unreadable: [2, 'invalid_response'],
  webPage: [2, 'invalid_response'],
  wholeJson: [3, 'whole'],
  resetOnce: [2, 'whole'],
  neverAnswers: [1, 'timeout'],
  resumed: [6, 'whole'],
  resumedGone: [3, 'interrupted'],
} as const
type Fault = keyof typeof faults

const readers = ['chunks', 'text', 'final', 'tee', 'teeLeft', 'abort', 'break', 'bytes', 'hurry', 'slow'] as const

interface Plan {
  random: () => number
  fault: Fault
  reader: (typeof readers)[number]
  words: string[]
  /** Before which word it goes wrong: not before the first. */
  at: number
  requests: number
}

const plans = new Map<string, Plan>()

function planOf(number: number): Plan {
  const random = randomOf(seed + number * 7919)
  const pick = (count: number): number => Math.floor(random() * count)
  const names = Object.entries(faults).flatMap(([name, [share]]) => Array<Fault>(share).fill(name as Fault))
  const fault = names[pick(names.length)]!
  const words = Array.from({ length: 3 + pick(25) }, (_, i) => `${number}:${i}${['', ' é', ' 你好', ' 🌍'][pick(4)]} `)
  if (fault === 'hugeChunk') words[1] = 'long '.repeat(100_000)
  if (fault === 'flood') words.push(...Array<string>(300).fill('flood '.repeat(500)))
  const at = 1 + pick(words.length - 1)
  return { random, fault, reader: readers[pick(readers.length)]!, words, at, requests: 0 }
}

// ── the server ─────────────────────────────────────────────────────────────────────────────────────────────────────

const seen = { open: 0, resumed: 0, stopped: 0 }

/** Writes events in pieces that end anywhere, also inside a character. */
async function write(response: ServerResponse, events: string[], plan: Plan): Promise<void> {
  const isClosed = new Promise<void>((resolve) => response.once('close', resolve))
  let bytes = Buffer.from(events.join(''))
  while (bytes.length && !response.destroyed) {
    const size = 1 + Math.floor(plan.random() * Math.max(400, bytes.length / 4))
    if (!response.write(bytes.subarray(0, size))) {
      await Promise.race([isClosed, new Promise<void>((resolve) => response.once('drain', resolve))])
    }
    bytes = bytes.subarray(size)
    await (plan.fault === 'slow' ? sleep(Math.ceil(plan.random() * 3)) : setImmediate())
  }
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let body = ''
  for await (const piece of request) body += piece
  const id = body ? JSON.parse(body).model : request.url!.split('/').pop()
  const plan = plans.get(id)!
  const { fault, words, at } = plan
  const isFirst = !plan.requests++
  const explain = (status: number, message: string, headers = {}) =>
    void response
      .writeHead(status, { 'content-type': 'application/json', ...headers })
      .end(JSON.stringify({ error: { message } }))

  if (request.method === 'DELETE') {
    seen.stopped++
    return explain(200, 'Stopped')
  }
  if (fault === 'neverAnswers') return
  if (fault === 'down' || (fault === 'busyOnce' && isFirst)) {
    return explain(fault === 'down' ? 500 : 429, 'Not now', { 'retry-after-ms': '5' })
  }
  if (fault === 'refused') return explain(401, 'Who are you?')
  if (fault === 'webPage') return void response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html>')
  if (fault === 'resetOnce' && isFirst) return void request.socket.resetAndDestroy()
  if (fault === 'wholeJson') {
    const message = { role: 'assistant', content: words.join('') }
    const choices = [{ index: 0, message, finish_reason: 'stop' }]
    return void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ id, choices }))
  }

  const numbered = fault.startsWith('resumed')
  const events = [...words.map((content) => chunk({ content })), chunk({}, 'stop'), event('[DONE]')].map((said, i) =>
    numbered ? `id: ${i + 1}\n${said}` : said,
  )
  if (request.method === 'GET') {
    if (fault === 'resumedGone') return explain(404, 'Gone')
    seen.resumed++
    // One event more than was asked for: it has arrived before.
    const from = Math.max(0, Number(request.headers['last-event-id']) - 1)
    response.writeHead(200, { 'content-type': 'text/event-stream', 'content-location': `../streams/${id}` })
    await write(response, events.slice(from), plan)
    return void response.end()
  }
  const location = numbered ? { 'content-location': `../streams/${id}` } : {}
  response.writeHead(200, { 'content-type': 'text/event-stream', ...location })
  if (/whole|slow|busy|huge|flood|resetOnce/.test(fault)) {
    await write(response, events, plan)
    return void response.end()
  }
  await write(response, events.slice(0, at), plan)
  if (fault === 'cut') return void response.end()
  if (fault === 'errorFrame') return void response.end(event({ error: { message: 'Too busy', code: 529 } }))
  if (fault === 'unreadable') return void response.end('data: {"choices": oh\n\n' + events[at]!)
  if (fault === 'stall') return
  // What was written is to arrive before the reset does.
  await sleep(10)
  request.socket.resetAndDestroy()
}

// ── the clients ────────────────────────────────────────────────────────────────────────────────────────────────────

interface Outcome {
  /** What the reader saw; undefined where it did not look. */
  read?: string
  completion?: Completion
  error?: CompletionError
}

async function readText(stream: CompletionStream, isEnough: (pieces: number) => boolean, pauseMs?: number) {
  let read = ''
  let pieces = 0
  try {
    for await (const text of stream.textStream) {
      read += text
      if (isEnough(++pieces)) break
      if (pauseMs !== undefined) await sleep(pauseMs)
    }
  } catch (error) {
    if (!isCompletionError(error)) throw error
  }
  return read
}

async function readBytes(stream: CompletionStream): Promise<string> {
  const decoder = new TextDecoder()
  let read = ''
  try {
    for await (const bytes of stream.toReadableStream('text')) read += decoder.decode(bytes, { stream: true })
  } catch (error) {
    if (!isCompletionError(error)) throw error
  }
  return read
}

async function readChunks(stream: CompletionStream): Promise<string> {
  let read = ''
  try {
    for await (const { choices } of stream) read += choices[0]?.delta.content ?? ''
  } catch (error) {
    if (!isCompletionError(error)) throw error
  }
  return read
}

async function run(number: number, options: StreamOptions): Promise<Outcome> {
  const plan = planOf(number)
  plans.set(`m${number}`, plan)
  const { random, reader } = plan
  const totalMs = reader === 'hurry' ? 5 + random() * 40 : Infinity
  const timeout = {
    // Both wait longer than a busy machine takes, and shorter than the test.
    connectMs: plan.fault === 'neverAnswers' ? 300 : undefined,
    chunkMs: plan.fault === 'stall' ? 300 : undefined,
    totalMs,
  }
  const maxRetries = plan.fault === 'neverAnswers' ? 0 : 2
  const limits = plan.fault === 'flood' ? { maxCompletionBytes: 2 ** 18 } : undefined
  const request = { model: `m${number}`, prompt: 'Hi' }
  const stream = streamCompletion(request, { ...options, timeout, limits, maxRetries })
  const never = () => false
  let read: string | undefined
  if (reader === 'chunks') read = await readChunks(stream)
  else if (reader === 'text') read = await readText(stream, never)
  else if (reader === 'slow') read = await readText(stream, never, 1)
  else if (reader === 'bytes') read = await readBytes(stream)
  else if (reader === 'break') await readText(stream, (pieces) => pieces > 5 * random())
  else if (reader === 'abort') setTimeout(() => stream.abort(), random() * 30)
  else if (reader === 'tee') {
    const [one, other] = stream.tee()
    const [first, second] = await Promise.all([readChunks(one), readText(other, never, 0)])
    must(second === first, `stream ${number}: its two readers saw different texts`)
    read = first
  } else if (reader === 'teeLeft') {
    const [left, right] = stream.tee()
    read = (await Promise.all([readChunks(right), readText(left, (pieces) => pieces > 2)]))[0]
  }
  try {
    return { read, completion: await stream.finalCompletion() }
  } catch (error) {
    if (!isCompletionError(error)) throw error
    return { read, error }
  } finally {
    must(stream.timing.totalMs! > 0, `stream ${number} has no end`)
    // This one's stop may still be on its way to the server.
    plans.delete(`m${number - 10 * atOnce}`)
  }
}

function must(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise)
}

/** Throws unless the stream ended in one of the ways that its fault and its reader allow. Returns in which. */
function judge(number: number, { read, completion, error }: Outcome): string {
  const { fault, reader, words } = planOf(number)
  const text = words.join('')
  const label = `stream ${number}: ${fault}, ${reader}`
  const got = completion ?? error!.partial!
  must(text.startsWith(got.text), `${label} made something up`)
  must(read === undefined || read === got.text, `${label} lost something`)
  if (error) {
    // Who has no time left to wait for another attempt fails with what the last one said.
    const isTooLate = reader === 'hurry' && (error.phase === 'total' || error.retryable)
    must(isTooLate || error.code === faults[fault][1], `${label}: ${error.code}: ${error.message}`)
    return isTooLate ? 'too late' : error.code
  }
  const isWhole = completion!.finishReason === 'stop'
  const mayStop = reader === 'abort' || reader === 'break'
  must(!isWhole || got.text === text, `${label} lost something at its end`)
  must(isWhole || mayStop, `${label} ended early, and nobody knows why`)
  must(mayStop || faults[fault][1] === 'whole', `${label} should have failed`)
  return isWhole ? 'whole' : 'stopped'
}

const resources = () => {
  const counts: Record<string, number> = {}
  for (const name of process.getActiveResourcesInfo()) counts[name] = (counts[name] ?? 0) + 1
  return counts
}

it(
  'leaves no socket, no timer, no listener and no memory behind, and ends each stream as it may',
  { timeout: 120_000 },
  async () => {
    setFlagsFromString('--expose-gc')
    const collectGarbage = runInNewContext('gc') as () => void
    const unhandled: unknown[] = []
    const onUnhandled = (error: unknown) => unhandled.push(error)
    process.on('unhandledRejection', onUnhandled)

    const server = createServer((request, response) => {
      seen.open++
      response.on('close', () => seen.open--)
      answer(request, response).catch(onUnhandled)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const provider = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/chat/completions`
    const { signal } = new AbortController()
    const ends: Record<string, number> = {}

    const runAll = async (from: number, to: number) => {
      let next = from
      const client = async () => {
        while (next < to) {
          const number = next++
          const end = judge(number, await run(number, { provider, signal }))
          ends[end] = (ends[end] ?? 0) + 1
        }
      }
      await Promise.all(Array.from({ length: atOnce }, client))
    }
    /** What is there once everything that was on its way has come to rest. */
    const rest = async () => {
      const until = performance.now() + 5000
      const sockets = () => new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count)))
      do {
        await sleep(50)
        server.closeIdleConnections()
      } while (performance.now() < until && (seen.open || (await sockets())))
      await sleep(100)
      plans.clear()
      collectGarbage()
      await sleep(50)
      collectGarbage()
      const listeners = getEventListeners(signal, 'abort').length
      const heapMb = process.memoryUsage().heapUsed / 2 ** 20
      return { open: seen.open, sockets: await sockets(), listeners, resources: resources(), heapMb }
    }

    try {
      const startedAt = performance.now()
      await runAll(0, warmUp)
      const before = await rest()
      await runAll(warmUp, warmUp + streams)
      const after = await rest()
      const seconds = (performance.now() - startedAt) / 1000
      const heap = `heap ${before.heapMb.toFixed(1)} → ${after.heapMb.toFixed(1)} MB`
      console.info(`${streams + warmUp} streams in ${seconds.toFixed(1)} s, ${heap}, ends ${JSON.stringify(ends)}`)

      expect(after).toMatchObject({ open: 0, sockets: 0, listeners: 0, resources: before.resources })
      expect(before).toMatchObject({ open: 0, sockets: 0, listeners: 0 })
      expect(after.heapMb - before.heapMb).toBeLessThan(3)
      expect(unhandled).toEqual([])
      // Everything that can happen did.
      const expected = ['whole', 'stopped', 'too late', ...Object.values(faults).map(([, end]) => end)]
      expect(Object.keys(ends).toSorted()).toEqual([...new Set(expected)].toSorted())
      expect([seen.resumed > 50, seen.stopped > 5]).toEqual([true, true])
    } finally {
      process.off('unhandledRejection', onUnhandled)
      server.closeAllConnections()
      server.close()
    }
  },
)
