/** How a query's answer looks when no request runs: from what the cache holds, also where another machine filled it. */
import type { Completion, CompletionError, CompletionState, CompletionStatus } from 'completion-stream'

/** Nothing asked yet. */
export const idle: CompletionState = stateOf('idle')
/** Asked, nothing arrived yet. */
export const submitted: CompletionState = stateOf('submitted')

/** A finished answer, or one that failed, with what had arrived. */
export function stateOf(
  status: CompletionStatus,
  completion: Partial<Completion> = {},
  error?: CompletionError,
): CompletionState {
  const { text = '', reasoning = '', refusal = '', toolCalls = [], parts = [], parsed, usage } = completion
  const { finishReason = null, nativeFinishReason = null } = completion
  return {
    status,
    text,
    reasoning,
    refusal,
    toolCalls,
    parts,
    object: parsed,
    finishReason,
    nativeFinishReason,
    usage,
    completion: completion.choices?.length ? (completion as Completion) : undefined,
    stopped: false,
    error,
    attempts: [],
    timing: undefined,
  }
}

/** Whether an answer is waited for or arriving. */
export function isRunning({ status }: CompletionState): boolean {
  return status === 'submitted' || status === 'streaming'
}
