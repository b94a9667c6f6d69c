/** Chunks from anywhere but a server: a model that runs in the page, a worker, a test. */
import type { Message, Provider, ProviderRequest } from '../types.ts'
import { endpoint } from './openai.ts'

/** OpenAI's chunks as objects, in any of the dialects that are understood from servers. Its end is the answer's end. */
export type Chunks = AsyncIterable<object>

/** A request as a server would get it: with `messages`, also where it was given as a `prompt`. */
export type SourceRequest = ProviderRequest & { messages: Message[]; stream: true }

/**
 * Makes the chunks of one answer. `signal` is aborted, and the iterator's `return` called, as soon as nobody wants the
 * rest.
 */
export type ChunkSource = (request: SourceRequest, options: { signal: AbortSignal }) => Chunks | Promise<Chunks>

/**
 * A provider that gets its chunks from an iterable, for one request, or from a function, for any number:
 *
 *     source((request) => engine.chat.completions.create(request))
 *
 * It is read only as fast as the stream is. What it throws ends the answer as an error event of a server would.
 */
export function source(chunks: Chunks | ChunkSource): Provider {
  let isTaken = false
  const once: ChunkSource = () => {
    if (isTaken) {
      const message = 'This source was read already: give it a function to answer more than one request.'
      throw Object.assign(new Error(message), { code: 'bad_request' })
    }
    isTaken = true
    return chunks as Chunks
  }
  const open = typeof chunks === 'function' ? chunks : once
  return {
    // Any address will do, as nothing goes there.
    ...endpoint('source:'),
    name: 'source',
    local: true,
    fetch: async (_, init) => {
      const request: SourceRequest = JSON.parse(init!.body as string)
      const body = eventsOf(async (signal) => open(request, { signal }))
      const headers = new Headers({ 'content-type': 'text/event-stream' })
      // What was read once cannot be asked again.
      if (open === once) headers.set('x-should-retry', 'false')
      return new Response(body, { headers })
    },
  }
}

/** The body that a server would send: one read for each chunk. */
function eventsOf(open: (signal: AbortSignal) => Promise<Chunks>): ReadableStream<Uint8Array<ArrayBuffer>> {
  const stopped = new AbortController()
  const encoder = new TextEncoder()
  let iterator: AsyncIterator<object> | undefined

  /** Tells the iterator that no more is wanted. What it makes of that is nobody's business any more. */
  const leave = async (): Promise<void> => {
    try {
      await iterator?.return?.()
    } catch {}
  }

  return new ReadableStream(
    {
      async pull(controller) {
        const send = (data: string) => controller.enqueue(encoder.encode(`data: ${data}\n\n`))
        try {
          iterator ??= (await open(stopped.signal))[Symbol.asyncIterator]()
          if (stopped.signal.aborted) return void leave()
          const { done, value } = await iterator.next()
          if (stopped.signal.aborted) return
          if (!done) return send(JSON.stringify(value))
          send('[DONE]')
        } catch (thrown) {
          if (stopped.signal.aborted) return
          const { message = String(thrown), code, type, status } = Object(thrown)
          send(JSON.stringify({ error: { message, code: code ?? status, type } }))
          void leave()
        }
        controller.close()
      },
      cancel(reason) {
        stopped.abort(reason)
        return leave()
      },
    },
    { highWaterMark: 0 },
  )
}
