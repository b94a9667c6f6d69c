/** The AI SDK: a conversation, on its UI message stream. */
import { useState } from 'react'
import { useChat } from '@ai-sdk/react'
import type { UIMessage } from '@ai-sdk/react'
import { DefaultChatTransport } from 'ai'
import type { Message, UseAnswer } from '../answer.ts'
import { historyOf, question } from '../answer.ts'

const textOf = (message: Message): string => {
  let text = ''
  for (const part of (message as UIMessage).parts) if (part.type === 'text') text += part.text
  return text
}

export const useAnswer: UseAnswer = (settings) => {
  const [transport] = useState(() => new DefaultChatTransport({ api: settings.url }))
  const [initial] = useState(() =>
    historyOf(settings).map(({ id, role, text }): UIMessage => ({ id, role, parts: [{ type: 'text', text }] })),
  )
  const { messages, status, sendMessage } = useChat({ transport, messages: initial, throttle: settings.throttle })
  const last = messages.at(-1)
  const call = last?.parts.find((part) => part.type === 'tool-save')
  return {
    start: () => sendMessage({ text: question }),
    isBusy: status === 'submitted' || status === 'streaming',
    text: last?.role === 'assistant' ? textOf(last) : '',
    input: call && 'input' in call ? call.input : undefined,
    messages,
    textOf,
  }
}
