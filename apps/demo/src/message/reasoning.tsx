/** A model's thinking: open while it thinks, folded away once it answers, unless the reader decides otherwise. */
import { useState, type ReactNode } from 'react'

/** The text so far; `live` while it is being written. */
export function Reasoning({ text, live }: { text: string; live: boolean }): ReactNode {
  const [chosen, setChosen] = useState<boolean>()
  const open = chosen ?? live
  return (
    <details className="reasoning" open={open}>
      <summary
        onClick={(event) => {
          event.preventDefault()
          setChosen(!open)
        }}
      >
        {live ? 'Thinking…' : 'Thoughts'}
      </summary>
      <p>{text}</p>
    </details>
  )
}
