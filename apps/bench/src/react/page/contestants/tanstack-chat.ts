/** TanStack AI: a conversation, on AG-UI's events. A call's `input` is there at its end alone: until then, its text. */
import { useState } from 'react'
import { fetchServerSentEvents, useChat } from '@tanstack/ai-react'
import type { UIMessage } from '@tanstack/ai-react'
import type { Message, UseAnswer } from '../answer.ts'
import { historyOf, question } from '../answer.ts'

const textOf = (message: Message): string => {
  let text = ''
  for (const part of (message as UIMessage).parts) if (part.type === 'text') text += part.content
  return text
}

export const useAnswer: UseAnswer = (settings) => {
  const [connection] = useState(() => fetchServerSentEvents(settings.url))
  const [initialMessages] = useState(() =>
    historyOf(settings).map(({ id, role, text }): UIMessage => ({
      id,
      role,
      parts: [{ type: 'text', content: text }],
    })),
  )
  const { messages, isLoading, sendMessage } = useChat({ connection, initialMessages })
  const last = messages.at(-1)
  const call = last?.parts.find((part) => part.type === 'tool-call')
  return {
    start: () => sendMessage(question),
    isBusy: isLoading,
    text: last?.role === 'assistant' ? textOf(last) : '',
    input: call?.input ?? call?.arguments,
    messages,
    textOf,
  }
}
