/** What `streamCompletion` returns: one running request as an iterable, a snapshot, a promise, bytes. */
import { bytesOf } from './bytes.ts'
import { isCompletionError } from './errors.ts'
import type { CompletionError } from './errors.ts'
import type { ResponseInfo, StreamOptions } from './options.ts'
import { deferred, startCompletion } from './running.ts'
import type { PieceReader, RunningCompletion } from './running.ts'
import type { Completion, CompletionChunk, CompletionRequest } from './types.ts'

/**
 * A running completion. Read it in one of these ways (or several at once): iterate over the chunks or the text, which
 * reads from the network only as fast as you do, or await `finalCompletion()`, which reads at full speed.
 *
 * A failure rejects the iteration and `finalCompletion()` with a CompletionError whose `partial` holds what had arrived.
 * Stopping is no failure: after `abort()` the iteration ends and `finalCompletion()` resolves to what had arrived.
 */
export interface CompletionStream<Parsed = unknown, Written = Parsed>
  extends RunningCompletion<Parsed, Written>, AsyncIterable<CompletionChunk> {
  /** The chunks as they arrive, once. Leaving the loop early closes the connection. */
  [Symbol.asyncIterator](): AsyncIterator<CompletionChunk, undefined>
  /** The first choice's visible text, piece by piece; an iteration like the one over the chunks. */
  readonly textStream: AsyncIterable<string>
  /** Status, headers, request id and rate limits, once they are there. Rejects when there is no response. */
  readonly response: Promise<ResponseInfo>
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
}

type Step<T> = IteratorResult<T, undefined>
const over: Step<never> = { value: undefined, done: true }

/** One of those who read the same stream. */
type View = Pick<PieceReader, 'chunk' | 'wantsMore' | 'ended'>

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
  const response = deferred<ResponseInfo>()
  const views: View[] = []
  let info: ResponseInfo | undefined
  let isOver = false
  let failure: CompletionError | undefined

  const running = startCompletion(request, options, {
    responded(said) {
      info = said
      if (said && said.status < 300) response.resolve(said)
    },
    chunk(chunk) {
      for (const view of views) view.chunk(chunk)
    },
    wantsMore() {
      for (const view of views) if (view.wantsMore()) return true
      return false
    },
    ended(error) {
      isOver = true
      failure = error
      if (info) response.resolve(info)
      else response.reject(error ?? AbortSignal.abort().reason)
      for (const view of views) view.ended()
    },
  })

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
    const waiters: ((step: Step<CompletionChunk> | Promise<Step<never>>) => void)[] = []
    let keeps = !!kept
    let iterating = false
    let taken = false
    let draining = false
    let hasLeft = false
    const own = deferred<Completion<Parsed>>()
    running.final.then(own.resolve, own.reject)

    const lastStep = (): Promise<Step<never>> => (failure && !hasLeft ? Promise.reject(failure) : Promise.resolve(over))

    const wait = (resolve: (typeof waiters)[number]): void => {
      waiters.push(resolve)
      running.more()
    }

    const next = (): Promise<Step<CompletionChunk>> => {
      if (head < queue.length) {
        const value = queue[head++]!
        if (head === queue.length) {
          queue.length = head = 0
          running.more()
        }
        return Promise.resolve({ value, done: false })
      }
      if (isOver || hasLeft) return lastStep()
      return new Promise(wait)
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
      own.resolve(running.stopped())
    }

    const view: View = {
      chunk(chunk) {
        if (!keeps) taken = true
        if (hasLeft || !(iterating || keeps)) return
        if (waiters.length > 0) waiters.shift()!({ value: chunk, done: false })
        else queue.push(chunk)
      },
      // One read ahead of the iterator: the network need not wait for it, nor may it run away from it.
      wantsMore: () => !hasLeft && (draining || (iterating && queue.length === 0)),
      ended() {
        if (running.aborted) queue = []
        for (const resolve of waiters.splice(0)) resolve(lastStep())
      },
    }
    views.push(view)

    const chunks = iterable(next)
    const textStream = iterable(nextText)
    return {
      ...chunks,
      textStream,
      get snapshot() {
        return running.snapshot
      },
      finalCompletion() {
        draining = true
        running.more()
        // A promise of its own for each caller, so that a failure that nobody handles is reported as such.
        return own.promise.then()
      },
      response: response.promise,
      get timing() {
        return running.timing
      },
      get attempts() {
        return running.attempts
      },
      get resumeUrl() {
        return running.resumeUrl
      },
      get aborted() {
        return running.aborted || hasLeft
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
              return running.aborted || hasLeft ? '' : 'data: [DONE]\n\n'
            })
      },
      subscribe: running.subscribe,
    }
  }

  return createView(running.abort)
}

function eventOf(data: object): string {
  return `data: ${JSON.stringify(data)}\n\n`
}
