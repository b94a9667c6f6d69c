/** Answers that outlive their connection: written to a store, and read or stopped there by requests that know their id. */
import type { CompletionStream } from 'completion-stream'
import type { KeptAnswer } from './answer.ts'
import { errorBody, errorResponse, type Failure } from './errors.ts'
import { eventBody, STREAM_HEADERS } from './event-body.ts'
import type { StreamInfo, StreamStore } from './stream-store.ts'

/** The streams of one relay. */
export interface KeptStreams {
  /**
   * Writes the events to the store, and reads them from there for the client that asked. Undefined when the store has no
   * room or fails. A failure on the way stops the stream, and goes to `onError`.
   */
  keep(
    stream: CompletionStream,
    events: AsyncIterable<readonly string[]>,
    owner: string | undefined,
    onError: (error: unknown) => void,
  ): Promise<KeptAnswer | undefined>
  /** The response to a request for the events of a stream, after the one that `last-event-id` names. */
  read(request: Request, id: string): Promise<Response>
  /** The response to a request to stop a stream. */
  stop(request: Request, id: string): Promise<Response>
}

const UNKNOWN: Failure = {
  status: 404,
  message: 'There is no such stream here, or it is not kept any more.',
  code: 'not_found',
}
const GONE: Failure = { status: 410, message: 'That part of the stream is not kept any more.', code: 'not_found' }
const STOPPED: Failure = {
  status: 502,
  message: 'The answer was stopped before it was finished. What arrived is kept.',
  code: 'interrupted',
}

/** The streams in a store. Where the relay knows who asks, the streams of somebody else are not there. */
export function keptStreams(
  store: StreamStore,
  identify?: (request: Request) => string | Promise<string>,
): KeptStreams {
  async function find(request: Request, id: string): Promise<StreamInfo | undefined> {
    const info = await store.find(id)
    return info && info.owner === (await identify?.(request)) ? info : undefined
  }

  return {
    async keep(stream, events, owner, onError) {
      const id = newId()
      const stop = (): void => stream.abort()
      const reading = new AbortController()

      async function write(): Promise<void> {
        try {
          for await (const batch of events) await store.append(id, batch)
          if (stream.aborted) await store.append(id, [errorBody(STOPPED)])
        } catch (error) {
          stop()
          onError(error)
        }
        await store.close(id).catch((error: unknown) => {
          // Whoever reads it would wait for ever.
          reading.abort()
          onError(error)
        })
      }

      const isOpen = await store.open(id, { owner, stop }).catch(onError)
      if (!isOpen) return undefined
      void write()
      return {
        location: `../streams/${id}`,
        batches: store.read(id, 0, reading.signal),
        after: 0,
        leave(unseen) {
          reading.abort()
          // Nobody knows the id.
          if (unseen) stop()
        },
      }
    },

    async read(request, id) {
      const info = await find(request, id)
      if (!info) return errorResponse(UNKNOWN)
      const said = request.headers.get('last-event-id') ?? '0'
      const after = /^\d+$/.test(said) ? Number(said) : NaN
      if (!(after <= info.last)) {
        const message = `There is no event ${JSON.stringify(said)} in that stream.`
        return errorResponse({ status: 400, message, code: 'bad_request' })
      }
      if (after < info.first - 1) return errorResponse(GONE)
      const reading = new AbortController()
      const leave = (): void => reading.abort()
      request.signal.addEventListener('abort', leave, { once: true })
      const batches = store.read(id, after, reading.signal)
      return new Response(eventBody({ batches, after, isLate: after === info.last, leave }), {
        headers: STREAM_HEADERS,
      })
    },

    async stop(request, id) {
      if (!(await find(request, id))) return errorResponse(UNKNOWN)
      await store.stop(id)
      return new Response(null, { status: 204 })
    },
  }
}

/** An id that nobody can guess. */
function newId(): string {
  if (crypto.randomUUID) return crypto.randomUUID()
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return btoa(String.fromCharCode(...bytes)).replace(/[+/=]/g, (sign) => ({ '+': '-', '/': '_' })[sign] ?? '')
}
