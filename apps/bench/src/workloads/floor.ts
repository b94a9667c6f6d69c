/** A plain reader: decode, split into lines, parse, concatenate. It checks nothing, and knows one wire. */

/** Takes the data of each event, and has the answer at the end. */
export interface Gather {
  take(data: string): void
  result(): string
}

/** How the bytes of a body come to `take`. */
export type ReadBody = (body: ReadableStream<Uint8Array>, take: (bytes: Uint8Array) => void) => Promise<void>

/** With a reader: what works everywhere, and can be cancelled while it waits. */
export const withReader: ReadBody = async (body, take) => {
  const reader = body.getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    take(value)
  }
}

/**
 * As an iteration: cheaper than a reader in Node, but nobody can cancel it while it waits. OpenAI's and Anthropic's clients
 * read so where they can, Google's and TanStack's with a reader.
 */
export const withIteration: ReadBody = async (body, take) => {
  for await (const bytes of body) take(bytes)
}

/** Reads a body whose lines end in LF, and whose events are one `data` line each. */
export async function readFloor(
  response: Response,
  { take, result }: Gather,
  read: ReadBody = withReader,
): Promise<string> {
  const decoder = new TextDecoder()
  let rest = ''
  await read(response.body!, (bytes) => {
    const piece = decoder.decode(bytes, { stream: true })
    rest += piece
    if (!piece.includes('\n')) return
    const lines = rest.split('\n')
    rest = lines.pop()!
    for (const line of lines) if (line.startsWith('data: ')) take(line.slice(6))
  })
  return result()
}
