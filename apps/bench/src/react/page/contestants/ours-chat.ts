/** This library: a conversation. */
import { useChat } from '@completion-stream/react'
import type { ChatMessage } from '@completion-stream/react'
import type { Message, UseAnswer } from '../answer.ts'
import { historyOf, question } from '../answer.ts'

const textOf = (message: Message): string => (message as ChatMessage).text

export const useAnswer: UseAnswer = (settings) => {
  const { messages, status, sendMessage } = useChat({
    model: 'bench-model',
    provider: settings.url,
    throttle: settings.throttle,
    // Nobody runs the tool, and no second request tells the model so.
    maxSteps: 1,
    initialMessages: settings.history ? initialMessages(historyOf(settings)) : undefined,
  })
  const last = messages.at(-1)
  const call = last?.parts.find((part) => part.type === 'tool-call')
  return {
    start: () => sendMessage(question),
    isBusy: status === 'submitted' || status === 'streaming',
    text: last?.role === 'assistant' ? last.text : '',
    input: call?.toolCall.input,
    messages,
    textOf,
  }
}

function initialMessages(history: ReturnType<typeof historyOf>): ChatMessage[] {
  return history.map(({ id, role, text }): ChatMessage => {
    const said = { id, text, parts: [{ type: 'text' as const, text }], wire: [{ role, content: text }] }
    if (role === 'user') return { ...said, role }
    return {
      ...said,
      role,
      status: 'ready',
      finishReason: 'stop',
      nativeFinishReason: 'stop',
      annotations: [],
      usage: undefined,
      timing: undefined,
      error: undefined,
      attempts: [],
    }
  })
}
