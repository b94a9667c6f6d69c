/** Answers on OpenAI's wire as bytes, and the least that any reader must do with them. */

const head = { id: 'chatcmpl-scale', object: 'chat.completion.chunk', created: 1767225600, model: 'scale' }

/** What everybody asks. */
export const request: { model: string; messages: { role: 'user'; content: string }[] } = {
  model: 'scale',
  messages: [{ role: 'user', content: 'Write a long answer.' }],
}

/** One chunk as an event. */
export function chunk(delta: object, finish_reason: string | null = null): string {
  return `data: ${JSON.stringify({ ...head, choices: [{ index: 0, delta, finish_reason }] })}\n\n`
}

/** Text as a piece of the answer. */
export function says(content: string): string {
  return chunk({ content })
}

/** The end of an answer that says what it took. */
export const ending: string = `${chunk({}, 'stop')}data: ${JSON.stringify({
  ...head,
  choices: [],
  usage: { prompt_tokens: 9, completion_tokens: 9, total_tokens: 18 },
})}\n\ndata: [DONE]\n\n`

/** The end of an answer that does not. */
export const uncounted: string = `${chunk({}, 'stop')}data: [DONE]\n\n`

/** Pseudo-random text, the same in every run: words as a model writes them, some of them not of ASCII. */
export function textOf(chars: number): string {
  const words = 'the of stream completion browser token naïve reads and events 1024 answer; where'.split(' ')
  let text = ''
  for (let seed = 1; text.length < chars;) {
    seed = (seed * 1103515245 + 12345) % 2147483648
    text += `${words[(seed >> 8) % words.length]} `
  }
  return text.slice(0, chars)
}

/** Text in pieces of so many characters. */
export function cut(text: string, size: number): string[] {
  return Array.from({ length: Math.ceil(text.length / size) }, (_, i) => text.slice(i * size, (i + 1) * size))
}

/** A response whose body is this, in reads of 16 KB. */
export function respond(body: Uint8Array): Response {
  const size = 16 * 1024
  let at = 0
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (at >= body.length) return controller.close()
      controller.enqueue(body.subarray(at, at + size))
      at += size
    },
  })
  return new Response(stream, { headers: { 'content-type': 'text/event-stream' } })
}

/** Decodes, splits, parses, and hands out deltas: no errors, no other line ends, nothing kept. */
export async function readBare(response: Response, onDelta: (delta: { content?: string }) => void): Promise<void> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const bytes of response.body!) {
    const piece = decoder.decode(bytes, { stream: true })
    rest += piece
    // A line that is long is looked through once.
    if (!piece.includes('\n')) continue
    const lines = rest.split('\n')
    rest = lines.pop()!
    for (const line of lines) {
      if (!line.startsWith('data: ') || line === 'data: [DONE]') continue
      const { choices } = JSON.parse(line.slice(6)) as { choices: { delta: { content?: string } }[] }
      if (choices[0]) onDelta(choices[0].delta)
    }
  }
}
