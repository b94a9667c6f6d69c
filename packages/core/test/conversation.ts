/** A chat for a test: its provider's answers, what was sent, and how to look at it. */
import { createChat, openai } from '../src/index.ts'
import type { AssistantMessage, Chat, ChatOptions, ChatToolCall, Message } from '../src/index.ts'
import { byHand, chunk, event, reply } from './http.ts'
import type { Exchange } from './http.ts'

/** An answer: what happens to the request, or what the whole response is. */
export type Answer = ((exchange: Exchange) => void) | string | readonly string[]

export const done: string = event('[DONE]')

/** The pieces of an answer, without an end. */
export const says = (...texts: string[]): string => texts.map((content) => chunk({ content })).join('')

/** One call, whole, without an end. */
export const call = (id: string, name: string, args = '{}', index = 0): string =>
  chunk({ tool_calls: [{ index, id, function: { name, arguments: args } }] })

/** A step that makes these calls. */
export const calls = (...all: (readonly [id: string, name: string, args?: string])[]): string =>
  all.map(([id, name, args], index) => call(id, name, args, index)).join('') + chunk({}, 'tool_calls') + done

/** The beginning of an answer whose connection stays open. */
export const open =
  (...parts: string[]) =>
  (exchange: Exchange): void =>
    exchange.answer(parts)

export interface Conversation {
  chat: Chat
  exchanges: Exchange[]
  /** The messages of the nth request. */
  sent(n: number): Message[]
  /** The last message. */
  last(): AssistantMessage
  /** The calls that the last message shows. */
  calls(): ChatToolCall[]
  /** A call of the last message, the last one by that id. */
  call(id: string): ChatToolCall
}

/** A chat whose requests get these answers in order; the last one answers all requests that are left. */
export function chatOf(
  answers: readonly Answer[],
  options: Partial<ChatOptions> | (() => Partial<ChatOptions>) = {},
): Conversation {
  const { fetch, exchanges } = byHand(
    ...answers.map((answer) => (typeof answer === 'function' ? answer : reply(...[answer].flat()))),
  )
  const all = (): ChatOptions => ({
    model: 'm',
    provider: openai({ fetch }),
    maxRetries: 0,
    ...(typeof options === 'function' ? options() : options),
  })
  const chat = createChat(typeof options === 'function' ? all : all())
  const last = (): AssistantMessage => chat.getState().messages.at(-1) as AssistantMessage
  const shown = (): ChatToolCall[] => last().parts.flatMap((part) => (part.type === 'tool-call' ? [part.toolCall] : []))
  return {
    chat,
    exchanges,
    sent: (n) => exchanges[n]!.body.messages,
    last,
    calls: shown,
    call: (id) => shown().findLast((each) => each.id === id)!,
  }
}

/** Calls in a request that have no result right after them, and results that have no call: no provider takes either. */
export function misfits(messages: readonly Message[]): string[] {
  const found: string[] = []
  let waiting: string[] = []
  for (const message of [...messages, { role: 'user' as const, content: 'end' }]) {
    if (message.role === 'tool') {
      if (!waiting.includes(message.tool_call_id)) found.push(`result of ${message.tool_call_id}`)
      waiting = waiting.filter((id) => id !== message.tool_call_id)
      continue
    }
    found.push(...waiting.map((id) => `call ${id}`))
    waiting = message.role === 'assistant' ? (message.tool_calls ?? []).map(({ id }) => id) : []
  }
  return found
}

/** A promise that a test settles. */
export function lever<T = unknown>(): { promise: Promise<T>; resolve(value: T): void; reject(error: unknown): void } {
  let levers!: { resolve(value: T): void; reject(error: unknown): void }
  const promise = new Promise<T>((resolve, reject) => (levers = { resolve, reject }))
  return { promise, ...levers }
}
