/** A conversation on the wire: what of its messages requests send, and what of an answer is known from what was said. */
import { attached } from './attachments.ts'
import { callOf, cut, isOpen, settled, textOf } from './chat-message.ts'
import type { AssistantMessage, ChatMessage, ChatPart, ChatToolCall } from './chat-message.ts'
import { CompletionError, isCompletionError } from './errors.ts'
import { resultText } from './tools.ts'
import type { Beginning, Completion, CompletionMessage, Message, Part } from './types.ts'

/** What an assistant said on the wire. */
export type Said = Extract<Message, { role: 'assistant' }>

/** What was said on the wire. */
export function wireOf(message: ChatMessage): readonly Message[] {
  if (message.wire) return message.wire
  const content = message.parts.flatMap((part) => (part.type === 'file' ? attached(part.file) : []))
  if (!content.length) return [{ role: 'user', content: message.text }]
  // What a question is about comes before it: that is how models read best.
  return [{ role: 'user', content: message.text ? [...content, { type: 'text', text: message.text }] : content }]
}

/** A question in other words: what else it holds stays. */
export function reworded(wire: readonly Message[], text: string): Message[] {
  return wire.map((message) => {
    if (message.role !== 'user') return message
    const others = typeof message.content === 'string' ? [] : message.content.filter((part) => part.type !== 'text')
    return { ...message, content: others.length > 0 ? [...others, { type: 'text', text }] : text }
  })
}

/** Messages as a request may send them: no provider takes a conversation with a call that has no result. */
export function answered(wire: readonly Message[]): Message[] {
  return wire.flatMap((said, at): Message[] => {
    if (said.role !== 'assistant' || !said.tool_calls) return [said]
    const { tool_calls, ...rest } = said
    const results = new Set<string>()
    for (let i = at + 1, next = wire[i]; next?.role === 'tool'; next = wire[++i]) results.add(next.tool_call_id)
    const calls = tool_calls.filter((call) => results.has(call.id))
    if (calls.length) return [{ ...rest, tool_calls: calls }]
    return saysSomething(rest) ? [rest] : []
  })
}

/** Whether an assistant's message is one also without its calls. */
function saysSomething({ content, images, audio }: Said): boolean {
  return !!(content?.length || images || audio)
}

/** The last step of an answer: how much of the wire there is with what it said, and the calls that it made. */
function lastStep(wire: readonly Message[]): { end: number; ids: readonly string[] } {
  const at = wire.findLastIndex((message) => message.role === 'assistant')
  const said = wire[at] as Said | undefined
  return { end: at + 1, ids: said?.tool_calls?.map((call) => call.id) ?? [] }
}

/** The last step's calls as the message shows them. Ids may come again from step to step: the last one counts. */
export function lastCalls(parts: readonly ChatPart[], wire: readonly Message[] = []): ChatToolCall[] {
  return lastStep(wire).ids.flatMap((id) => {
    const call = callOf(parts, id)
    return call ? [call] : []
  })
}

/** What was said on the wire, with the results of the last step's calls, in the order of the calls. */
export function withResults(wire: readonly Message[], parts: readonly ChatPart[]): Message[] {
  const { end } = lastStep(wire)
  const results = lastCalls(parts, wire).flatMap(({ id, state, output, error }): Message[] => {
    if (state !== 'output' && state !== 'error') return []
    // What was said once stays as it was.
    const said = wire.slice(end).find((message) => message.role === 'tool' && message.tool_call_id === id)
    const content = (): string => resultText(error === undefined ? { output } : { error })
    return [said ?? { role: 'tool', tool_call_id: id, content: content() }]
  })
  return [...wire.slice(0, end), ...results]
}

/** The calls of an answer that wait for somebody: for an approval, or for an output of a tool that the page does not run. */
export function openCalls(message: ChatMessage | undefined): ChatToolCall[] {
  return message?.role === 'assistant' && message.status === 'ready'
    ? lastCalls(message.parts, message.wire).filter(
        (call) => isOpen(call) && (call.approval === 'requested' || call.awaitsOutput),
      )
    : []
}

/**
 * A message that was kept. An answer that was running then runs no more: it is one that was interrupted, or one that waits
 * for somebody to answer a call.
 */
export function restored(message: ChatMessage): ChatMessage {
  if (message.role === 'user') return message
  if (!/submitted|streaming/.test(message.status)) return revived(message)
  const { running, ...kept } = message
  const from = running?.parts ?? message.parts.length
  const before = settled(message.parts.slice(0, from), /running/)
  const rest = cut(message.parts.slice(from))
  const parts = [...before, ...rest]
  const content = textOf(rest)
  const said: Message[] = content ? [{ role: 'assistant', content }] : []
  // Ids may come again in the step that was running: its calls are no calls of the wire.
  const wire = [...withResults(message.wire, before), ...said]
  if (!rest.length && lastCalls(parts, wire).some(isOpen)) return { ...kept, parts, wire, status: 'ready' }
  const error = new CompletionError(
    'interrupted',
    'The page was left before the answer was finished. What arrived is kept.',
  )
  return { ...kept, parts, wire, status: 'error', error, ...(running?.url && { running }) }
}

/** An error that was kept as JSON is an error again. */
function revived(message: AssistantMessage): AssistantMessage {
  const { error } = message
  if (!error || isCompletionError(error)) return message
  const { name: _, code, message: said, ...details } = error as CompletionError
  return { ...message, error: new CompletionError(code, said, details) }
}

/** What an answer that was cut has besides its last step, and how that one begins. */
export function beginningOf(message: AssistantMessage): {
  parts: ChatPart[]
  text: string
  wire: Message[]
  continues: Beginning | undefined
} {
  const isWhole = (part: ChatPart | undefined) =>
    part?.type !== 'tool-call' || part.toolCall.state === 'output' || part.toolCall.state === 'error'
  // A call that was cut is asked for anew.
  const parts = message.parts.slice(0, message.parts.findLastIndex(isWhole) + 1)
  const said = message.wire.at(-1)
  const content = said?.role === 'assistant' && !said.tool_calls ? said.content : undefined
  let from = parts.length
  let last = ''
  while (from && typeof content === 'string' && last !== content) {
    const part = parts[--from]!
    if (part.type === 'text') last = part.text + last
  }
  const { text } = message
  const wire = [...message.wire]
  if (!last || last !== content) return { parts, text, wire, continues: undefined }
  // Thoughts before the text belong to it.
  while (parts[from - 1]?.type === 'reasoning') from--
  const step = parts.splice(from) as Part[]
  const choice = { index: 0, message: said as CompletionMessage, finish_reason: null, logprobs: null }
  return {
    parts,
    text: text.slice(0, -last.length),
    wire: wire.slice(0, -1),
    continues: { text: last, parts: step, toolCalls: [], choices: [choice] },
  }
}

/** What a step says on the wire; undefined when that is nothing. A call that never became whole is left out. */
export function saidIn(completion: Completion, isCut: boolean): Said | undefined {
  const said = completion.choices[0]?.message
  if (!said) return undefined
  const { tool_calls, refusal, annotations: _1, server_tool_calls: _2, audio, ...message } = said
  const whole = isCut ? [] : completion.toolCalls.filter(isOpen)
  const calls = tool_calls?.filter((call) => whole.some(({ id }) => id === call.id)) ?? []
  // A refusal is what the assistant said; not every provider takes the field back, every one takes the words.
  const spoken = {
    ...message,
    content: message.content || refusal,
    ...(audio && { audio: { id: audio.id } }),
    ...(calls.length > 0 && { tool_calls: calls }),
  }
  return calls.length > 0 || saysSomething(spoken) ? spoken : undefined
}
