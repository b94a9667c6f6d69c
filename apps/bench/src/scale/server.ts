/**
 * A server on loopback, in a process of its own: a thousand answers at one pace. `GET /begin?every=200&count=20&burst=0`
 * lets all that were asked for go on: a piece for each of them every 200 ms, 20 times, with the time of its writing as its
 * text, then the end. With `burst`, the first one gets so many bytes as one event in the middle of it.
 */
import { createServer } from 'node:http'
import type { ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ending, says } from './wire.ts'

const now = (): string => `${(performance.timeOrigin + performance.now()).toFixed(3)} `
let open: ServerResponse[] = []

function begin(every: number, count: number, burst: number): void {
  const streams = open
  open = []
  let round = 0
  const timer = setInterval(() => {
    round++
    const isLast = round > count
    const piece = says(now())
    for (const [i, stream] of streams.entries()) {
      if (isLast) stream.end(ending)
      else if (burst && !i) {
        if (round === Math.ceil(count / 2)) stream.write(says('x'.repeat(burst)))
      } else stream.write(piece)
    }
    if (isLast) clearInterval(timer)
  }, every)
}

const server = createServer((incoming, response) => {
  incoming.resume()
  const { pathname, searchParams } = new URL(incoming.url ?? '', 'http://scale.invalid')
  const number = (name: string): number => Number(searchParams.get(name) ?? 0)
  if (pathname === '/begin') {
    begin(number('every'), number('count'), number('burst'))
    return response.end()
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.write(says('0 '))
  open.push(response)
})
server.keepAliveTimeout = 1000
server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () =>
  process.send!(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
)
process.on('disconnect', () => process.exit())
