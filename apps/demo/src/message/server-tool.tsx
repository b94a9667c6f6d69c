/** A tool that the provider ran itself, such as a web search: its name, what it was given, whether it is done. */
import type { ChatPart } from 'completion-stream'
import type { ReactNode } from 'react'

type Call = Extract<ChatPart, { type: 'server-tool' }>['toolCall']

/** One call; `live` while its result may still come. */
export function ServerTool({ call, live }: { call: Call; live: boolean }): ReactNode {
  const isDone = call.output !== undefined || !live
  return (
    <section className="tool" data-state={isDone ? 'output' : 'running'} aria-label={`Provider's tool ${call.name}`}>
      <header>
        <svg viewBox="0 0 16 16" aria-hidden="true">
          <path d="M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9ZM10.5 10.5 14 14" />
        </svg>
        <code className="tool-name">{call.name}</code>
        <span className="tool-state">{isDone ? 'Done by the provider' : 'Running at the provider…'}</span>
      </header>
      {call.input !== undefined && (
        <pre className="tool-arguments" tabIndex={0} aria-label="Arguments">
          <code>{typeof call.input === 'string' ? call.input : JSON.stringify(call.input)}</code>
        </pre>
      )}
    </section>
  )
}
