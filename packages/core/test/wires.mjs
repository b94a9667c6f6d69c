// The wire formats that this library reads, each with its provider: for the fixtures, the fuzzer and the corpus.
/** @param {typeof import('../src/index.ts')} core */
export const wiresOf = (core) => ({
  'openai-chat': core.openai,
  'openai-completions': core.openaiCompletions,
  'anthropic-messages': core.anthropic,
  'openai-responses': core.openaiResponses,
  cohere: core.cohere,
  gemini: core.gemini,
  mistral: (options) => core.compatible('mistral', options),
  ollama: core.ollama,
})
