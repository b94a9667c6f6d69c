/** What a contestant is to the page: a hook that streams one answer. */
import type { Settings } from '../settings.ts'

/** A message of a conversation: whatever object the library has for it. */
export interface Message {
  id: string
}

/** What a hook gives. */
export interface Answer {
  /** Asks. */
  start(): unknown
  /** Whether an answer is arriving. */
  isBusy: boolean
  /** The answer as far as it is there. */
  text: string
  /** The live value of its tool call's arguments; text where the library has nothing else to show yet. */
  input?: unknown
  /** The whole conversation, and how to read the text of one of its messages. */
  messages?: readonly Message[]
  textOf?(message: Message): string
}

/** One way to stream an answer into a component. */
export type UseAnswer = (settings: Settings) => Answer

/** The earlier messages of a conversation, asked and answered in turn. */
export function historyOf({ history }: Settings): { id: string; role: 'user' | 'assistant'; text: string }[] {
  return Array.from({ length: history }, (_, i) => ({
    id: `history_${i}`,
    role: i % 2 ? 'assistant' : 'user',
    text: `Message ${i} of a conversation. `.repeat(20),
  }))
}

/** What every contestant asks. */
export const question = 'Write a long answer.'
