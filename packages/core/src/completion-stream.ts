/** What `streamCompletion` returns: one running request as an iterable, a snapshot and a promise. */
import { createAccumulator } from './accumulate.ts'
import type { CompletionError } from './errors.ts'
import { openStream } from './stream.ts'
import type { ResponseInfo, StreamOptions, StreamReader } from './stream.ts'
import { createStopwatch } from './timing.ts'
import type { StreamTiming } from './timing.ts'
import { schemaOf } from './structured.ts'
import type { Completion, CompletionChunk, CompletionRequest, PartialDeep } from './types.ts'

/**
 * A running completion. Read it in one of these ways (or several at once): iterate over the chunks or the text, which
 * reads from the network only as fast as you do, or await `finalCompletion()`, which reads at full speed.
 *
 * A failure rejects the iteration and `finalCompletion()` with a CompletionError whose `partial` holds what had arrived.
 * Stopping is no failure: after `abort()` the iteration ends and `finalCompletion()` resolves to what had arrived.
 */
export interface CompletionStream<Parsed = unknown, Written = Parsed> extends AsyncIterable<CompletionChunk> {
  /** The chunks as they arrive, once. Leaving the loop early closes the connection. */
  [Symbol.asyncIterator](): AsyncIterator<CompletionChunk, undefined>
  /** The first choice's visible text, piece by piece; an iteration like the one over the chunks. */
  readonly textStream: AsyncIterable<string>
  /** The completion so far; immutable. `parsed` is what the model has written of it, and at the end what a schema made of that. */
  readonly snapshot: Completion<PartialDeep<Written> | Parsed>
  /**
   * The whole completion, once the stream has ended. With a schema as `response_format`, `parsed` is what it made of the
   * answer; an answer that does not fit rejects with `invalid_response`, and its text is in `error.partial`.
   */
  finalCompletion(): Promise<Completion<Parsed>>
  /** Status, headers and request id, once they are there. Rejects when there is no response. */
  readonly response: Promise<ResponseInfo>
  readonly timing: StreamTiming
  /** Whether `abort()` or the signal ended the stream. */
  readonly aborted: boolean
  /** Stops: closes the connection at once and keeps what has arrived. */
  abort(reason?: unknown): void
  /** Calls `listener` after each network read that was decoded, and at the end. Does not read by itself. */
  subscribe(listener: () => void): () => void
}

type Step<T> = IteratorResult<T, undefined>
const over: Step<never> = { value: undefined, done: true }

/**
 * Sends a request and streams its answer. Never throws: a bad request, like every failure, comes out of the stream.
 *
 *     const stream = streamCompletion({ model: 'gpt-4o-mini', messages }, { provider: '/api' })
 *     for await (const text of stream.textStream) out.append(text)
 *     const { toolCalls, finishReason, usage } = await stream.finalCompletion()
 */
export function streamCompletion<Parsed = unknown, Written = Parsed>(
  request: CompletionRequest<Parsed, Written>,
  options: StreamOptions,
): CompletionStream<Parsed, Written> {
  const accumulator = createAccumulator(request)
  const stopwatch = createStopwatch()
  const response = deferred<ResponseInfo>()
  const final = deferred<Completion<Parsed>>()
  const listeners = new Set<() => void>()
  const { signal } = options
  let aborted = false
  let isOver = false
  let failure: CompletionError | undefined

  // What the iterator has not taken yet; `head` is the next one, so that taking is O(1).
  let queue: CompletionChunk[] = []
  let head = 0
  const waiters: Omit<Deferred<Step<CompletionChunk>>, 'promise'>[] = []
  let iterating = false
  let taken = false
  let draining = false

  const lastStep = (): Promise<Step<never>> => (failure ? Promise.reject(failure) : Promise.resolve(over))

  const next = (): Promise<Step<CompletionChunk>> => {
    if (head < queue.length) {
      const value = queue[head++]!
      if (head === queue.length) {
        queue.length = head = 0
        control?.more()
      }
      return Promise.resolve({ value, done: false })
    }
    if (isOver) return lastStep()
    return new Promise((resolve, reject) => {
      waiters.push({ resolve, reject })
      control?.more()
    })
  }

  const ended = (error?: CompletionError): void => {
    isOver = true
    failure = error
    stopwatch.ended()
    signal?.removeEventListener('abort', onAbort)
    response.reject(error ?? AbortSignal.abort().reason)
    for (const waiter of waiters.splice(0)) lastStep().then(waiter.resolve, waiter.reject)
    if (options.countTokens && accumulator.snapshot.usage?.estimated)
      accumulator.count(options.countTokens).then(settle, settle)
    else settle()
  }

  const settle = (): void => {
    const { snapshot } = accumulator
    if (failure) {
      failure.partial = snapshot
      final.reject(failure)
    } else if (aborted && schemaOf(request.response_format)) {
      // What the schema has not seen is no value of its type.
      const { parsed: _, ...unvalidated } = snapshot
      final.resolve(unvalidated)
    } else final.resolve(snapshot as Completion<Parsed>)
    for (const listener of listeners) listener()
  }

  const abort = (reason?: unknown): void => {
    if (isOver) return
    aborted = true
    control?.cancel(reason)
    queue = []
    ended()
  }

  // A loop and no recursion: a promise in a promise for each chunk without text would hold them all.
  const nextText = async (): Promise<Step<string>> => {
    for (;;) {
      const step = await next()
      if (step.done) return step
      const text = step.value.choices.find((choice) => choice.index === 0)?.delta?.content
      if (text) return { value: text, done: false }
    }
  }

  // An async generator would cost half as much again for each chunk; this is the same by hand.
  const iterable = <T>(nextStep: () => Promise<Step<T>>): AsyncIterable<T, undefined> => ({
    [Symbol.asyncIterator]() {
      if (taken) throw new TypeError('This stream was read before: iterate once, and first.')
      iterating = taken = true
      return {
        next: nextStep,
        return() {
          abort()
          return Promise.resolve(over)
        },
      }
    },
  })

  const reader: StreamReader = {
    responded(info) {
      stopwatch.responded()
      response.resolve(info)
    },
    chunk(chunk, visible) {
      stopwatch.chunk(visible)
      taken = true
      if (!iterating) return
      if (waiters.length > 0) waiters.shift()!.resolve({ value: chunk, done: false })
      else queue.push(chunk)
    },
    read() {
      stopwatch.read()
      for (const listener of listeners) listener()
    },
    // One read ahead of the iterator: the network need not wait for it, nor may it run away from it.
    wantsMore: () => draining || (iterating && queue.length === 0),
    ended,
  }

  const onAbort = () => abort(signal?.reason)
  signal?.addEventListener('abort', onAbort)
  const control = signal?.aborted ? undefined : openStream(request, options, accumulator, reader)
  if (!control) onAbort()

  return {
    ...iterable(next),
    textStream: iterable(nextText),
    get snapshot() {
      return accumulator.snapshot as Completion<PartialDeep<Written> | Parsed>
    },
    finalCompletion() {
      draining = true
      control?.more()
      // A promise of its own for each caller, so that a failure that nobody handles is reported as such.
      return final.promise.then()
    },
    response: response.promise,
    get timing() {
      return stopwatch.timing(accumulator.snapshot.usage?.completion_tokens)
    },
    get aborted() {
      return aborted
    },
    abort,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

interface Deferred<T> {
  promise: Promise<T>
  resolve(value: T): void
  reject(error: unknown): void
}

/** A promise with its levers. Left alone, its rejection is no unhandled one. */
function deferred<T>(): Deferred<T> {
  let levers!: Omit<Deferred<T>, 'promise'>
  const promise = new Promise<T>((resolve, reject) => (levers = { resolve, reject }))
  promise.catch(() => {})
  return { promise, ...levers }
}
