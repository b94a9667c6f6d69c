/** A conversation in a component. */
import { useEffect, useState } from 'react'
import { createChat } from 'completion-stream'
import type { Chat, ChatOptions, ChatState } from 'completion-stream'
import { useLatest } from './use-latest.ts'
import { useStore } from './use-store.ts'

/** Read when a request starts; only `initialMessages` counts once, at the first render. */
export type UseChatOptions = ChatOptions

/** The conversation and the verbs. The verbs stay the same from render to render. */
export interface ChatResult extends ChatState {
  /** Asks. An answer that is still arriving is stopped first. */
  sendMessage: Chat['sendMessage']
  /** Drops the last answer and asks for another; also the way to try again after an error. */
  regenerate: Chat['regenerate']
  /** Asks for the rest of the last answer, when it was cut, was stopped or reached its length limit, in the same message. */
  continue: Chat['continue']
  /** Ends the answer where it is; the text is kept. */
  stop: Chat['stop']
  /** An empty conversation. */
  reset: Chat['reset']
}

/**
 * Holds a conversation in a component: messages with ordered parts, tools that the page runs, stop and regenerate. It
 * renders at most once per frame while an answer arrives, and messages that did not change are the same objects, so a
 * memoised message component renders only while its own message streams. Unmounting stops the answer.
 *
 *     const { messages, status, sendMessage, stop } = useChat({ model: 'gpt-4o-mini', provider: '/api' })
 */
export function useChat(options: UseChatOptions): ChatResult {
  const latest = useLatest(options)
  const [chat] = useState(() => createChat(latest))
  useEffect(() => () => chat.stop(), [chat])
  const { sendMessage, regenerate, continue: goOn, stop, reset } = chat
  return { ...useStore(chat), sendMessage, regenerate, continue: goOn, stop, reset }
}
