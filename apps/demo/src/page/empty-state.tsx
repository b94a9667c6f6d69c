/** What stands on the page before the first question. */
import type { ReactNode } from 'react'
import { endings, questions, type Suggestion } from '../suggestions.ts'

/** `sandboxed` when the scripted sandbox answers, which is said here in so many words. */
export function EmptyState({ sandboxed, onAsk }: { sandboxed: boolean; onAsk: (prompt: string) => void }): ReactNode {
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
      {sandboxed && <Group title="See every way an answer can go" suggestions={endings} onAsk={onAsk} />}
    </section>
  )
}

interface GroupProps {
  title: string
  suggestions: readonly Suggestion[]
  onAsk: (prompt: string) => void
}

function Group({ title, suggestions, onAsk }: GroupProps): ReactNode {
  return (
    <>
      <h3>{title}</h3>
      <ul className="chips">
        {suggestions.map(({ label, prompt }) => (
          <li key={prompt}>
            <button type="button" className="chip" onClick={() => onAsk(prompt)}>
              {label}
            </button>
          </li>
        ))}
      </ul>
    </>
  )
}
