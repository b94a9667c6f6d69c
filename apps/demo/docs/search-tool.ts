/** The `search_docs` tool as the model sees it: what it is called, what it takes, and the JSON that it gives back. */
import type { DocsSearch, SearchHit } from './search.ts'

/** The tool's name on the wire. */
export const SEARCH_DOCS = 'search_docs'

/** What the model writes to call it. */
export interface SearchInput {
  query: string
  limit?: number
}

/** What it gives back. */
export interface SearchOutput {
  query: string
  results: SearchHit[]
}

/** For the model: when to use it. */
export const description: string =
  'Searches the documentation of completion-stream (README files of the repository and its packages) and returns the ' +
  'best sections with their markdown.'

/** Its input as JSON Schema. */
export const parameters: Record<string, unknown> = {
  type: 'object',
  properties: {
    query: { type: 'string', description: 'What to look for, in a few words' },
    limit: { type: 'integer', minimum: 1, maximum: 8, description: 'How many sections to return; 3 if not given' },
  },
  required: ['query'],
  additionalProperties: false,
}

/** Answers one call. A model may write anything, so the input is looked at before it is used. */
export function answerSearch(search: DocsSearch, input: Partial<SearchInput> | null | undefined): SearchOutput {
  const query = typeof input?.query === 'string' ? input.query : ''
  const limit = typeof input?.limit === 'number' ? Math.min(8, Math.max(1, Math.round(input.limit))) : 3
  return { query, results: search(query, limit) }
}

/** Reads a tool message back; null when it is not the result of a search. */
export function readSearchOutput(content: string): SearchOutput | null {
  try {
    const value = JSON.parse(content) as Partial<SearchOutput> | null
    return isSearchOutput(value) ? value : null
  } catch {
    return null
  }
}

/** Whether a value is the result of a search. */
export function isSearchOutput(value: unknown): value is SearchOutput {
  const output = value as Partial<SearchOutput> | null | undefined
  return typeof output?.query === 'string' && Array.isArray(output.results)
}
