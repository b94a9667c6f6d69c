/** Puts an answer together from sections of the documentation: quoted word for word, with the place they stand at. */
import type { SearchHit } from '../docs/search.ts'
import type { SearchOutput } from '../docs/search-tool.ts'
import { splitBlocks } from '../docs/sections.ts'

/** How much of a section's prose is quoted, in characters. The rest is left to the page. */
const PROSE = 600

/** How long a block of code may be where two sections stand beside each other, in characters. */
const SHORT_CODE = 300

/** The answer to one or more searches, as markdown. */
export function composeAnswer(outputs: readonly SearchOutput[]): string {
  const found = distinct(outputs)
  if (found.length === 0) return nothing(outputs)
  if (found.length === 1) return one(found[0]!)
  return several(found)
}

function one({ hits }: Found): string {
  const [best, ...others] = hits
  const also =
    others.length > 0 ? `\n\nSee also ${list(others.map((hit) => `“${hit.title}”${where(hit, best!)}`))}.` : ''
  return `The documentation covers this under **${best!.title}**.\n\n${excerpt(best!)}\n\nFound in ${place(best!)}.${also}`
}

function several(found: readonly Found[]): string {
  const titles = list(found.map(({ hits }) => `**${hits[0]!.title}**`))
  const sections = found.map(
    ({ hits: [hit] }) => `### ${hit!.title}\n\n${excerpt(hit!, SHORT_CODE)}\n\nFound in ${place(hit!)}.`,
  )
  return `I looked up both: the documentation has ${titles}.\n\n${sections.join('\n\n')}`
}

function nothing(outputs: readonly SearchOutput[]): string {
  const queries = list(outputs.map((output) => `“${output.query}”`))
  return (
    `I searched the documentation for ${queries || 'that'} and found nothing that answers it.\n\nI am a script and know ` +
    'only this project’s README files, so I would rather say so than guess. Try asking about streaming, tools, errors ' +
    'or the relay, or set `OPENAI_API_KEY` to put the question to a model.'
  )
}

interface Found {
  hits: SearchHit[]
}

/** What each search found, without the sections that an earlier one already gave. */
function distinct(outputs: readonly SearchOutput[]): Found[] {
  const seen = new Set<string>()
  const found: Found[] = []
  for (const output of outputs) {
    const hits = output.results.filter((hit) => !seen.has(key(hit)))
    if (hits.length === 0) continue
    if (hits[0]) seen.add(key(hits[0]))
    found.push({ hits })
  }
  return found
}

function key(hit: SearchHit): string {
  return `${hit.page}#${hit.trail.join('/')}/${hit.title}`
}

function place(hit: SearchHit): string {
  return `\`${hit.page}\` › ${hit.title}`
}

/** Named only when it is another page. */
function where(hit: SearchHit, than: SearchHit): string {
  return hit.page === than.page ? '' : ` in \`${hit.page}\``
}

function list(items: readonly string[]): string {
  return items.length < 2 ? (items[0] ?? '') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`
}

/** The section's prose from the beginning, as far as it goes, and its first example where that is not too long. */
function excerpt(hit: SearchHit, longestCode: number = Infinity): string {
  let prose = 0
  let hasExample = false
  const blocks = splitBlocks(hit.text)
  const chosen = blocks.map((block) => {
    if (isCode(block)) {
      if (hasExample || block.length > longestCode) return false
      hasExample = !isCommand(block)
      return true
    }
    if (prose > 0 && prose + block.length > PROSE) return false
    prose += block.length
    return true
  })
  // What announces something with a colon goes with it.
  const quoted = blocks.filter((block, index) => chosen[index] && !(block.endsWith(':') && !chosen[index + 1]))
  return quoted.join('\n\n')
}

function isCode(block: string): boolean {
  return /^\s*(```|~~~)/.test(block)
}

/** "npm install …" is no example yet. */
function isCommand(code: string): boolean {
  return /^\s*(```|~~~)(sh|bash|console|shell)\b/.test(code)
}
