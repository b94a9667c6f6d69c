/** Going on with an answer that was cut: what was asked before the cut, how far the answer had come, and the rest of it. */
import type { ScriptTurn, Step } from '@completion-stream/testing'

/** How a request asks for the rest: in the library's words (`askToContinue`), or in those of a person. */
const ASKS = /\bcut off\b.*\bgo on\b|^\W*(?:please )?(?:continue|go on)\b/is

/** An answer that has begun. */
export interface Begun<Turn extends ScriptTurn> {
  /** The turn that it answers, as it was asked at first. */
  turn: Turn
  /** What it says so far. */
  said: string
}

/** The answer that a turn asks to go on with; undefined when it asks for none. */
export function begunAnswer<Turn extends ScriptTurn>(turn: Turn): Begun<Turn> | undefined {
  const messages = turn.request.messages ?? []
  const cut = messages.at(-2)
  if (!ASKS.test(turn.prompt) || cut?.role !== 'assistant' || typeof cut.content !== 'string' || !cut.content) return
  const earlier = messages.slice(0, -2)
  const asked = earlier.findLast((message) => message.role === 'user')?.content
  const results = earlier.slice(earlier.findLastIndex((message) => message.role !== 'tool') + 1)
  const toolResults = results.flatMap((message) =>
    message.role === 'tool' ? [{ id: message.tool_call_id, name: '', content: textOf(message.content) }] : [],
  )
  const request = { ...turn.request, messages: earlier }
  return { turn: { ...turn, request, prompt: textOf(asked), toolResults }, said: cut.content }
}

/** The steps of the whole answer without what was said already, and without the fault that cut it. */
export function* restOf(steps: Iterable<Step>, said: string): Iterable<Step> {
  let before = said
  for (const step of steps) {
    if (isFault(step)) continue
    if (before === '') yield step
    else if (typeof step !== 'string') continue
    else if (before.startsWith(step)) before = before.slice(step.length)
    else if (step.startsWith(before)) {
      yield step.slice(before.length)
      before = ''
    } else return yield '\n\nI am a script, and that is not how mine begins: I cannot go on with it.'
  }
}

/** Whether the answer does not go on by itself after this step. */
export function isFault(step: Step): boolean {
  return typeof step !== 'string' && ('cut' in step || 'stall' in step || 'error' in step || 'finish' in step)
}

function textOf(content: unknown): string {
  return typeof content === 'string' ? content : ''
}
