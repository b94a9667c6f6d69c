/** The AI SDK: one completion, on its data protocol. */
import { useCompletion } from '@ai-sdk/react'
import type { UseAnswer } from '../answer.ts'
import { question } from '../answer.ts'

export const useAnswer: UseAnswer = ({ url, throttle }) => {
  const { complete, completion, isLoading } = useCompletion({ api: url, throttle })
  return { start: () => complete(question), isBusy: isLoading, text: completion }
}
