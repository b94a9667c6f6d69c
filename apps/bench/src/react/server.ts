/** A loopback server: the page's files, and the answers as streams. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { WireName } from './entrants.ts'
import type { PageFiles } from './build.ts'
import { writesOf } from './wires.ts'
import type { Workload } from './workloads.ts'

/** A running server. */
export interface BenchServer {
  origin: string
  close(): Promise<void>
}

/** Serves the page, and at `/stream/<wire>/<workload>…` each workload's answer on each wire. */
export async function startServer(page: PageFiles, workloads: readonly Workload[]): Promise<BenchServer> {
  const cache = new Map<string, Uint8Array[]>()
  const writes = (wire: WireName, workload: Workload): Uint8Array[] => {
    const key = `${wire} ${workload.id}`
    if (!cache.has(key)) cache.set(key, writesOf(workload.answer, wire, workload.deltasPerWrite))
    return cache.get(key)!
  }

  const server = createServer(async ({ url = '/' }, response) => {
    response.on('error', () => {})
    const { pathname } = new URL(url, 'http://localhost')
    const [, route, wire, id] = pathname.split('/')
    const workload = workloads.find((each) => each.id === id)
    const file = page.get(pathname === '/' ? 'index.html' : pathname.slice(1))
    if (route === 'stream' && workload) await stream(response, writes(wire as WireName, workload), workload.tickMs)
    else if (file) response.writeHead(200, { 'content-type': file.type }).end(file.body)
    else response.writeHead(404).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

async function stream(response: ServerResponse, writes: readonly Uint8Array[], tickMs?: number): Promise<void> {
  response.socket?.setNoDelay()
  response.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    'x-vercel-ai-ui-message-stream': 'v1',
  })
  const closed = new Promise((resolve) => response.once('close', resolve))
  const start = performance.now()
  for (const [i, write] of writes.entries()) {
    // By the clock and not by the last write, so that a late timer does not make the answer slower.
    const early = tickMs ? start + i * tickMs - performance.now() : 0
    if (early > 0) await sleep(early)
    if (response.destroyed) return
    if (!response.write(write)) await Promise.race([once(response, 'drain'), closed])
  }
  response.end()
}
