/** A completion stream as the response that the client gets: server-sent events, or one JSON object. */
import type { Completion, CompletionChunk, CompletionStream } from 'completion-stream'
import { errorBody, errorResponse, failureOf } from './errors.ts'

/** How long nothing may be sent before a comment shows that the connection lives; proxies cut silent ones. */
const KEEP_ALIVE_MS = 15_000
const KEEP_ALIVE = ': keep-alive\n\n'
const DONE = 'data: [DONE]\n\n'
/** The client closed the connection: nobody sees this response. */
const CLIENT_GONE = 499

const STREAM_HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
}

type Step = IteratorResult<CompletionChunk, undefined>
type OnError = (error: unknown) => void

/**
 * The chunks as they come. Waits for the first one, so that a failure before it is a real HTTP error; when it takes
 * longer than the keep-alive time, the response begins without it.
 */
export async function streamedAnswer(stream: CompletionStream, onError: OnError): Promise<Response> {
  const chunks = stream[Symbol.asyncIterator]()
  const first = chunks.next()
  try {
    const step = await within(first, KEEP_ALIVE_MS)
    if (step?.done && stream.aborted) return new Response(null, { status: CLIENT_GONE })
    return new Response(eventBody(stream, chunks, first, step === undefined, onError), { headers: STREAM_HEADERS })
  } catch (error) {
    onError(error)
    return errorResponse(failureOf(error))
  }
}

/** The whole answer as OpenAI's `chat.completion`. */
export async function wholeAnswer(stream: CompletionStream, onError: OnError): Promise<Response> {
  try {
    const completion = await stream.finalCompletion()
    if (stream.aborted) return new Response(null, { status: CLIENT_GONE })
    return new Response(wireJson(completion), { headers: { 'content-type': 'application/json' } })
  } catch (error) {
    onError(error)
    return errorResponse(failureOf(error))
  }
}

function wireJson({ id, object, created, model, system_fingerprint, choices, usage }: Completion): string {
  return JSON.stringify({ id, object, created, model, system_fingerprint, choices, usage })
}

/** The body: reads on only when the client does, and stops the stream when the client goes away. */
function eventBody(
  stream: CompletionStream,
  chunks: AsyncIterator<CompletionChunk, undefined>,
  first: Promise<Step>,
  late: boolean,
  onError: OnError,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  let pending: Promise<Step> | undefined = first
  let over = false
  let gone = false

  /** The next thing to send; sets `over` when it is the last. */
  async function nextText(): Promise<string> {
    try {
      pending ??= chunks.next()
      const step = await within(pending, KEEP_ALIVE_MS)
      if (!step) return KEEP_ALIVE
      pending = undefined
      if (!step.done) return `data: ${JSON.stringify(step.value)}\n\n`
      over = true
      return stream.aborted ? '' : DONE
    } catch (error) {
      over = true
      onError(error)
      return `data: ${errorBody(failureOf(error))}\n\n`
    }
  }

  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        if (late) controller.enqueue(encoder.encode(KEEP_ALIVE))
      },
      async pull(controller) {
        const text = await nextText()
        if (gone) return
        if (text) controller.enqueue(encoder.encode(text))
        if (over) controller.close()
      },
      cancel() {
        gone = true
        stream.abort()
      },
    },
    { highWaterMark: 0 },
  )
}

/** What the promise settles to, or undefined after `ms`. The timer does not outlive the promise. */
async function within<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
