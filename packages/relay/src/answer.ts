/** A completion stream as the response that the client gets: server-sent events, or one JSON object. */
import type { Completion, CompletionChunk, CompletionStream } from 'completion-stream'
import { errorBody, errorResponse, failureOf } from './errors.ts'
import { eventBody, KEEP_ALIVE_MS, STREAM_HEADERS, within, type EventSource } from './event-body.ts'

/** The client closed the connection: nobody sees this response. */
const CLIENT_GONE = 499

type OnError = (error: unknown) => void

/** An answer that can be come back to at `location`, a reference relative to the URL of the request. */
export interface KeptAnswer extends EventSource {
  location: string
}

/** What the answer to one client depends on beside the stream. */
export interface AnswerContext {
  /** Aborts when the client goes away. */
  signal: AbortSignal
  onError: OnError
  /** Puts the events where they outlive the connection. Undefined when they cannot be kept. */
  keep?(stream: CompletionStream, events: AsyncIterable<readonly string[]>): Promise<KeptAnswer | undefined>
}

/**
 * The chunks as they come. Waits for the first one, so that a failure before it is a real HTTP error; when it takes
 * longer than the keep-alive time, the response begins without it.
 */
export async function streamedAnswer(stream: CompletionStream, context: AnswerContext): Promise<Response> {
  const { signal, onError, keep } = context
  let leave = (_unseen: boolean): void => stream.abort()
  const onAbort = (): void => leave(false)
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()
  const chunks = stream[Symbol.asyncIterator]()
  const first = chunks.next()
  try {
    const step = await within(first, KEEP_ALIVE_MS)
    if (step?.done && stream.aborted) return new Response(null, { status: CLIENT_GONE })
    const batches = eventsOf(stream, chunks, first, onError)
    const kept = await keep?.(stream, batches)
    leave = kept?.leave ?? leave
    const headers = new Headers({ ...STREAM_HEADERS, ...(await idOf(stream)) })
    if (kept) headers.set('content-location', kept.location)
    return new Response(eventBody({ batches, ...kept, isLate: !step, leave }), { headers })
  } catch (error) {
    stream.abort()
    onError(error)
    return errorResponse(failureOf(error))
  }
}

/** The whole answer as OpenAI's `chat.completion`. */
export async function wholeAnswer(stream: CompletionStream, onError: OnError): Promise<Response> {
  try {
    const completion = await stream.finalCompletion()
    if (stream.aborted) return new Response(null, { status: CLIENT_GONE })
    const headers = { 'content-type': 'application/json', ...(await idOf(stream)) }
    return new Response(wireJson(completion), { headers })
  } catch (error) {
    onError(error)
    return errorResponse(failureOf(error))
  }
}

function wireJson({ id, object, created, model, system_fingerprint, choices, usage }: Completion): string {
  return JSON.stringify({ id, object, created, model, system_fingerprint, choices, usage })
}

/** The header that tells the provider's id of the request, when the provider has told it already. */
async function idOf(stream: CompletionStream): Promise<Record<string, string>> {
  const response = await Promise.race([stream.response, undefined]).catch(() => undefined)
  return response?.requestId ? { 'x-request-id': response.requestId } : {}
}

/** The data of each event of the answer. The last one is `[DONE]` or an error; there is none where the stream was stopped. */
async function* eventsOf(
  stream: CompletionStream,
  chunks: AsyncIterator<CompletionChunk, undefined>,
  first: Promise<IteratorResult<CompletionChunk, undefined>>,
  onError: OnError,
): AsyncGenerator<readonly string[], void, void> {
  try {
    for (let step = await first; !step.done; step = await chunks.next()) yield [JSON.stringify(step.value)]
    if (!stream.aborted) yield ['[DONE]']
  } catch (error) {
    onError(error)
    yield [errorBody(failureOf(error))]
  }
}
