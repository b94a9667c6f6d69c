/** The HTTP responses to one request: they share its id, and say how long it took. */
import type { ErrorBody, HttpError } from './errors.ts'
import { randomId } from './ids.ts'

/** Status and headers that a script asks for. */
export interface ResponseHead {
  status: number
  headers: Record<string, string>
}

/** Writes the response to one request. */
export interface Replies {
  json(body: BodyInit, head?: ResponseHead): Response
  error(failure: HttpError & { headers?: Record<string, string> }): Response
  stream(body: ReadableStream<Uint8Array>, head?: ResponseHead): Response
}

const JSON_HEADERS = { 'content-type': 'application/json' }
const STREAM_HEADERS = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' }

/** The responses to the request that just came in. */
export function replies(): Replies {
  const started = performance.now()
  const id = randomId('req_', 32)
  function reply(body: BodyInit, usual: Record<string, string>, head?: Partial<ResponseHead>): Response {
    const headers = new Headers({
      'x-request-id': id,
      'openai-processing-ms': String(Math.round(performance.now() - started)),
      ...usual,
    })
    for (const [name, value] of Object.entries(head?.headers ?? {})) headers.set(name, value)
    return new Response(body, { status: head?.status ?? 200, headers })
  }
  return {
    json: (body, head) => reply(body, JSON_HEADERS, head),
    error({ error, ...head }) {
      const body: { error: ErrorBody } = { error }
      return reply(JSON.stringify(body), JSON_HEADERS, head)
    },
    stream: (body, head) => reply(body, STREAM_HEADERS, head),
  }
}
