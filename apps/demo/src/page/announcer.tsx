/** Tells a screen reader where the answer stands: one sentence per state, never one per token. */
import type { ChatMessage } from 'completion-stream'
import type { ReactNode } from 'react'
import { endingOf } from '../message/ending.ts'

/** A polite live region, invisible. */
export function Announcer({ last }: { last: ChatMessage | undefined }): ReactNode {
  return (
    <p className="hidden" role="status">
      {last ? sentence(last) : ''}
    </p>
  )
}

function sentence(message: ChatMessage): string {
  if (message.role === 'user') return ''
  if (message.status === 'submitted') return 'Waiting for the answer.'
  if (message.status === 'streaming') return 'The answer is arriving.'
  const { words, detail } = endingOf(message)
  return detail ? `${words}. ${detail}` : `${words}.`
}
