/** OpenAI's wire: the frames of a streamed answer, and the same answer as one JSON body. */
import type { CompletionMessage, CompletionRequest, Delta, FinishReason, Usage } from 'completion-stream'
import type { Tally } from './answer.ts'
import type { ErrorBody } from './errors.ts'
import { randomId } from './ids.ts'
import { promptTokens } from './tokens.ts'

/** The last frame of a stream that came to its end. */
export const DONE_FRAME = 'data: [DONE]\n\n'

/** The frame of an error inside a stream. */
export function errorFrame(error: ErrorBody): string {
  return frame({ error })
}

/** Writes one answer. The id and the time are the same in all that it writes. */
export interface AnswerWriter {
  /** The first chunk: whose message it is, and no text yet. */
  role(): string
  delta(delta: Delta): string
  finish(reason: FinishReason): string
  /** The chunk with the usage; `''` when the request did not ask for it. */
  usage(): string
  /** The whole answer as one `chat.completion`, in JSON. */
  completion(message: CompletionMessage, reason: FinishReason | null): string
}

/** A writer for the answer to `request`. `tally` is read when the usage is written. */
export function answerWriter(request: CompletionRequest, tally: Tally): AnswerWriter {
  const withUsage = request.stream_options?.include_usage === true
  const head = {
    id: randomId('chatcmpl-', 29),
    created: Math.floor(Date.now() / 1000),
    model: request.model,
    service_tier: 'default',
    system_fingerprint: 'fp_scripted',
  }
  const { id, ...about } = head

  function chunk(choices: unknown[], usage: Usage | null): string {
    const body = { id, object: 'chat.completion.chunk', ...about, choices }
    return frame(withUsage ? { ...body, usage } : body)
  }
  const choice = (delta: Delta, finish_reason: FinishReason | null): string =>
    chunk([{ index: 0, delta, logprobs: null, finish_reason }], null)

  return {
    role: () => choice({ role: 'assistant', content: '', refusal: null }, null),
    delta: (delta) => choice(delta, null),
    finish: (reason) => choice({}, reason),
    usage: () => (withUsage ? chunk([], usageOf(request, tally)) : ''),
    completion(message, finish_reason) {
      const choices = [{ index: 0, message, logprobs: null, finish_reason }]
      return JSON.stringify({ id, object: 'chat.completion', ...about, choices, usage: usageOf(request, tally) })
    },
  }
}

function usageOf(request: CompletionRequest, tally: Tally): Usage {
  const prompt = promptTokens(request)
  return {
    prompt_tokens: prompt,
    completion_tokens: tally.completion,
    total_tokens: prompt + tally.completion,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: tally.reasoning,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  }
}

function frame(body: unknown): string {
  return `data: ${JSON.stringify(body)}\n\n`
}
