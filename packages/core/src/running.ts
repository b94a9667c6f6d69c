/** One running request: its answer so far, how it ends, how to stop it. Whoever reads it piece by piece stands on top of this. */
import { createAccumulator } from './accumulate.ts'
import type { Accumulator } from './accumulate.ts'
import type { CompletionError } from './errors.ts'
import type { ResponseInfo, StreamOptions } from './options.ts'
import { openStream } from './stream.ts'
import type { FailedAttempt, StreamControl } from './stream.ts'
import { schemaOf } from './structured.ts'
import { createStopwatch } from './timing.ts'
import type { StreamTiming } from './timing.ts'
import type { Completion, CompletionChunk, CompletionRequest, PartialDeep } from './types.ts'

/** A completion that is being made, or was. */
export interface RunningCompletion<Parsed = unknown, Written = Parsed> {
  /** The completion so far; immutable. `parsed` is what the model has written of it, and at the end what a schema made of that. */
  readonly snapshot: Completion<PartialDeep<Written> | Parsed>
  /**
   * The whole completion, once the stream has ended. With a schema as `response_format`, `parsed` is what it made of the
   * answer; an answer that does not fit rejects with `invalid_response`, and its text is in `error.partial`.
   */
  finalCompletion(): Promise<Completion<Parsed>>
  /** Durations, chunks and tokens a second, as far as they are known. */
  readonly timing: StreamTiming
  /** The requests that failed so far, and what was done about each: empty as long as all goes well. */
  readonly attempts: readonly FailedAttempt[]
  /**
   * Where this answer can be had again, by anyone who may ask the same server (`resumeUrl` in the options). Undefined until
   * the response has come, and where the server keeps no answers.
   */
  readonly resumeUrl: string | undefined
  /** Whether `abort()` or the signal ended the stream. */
  readonly aborted: boolean
  /** Stops: closes the connection at once and keeps what has arrived. */
  abort(reason?: unknown): void
  /** Calls `listener` after each network read that was decoded, after a failed request, and at the end. Does not read by itself. */
  subscribe(listener: () => void): () => void
}

/** Who takes the answer piece by piece. Methods are called as those of a stream's reader. */
export interface PieceReader {
  /** Of the response to one request, or with nothing, when that one was in vain. */
  responded(info?: ResponseInfo): void
  chunk(chunk: CompletionChunk): void
  /** Whether to read on now. */
  wantsMore(): boolean
  /** The stream is over; the completion may still be counted. */
  ended(failure?: CompletionError): void
}

/** A running completion from inside. */
export interface Running<Parsed = unknown, Written = Parsed> extends RunningCompletion<Parsed, Written> {
  /** How it ends. Does not read by itself. */
  readonly final: Promise<Completion<Parsed>>
  /** What had arrived, as the completion of one that was stopped. */
  stopped(): Completion<Parsed>
  /** The reader of the pieces wants more now. */
  more(): void
}

/** Sends a request and collects its answer. Never throws: a bad request, like every failure, is how it ends. */
export function startCompletion<Parsed = unknown, Written = Parsed>(
  request: CompletionRequest<Parsed, Written>,
  options: StreamOptions,
  pieces?: PieceReader,
): Running<Parsed, Written> {
  const stopwatch = createStopwatch()
  const final = deferred<Completion<Parsed>>()
  const listeners = new Set<() => void>()
  const { signal, continues } = options
  // An answer that says nothing yet is no beginning.
  const empty = (): Accumulator => createAccumulator(request, continues?.text.trim() ? continues : undefined)
  let accumulator = empty()
  let attempts: readonly FailedAttempt[] = []
  let isAwaited = false
  let aborted = false
  let isOver = false
  let control: StreamControl | undefined

  const notify = (): void => tell(listeners)

  const ended = (failure?: CompletionError): void => {
    const settle = (): void => {
      if (failure) {
        failure.partial = accumulator.snapshot
        final.reject(failure)
      } else final.resolve(aborted ? stopped() : (accumulator.snapshot as Completion<Parsed>))
      notify()
    }
    isOver = true
    stopwatch.ended()
    signal?.removeEventListener('abort', onAbort)
    pieces?.ended(failure)
    if (options.countTokens && accumulator.snapshot.usage?.estimated)
      accumulator.count(options.countTokens).then(settle, settle)
    else settle()
  }

  // What a schema has not seen is no value of its type.
  const stopped = (): Completion<Parsed> => {
    const { parsed, ...unvalidated } = accumulator.snapshot
    return schemaOf(request.response_format) ? unvalidated : (accumulator.snapshot as Completion<Parsed>)
  }

  const abort = (reason?: unknown): void => {
    if (isOver) return
    aborted = true
    control?.cancel(reason)
    ended()
  }
  const onAbort = (): void => abort(signal?.reason)
  signal?.addEventListener('abort', onAbort)

  if (signal?.aborted) onAbort()
  else
    control = openStream(request, options, {
      restarted() {
        stopwatch.waiting()
        pieces?.responded()
        return (accumulator = empty())
      },
      failed(attempt) {
        attempts = [...attempts, attempt]
        notify()
      },
      responded(info) {
        stopwatch.responded()
        pieces?.responded(info)
      },
      chunk(chunk, visible) {
        stopwatch.chunk(visible)
        pieces?.chunk(chunk)
      },
      read() {
        stopwatch.read()
        if (listeners.size) notify()
      },
      wantsMore: () => isAwaited || !!pieces?.wantsMore(),
      resumed: stopwatch.waiting,
      ended,
    })

  return {
    get snapshot() {
      return accumulator.snapshot as Completion<PartialDeep<Written> | Parsed>
    },
    final: final.promise,
    finalCompletion() {
      isAwaited = true
      control?.more()
      // A promise of its own for each caller, so that a failure that nobody handles is reported as such.
      return final.promise.then()
    },
    get timing() {
      const timing = stopwatch.timing(accumulator.snapshot.usage?.completion_tokens)
      // What had been kept came at once: that is not the model's pace.
      if (options.resumeUrl) delete timing.tokensPerSecond
      return timing
    },
    get attempts() {
      return attempts
    },
    get resumeUrl() {
      return control?.resumeUrl
    },
    get aborted() {
      return aborted
    },
    stopped,
    abort,
    more: () => control?.more(),
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

/** A promise with its levers. */
export interface Deferred<T> {
  promise: Promise<T>
  resolve(value: T): void
  reject(error: unknown): void
}

/** A promise to be settled from outside. Left alone, its rejection is no unhandled one. */
export function deferred<T>(): Deferred<T> {
  let levers!: Omit<Deferred<T>, 'promise'>
  const promise = new Promise<T>((resolve, reject) => (levers = { resolve, reject }))
  promise.catch(() => {})
  return { promise, ...levers }
}

/** Calls those who listen. A listener's own failure is its own: reported as such, and nothing ends for it. */
export function tell(listeners: Iterable<() => void>): void {
  for (const listener of listeners) {
    try {
      listener()
    } catch (error) {
      void Promise.reject(error)
    }
  }
}
