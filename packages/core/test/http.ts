/** A real HTTP server for a test, on a free loopback port, that tells what it saw. */
import { createServer } from 'node:http'
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { vi } from 'vitest'

export interface SeenRequest {
  method: string
  path: string
  headers: IncomingHttpHeaders
  // eslint-disable-next-line typescript/no-explicit-any -- tests look into it
  body: any
  /** Resolves when the connection of this request is closed before the response was ended. */
  closedEarly: Promise<void>
}

export interface TestServer {
  url: string
  requests: SeenRequest[]
  close(): Promise<void>
}

/** Serves each request with `answer`. */
export async function serve(answer: (response: ServerResponse, request: SeenRequest) => unknown): Promise<TestServer> {
  const requests: SeenRequest[] = []
  const server = createServer(async (incoming: IncomingMessage, response) => {
    let body = ''
    for await (const piece of incoming) body += piece
    const seen: SeenRequest = {
      method: incoming.method ?? '',
      path: incoming.url ?? '',
      headers: incoming.headers,
      body: body ? JSON.parse(body) : undefined,
      closedEarly: new Promise((resolve) => response.on('close', () => !response.writableEnded && resolve())),
    }
    requests.push(seen)
    await answer(response, seen)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}

/** An OpenAI chunk as one server-sent event. */
export function chunk(delta: object, finish: string | null = null, extra: object = {}): string {
  const choices = [{ index: 0, delta, finish_reason: finish }]
  return event({ id: 'chatcmpl-t', object: 'chat.completion.chunk', created: 1, model: 'test-1', choices, ...extra })
}

export function event(data: unknown): string {
  return `data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`
}

/** A response body that delivers `parts` one read at a time. */
export function bodyOf(parts: Iterable<string | Uint8Array>): ReadableStream<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder()
  const reads = parts[Symbol.iterator]()
  return new ReadableStream({
    pull(controller) {
      const { done, value } = reads.next()
      if (done) controller.close()
      else controller.enqueue(new Uint8Array(typeof value === 'string' ? encoder.encode(value) : value))
    },
  })
}

/** A fetch that answers every request with an event stream of `parts`. */
export function fetchOf(parts: Iterable<string | Uint8Array>, init: ResponseInit = {}): typeof fetch {
  return async () => new Response(bodyOf(parts), { headers: { 'content-type': 'text/event-stream' }, ...init })
}

/** One request to a fetch that a test answers by hand. */
export interface Exchange {
  url: string
  method: string
  headers: Record<string, string>
  // eslint-disable-next-line typescript/no-explicit-any -- tests look into it
  body: any
  init: RequestInit
  /** When it was made, by the (fake) clock. */
  at: number
  /** The body was cancelled: the connection is closed. */
  cancelled: boolean
  /** Sends the headers, by default those of an event stream, and then parts of the body. */
  answer(parts?: string | Uint8Array | readonly string[], init?: ResponseInit & { at?: string }): void
  write(...parts: (string | Uint8Array)[]): void
  end(): void
  /** The connection breaks, or cannot be had. */
  drop(reason?: unknown): void
}

/**
 * A fetch whose answers a test writes by hand. As a browser's, it is rejected and its body breaks when the signal is
 * aborted.
 *
 * @param onRequest answers, in order: the last one answers all requests that are left, none leaves them waiting
 */
export function byHand(...onRequest: ((exchange: Exchange) => void)[]): { fetch: typeof fetch; exchanges: Exchange[] } {
  const exchanges: Exchange[] = []
  const send = (url: string | URL | Request, init: RequestInit = {}): Promise<Response> =>
    new Promise((resolve, reject) => {
      let controller!: ReadableStreamDefaultController<Uint8Array>
      const body = new ReadableStream<Uint8Array>({
        start: (its) => void (controller = its),
        cancel: () => void (exchange.cancelled = true),
      })
      const bytes = (part: string | Uint8Array) => (typeof part === 'string' ? new TextEncoder().encode(part) : part)
      const exchange: Exchange = {
        url: String(url),
        method: init.method ?? 'GET',
        headers: Object.fromEntries(new Headers(init.headers)),
        body: init.body ? JSON.parse(String(init.body)) : undefined,
        init,
        at: performance.now(),
        cancelled: false,
        answer(parts = [], { at, ...how } = {}) {
          const headers = { 'content-type': 'text/event-stream', ...Object.fromEntries(new Headers(how.headers)) }
          const response = new Response(how.status === 204 ? null : body, { ...how, headers })
          if (at) Object.defineProperties(response, { url: { value: at }, redirected: { value: at !== String(url) } })
          resolve(response)
          exchange.write(...[parts].flat())
        },
        write: (...parts) => {
          for (const part of parts) controller.enqueue(bytes(part))
        },
        end: () => controller.close(),
        drop(reason = new TypeError('fetch failed')) {
          reject(reason)
          try {
            controller.error(reason)
          } catch {}
        },
      }
      init.signal?.addEventListener('abort', () => exchange.drop(init.signal?.reason))
      exchanges.push(exchange)
      onRequest[Math.min(exchanges.length, onRequest.length) - 1]?.(exchange)
    })
  return { fetch: vi.fn(send) as typeof fetch, exchanges }
}

/** An error response with this status, whole. */
export const refuse =
  (status: number, headers: Record<string, string> = {}, said: unknown = { error: { message: 'No.' } }) =>
  (exchange: Exchange): void => {
    exchange.answer(JSON.stringify(said), { status, headers: { 'content-type': 'application/json', ...headers } })
    exchange.end()
  }

/** A whole answer, or these parts of one and the end of the connection. */
export const reply =
  (...parts: string[]) =>
  (exchange: Exchange): void => {
    exchange.answer(parts)
    exchange.end()
  }

/** No connection can be had. */
export const unreachable = (exchange: Exchange): void => exchange.drop()

/** The events of a whole answer. */
export const whole = (text: string): string => chunk({ content: text }) + chunk({}, 'stop') + event('[DONE]')

/** Lets everything run that waits for nothing. */
export const settle = (ms = 0): Promise<unknown> => vi.advanceTimersByTimeAsync(ms)
