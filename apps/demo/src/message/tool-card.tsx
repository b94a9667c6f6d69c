/** A tool call as it happens: its name, the arguments while they are written, where it stands, and what came back. */
import type { ChatToolCall } from 'completion-stream'
import type { ReactNode } from 'react'
import { isSearchOutput, type SearchOutput } from '../../docs/search-tool.ts'
import { CHOOSE, choiceOf } from '../../tools/choose.ts'
import { isWaiting } from '../tools.ts'
import { Approval, Choice, type CallAnswers } from './call-answer.tsx'

const STATES: Record<ChatToolCall['state'], string> = {
  'input-streaming': 'Writing arguments…',
  'input-complete': 'Ready to run',
  incomplete: 'Cut off before the arguments were complete',
  running: 'Running in this page…',
  output: 'Done',
  error: 'Failed',
}

interface ToolCardProps {
  call: ChatToolCall
  /** Missing once the conversation has gone on without it. */
  answers?: CallAnswers
}

/** One call. */
export function ToolCard({ call, answers }: ToolCardProps): ReactNode {
  const { state, name, error } = call
  const isDenied = call.approval === 'denied'
  const waits = isWaiting(call)
  // Once it is asked, the question stands there in words.
  const isQuestion = name === CHOOSE && state !== 'input-streaming' && choiceOf(call.input) !== undefined
  return (
    <section
      className="tool"
      data-state={isDenied ? 'denied' : waits && answers ? 'waiting' : state}
      aria-label={`Tool call ${name}`}
    >
      <header>
        <svg viewBox="0 0 16 16" aria-hidden="true">
          <path d="M3 4.5 6.5 8 3 11.5M8.5 12H13" />
        </svg>
        <code className="tool-name">{name || '…'}</code>
        <span className="tool-state">{stateOf(call, answers !== undefined)}</span>
      </header>
      {!isQuestion && (
        <pre className="tool-arguments" tabIndex={0} aria-label="Arguments">
          <code>{call.arguments}</code>
        </pre>
      )}
      {waits && answers && (name === CHOOSE ? <Choice {...{ call, answers }} /> : <Approval {...{ call, answers }} />)}
      {isQuestion && !(waits && answers) && <Answered call={call} />}
      {state === 'error' && !isDenied && name !== CHOOSE && (
        <p className="tool-error">{error ?? 'The tool failed without saying why.'}</p>
      )}
      {state === 'output' && !isQuestion && <Output value={call.output} />}
    </section>
  )
}

function stateOf(call: ChatToolCall, canAnswer: boolean): string {
  const { state, approval, name } = call
  if (approval === 'denied') return 'Denied, not run'
  if (isWaiting(call)) {
    if (!canAnswer) return 'Never answered'
    return approval === 'requested' ? 'Waits for your approval' : 'Waits for your answer'
  }
  if (name === CHOOSE && state === 'output') return 'Answered by you'
  if (name === CHOOSE && state === 'error') return 'Not answered'
  if (approval === 'approved' && state === 'output') return 'Allowed by you, done'
  if (approval === 'approved' && state === 'error') return 'Allowed by you, failed'
  return STATES[state]
}

/** The question, and what was said to it. */
function Answered({ call }: { call: ChatToolCall }): ReactNode {
  return (
    <p className="tool-choice">
      {choiceOf(call.input)?.question} {typeof call.output === 'string' && <strong>{call.output}</strong>}
    </p>
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
