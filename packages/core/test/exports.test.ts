/** The public surface: a name that comes or goes is a decision, not an accident. */
import { expect, it } from 'vitest'
import * as core from '../src/index.ts'

it('exports these names', () => {
  expect(Object.keys(core).toSorted()).toMatchInlineSnapshot(`
    [
      "CompletionError",
      "buildCompletion",
      "createChat",
      "createCompletionStore",
      "endpoint",
      "isCompletionError",
      "openai",
      "openaiCompletions",
      "streamCompletion",
    ]
  `)
})
