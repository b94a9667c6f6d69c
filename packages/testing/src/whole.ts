/** An answer that is not streamed: its events as one JSON body, without pacing. */
import type { CompletionMessage, Delta, FinishReason, MessageToolCall } from 'completion-stream'
import type { AnswerEvent } from './answer.ts'
import type { ErrorBody } from './errors.ts'
import { aborted, type Pace } from './pace.ts'
import type { ResponseHead } from './replies.ts'
import type { AnswerWriter } from './wire.ts'

/** The body of the response, or the error that it is instead. */
export type WholeAnswer =
  | { body: BodyInit; head?: ResponseHead }
  | { status: number; error: ErrorBody; headers: Record<string, string> }

/** Plays all the events. Raw steps, if there are any, are the whole body. */
export async function wholeAnswer(
  events: AsyncIterable<AnswerEvent>,
  write: AnswerWriter,
  pace: Pace,
  signal: AbortSignal,
): Promise<WholeAnswer> {
  const message: CompletionMessage & { tool_calls?: MessageToolCall[] } = {
    role: 'assistant',
    content: null,
    refusal: null,
    annotations: [],
  }
  const raw: Extract<AnswerEvent, { type: 'raw' }>[] = []
  let reason: FinishReason | null = null
  let cut = false
  for await (const event of events) {
    if (event.type === 'delta') add(message, event.delta)
    else if (event.type === 'finish') reason = event.reason
    else if (event.type === 'wait') await pace.pause(event.ms)
    else if (event.type === 'raw') raw.push(event)
    else if (event.type === 'error') return event
    else if (event.type === 'stall') await aborted(signal)
    else if (event.type === 'cut') cut = true
  }
  if (raw.length > 0) return { body: new Blob(raw.map(({ bytes }) => bytes as BlobPart)), head: raw[0] }
  const body = write.completion(message, reason)
  return { body: cut ? body.slice(0, body.length / 2) : body }
}

function add(message: CompletionMessage, delta: Delta): void {
  if (delta.content) message.content = (message.content ?? '') + delta.content
  if (delta.refusal) message.refusal = (message.refusal ?? '') + delta.refusal
  if (delta.reasoning_content) message.reasoning_content = (message.reasoning_content ?? '') + delta.reasoning_content
  for (const { index, id, function: part } of delta.tool_calls ?? []) {
    const calls = (message.tool_calls ??= [])
    const call = calls[index]
    if (call?.type === 'function') call.function.arguments += part?.arguments ?? ''
    else calls[index] = { id: id ?? '', type: 'function', function: { name: part?.name ?? '', arguments: '' } }
  }
}
