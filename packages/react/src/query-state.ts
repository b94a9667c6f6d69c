/** How a query's answer looks where there is no request to ask. */
import { completionState } from 'completion-stream'
import type { CompletionState } from 'completion-stream'

/** Nothing asked yet. */
export const idle: CompletionState = /* @__PURE__ */ completionState('idle')
/** Asked, nothing arrived yet. */
export const submitted: CompletionState = /* @__PURE__ */ completionState('submitted')

/** Whether an answer is waited for or arriving. */
export function isRunning({ status }: CompletionState): boolean {
  return status === 'submitted' || status === 'streaming'
}
