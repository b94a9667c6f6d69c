/** The public surface: a name that comes or goes is a decision, not an accident. */
import { expect, it } from 'vitest'
import * as everything from '../src/index.ts'

it('exports these names', () => {
  expect(Object.keys(everything).toSorted()).toMatchInlineSnapshot(`
    [
      "useChat",
      "useCompletionStream",
      "useSmoothText",
      "useStore",
      "useStreamAnnouncer",
    ]
  `)
})
