// What a corpus of recorded streams needs to know of this library: one stream in, one neutral result out.
// The corpus' own checker imports this file; `conformance.test.ts` runs it as well.
import { loadCore } from './load-core.mjs'

const { streamCompletion, openai, openaiCompletions } = await loadCore()

const providers = {
  'openai-chat': openai,
  'openai-completions': openaiCompletions,
}

/** The formats that this library decodes. */
export const formats = Object.keys(providers)

/** Streams one recording through the public path and reports what it came to. */
export async function run({ format, fetch }) {
  const provider = providers[format]
  if (!provider) throw new Error(`no provider for ${format}`)
  const stream = streamCompletion({ model: 'recorded', prompt: 'recorded' }, { provider: provider({ fetch }) })
  const error = await stream.finalCompletion().then(
    () => null,
    (failure) => failure,
  )
  const { text, reasoning, toolCalls, finishReason, nativeFinishReason, usage, model, id } = stream.snapshot
  return {
    text,
    reasoning,
    toolCalls,
    finishReason,
    rawFinishReason: nativeFinishReason,
    usage: usage && {
      ...usage,
      reasoning_tokens: usage.completion_tokens_details?.reasoning_tokens,
      cached_tokens: usage.prompt_tokens_details?.cached_tokens,
    },
    model,
    id,
    error: error && { code: error.code, message: error.message },
  }
}
