/** OpenAI's chat completion chunks. */
import { event, request } from '../workload.ts'

const head = { id: 'chatcmpl-bench', object: 'chat.completion.chunk', created: 1767225600, model: request.model }

/** One chunk with one choice. */
export function chunk(delta: object, finish_reason: string | null = null): Uint8Array {
  const choices = [{ index: 0, delta, logprobs: null, finish_reason }]
  return event({ ...head, system_fingerprint: 'fp_bench', choices, usage: null })
}

/** The usage, and the end. */
export function ending(tokens: number): Uint8Array[] {
  const usage = { prompt_tokens: 5, completion_tokens: tokens, total_tokens: tokens + 5 }
  return [event({ ...head, choices: [], usage }), event('[DONE]')]
}
