/** The completion that everybody reads: a long answer of token-sized deltas, as bytes on OpenAI's wire. */

/** The request that the answer belongs to. */
export const request: { model: string; messages: { role: 'user'; content: string }[] } = {
  model: 'bench-model',
  messages: [{ role: 'user', content: 'Write a long answer.' }],
}

/** A generated answer: what must come out, and each of its events as the bytes that go in. */
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

/** An answer of so many text deltas, with the role, finish, usage and end events around them. */
export function createWorkload(deltas: number): Workload {
  const random = numbers()
  const pick = (): string => {
    const n = random.next().value >> 8
    return n % 20 === 0 ? '.\n\n' : ` ${words[n % words.length]}`
  }
  const parts = Array.from({ length: deltas }, pick)
  const head = { id: 'chatcmpl-bench', object: 'chat.completion.chunk', created: 1767225600, model: request.model }
  const frame = (data: unknown): Uint8Array =>
    new TextEncoder().encode(
      `data: ${typeof data === 'string' ? data : JSON.stringify({ ...head, ...(data as object) })}\n\n`,
    )
  const chunk = (delta: object, finish_reason: string | null = null): Uint8Array =>
    frame({
      system_fingerprint: 'fp_bench',
      choices: [{ index: 0, delta, logprobs: null, finish_reason }],
      usage: null,
    })
  const usage = { prompt_tokens: 5, completion_tokens: deltas, total_tokens: deltas + 5 }
  const events = [
    chunk({ role: 'assistant', content: '', refusal: null }),
    ...parts.map((content) => chunk({ content })),
    chunk({}, 'stop'),
    frame({ choices: [], usage }),
    frame('[DONE]'),
  ]
  return { text: parts.join(''), events }
}
