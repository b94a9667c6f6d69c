/** This library: one completion. */
import { useCompletionStream } from '@completion-stream/react'
import type { UseAnswer } from '../answer.ts'
import { question } from '../answer.ts'

export const useAnswer: UseAnswer = ({ url, throttle }) => {
  const { start, status, text, toolCalls } = useCompletionStream({ model: 'bench-model', provider: url, throttle })
  return {
    start: () => start(question),
    isBusy: status === 'submitted' || status === 'streaming',
    text,
    input: toolCalls[0]?.input,
  }
}
