/** A conversation in a component, or in several that name the same id. */
import { useEffect } from 'react'
import { createChat } from 'completion-stream'
import type { Chat, ChatOptions, ChatState } from 'completion-stream'
import { useShared } from './use-shared.ts'
import type { Shelf, Verbs } from './use-shared.ts'
import { useStore } from './use-store.ts'

/**
 * Who answers and how, read when a request starts; only `initialMessages` counts once, at the first render. Or a chat that
 * the app has made: it is shown, and not stopped when the component unmounts.
 */
export type UseChatOptions = (
  | (ChatOptions & {
      /**
       * Components with the same id have the same conversation. Each asks with its own options, and the first one decides
       * `initialMessages`. The answer is stopped when the last of them unmounts or is hidden, and the id is free then.
       */
      id?: string
      chat?: undefined
    })
  | { chat: Chat; id?: undefined }
) & {
  /** Takes up an answer that ran when the page was left, once it is mounted. */
  resume?: boolean
}

/** The conversation and the verbs. The verbs stay the same from render to render. */
export interface ChatResult extends ChatState, Verbs<Chat> {}

const shelf: Shelf = new Map()
/** The chats that were asked to resume: once is enough, whoever mounts. */
const resumed = new WeakSet<Chat>()

/**
 * Holds a conversation in a component: messages with ordered parts, tools that the page runs, stop and regenerate. It
 * renders at most once per frame while an answer arrives, and messages that did not change are the same objects, so a
 * memoised message component renders only while its own message streams. Unmounting stops the answer.
 *
 *     const { messages, status, sendMessage, stop } = useChat({ model: 'gpt-4o-mini', provider: '/api' })
 */
export function useChat(options: UseChatOptions): ChatResult {
  const { resume } = options
  const { store, seat } = useShared(
    shelf,
    createChat,
    // Options with a chat are never asked for.
    options as ChatOptions,
    options.chat ?? options.id,
  )
  useEffect(() => {
    const chat = seat.find()
    if (!resume || resumed.has(chat)) return
    resumed.add(chat)
    void seat.verbs.resume()
  }, [resume, seat])
  return { ...useStore(store), ...seat.verbs }
}
