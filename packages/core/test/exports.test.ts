/** The public surface: a name that comes or goes is a decision, not an accident. */
import { expect, it } from 'vitest'
import * as core from '../src/index.ts'

it('exports these names', () => {
  expect(Object.keys(core).toSorted()).toMatchInlineSnapshot(`
    [
      "CompletionError",
      "anthropic",
      "askToContinue",
      "buildCompletion",
      "chrome",
      "cohere",
      "compatible",
      "compatibleNames",
      "completionState",
      "createChat",
      "createCompletionStore",
      "createPartialJson",
      "endpoint",
      "estimateTokens",
      "gemini",
      "isCompletionError",
      "messagesFrom",
      "ollama",
      "openCalls",
      "openai",
      "openaiCompletions",
      "openaiResponses",
      "parsePartialJson",
      "prefill",
      "route",
      "source",
      "streamCompletion",
    ]
  `)
})
