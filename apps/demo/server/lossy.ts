/** Loses the connection of an answer whose prompt asks for that, as a phone between two networks would. */
import { LOST_ON_THE_WAY } from '../sandbox/scenes.ts'

/** How much of the answer gets through, in bytes: a second of it or so. */
const LOST_AFTER_BYTES = 15_000

type Handler = (request: Request) => Promise<Response>

/**
 * The same handler, but an answer to a prompt that asks for it breaks off midway: the socket is closed without an end.
 * Requests for its rest are answered.
 */
export function lossy(handle: Handler): Handler {
  return async (request) => {
    if (request.method !== 'POST') return handle(request)
    const { url, method, headers, signal } = request
    const body = await request.text()
    const response = await handle(new Request(url, { method, headers, signal, body }))
    if (!response.body || !LOST_ON_THE_WAY.test(lastPrompt(body))) return response
    return new Response(response.body.pipeThrough(breakingAfter(LOST_AFTER_BYTES)), response)
  }
}

function breakingAfter(bytes: number): TransformStream<Uint8Array, Uint8Array> {
  let left = bytes
  return new TransformStream({
    transform(chunk, controller) {
      left -= chunk.byteLength
      if (left > 0) controller.enqueue(chunk)
      else controller.error(new Error('The connection was lost, as it was asked for.'))
    },
  })
}

function lastPrompt(body: string): string {
  try {
    const { messages } = JSON.parse(body) as { messages: { role: string; content: unknown }[] }
    return String(messages.at(-1)?.content)
  } catch {
    return ''
  }
}
