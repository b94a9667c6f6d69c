/** Everybody who keeps a conversation: ours, others, and the copy of a list that a new state costs at least. */
import { createChat, messagesFrom, openai } from 'completion-stream'
import type { ChatMessage } from 'completion-stream'
import { bell, byHand, shown, textAt } from './by-hand.ts'
import type { Talk, Talker } from './by-hand.ts'
import { aiSdk, tanstack } from './peer-talks.ts'
import { ending, says } from './wire.ts'

export function ourMessages(count: number): ChatMessage[] {
  return messagesFrom(
    Array.from({ length: count }, (_, i) => ({ role: i % 2 ? 'assistant' : 'user', content: textAt(i) }) as const),
  )
}

/** Ours. What has been restored or kept is plain data, so the messages hold nothing of the wire. */
export function ourTalk(messages: readonly ChatMessage[]): Talk & { chat: ReturnType<typeof createChat> } {
  const asked = bell()
  const published = bell()
  const encoder = new TextEncoder()
  let controller!: ReadableStreamDefaultController<Uint8Array>
  const fetch = async (): Promise<Response> => {
    const body = byHand<Uint8Array>()
    controller = body.controller
    asked.ring()
    return new Response(body.stream, { headers: { 'content-type': 'text/event-stream' } })
  }
  const chat = createChat({
    model: 'scale',
    provider: openai({ baseURL: 'http://scale.invalid/v1', apiKey: 'none', fetch }),
    initialMessages: messages,
  })
  chat.subscribe(() => /streaming/.test(chat.getState().status) && published.ring())
  let answer: Promise<unknown> = Promise.resolve()
  const talk = {
    chat,
    ask(text: string) {
      const made = asked.next()
      answer = chat.sendMessage(text)
      return made
    },
    say(delta: string) {
      controller.enqueue(encoder.encode(says(delta)))
      return shown(talk, published, delta)
    },
    async end() {
      controller.enqueue(encoder.encode(ending))
      controller.close()
      await answer
    },
    text: () => chat.getState().messages.at(-1)!.text,
    count: () => chat.getState().messages.length,
  }
  return talk
}

/** The least that a state with one message changed can cost where states are immutable. */
const copy: Talker = {
  name: 'floor: a copy of the list',
  open(count) {
    let messages = Array.from({ length: count }, (_, i) => ({ id: `m${i}`, text: textAt(i) }))
    return {
      async ask(text) {
        messages = [...messages, { id: 'question', text }, { id: 'answer', text: '' }]
        await turn()
      },
      async say(delta) {
        messages = [...messages.slice(0, -1), { id: 'answer', text: messages.at(-1)!.text + delta }]
        await turn()
      },
      end: turn,
      text: () => messages.at(-1)!.text,
      count: () => messages.length,
    }
  },
}

/** Everybody else has its turn. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

export const talkers: readonly Talker[] = [
  copy,
  { name: 'completion-stream: createChat', open: (count) => ourTalk(ourMessages(count)) },
  aiSdk,
  tanstack,
]
