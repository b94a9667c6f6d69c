// What a corpus of recorded streams needs to know of this library: one stream in, one neutral result out.
// The corpus' own checker imports this file; `conformance.test.ts` runs it as well.
import { loadCore } from './load-core.mjs'
import { wiresOf } from './wires.mjs'

const core = await loadCore()
const wires = wiresOf(core)

/** The formats that this library decodes. */
export const formats = Object.keys(wires)

const words = ['stop', 'length', 'tool_calls', 'content_filter', null]

/** Streams one recording through the public path and reports what it came to. */
export async function run({ format, fetch }) {
  const wire = wires[format]
  if (!wire) throw new Error(`no provider for ${format}`)
  const provider = wire({ apiKey: 'recorded', fetch })
  const stream = core.streamCompletion({ model: 'recorded', prompt: 'recorded' }, { provider, maxRetries: 0 })
  const error = await stream.finalCompletion().then(
    () => null,
    (failure) => failure,
  )
  const { text, reasoning, toolCalls, finishReason, nativeFinishReason, usage, model, id, choices } = stream.snapshot
  const { annotations = [], server_tool_calls: served = [] } = choices[0]?.message ?? {}
  // The corpus counts calls of functions alone; those of tools with free text are told apart.
  const functions = toolCalls.filter((call) => call.type !== 'custom')
  const providerTools = [...served, ...toolCalls.filter((call) => call.type === 'custom')]
  return {
    text,
    reasoning,
    toolCalls: functions,
    // A reason that has no word of OpenAI's is left as the provider said it.
    finishReason: words.includes(finishReason) ? finishReason : 'other',
    rawFinishReason: nativeFinishReason,
    usage: usage &&
      !usage.estimated && {
        ...usage,
        reasoning_tokens: usage.completion_tokens_details?.reasoning_tokens,
        cached_tokens: usage.prompt_tokens_details?.cached_tokens,
      },
    model,
    id,
    sources: annotations.map((annotation) => annotation.url_citation),
    providerTools,
    error: error && { code: error.code, message: error.message },
  }
}
