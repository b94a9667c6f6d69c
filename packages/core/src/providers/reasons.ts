/** Why an answer ended: every provider's word for it → OpenAI's. */
import type { FinishReason } from '../types.ts'

const reasons: Record<string, RegExp> = {
  stop: /^(stop|end|eos|pause|completed?)(_(sequence|turn|token))?$/i,
  length: /length|max_\w*tokens|context_window/i,
  tool_calls: /^tool_(calls?|use)$/i,
  content_filter: /filter|safety|recitation|blocklist|prohibited|spii|refusal|sensitive|guardrail|toxic/i,
}

/** OpenAI's word for a provider's. What is a failure, or unknown, stays as it was sent: it is not for us to call it `stop`. */
export function finishReasonOf(word: string): FinishReason {
  return (Object.keys(reasons).find((reason) => reasons[reason]!.test(word)) ?? word) as FinishReason
}
