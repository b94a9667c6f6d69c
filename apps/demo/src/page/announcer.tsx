/** Tells a screen reader where the answer stands: one sentence per state and per failed request, never one per token. */
import type { ChatMessage } from 'completion-stream'
import type { ReactNode } from 'react'
import { endingOf } from '../message/ending.ts'
import { spokenNotice, type Notice } from '../message/notice.ts'

/** A polite live region, invisible. */
export function Announcer({ last, notice }: { last: ChatMessage | undefined; notice?: Notice }): ReactNode {
  return (
    <p className="hidden" role="status">
      {notice ? spokenNotice(notice) : last ? sentence(last) : ''}
    </p>
  )
}

function sentence(message: ChatMessage): string {
  if (message.role === 'user') return ''
  const isRunning = message.status === 'submitted' || message.status === 'streaming'
  // It is about to end, and then says why.
  if (isRunning && message.attempts.at(-1)?.action === 'fail') return ''
  if (message.status === 'submitted') return 'Waiting for the answer.'
  if (message.status === 'streaming') return 'The answer is arriving.'
  const { words, detail } = endingOf(message)
  return detail ? `${words}. ${detail}` : `${words}.`
}
