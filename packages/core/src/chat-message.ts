/** The messages of a conversation, which are plain data, and what becomes of the tool calls in them. */
import type { Attachment } from './attachments.ts'
import type { CompletionError } from './errors.ts'
import type { FailedAttempt } from './stream.ts'
import type { StreamTiming } from './timing.ts'
import type { Annotation, Completion, Message, Part, ToolCall, Usage } from './types.ts'

/** A tool call and what running it came to. */
export interface ChatToolCall extends ToolCall {
  /** What the tool returned, in state `output`. */
  output?: unknown
  /** Why it failed, or why it was not allowed, in state `error`. */
  error?: string
  /**
   * Of a tool that must not run unasked: whether somebody has allowed it. A call whose approval is `requested` is in state
   * `input-complete` and waits for `addToolApprovalResponse`.
   */
  approval?: 'requested' | 'approved' | 'denied'
  /** Of a tool that the page does not run by itself: the call is in state `input-complete` and waits for `addToolOutput`. */
  awaitsOutput?: true
}

/** A piece of a message, in the order in which it was written. */
export type ChatPart =
  | Exclude<Part, { type: 'tool-call' }>
  | { type: 'tool-call'; toolCall: ChatToolCall }
  | { type: 'file'; file: Attachment }

/** What a person asked. */
export interface UserMessage {
  readonly id: string
  readonly role: 'user'
  readonly text: string
  /** The text, and what was attached to it. */
  readonly parts: readonly ChatPart[]
  /** What requests send for it, where that is not what the parts say. */
  readonly wire?: readonly Message[]
}

/** An answer, with every step of it: what was said, the tools that were called, what was said then. */
export interface AssistantMessage {
  readonly id: string
  readonly role: 'assistant'
  readonly parts: readonly ChatPart[]
  /** The visible text of all steps. */
  readonly text: string
  /** `stopped`: ended by `stop()`. Then, as with `error`, what had arrived is kept. */
  readonly status: 'submitted' | 'streaming' | 'ready' | 'stopped' | 'error'
  readonly finishReason: Completion['finishReason']
  readonly nativeFinishReason: string | null
  /** The sources that all steps cite. */
  readonly annotations: readonly Annotation[]
  /** Token counts of all requests that the answer took, added up. */
  readonly usage: Usage | undefined
  /** Of the last request, with the time to the first token of the first one. */
  readonly timing: StreamTiming | undefined
  readonly error: CompletionError | undefined
  /** The requests of the last step that failed before, and what was done about each. */
  readonly attempts: readonly FailedAttempt[]
  /** What was said on the wire: the assistant's messages and the tools' results. Requests leave out calls without a result. */
  readonly wire: readonly Message[]
  /** While it runs, and when its connection was lost to a relay that keeps it: what `resume()` needs to know. */
  readonly running?: RunningStep
}

/** The running step of an answer: what there was before it, and where it is kept. */
export interface RunningStep extends Partial<Pick<AssistantMessage, 'annotations' | 'usage'>> {
  /** How many parts are of the steps before, and how many messages of the wire. */
  readonly parts: number
  readonly wire: number
  /** The address at which a relay keeps the step. */
  readonly url?: string
}

/** One message of a conversation. A message that did not change is the same object as before. */
export type ChatMessage = UserMessage | AssistantMessage

/** What somebody or something said about a call. */
export type Outcome = Pick<ChatToolCall, 'output' | 'error' | 'approval' | 'awaitsOutput'> & {
  state?: 'running' | 'output' | 'error'
}

/** An id for a message. Unique within a page; `crypto.randomUUID` needs a secure context, which a page on a LAN address is not. */
export function newId(): string {
  return `msg_${Date.now().toString(36)}${Math.random().toString(36).slice(2, 10)}`
}

/** A question. */
export function userMessage(text: string, files: readonly Attachment[] = [], id: string = newId()): UserMessage {
  const said: ChatPart[] = text || !files.length ? [{ type: 'text', text }] : []
  return { id, role: 'user', text, parts: [...said, ...files.map((file): ChatPart => ({ type: 'file', file }))] }
}

/** The last call by that id. */
export function callOf(parts: readonly ChatPart[], id: string): ChatToolCall | undefined {
  const part = parts[placeOf(parts, id)]
  return part?.type === 'tool-call' ? part.toolCall : undefined
}

function placeOf(parts: readonly ChatPart[], id: string): number {
  return parts.findLastIndex((part) => part.type === 'tool-call' && part.toolCall.id === id)
}

/** Whether nobody has said yet what a call comes to. */
export function isOpen(call: ChatToolCall | undefined): boolean {
  return call?.state === 'input-complete'
}

/** Parts in which a call has come to something; undefined where there is no call by that id which may. */
export function withOutcome(parts: readonly ChatPart[], id: string, outcome: Outcome): ChatPart[] | undefined {
  const at = placeOf(parts, id)
  const call = callOf(parts, id)
  if (!call || !/input-complete|running/.test(call.state)) return undefined
  const toolCall = { ...call, ...outcome }
  if (outcome.state) {
    delete toolCall.awaitsOutput
    // Who gives a result does not ask for leave.
    if (toolCall.approval === 'requested') toolCall.approval = 'approved'
  }
  return [...parts.slice(0, at), { type: 'tool-call', toolCall }, ...parts.slice(at + 1)]
}

/** The parts of steps that had ended, when an answer ends before its time: the calls in these states come to nothing more. */
export function settled(parts: readonly ChatPart[], states: RegExp): ChatPart[] {
  return parts.map((part) => {
    if (part.type !== 'tool-call' || !states.test(part.toolCall.state)) return part
    const { approval, awaitsOutput: _, ...call } = part.toolCall
    const error = 'Stopped before the tool had finished.'
    return { ...part, toolCall: { ...call, ...(approval === 'approved' && { approval }), state: 'error', error } }
  })
}

/** The parts of a step that did not end: its calls were never made. */
export function cut(parts: readonly ChatPart[]): ChatPart[] {
  return parts.map((part) =>
    part.type === 'tool-call' && part.toolCall.state.startsWith('input')
      ? { ...part, toolCall: { ...part.toolCall, state: 'incomplete' } }
      : part,
  )
}

/** The visible text of some parts. */
export function textOf(parts: readonly ChatPart[]): string {
  return parts.map((part) => (part.type === 'text' ? part.text : '')).join('')
}
