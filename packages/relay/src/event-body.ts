/** Server-sent events as a response body that is made as it is read, with comments while there is nothing to send. */

/** How long nothing may be sent before a comment shows that the connection lives; proxies cut silent ones. */
export const KEEP_ALIVE_MS = 15_000
const KEEP_ALIVE = ': keep-alive\n\n'

/** For a response with such a body: that nobody on its way holds it back. */
export const STREAM_HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
}

/** Where the events of a body come from. */
export interface EventSource {
  /** The data of the events, in the groups in which they are sent. */
  batches: AsyncIterable<readonly string[]>
  /** The number of the last event before these: each has its own as id. Default: the events have no ids. */
  after?: number
  /** Begin with a comment, as it may take long until something comes. */
  isLate?: boolean
  /** The client is gone. `unseen`: before anything was sent, so it does not even know the response. */
  leave(unseen: boolean): void
}

/** The body: reads on only when the client does. A failure of the source breaks it off. */
export function eventBody({ batches, after, isLate, leave }: EventSource): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  const reads = batches[Symbol.asyncIterator]()
  let pending: Promise<IteratorResult<readonly string[]>> | undefined
  let n = after
  let unseen = true
  let gone = false

  const frame = (data: string): string => `${n === undefined ? '' : `id: ${++n}\n`}data: ${data}\n\n`

  /** The next thing to send; undefined at the end. */
  async function nextText(): Promise<string | undefined> {
    if (isLate && unseen) return KEEP_ALIVE
    pending ??= reads.next()
    const step = await within(pending, KEEP_ALIVE_MS)
    if (!step) return KEEP_ALIVE
    pending = undefined
    return step.done ? undefined : step.value.map(frame).join('')
  }

  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const text = await nextText()
        if (gone) return
        unseen = false
        if (text === undefined) controller.close()
        else controller.enqueue(encoder.encode(text))
      },
      cancel() {
        gone = true
        leave(unseen)
      },
    },
    { highWaterMark: 0 },
  )
}

/** What the promise settles to, or undefined after `ms`. The timer does not outlive the promise. */
export async function within<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
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
