/** A wire that can be broken: a TCP proxy in front of a server, which resets a connection in the middle of an answer. */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** The proxy. */
export interface BrokenWire {
  url: string
  /** How many connections were reset. */
  readonly resets: number
  /** The first lines of all requests for answers and for the rest of answers. */
  readonly requests: readonly string[]
  close(): void
}

/**
 * Passes everything on, but resets a connection once that many bytes of an answer have come through: first of the answer
 * itself, then of each request for its rest.
 */
export async function brokenWire(target: string, resetAfterBytes: readonly number[]): Promise<BrokenWire> {
  const { hostname, port } = new URL(target)
  const budgets = [...resetAfterBytes]
  const requests: string[] = []
  const open = new Set<Socket>()
  let resets = 0

  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname)
    let left = Infinity
    for (const socket of [client, upstream]) {
      open.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        open.delete(socket)
        client.destroy()
        upstream.destroy()
      })
    }
    client.on('data', (data) => {
      const [line = ''] = data.toString('latin1').split('\r\n', 1)
      if (/^(POST \S*\/chat\/completions|GET \S*\/streams\/)/.test(line)) {
        requests.push(line.replace(/ HTTP.*/, ''))
        left = budgets.shift() ?? Infinity
      } else if (/^[A-Z]+ \S+ HTTP/.test(line)) left = Infinity
      upstream.write(data)
    })
    upstream.on('data', (data) => {
      left -= data.length
      if (left >= 0) return client.write(data)
      resets++
      client.resetAndDestroy()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    requests,
    get resets() {
      return resets
    },
    close() {
      for (const socket of open) socket.destroy()
      server.close()
    },
  }
}
