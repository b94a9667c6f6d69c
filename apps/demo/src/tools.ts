/** The tools of this page: they run here, in the browser, or ask whoever looks at it. */
import type { ChatTool, ChatToolCall } from 'completion-stream'
import { pages } from '../docs/bundled.ts'
import { createDocsSearch } from '../docs/search.ts'
import * as docs from '../docs/search-tool.ts'
import { splitPages } from '../docs/sections.ts'
import * as choose from '../tools/choose.ts'
import * as accent from '../tools/set-accent.ts'
import { currentAccent, setAccent } from './accent.ts'

const search = createDocsSearch(splitPages(pages))

/** What a real model is told. The sandbox does as its script says. */
export const system: string =
  'You help developers who use completion-stream, a TypeScript library that streams LLM completions in the browser. ' +
  'Before you answer a question about it, look it up with search_docs. Answer in markdown, and briefly.'

/** The tools that the page offers to the model. */
export const tools: Record<string, ChatTool> = {
  [docs.SEARCH_DOCS]: {
    description: docs.description,
    parameters: docs.parameters,
    execute: (input) => docs.answerSearch(search, input),
  },
  [accent.SET_ACCENT]: {
    description: accent.description,
    parameters: accent.parameters,
    needsApproval: true,
    execute: (input) => changeAccent(input),
  },
  // Whoever looks at the page answers it.
  [choose.CHOOSE]: { description: choose.description, parameters: choose.parameters },
}

function changeAccent(input: { accent?: unknown } | null): accent.AccentChange {
  const wanted = input?.accent
  if (!accent.isAccent(wanted)) throw new Error(`This page has no such colour. It has ${accent.accents.join(', ')}.`)
  const before = currentAccent()
  setAccent(wanted)
  return { accent: wanted, before }
}

/** Whether a call waits for somebody to say something about it. */
export function isWaiting({ state, approval, awaitsOutput }: ChatToolCall): boolean {
  return state === 'input-complete' && (approval === 'requested' || awaitsOutput === true)
}
