/** What is iterated over as a stream of bytes, read as fast as its reader takes them. */

/**
 * The items as UTF-8, each when it is asked for.
 *
 * @param last what comes last: after the end, or after a failure, which without it is the stream's own
 */
export function bytesOf<T>(
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
