/** A tool call as it happens: its name, the arguments while they are written, where it stands, and what came back. */
import type { ChatPart } from 'completion-stream'
import type { ReactNode } from 'react'
import { isSearchOutput, type SearchOutput } from '../../docs/search-tool.ts'

type Call = Extract<ChatPart, { type: 'tool-call' }>['toolCall']

const STATES: Record<Call['state'], string> = {
  'input-streaming': 'Writing arguments…',
  'input-complete': 'Ready to run',
  incomplete: 'Cut off before the arguments were complete',
  running: 'Running in this page…',
  output: 'Done',
  error: 'Failed',
}

/** One call. */
export function ToolCard({ call }: { call: Call }): ReactNode {
  return (
    <section className="tool" data-state={call.state} aria-label={`Tool call ${call.name}`}>
      <header>
        <svg viewBox="0 0 16 16" aria-hidden="true">
          <path d="M3 4.5 6.5 8 3 11.5M8.5 12H13" />
        </svg>
        <code className="tool-name">{call.name || '…'}</code>
        <span className="tool-state">{STATES[call.state]}</span>
      </header>
      <pre className="tool-arguments" tabIndex={0} aria-label="Arguments">
        <code>{call.arguments}</code>
      </pre>
      {call.state === 'error' && <p className="tool-error">{call.error ?? 'The tool failed without saying why.'}</p>}
      {call.state === 'output' && <Output value={call.output} />}
    </section>
  )
}

function Output({ value }: { value: unknown }): ReactNode {
  const search = isSearchOutput(value) ? value : undefined
  return (
    <details className="tool-output">
      <summary>{search ? found(search.results.length) : 'Result'}</summary>
      {search ? <SearchResults output={search} /> : <pre tabIndex={0}>{pretty(value)}</pre>}
    </details>
  )
}

function SearchResults({ output }: { output: SearchOutput }): ReactNode {
  return (
    <ol>
      {output.results.map((hit) => (
        <li key={`${hit.page} ${hit.trail.join(' ')} ${hit.title}`}>
          <strong>{hit.title}</strong>
          <small>{hit.page}</small>
          <p>{teaser(hit.text)}</p>
        </li>
      ))}
      {output.results.length === 0 && <li>The documentation has nothing on this.</li>}
    </ol>
  )
}

function found(results: number): string {
  if (results === 0) return 'Result: nothing found'
  return `Result: ${results} ${results === 1 ? 'section' : 'sections'} found`
}

function teaser(markdown: string): string {
  const text = markdown
    .replace(/```[\s\S]*?(```|$)/g, ' ')
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/^ *(?:[-+]|\d+\.) /gm, '')
    .replace(/[`*|#]/g, '')
    .replace(/\s+/g, ' ')
    .trim()
  return text.length > 160 ? `${text.slice(0, 160).replace(/\s\S*$/, '')} …` : text
}

function pretty(value: unknown): string {
  if (typeof value === 'string') return value
  return JSON.stringify(value, null, 2) ?? String(value)
}
