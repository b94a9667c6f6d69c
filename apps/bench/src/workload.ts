/** The completions that everybody reads, as bytes on OpenAI's wire: a long answer, and the arguments of four tool calls. */

/** The request that the answer belongs to. */
export const request: { model: string; messages: { role: 'user'; content: string }[] } = {
  model: 'bench-model',
  messages: [{ role: 'user', content: 'Write a long answer.' }],
}

/** A generated answer: what must come out (text, or arguments), and each of its events as the bytes that go in. */
export interface Workload {
  text: string
  events: Uint8Array[]
}

const words =
  'the of stream completion browser token naïve 数据 and reads 🙂 events “quoted” {"json":1} back\\slash'.split(' ')

/** The same pseudo-random numbers in every run, so that runs can be compared. */
function* numbers(): Generator<number, never> {
  for (let seed = 1; ;) {
    seed = (seed * 1103515245 + 12345) % 2147483648
    yield seed
  }
}

/** Words as a model writes them, a token each. */
export function writeWords(count: number): string[] {
  const random = numbers()
  const pick = (): string => {
    const n = random.next().value >> 8
    return n % 20 === 0 ? '.\n\n' : ` ${words[n % words.length]}`
  }
  return Array.from({ length: count }, pick)
}

const head = { id: 'chatcmpl-bench', object: 'chat.completion.chunk', created: 1767225600, model: request.model }

function frame(data: unknown): Uint8Array {
  const json = typeof data === 'string' ? data : JSON.stringify({ ...head, ...(data as object) })
  return new TextEncoder().encode(`data: ${json}\n\n`)
}

function chunk(delta: object, finish_reason: string | null = null): Uint8Array {
  const choices = [{ index: 0, delta, logprobs: null, finish_reason }]
  return frame({ system_fingerprint: 'fp_bench', choices, usage: null })
}

function ending(tokens: number): Uint8Array[] {
  const usage = { prompt_tokens: 5, completion_tokens: tokens, total_tokens: tokens + 5 }
  return [frame({ choices: [], usage }), frame('[DONE]')]
}

/** An answer of so many text deltas, with the role, finish, usage and end events around them. */
export function createWorkload(deltas: number): Workload {
  const parts = writeWords(deltas)
  const events = [
    chunk({ role: 'assistant', content: '', refusal: null }),
    ...parts.map((content) => chunk({ content })),
    chunk({}, 'stop'),
    ...ending(deltas),
  ]
  return { text: parts.join(''), events }
}

/** What the arguments of a call look like: each of about so many characters, when it is written as JSON. */
export const shapes: Record<string, (size: number) => unknown> = {
  'one long text': (size) => ({ path: 'story.md', content: writeWords(size / 5).join('') }),
  'nested objects': (size) => ({
    chapters: Array.from({ length: Math.ceil(size / 2000) }, (_, chapter) => ({
      title: `Chapter ${chapter}`,
      paragraphs: Array.from({ length: 10 }, () => ({ text: writeWords(32).join(''), note: null })),
    })),
  }),
  'a list of small objects': (size) => ({
    items: Array.from({ length: size / 60 }, (_, id) => ({
      id,
      name: `Item ${id}`,
      price: id * 1.25,
      tags: ['a', 'b'],
    })),
  }),
  'a list of numbers': (size) => ({ list: Array.from({ length: size / 6 }, (_, n) => n * 7) }),
}

/** Four calls whose arguments arrive interleaved, in so many deltas together. */
export function createToolWorkload(deltas: number, shape: (size: number) => unknown): Workload {
  const size = deltas * 16
  const texts = Array.from({ length: 4 }, () => JSON.stringify(shape(size / 4)))
  const step = Math.ceil((texts[0]!.length * 4) / deltas)
  const call = (index: number, args: string): object => ({ tool_calls: [{ index, function: { arguments: args } }] })
  const events = texts.map((_, index) =>
    chunk({
      tool_calls: [{ index, id: `call_${index}`, type: 'function', function: { name: 'save', arguments: '' } }],
    }),
  )
  for (let at = 0; at < texts[0]!.length; at += step) {
    for (const [index, text] of texts.entries()) events.push(chunk(call(index, text.slice(at, at + step))))
  }
  events.push(chunk({}, 'tool_calls'), ...ending(deltas))
  return { text: texts.join('\n'), events }
}
