/** A thousand answers at once: what one that waits takes, whether each comes in time, and what is left in the end. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { bytes, markdown, milliseconds, quantile } from './measure.ts'
import type { Reader, StreamsResult, StreamsSettings } from './streams-client.ts'

const pathOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

const names: Record<Reader, string> = {
  bare: 'bare reader',
  final: 'finalCompletion() with a listener',
  iteration: 'for await of textStream',
  store: 'createCompletionStore',
}

async function run(settings: StreamsSettings): Promise<StreamsResult> {
  const client = fork(pathOf('streams-client.ts'), [JSON.stringify(settings)], {
    execArgv: ['--no-warnings'],
    serialization: 'advanced',
  })
  const [result] = (await Promise.race([once(client, 'message'), once(client, 'exit')])) as [StreamsResult | number]
  if (typeof result !== 'object') throw new Error(`The client ended with ${result} before it had measured.`)
  return result
}

/** The tables. */
export async function streamsReport(quick: boolean): Promise<string> {
  const streams = quick ? 20 : 1000
  const pace = quick ? { everyMs: 20, count: 3, burst: 0 } : { everyMs: 250, count: 20, burst: 0 }
  const burst = quick ? 100_000 : 10_000_000
  const server = fork(pathOf('server.ts'), { execArgv: ['--no-warnings'] })
  try {
    const [url] = (await once(server, 'message')) as [string]
    const readers: Reader[] = quick ? ['bare', 'final'] : ['bare', 'final', 'iteration', 'store']
    const memory: string[][] = [
      [
        '',
        'heap per waiting stream',
        'rss per waiting stream',
        'heap left per stream, after',
        'timers while they wait',
        'timers after',
      ],
    ]
    const lags: string[][] = [
      ['', 'pieces', 'median', '99 %', 'slowest', 'last stream ended after the first', 'not whole'],
    ]
    for (const [where, at] of [
      ['HTTP', url],
      ['in the process', undefined],
    ] as const) {
      for (const reader of at || !quick ? readers : []) {
        const { before, idle, after, ...rest } = await run({ reader, streams, url: at, ...pace })
        memory.push([
          `${names[reader]}, ${where}`,
          bytes((idle.heap - before.heap) / streams),
          bytes((idle.rss - before.rss) / streams),
          bytes((after.heap - before.heap) / streams),
          `${rest.timersIdle}`,
          `${rest.timersAfter}`,
        ])
        lags.push(lagRow(`${names[reader]}, ${where}`, rest))
      }
    }
    for (const reader of readers.slice(quick ? 1 : 0))
      lags.push(
        lagRow(
          `${names[reader]}, HTTP, one gets ${bytes(burst)} at once`,
          await run({ reader, streams, url, ...pace, burst }),
        ),
      )
    return [
      `## ${streams} streams at once`,
      'Each has had its first piece and waits for the next one.',
      markdown(memory),
      `Then all get a piece every ${pace.everyMs} ms, ${pace.count} times, at the same moment. How long a piece took from its writing to its reader:`,
      markdown(lags),
    ].join('\n\n')
  } finally {
    server.disconnect()
  }
}

function lagRow(name: string, { lags, ends, broken }: Pick<StreamsResult, 'lags' | 'ends' | 'broken'>): string[] {
  return [
    name,
    `${lags.length}`,
    ...[0.5, 0.99, 1].map((share) => milliseconds(quantile(lags, share))),
    milliseconds(quantile(ends, 1)),
    `${broken}`,
  ]
}
