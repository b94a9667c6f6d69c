/** Searches the documentation's sections with MiniSearch. The page's tool and the sandbox use this same function. */
import MiniSearch from 'minisearch'
import type { Section } from './sections.ts'

/** A section that answers a query, best first. */
export interface SearchHit {
  title: string
  page: string
  trail: string[]
  text: string
  score: number
}

/** Finds up to `limit` sections for a query in plain words; empty when the documentation has nothing on it. */
export type DocsSearch = (query: string, limit?: number) => SearchHit[]

/** The share of a query's words that a section must have to count as an answer; half as many if they are its heading. */
const ENOUGH = 0.6

/** The project's own name stands in every other heading and says nothing about what is below it. */
const PROJECT = /@?completion-stream\/?/g

/** Indexes the sections. */
export function createDocsSearch(sections: readonly Section[]): DocsSearch {
  const index = new MiniSearch<Section>({
    fields: ['title', 'trail', 'page', 'text'],
    extractField: (section, field) => {
      if (field === 'title') return section.title.replace(PROJECT, '')
      if (field === 'trail') return section.trail.join(' ').replace(PROJECT, '')
      return section[field as 'id' | 'page' | 'text']
    },
    tokenize: words,
    processTerm: stem,
    searchOptions: { boost: { title: 4, trail: 1.5, page: 2.5 }, prefix: (term) => term.length > 3, fuzzy: fuzziness },
  })
  index.addAll(sections)
  const byId = new Map(sections.map((section) => [section.id, section]))

  return (query, limit = 3) => {
    const asked = new Set(words(query).map(stem).filter(Boolean))
    if (asked.size === 0) return []
    const hits: SearchHit[] = []
    for (const result of index.search(query)) {
      const section = byId.get(result.id as string)
      const inTitle = Object.values(result.match).some((fields) => fields.includes('title'))
      if (!section || result.queryTerms.length / asked.size < (inTitle ? ENOUGH / 2 : ENOUGH)) continue
      const { title, page, trail, text } = section
      hits.push({ title, page, trail, text, score: Math.round(result.score * 10) / 10 })
      if (hits.length === limit) break
    }
    return hits
  }
}

function words(text: string): string[] {
  return text.split(/[^\p{L}\p{N}]+/u)
}

/** Enough stemming for "streams", "streaming" and "streamed" to meet; words that say nothing become null. */
function stem(word: string): string | null {
  const term = word.toLowerCase()
  if (term.length < 2 || STOP_WORDS.has(term)) return null
  if (term.length > 4 && term.endsWith('ies')) return `${term.slice(0, -3)}y`
  if (term.length > 5 && term.endsWith('ing')) return undouble(term.slice(0, -3))
  if (term.length > 4 && term.endsWith('ed')) return undouble(term.slice(0, -2))
  if (term.length > 3 && term.endsWith('s') && !term.endsWith('ss')) return term.slice(0, -1)
  return term
}

/** "stopp" (from "stopping") is "stop". */
function undouble(term: string): string {
  return /([bdgmnprt])\1$/.test(term) ? term.slice(0, -1) : term
}

function fuzziness(term: string): number | boolean {
  return term.length > 5 ? 0.15 : false
}

const STOP_WORDS = new Set(
  (
    'a about all am an and any are as at be been but by can compare compared could did difference do does doing docs ' +
    'documentation each explain few for from get give had has have help how if in into is it its just let like make ' +
    'may me more most much my need no not of off on only or our out please shall she should show so some such tell ' +
    'than that the their them then there these they this those to too under up us use used using versus very vs want ' +
    'support supported was way we were what when where which who why will with work works would you your'
  ).split(' '),
)
