/** What stands on the page before the first question. */
import type { ReactNode } from 'react'
import { asking, endings, faults, questions, type Suggestion } from '../suggestions.ts'

type OnAsk = (suggestion: Suggestion) => void

/** `sandboxed` when the scripted sandbox answers, which is said here in so many words. */
export function EmptyState({ sandboxed, onAsk }: { sandboxed: boolean; onAsk: OnAsk }): ReactNode {
  return (
    <section className="empty" aria-labelledby="welcome">
      <h2 id="welcome">Watch an answer arrive.</h2>
      <p>
        Text, thinking, tool calls and the reason for the end: every piece is on the page as soon as it is on the wire.
        {sandboxed &&
          ' No key is set, so a scripted sandbox answers: it quotes this project’s documentation, and no model is involved.'}
      </p>
      <Group
        title={sandboxed ? 'Ask the documentation' : 'Ask about this project'}
        suggestions={questions}
        onAsk={onAsk}
      />
      <Group title="Have a say" suggestions={asking} onAsk={onAsk} />
      {sandboxed && <Group title="See every way an answer can go" suggestions={endings} onAsk={onAsk} />}
      {sandboxed && <Group title="When things go wrong" suggestions={faults} onAsk={onAsk} />}
    </section>
  )
}

interface GroupProps {
  title: string
  suggestions: readonly Suggestion[]
  onAsk: OnAsk
}

function Group({ title, suggestions, onAsk }: GroupProps): ReactNode {
  return (
    <>
      <h3>{title}</h3>
      <ul className="chips">
        {suggestions.map((suggestion) => (
          <li key={suggestion.prompt}>
            <button type="button" className="chip" onClick={() => onAsk(suggestion)}>
              {suggestion.label}
            </button>
          </li>
        ))}
      </ul>
    </>
  )
}
