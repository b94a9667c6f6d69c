/** An answer of ten hours under a clock that is put forward: a piece every half minute, comments between them. */
import { createCompletionStore, openai } from 'completion-stream'
import { fakeClock } from './clock.ts'
import { bytes, markdown } from './measure.ts'
import { ending, says } from './wire.ts'
import { collect } from '../gc.ts'

const second = 1000
const hour = 3600 * second

/** The table. */
export async function trickleReport(quick: boolean): Promise<string> {
  const hours = quick ? 1 : 10
  const encoder = new TextEncoder()
  const clock = fakeClock()
  let controller!: ReadableStreamDefaultController<Uint8Array>
  const body = new ReadableStream<Uint8Array>({ start: (given) => void (controller = given) })
  const fetch = async (): Promise<Response> => new Response(body, { headers: { 'content-type': 'text/event-stream' } })
  const store = createCompletionStore({
    model: 'scale',
    provider: openai({ baseURL: 'http://scale.invalid/v1', apiKey: 'none', fetch }),
    timeout: { firstChunkMs: 60 * second, chunkMs: 60 * second, totalMs: (hours + 1) * hour },
    maxRetries: 0,
  })
  let publications = 0
  store.subscribe(() => publications++)
  const asked = store.start('Write slowly.')
  const rows = [['hour', 'pieces', 'publications', 'timers that wait', 'timers set in this hour', 'heap']]
  for (let at = 1; at <= hours; at++) {
    const armed = clock.armed()
    const before = publications
    for (let i = 0; i < 120; i++) {
      for (const said of [': keep-alive\n\n', says('word ')]) {
        await clock.pass(15 * second)
        controller.enqueue(encoder.encode(said))
      }
    }
    await clock.pass(second)
    collect()
    const { heapUsed } = process.memoryUsage()
    rows.push([
      `${at}`,
      `${store.getState().text.split(' ').length - 1}`,
      `${publications - before}`,
      `${clock.waiting()}`,
      `${clock.armed() - armed}`,
      bytes(heapUsed),
    ])
  }
  controller.enqueue(encoder.encode(ending))
  controller.close()
  await clock.pass(second)
  await asked
  const { status, timing } = store.getState()
  const waiting = clock.waiting()
  clock.restore()
  const { tokensPerSecond, totalMs = 0, gaps, timeToFirstTokenMs } = timing!
  return [
    `## ${hours} hours of a piece every 30 s`,
    markdown(rows),
    `It ended \`${status}\` after ${(totalMs / hour).toFixed(3)} h, ${waiting} timers wait, and its timing says: first token after ` +
      `${timeToFirstTokenMs} ms, ${tokensPerSecond?.toFixed(4)} tokens a second (the server counted 9), ` +
      `gaps ${gaps?.median} ms in the median and ${gaps?.max} ms at most.`,
  ].join('\n\n')
}
