/** A real HTTP server for a test, on a free loopback port, that tells what it saw. */
import { createServer } from 'node:http'
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

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
