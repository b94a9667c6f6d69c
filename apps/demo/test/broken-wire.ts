/** A wire that can be broken: a TCP proxy in front of a server, which resets a connection in the middle of an answer. */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** The proxy. */
export interface BrokenWire {
  url: string
  /** How many connections were reset. */
  readonly resets: number
  /** The first lines of all requests for answers and for the rest of answers. */
  readonly requests: readonly string[]
  /** The client has the headers of another of these answers: from here on its bytes count. */
  begun(): void
  close(): void
}

/**
 * Passes everything on, but resets a connection once that many bytes of an answer have come through since it has `begun`:
 * first of the answer itself, then of each request for its rest. What a client has not read when its connection is reset
 * is lost to it.
 */
export async function brokenWire(target: string, resetAfterBytes: readonly number[]): Promise<BrokenWire> {
  const { hostname, port } = new URL(target)
  const budgets = [...resetAfterBytes]
  const requests: string[] = []
  const open = new Set<Socket>()
  let resets = 0
  let begun = 0

  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname)
    let left = Infinity
    let answer = 0
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
        answer = requests.push(line.replace(/ HTTP.*/, ''))
        left = budgets.shift() ?? Infinity
      } else if (/^[A-Z]+ \S+ HTTP/.test(line)) left = Infinity
      upstream.write(data)
    })
    upstream.on('data', (data) => {
      if (begun >= answer) left -= data.length
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
    begun() {
      begun++
    },
    close() {
      for (const socket of open) socket.destroy()
      server.close()
    },
  }
}
