/** Real HTTP: a relay on a port, a provider that sends what a test tells it to, and a client whose socket can break. */
import { createServer, request as httpRequest } from 'node:http'
import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Script } from '@completion-stream/testing'
import { openai } from 'completion-stream'
import { serve } from 'srvx/node'
import { createRelay, type RelayOptions } from '../src/index.ts'
import { messages, setup } from './upstream.ts'

const closing: (() => Promise<unknown>)[] = []

/** Closes all that was opened since the last time. For `afterEach`. */
export async function closeAll(): Promise<void> {
  for (const close of closing.splice(0)) await close()
}

/** A relay on a free port of this machine: the address of its endpoint, and what went wrong inside. */
export interface Listening {
  url: string
  crashed: unknown[]
}

/** Serves a handler. */
export async function listenWith(relay: (request: Request) => Promise<Response>): Promise<Listening> {
  const crashed: unknown[] = []
  const server = serve({
    fetch: relay,
    port: 0,
    hostname: '127.0.0.1',
    silent: true,
    gracefulShutdown: false,
    error: (error) => {
      crashed.push(error)
      return new Response(null, { status: 500 })
    },
  })
  closing.push(() => server.close(true))
  await server.ready()
  return { url: new URL('/api/chat/completions', server.url).href, crashed }
}

/** Serves a relay whose only provider is the script. */
export async function listen(script: Script, options: Partial<RelayOptions> = {}): Promise<Listening> {
  return await listenWith(setup(script, options).relay)
}

/** A provider on a port of its own. It answers each request with what it is told from then on. */
export interface Upstream {
  /** How many requests it got. */
  count: number
  /** Sends a piece of text in a chunk to the newest request. */
  say(text: string): void
  /** Ends the answer to the newest request; with `error`, by an error in the stream. */
  finish(error?: object): void
  /** Whether the relay closed the connection of the newest request before the answer was finished. */
  isLeft: boolean
}

/** Serves a relay in front of such a provider. */
export async function listenBefore(options: Partial<RelayOptions> = {}): Promise<Listening & { upstream: Upstream }> {
  let response: ServerResponse | undefined
  const send = (data: object | string): void =>
    void response!.write(`data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`)
  const chunk = (delta: object, finish: string | null): object => {
    const choices = [{ index: 0, delta, finish_reason: finish }]
    return { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'm', choices }
  }
  const upstream: Upstream = {
    count: 0,
    isLeft: false,
    say: (text) => send(chunk({ content: text }, null)),
    finish(error) {
      send(error ? { error } : chunk({}, 'stop'))
      if (!error) send('[DONE]')
      response!.end()
    },
  }
  const server = createServer((_request, newest) => {
    response = newest
    upstream.count++
    upstream.isLeft = false
    newest.on('close', () => (upstream.isLeft ||= !newest.writableEnded))
    newest.writeHead(200, { 'content-type': 'text/event-stream', 'x-request-id': 'req_upstream' }).flushHeaders()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  })
  const baseURL = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`
  const relay = createRelay({ providers: { openai: openai({ baseURL }) }, ...options })
  return { ...(await listenWith(relay)), upstream }
}

/** A connection of its own, and what came over it. */
export interface Connection {
  status: number
  headers: IncomingHttpHeaders
  text: string
  /** Whether the response came to its end; a connection that broke did not. */
  isWhole: boolean
  isOver: boolean
  /** Breaks the connection, without a word. */
  reset(): void
  /** Reads no more, and does not say so. */
  stall(): void
}

/** Sends a request; resolves with its response's headers. Without a body it is a GET, unless the method is said. */
export function connect(
  url: string,
  init: { method?: string; headers?: object; body?: object } = {},
): Promise<Connection> {
  const { body, method = body ? 'POST' : 'GET', headers } = init
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method, headers: { ...headers }, agent: false }, (response) => {
      const connection: Connection = {
        status: response.statusCode!,
        headers: response.headers,
        text: '',
        isWhole: false,
        isOver: false,
        reset: () => request.socket!.resetAndDestroy(),
        stall: () => void response.pause(),
      }
      response.on('data', (bytes: Buffer) => (connection.text += bytes.toString()))
      response.on('end', () => (connection.isWhole = response.complete))
      response.on('close', () => (connection.isOver = true))
      response.on('error', () => {})
      resolve(connection)
    })
    request.on('error', reject)
    request.end(body && JSON.stringify(body))
  })
}

/** Asks the relay for a streamed answer. */
export async function connectTo(url: string, headers?: object): Promise<Connection> {
  return await connect(url, { body: { model: 'm', messages, stream: true }, headers })
}

/** Where the answer that came with these headers can be had again. */
export function placeOf(url: string, { headers }: { headers: IncomingHttpHeaders }): string {
  return new URL(headers['content-location']!, url).href
}
