/** A streamed answer: its events as timed frames, and the frames as a body that is produced only as it is read. */
import type { AnswerEvent } from './answer.ts'
import { aborted, type Pace } from './pace.ts'
import { DONE_FRAME, errorFrame, type AnswerWriter } from './wire.ts'

/** What it takes to send an answer's events. */
export interface Sending {
  events: AsyncGenerator<AnswerEvent, void, void>
  write: AnswerWriter
  pace: Pace
  /** The pause before the first chunk, in ms. */
  firstTokenMs: number
  /** Aborts when the client goes away. */
  signal: AbortSignal
}

/** The frames of the answer, each as soon as it is due. */
export async function* frames(sending: Sending): AsyncGenerator<string | Uint8Array, void, void> {
  const { events, write, pace, firstTokenMs, signal } = sending
  let opened = false
  for await (const event of events) {
    if (!opened && (event.type === 'delta' || event.type === 'finish')) {
      opened = true
      await pace.pause(firstTokenMs)
      yield write.role()
    }
    if (event.type === 'delta') {
      await pace.piece()
      yield write.delta(event.delta)
    } else if (event.type === 'finish') yield write.finish(event.reason)
    else if (event.type === 'wait') await pace.pause(event.ms)
    else if (event.type === 'raw') yield event.bytes
    else if (event.type === 'error') yield errorFrame(event.error)
    else if (event.type === 'stall') await aborted(signal)
    else if (event.type === 'end') yield write.usage() + DONE_FRAME
  }
}

/**
 * A response body of these frames. Nothing is produced before it is read. Cancelling the body aborts `gone`; when `gone`
 * aborts for another reason the body fails with it, as that of an aborted `fetch` does. `ended` is called once.
 */
export function frameBody(
  source: AsyncGenerator<string | Uint8Array, void, void>,
  gone: AbortController,
  ended: () => void,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  let fail: () => void
  const end = (): void => {
    gone.signal.removeEventListener('abort', fail)
    ended()
  }
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        fail = () => {
          controller.error(gone.signal.reason)
          end()
        }
        gone.signal.addEventListener('abort', fail)
      },
      async pull(controller) {
        const next = await source.next()
        if (gone.signal.aborted) return
        if (next.done) {
          controller.close()
          end()
        } else controller.enqueue(typeof next.value === 'string' ? encoder.encode(next.value) : next.value)
      },
      cancel(reason) {
        gone.abort(reason)
      },
    },
    { highWaterMark: 0 },
  )
}
