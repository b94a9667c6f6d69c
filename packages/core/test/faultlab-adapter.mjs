// What a fault-injecting server's runner needs to know of this library: one request in, what came of it out.
import { loadCore } from './load-core.mjs'

const { streamCompletion, openai } = await loadCore()

export const name = 'completion-stream'

const kinds = {
  network: 'network',
  timeout: 'timeout',
  interrupted: 'incomplete',
  invalid_response: 'protocol',
  limit_exceeded: 'limit',
}

/** Streams one completion through the public path. */
export async function run({ baseURL, apiKey, model, messages, tools, signal, onText, timeouts, headers }) {
  const { headersMs, idleMs, totalMs } = timeouts
  const stream = streamCompletion(
    { model, messages, ...(tools && { tools: tools.map((tool) => ({ type: 'function', function: tool })) }) },
    {
      provider: openai({ baseURL, apiKey }),
      signal,
      headers,
      timeout: { connectMs: headersMs, firstChunkMs: headersMs + idleMs, chunkMs: idleMs, totalMs },
    },
  )
  let rawError
  try {
    for await (const text of stream.textStream) await onText(text)
  } catch (error) {
    rawError = error
  }
  const { text, reasoning, refusal, toolCalls, nativeFinishReason, usage } = stream.snapshot
  const kind = rawError && (kinds[rawError.code] ?? (rawError.status ? 'http' : 'api'))
  return {
    text,
    reasoning,
    refusal,
    finishReason: nativeFinishReason,
    toolCalls: toolCalls.filter((call) => call.state === 'input-complete' || rawError === undefined),
    usage: usage && { prompt: usage.prompt_tokens, completion: usage.completion_tokens, total: usage.total_tokens },
    error: stream.aborted
      ? { name: 'AbortError', message: 'aborted', kind: 'abort' }
      : rawError && { name: rawError.name, message: rawError.message, kind, status: rawError.status },
    rawError,
    attempts: rawError?.attempts ?? stream.attempts.length + 1,
  }
}
