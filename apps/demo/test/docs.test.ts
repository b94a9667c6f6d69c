/** The documentation: split into sections, searched, read from disk. */
import { describe, expect, it } from 'vitest'
import { readPages } from '../docs/read.ts'
import { createDocsSearch } from '../docs/search.ts'
import { answerSearch, isSearchOutput, readSearchOutput } from '../docs/search-tool.ts'
import { splitBlocks, splitPages } from '../docs/sections.ts'
import { pages } from './guide.ts'

const search = createDocsSearch(splitPages(pages))

describe('splitPages', () => {
  it('gives each heading its text and the headings above it', () => {
    const sections = splitPages(pages)
    expect(sections.map(({ page, trail, title }) => [page, ...trail, title].join(' / '))).toEqual([
      'README.md / completion-stream',
      'README.md / completion-stream / Quick start / React',
      'README.md / completion-stream / Quick start / Plain page',
      'README.md / completion-stream / Errors',
      'packages/relay/README.md / @completion-stream/relay',
      'packages/relay/README.md / @completion-stream/relay / Keys',
    ])
  })

  it('takes a hash inside a code block for code', () => {
    const [section] = splitPages([{ path: 'a.md', markdown: '# A\n\n```sh\n# not a heading\nls\n```\n' }])
    expect(section).toMatchObject({ title: 'A', text: '```sh\n# not a heading\nls\n```' })
  })

  it('keeps text that stands before any heading under the name of the page', () => {
    expect(splitPages([{ path: 'a.md', markdown: 'Words.' }])).toMatchObject([{ title: 'a.md', text: 'Words.' }])
  })
})

describe('splitBlocks', () => {
  it('keeps a code block with blank lines whole', () => {
    expect(splitBlocks('One.\n\n```\na\n\nb\n```\n\nTwo.')).toEqual(['One.', '```\na\n\nb\n```', 'Two.'])
  })
})

describe('the search', () => {
  it('finds the section that a question in plain words is about', () => {
    expect(search('How do I stream into a React component?')[0]).toMatchObject({ title: 'React', page: 'README.md' })
    expect(search('where do the keys stay')[0]).toMatchObject({ title: 'Keys' })
  })

  it('meets other forms of a word, and small mistakes', () => {
    expect(search('streamed components')[0]?.title).toBe('React')
    expect(search('interupted')[0]?.title).toBe('Errors')
  })

  it('finds nothing rather than something that is not meant', () => {
    expect(search('What is the capital of France?')).toEqual([])
    expect(search('the of and')).toEqual([])
  })

  it('gives as many results as asked for', () => {
    expect(search('stream', 1)).toHaveLength(1)
  })
})

describe('the search_docs tool', () => {
  it('answers whatever a model may write', () => {
    expect(answerSearch(search, { query: 'keys', limit: 1 }).results).toHaveLength(1)
    expect(answerSearch(search, { query: 'stream', limit: -4 }).results).toHaveLength(1)
    expect(answerSearch(search, { query: 7 } as never)).toEqual({ query: '', results: [] })
    expect(answerSearch(search, null)).toEqual({ query: '', results: [] })
  })

  it('reads its own output back, and nothing else', () => {
    const output = answerSearch(search, { query: 'keys' })
    expect(readSearchOutput(JSON.stringify(output))).toEqual(output)
    expect(readSearchOutput('{"error":"no"}')).toBeNull()
    expect(readSearchOutput('not json')).toBeNull()
    expect(isSearchOutput(null)).toBe(false)
  })
})

describe('readPages', () => {
  it('reads the documentation of this repository', () => {
    expect(readPages().map((page) => page.path)).toEqual(
      expect.arrayContaining(['packages/relay/README.md', 'packages/testing/README.md']),
    )
  })

  it('is empty where there is none', () => {
    expect(readPages('/nowhere')).toEqual([])
  })
})
