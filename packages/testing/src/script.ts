/** The language of scripts: what a scripted provider says, step by step, and the turn that a script answers. */
import type { CompletionRequest, FinishReason } from 'completion-stream'

/** One thing that the provider does. Steps happen in order. */
export type Step =
  /** Text of the answer, sent in pieces of token size. */
  | string
  | { text: string }
  /** The model's thinking, sent as `reasoning_content`. */
  | { reasoning: string }
  /** A refusal, sent as `refusal`. */
  | { refusal: string }
  /** Calls made at the same time, their arguments in small interleaved pieces. A string is sent as it is, JSON or not. */
  | { toolCalls: readonly { name: string; arguments: unknown; id?: string }[] }
  /** A pause, in milliseconds. As the first step it comes before the response headers. */
  | { wait: number }
  /** Why the answer ended. Text may follow all the same; without this step a reason is given at the end. */
  | { finish: Exclude<FinishReason, 'function_call'> }
  /**
   * A failure, and the end. Before anything was sent: an HTTP error with `status` (default 500) and `headers`. After
   * it: an error frame in the stream, which then closes.
   */
  | {
      error: { message: string; type?: string; code?: string | number; param?: string }
      status?: number
      headers?: Record<string, string>
    }
  /** Closes the body here: no finish reason, no `[DONE]`. Without `stream` the JSON text is cut in half. */
  | { cut: true }
  /** Sends nothing more until the client goes away. */
  | { stall: true }
  /**
   * Exactly these bytes. As the first step, `status` (default 200) and `headers` are those of the response. A script
   * of nothing but raw steps is the whole body: no finish reason and no `[DONE]` are added.
   */
  | { raw: string | Uint8Array; status?: number; headers?: Record<string, string> }

/** What the provider says: the same steps for each request, or a function (such as a generator) that reads the turn. */
export type Script = readonly Step[] | ((turn: ScriptTurn) => Iterable<Step> | AsyncIterable<Step>)

/** The result of a tool call, as the client sent it back. `name` is empty when no call with that id was in the request. */
export interface ToolResult {
  id: string
  name: string
  content: string
}

/** What a script is asked. */
export interface ScriptTurn {
  /** The request's body as it was sent. */
  request: CompletionRequest
  /** The text of the last user message; `''` without one. */
  prompt: string
  /** The tool messages after the last assistant message. */
  toolResults: ToolResult[]
  /** How many requests this provider has answered before, failed ones included. */
  turn: number
  /** Aborts when the client goes away. */
  signal: AbortSignal
}

/** Reads from a request what scripts ask for most: the last prompt, and the results of the tools just called. */
export function scriptTurn(request: CompletionRequest, turn: number, signal: AbortSignal): ScriptTurn {
  const messages = request.messages ?? []
  const lastUser = messages.findLast((message) => message.role === 'user')
  const lastAssistant = messages.findLastIndex((message) => message.role === 'assistant')
  const names = new Map<string, string>()
  for (const message of messages) {
    if (message.role !== 'assistant') continue
    for (const call of message.tool_calls ?? []) {
      names.set(call.id, (call.type === 'custom' ? call.custom : call.function).name)
    }
  }
  const toolResults: ToolResult[] = []
  for (const message of messages.slice(lastAssistant + 1)) {
    if (message.role !== 'tool') continue
    const id = message.tool_call_id
    toolResults.push({ id, name: names.get(id) ?? '', content: contentText(message.content) })
  }
  return { request, prompt: contentText(lastUser?.content), toolResults, turn, signal }
}

/** The text of a message's content: the text itself, or that of all its text parts. */
export function contentText(content: unknown): string {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  return content.map((part: { text?: unknown } | null) => (typeof part?.text === 'string' ? part.text : '')).join('')
}
