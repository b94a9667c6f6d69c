/** What `streamCompletion` returns: one running request as an iterable, a snapshot and a promise. */
import { createAccumulator } from './accumulate.ts'
import type { Accumulator } from './accumulate.ts'
import type { Attempt } from './attempt.ts'
import { isCompletionError } from './errors.ts'
import type { CompletionError } from './errors.ts'
import type { ResponseInfo, StreamOptions } from './options.ts'
import { openStream } from './stream.ts'
import type { FailedAttempt, StreamReader } from './stream.ts'
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
  /** Status, headers, request id and rate limits, once they are there. Rejects when there is no response. */
  readonly response: Promise<ResponseInfo>
  readonly timing: StreamTiming
  /** The requests that failed so far, and what was done about each: empty as long as all goes well. */
  readonly attempts: readonly FailedAttempt[]
  /** Whether `abort()` or the signal ended the stream. */
  readonly aborted: boolean
  /** Stops: closes the connection at once and keeps what has arrived. */
  abort(reason?: unknown): void
  /**
   * Two streams of the same answer, each to be read for itself; the slower one's chunks wait for it. The connection is
   * closed when both are aborted, or this one.
   */
  tee(): [CompletionStream<Parsed, Written>, CompletionStream<Parsed, Written>]
  /**
   * The answer as bytes, for `new Response(…)` or `pipeTo(…)`; an iteration like the one over the chunks, and read as fast
   * as its reader takes them. `events`: server-sent events as OpenAI sends them, with an error as the last one when it
   * fails. `text`: the visible text in UTF-8; a failure makes the stream fail, so that no half file counts as whole.
   * Cancelling it closes the connection.
   */
  toReadableStream(as?: 'events' | 'text'): ReadableStream<Uint8Array<ArrayBuffer>>
  /** Calls `listener` after each network read that was decoded, after a failed request, and at the end. Does not read by itself. */
  subscribe(listener: () => void): () => void
}

type Step<T> = IteratorResult<T, undefined>
const over: Step<never> = { value: undefined, done: true }

/** One of those who read the same stream. */
interface View {
  chunk(chunk: CompletionChunk): void
  wantsMore(): boolean
  ended(): void
}

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
  const stopwatch = createStopwatch()
  const response = deferred<ResponseInfo>()
  const final = deferred<Completion<Parsed>>()
  const views: View[] = []
  const listeners = new Set<() => void>()
  const { signal, continues } = options
  // An answer that says nothing yet is no beginning.
  const empty = (): Accumulator => createAccumulator(request, continues?.text.trim() ? continues : undefined)
  let accumulator = empty()
  let attempts: readonly FailedAttempt[] = []
  let info: ResponseInfo | undefined
  let aborted = false
  let isOver = false
  let failure: CompletionError | undefined

  const notify = (): void => {
    for (const listener of listeners) {
      try {
        listener()
      } catch (error) {
        // The listener's own failure, and not the stream's: reported as such.
        void Promise.reject(error)
      }
    }
  }

  const ended = (error?: CompletionError): void => {
    isOver = true
    failure = error
    stopwatch.ended()
    signal?.removeEventListener('abort', onAbort)
    if (info) response.resolve(info)
    else response.reject(error ?? AbortSignal.abort().reason)
    for (const view of views) view.ended()
    if (options.countTokens && accumulator.snapshot.usage?.estimated)
      accumulator.count(options.countTokens).then(settle, settle)
    else settle()
  }

  const settle = (): void => {
    if (failure) {
      failure.partial = accumulator.snapshot
      final.reject(failure)
    } else final.resolve(aborted ? stopped() : (accumulator.snapshot as Completion<Parsed>))
    notify()
  }

  /** What had arrived when it was stopped. What a schema has not seen is no value of its type. */
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

  const reader: StreamReader = {
    restarted() {
      stopwatch.waiting()
      info = undefined
      return (accumulator = empty())
    },
    failed(attempt) {
      attempts = [...attempts, attempt]
      notify()
    },
    responded(said) {
      info = said
      stopwatch.responded()
      if (said.status < 300) response.resolve(said)
    },
    chunk(chunk, visible) {
      stopwatch.chunk(visible)
      for (const view of views) view.chunk(chunk)
    },
    read() {
      stopwatch.read()
      if (listeners.size) notify()
    },
    wantsMore: () => views.some((view) => view.wantsMore()),
    resumed: stopwatch.waiting,
    ended,
  }

  /**
   * @param leave what else is to happen when this view is aborted
   * @param kept where chunks wait for an iteration that has not begun; without it they do not
   */
  const createView = (
    leave: (reason?: unknown) => void,
    kept?: CompletionChunk[],
  ): CompletionStream<Parsed, Written> => {
    // What the iterator has not taken yet; `head` is the next one, so that taking is O(1).
    let queue = kept ?? []
    let head = 0
    const waiters: Omit<Deferred<Step<CompletionChunk>>, 'promise'>[] = []
    let keeps = !!kept
    let iterating = false
    let taken = false
    let draining = false
    let hasLeft = false
    const own = deferred<Completion<Parsed>>()
    final.promise.then(own.resolve, own.reject)

    const lastStep = (): Promise<Step<never>> => (failure && !hasLeft ? Promise.reject(failure) : Promise.resolve(over))

    const next = (): Promise<Step<CompletionChunk>> => {
      if (head < queue.length) {
        const value = queue[head++]!
        if (head === queue.length) {
          queue.length = head = 0
          control?.more()
        }
        return Promise.resolve({ value, done: false })
      }
      if (isOver || hasLeft) return lastStep()
      return new Promise((resolve, reject) => {
        waiters.push({ resolve, reject })
        control?.more()
      })
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
        take()
        iterating = true
        return {
          next: nextStep,
          return() {
            leaveView()
            return Promise.resolve(over)
          },
        }
      },
    })

    const take = (): void => {
      if (taken) throw new TypeError('This stream was read before: iterate once, and first.')
      taken = true
    }

    const leaveView = (reason?: unknown): void => {
      if (isOver || hasLeft) return
      hasLeft = true
      queue = []
      head = 0
      leave(reason)
      // Others may read on.
      if (isOver) return
      view.ended()
      own.resolve(stopped())
    }

    const view: View = {
      chunk(chunk) {
        if (!keeps) taken = true
        if (hasLeft || !(iterating || keeps)) return
        if (waiters.length > 0) waiters.shift()!.resolve({ value: chunk, done: false })
        else queue.push(chunk)
      },
      // One read ahead of the iterator: the network need not wait for it, nor may it run away from it.
      wantsMore: () => !hasLeft && (draining || (iterating && queue.length === 0)),
      ended() {
        if (aborted) queue = []
        for (const waiter of waiters.splice(0)) lastStep().then(waiter.resolve, waiter.reject)
      },
    }
    views.push(view)

    const chunks = iterable(next)
    const textStream = iterable(nextText)
    return {
      ...chunks,
      textStream,
      get snapshot() {
        return accumulator.snapshot as Completion<PartialDeep<Written> | Parsed>
      },
      finalCompletion() {
        draining = true
        control?.more()
        // A promise of its own for each caller, so that a failure that nobody handles is reported as such.
        return own.promise.then()
      },
      response: response.promise,
      get timing() {
        return stopwatch.timing(accumulator.snapshot.usage?.completion_tokens)
      },
      get attempts() {
        return attempts
      },
      get aborted() {
        return aborted || hasLeft
      },
      abort: leaveView,
      tee() {
        take()
        let readers = 2
        const leaveOne = (reason?: unknown): void => void (--readers || leaveView(reason))
        const [one, other] = [createView(leaveOne, [...queue]), createView(leaveOne, queue)]
        queue = []
        keeps = false
        return [one, other]
      },
      toReadableStream(as = 'events') {
        return as === 'text'
          ? bytesOf(textStream, (text) => text, leaveView)
          : bytesOf(chunks, eventOf, leaveView, (error) => {
              if (isCompletionError(error)) {
                const { message, code } = error
                return eventOf({ error: { message, type: code, code, param: null } })
              }
              return aborted || hasLeft ? '' : 'data: [DONE]\n\n'
            })
      },
      subscribe(listener) {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
    }
  }

  const onAbort = () => abort(signal?.reason)
  signal?.addEventListener('abort', onAbort)
  const stream = createView(abort)
  const control: Attempt | undefined = signal?.aborted ? undefined : openStream(request, options, reader)
  if (!control) onAbort()
  return stream
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

function eventOf(data: object): string {
  return `data: ${JSON.stringify(data)}\n\n`
}

/**
 * The items as UTF-8, each when it is asked for.
 *
 * @param last what comes last: after the end, or after a failure, which without it is the stream's own
 */
function bytesOf<T>(
  items: AsyncIterable<T>,
  write: (item: T) => string,
  cancel: (reason: unknown) => void,
  last?: (error?: unknown) => string,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder()
  const iterator = items[Symbol.asyncIterator]()
  return new ReadableStream(
    {
      async pull(controller) {
        let isOver: boolean | undefined = true
        let text: string | undefined
        try {
          const { done, value } = await iterator.next()
          isOver = done
          text = done ? last?.() : write(value)
        } catch (error) {
          if (!last) throw error
          text = last(error)
        }
        if (text) controller.enqueue(encoder.encode(text))
        if (isOver) controller.close()
      },
      cancel,
    },
    { highWaterMark: 0 },
  )
}
