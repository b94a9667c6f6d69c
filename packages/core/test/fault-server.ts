/**
 * A server on loopback that does to a page what servers and networks do, as each test says beforehand: it takes a script
 * under `/scripts/<name>`, plays it to whoever asks under `/<name>/…`, and tells under `/seen/<name>` what happened.
 */
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { createGzip } from 'node:zlib'
import type { TestProject } from 'vitest/node'

/**
 * What happens next on a connection: text is written; `kept` writes the kept events after the last that the client has,
 * up to this number; `flood` writes this text until the client goes away, as fast as it takes it.
 */
export type Step = string | { waitMs: number } | { kept: number } | { flood: string } | 'end' | 'reset' | 'hang'

/** One response. */
export interface Answer {
  /** Default 200. */
  status?: number
  /** Default: those of an event stream. `OTHER` in one stands for the address of the other server. */
  headers?: Record<string, string>
  steps: Step[]
  gzip?: boolean
}

/** What one test wants from the server. */
export interface Script {
  /** One for each request, in order; the last one for all that follow. */
  answers: Answer[]
  /** An answer that can be had again: event 1 and so on, without their ids. */
  kept?: string[]
}

/** What the server saw of one request. */
export interface Seen {
  method: string
  path: string
  headers: Record<string, string | string[] | undefined>
  body: string
  /** Which of the two servers it came to. */
  server: 'first' | 'other'
  /** What was written, also what still waits for the client to take it. */
  bytes: number
  /** When the connection was closed by the client, in ms since 1970. */
  closedAt?: number
}

declare module 'vitest' {
  export interface ProvidedContext {
    /** Addresses of the two servers. */
    faults: { first: string; other: string }
  }
}

const scripts = new Map<string, { script: Script; played: number; seen: Seen[] }>()
const origins = { first: '', other: '' }

/** What a provider that browsers may talk to sends. */
const allow = (request: IncomingMessage) => ({
  'access-control-allow-origin': request.headers.origin ?? '*',
  'access-control-allow-methods': 'GET, POST, DELETE',
  'access-control-allow-headers': request.headers['access-control-request-headers'] ?? '*',
  'access-control-expose-headers': 'content-location, retry-after, retry-after-ms, x-request-id, x-should-retry',
  'access-control-max-age': '0',
})

async function play(
  request: IncomingMessage,
  response: ServerResponse,
  { script, seen }: { script: Script; seen: Seen },
  answer: Answer,
) {
  const { status = 200, headers = {}, gzip, steps } = answer
  const { kept } = script
  const told = Object.entries({ 'content-type': 'text/event-stream', ...headers })
  // A client may only be told of where to resume; that it is told by every answer is the protocol.
  if (kept) told.push(['content-location', `../streams/${seen.path.split('/')[1]}`])
  if (gzip) told.push(['content-encoding', 'gzip'])
  const isClosed = new Promise<void>((resolve) => response.once('close', resolve))
  let position = Number(request.headers['last-event-id'] ?? 0)
  // Whoever is to be reset before an answer gets no headers either.
  if (steps[0] === 'reset') return void request.socket.resetAndDestroy()
  if (steps[0] === 'hang') return
  response.writeHead(status, {
    ...allow(request),
    ...Object.fromEntries(told.map(([name, value]) => [name, value.replace('OTHER', origins.other)])),
  })
  response.flushHeaders()
  const zip = gzip ? createGzip() : undefined
  zip?.pipe(response)
  const write = async (text: string) => {
    seen.bytes += text.length
    if (zip) {
      zip.write(text)
      return new Promise<void>((resolve) => zip.flush(resolve))
    }
    if (!response.write(text) && !response.destroyed)
      await Promise.race([isClosed, new Promise<void>((resolve) => response.once('drain', resolve))])
  }
  for (const step of steps) {
    if (response.destroyed) return
    if (step === 'hang') return
    else if (step === 'end') (zip ?? response).end()
    else if (step === 'reset') {
      // What was written is to arrive before the reset does.
      await sleep(50)
      request.socket.resetAndDestroy()
    } else if (typeof step === 'string') await write(step)
    else if ('waitMs' in step) await sleep(step.waitMs)
    else if ('flood' in step) while (!response.destroyed) await write(step.flood)
    else for (; position < step.kept; position++) await write(`id: ${position + 1}\n${kept![position]!}`)
  }
}

async function handle(server: 'first' | 'other', request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = request.url!
  const [, first = '', second = ''] = path.split('/')
  if (request.method === 'OPTIONS') return void response.writeHead(204, allow(request)).end()
  let body = ''
  for await (const piece of request) body += piece
  if (first === 'scripts') {
    scripts.set(second, { script: JSON.parse(body), played: 0, seen: [] })
    return void response.writeHead(204, allow(request)).end()
  }
  if (first === 'seen') {
    return void response
      .writeHead(200, { ...allow(request), 'content-type': 'application/json' })
      .end(JSON.stringify(scripts.get(second)!.seen))
  }
  const test = scripts.get(first)
  if (!test) return void response.writeHead(404, allow(request)).end()
  const seen: Seen = { method: request.method!, path, headers: request.headers, body, server, bytes: 0 }
  test.seen.push(seen)
  if (request.method === 'DELETE') return void response.writeHead(204, allow(request)).end()
  response.on('close', () => {
    if (!response.writableEnded) seen.closedAt = Date.now()
  })
  const { answers } = test.script
  const answer = answers[Math.min(test.played++, answers.length - 1)]!
  await play(request, response, { script: test.script, seen }, answer)
}

const listen = async (name: 'first' | 'other'): Promise<Server> => {
  const server = createServer((request, response) => void handle(name, request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  origins[name] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return server
}

/** Starts both servers for a run of tests, and tells the tests where they are. Returns how to stop them. */
export default async function setup(project: TestProject): Promise<() => void> {
  const servers = await Promise.all([listen('first'), listen('other')])
  project.provide('faults', origins)
  return () => {
    for (const server of servers) {
      server.closeAllConnections()
      server.close()
    }
  }
}
