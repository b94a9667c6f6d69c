/** A conversation over the same kind of store as a single completion: messages and verbs. */
import type { CompletionError } from './errors.ts'
import { Subject } from './store.ts'
import type { CompletionStatus, Store } from './store.ts'
import { newId, Turn } from './turn.ts'
import type { AssistantMessage, ChatPart, TurnOptions } from './turn.ts'
import type { Message } from './types.ts'

/** What a person asked. */
export interface UserMessage {
  readonly id: string
  readonly role: 'user'
  readonly text: string
  readonly parts: readonly ChatPart[]
  /** What requests send for it. */
  readonly wire: readonly Message[]
}

/** One message of a conversation. A message that did not change is the same object as before. */
export type ChatMessage = UserMessage | AssistantMessage

/** A conversation and where it stands. */
export interface ChatState {
  readonly messages: readonly ChatMessage[]
  readonly status: CompletionStatus
  /** Why the last answer failed. */
  readonly error: CompletionError | undefined
}

/** Who answers, and with what. */
export interface ChatOptions extends TurnOptions {
  /** The conversation so far. */
  initialMessages?: readonly ChatMessage[]
}

/** An observable conversation. Its verbs resolve when the answer has ended and never reject: see the state's `error`. */
export interface Chat extends Store<ChatState> {
  /** Asks. An answer that is still arriving is stopped first. */
  sendMessage(text: string): Promise<void>
  /** Drops the last answer and asks for another; also the way to try again after an error. */
  regenerate(): Promise<void>
  /**
   * Asks for the rest of the last answer, when it was cut, was stopped or reached its length limit, and joins it to the
   * same message. Does nothing about an answer that is whole.
   */
  continue(): Promise<void>
  /** Ends the answer where it is. The connection is closed, the text is kept, no further tool is run. */
  stop(): void
  /** An empty conversation; whatever runs is stopped. */
  reset(): void
}

/**
 * A conversation.
 *
 * @param options a value, or a function that is asked whenever a request starts
 */
export function createChat(options: ChatOptions | (() => ChatOptions)): Chat {
  const read = typeof options === 'function' ? options : () => options
  const subject = new Subject<ChatState>({ messages: read().initialMessages ?? [], status: 'idle', error: undefined })
  let turn: Turn | undefined

  const ask = async (history: readonly ChatMessage[], cut?: AssistantMessage): Promise<void> => {
    turn?.stop()
    const { initialMessages: _, ...turnOptions } = read()
    const wire = history.flatMap((message) => message.wire)
    const publish = (message: AssistantMessage): void => {
      if (turn !== current) return
      const status = message.status === 'stopped' ? 'ready' : message.status
      subject.set({ messages: [...history, message], status, error: message.error })
    }
    const current = (turn = new Turn(turnOptions, wire, publish, cut))
    await current.run()
  }

  return {
    getState: subject.getState,
    getInitialState: subject.getInitialState,
    subscribe: subject.subscribe,
    sendMessage(text) {
      turn?.stop()
      const message: UserMessage = {
        id: newId(),
        role: 'user',
        text,
        parts: [{ type: 'text', text }],
        wire: [{ role: 'user', content: text }],
      }
      return ask([...subject.getState().messages, message])
    },
    async regenerate() {
      turn?.stop()
      const { messages } = subject.getState()
      const asked = messages.findLastIndex((message) => message.role === 'user')
      if (asked >= 0) await ask(messages.slice(0, asked + 1))
    },
    async continue() {
      const { messages } = subject.getState()
      const last = messages.at(-1)
      if (last?.role !== 'assistant') return
      const { status, finishReason } = last
      // A step that was stopped may have called tools: the model is told that they were.
      const isBroken =
        (status === 'stopped' || status === 'error') && !/^(stop|content_filter)$/.test(finishReason ?? '')
      const isCut = isBroken || (status === 'ready' && finishReason === 'length')
      if (isCut) await ask(messages.slice(0, -1), last)
    },
    stop: () => turn?.stop(),
    reset() {
      turn?.stop()
      turn = undefined
      subject.set({ messages: [], status: 'idle', error: undefined })
    },
  }
}
