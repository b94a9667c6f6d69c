/** The `search_docs` tool of this page: it runs here, in the browser, over the documentation in the bundle. */
import type { ChatTool } from 'completion-stream'
import { pages } from '../docs/bundled.ts'
import { createDocsSearch } from '../docs/search.ts'
import { answerSearch, description, parameters, SEARCH_DOCS } from '../docs/search-tool.ts'
import { splitPages } from '../docs/sections.ts'

const search = createDocsSearch(splitPages(pages))

/** What a real model is told. The sandbox does as its script says. */
export const system: string =
  'You help developers who use completion-stream, a TypeScript library that streams LLM completions in the browser. ' +
  'Before you answer a question about it, look it up with search_docs. Answer in markdown, and briefly.'

/** The tools that the page offers to the model. */
export const tools: Record<string, ChatTool> = {
  [SEARCH_DOCS]: { description, parameters, execute: (input) => answerSearch(search, input) },
}
