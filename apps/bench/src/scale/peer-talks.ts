/** Conversations of the AI SDK and of TanStack AI, whose deltas are written by hand. */
import { Chat } from '@ai-sdk/react'
import { ChatClient } from '@tanstack/ai-client'
import type { StreamChunk } from '@tanstack/ai'
import type { UIMessage, UIMessageChunk } from 'ai'
import { bell, byHand, shown, textAt } from './by-hand.ts'
import type { Talk, Talker } from './by-hand.ts'

export const aiSdk: Talker = {
  name: 'AI SDK: Chat',
  open(count) {
    const asked = bell()
    const published = bell()
    let controller!: ReadableStreamDefaultController<UIMessageChunk>
    const messages = Array.from({ length: count }, (_, i): UIMessage => ({
      id: `m${i}`,
      role: i % 2 ? 'assistant' : 'user',
      parts: [{ type: 'text', text: textAt(i) }],
    }))
    const chat = new Chat({
      messages,
      transport: {
        async sendMessages({ messages: sent }) {
          // Its own transport does this, as the body of a request.
          JSON.stringify({ messages: sent })
          const body = byHand<UIMessageChunk>()
          controller = body.controller
          controller.enqueue({ type: 'start', messageId: 'answer' })
          controller.enqueue({ type: 'text-start', id: '0' })
          asked.ring()
          return body.stream
        },
        reconnectToStream: async () => null,
      },
    })
    chat['~registerMessagesCallback'](published.ring)
    let answer: Promise<void> = Promise.resolve()
    const talk: Talk = {
      ask(text) {
        const made = asked.next()
        answer = chat.sendMessage({ text })
        return made
      },
      say(delta) {
        controller.enqueue({ type: 'text-delta', id: '0', delta })
        return shown(talk, published, delta)
      },
      async end() {
        controller.enqueue({ type: 'text-end', id: '0' })
        controller.enqueue({ type: 'finish' })
        controller.close()
        await answer
      },
      text: () =>
        chat.messages
          .at(-1)!
          .parts.map((part) => (part.type === 'text' ? part.text : ''))
          .join(''),
      count: () => chat.messages.length,
    }
    return talk
  },
}

export const tanstack: Talker = {
  name: 'TanStack AI: ChatClient',
  open(count) {
    const asked = bell()
    const published = bell()
    let controller!: ReadableStreamDefaultController<StreamChunk>
    const event = (fields: object): void => controller.enqueue({ timestamp: 1, ...fields } as StreamChunk)
    const client = new ChatClient({
      initialMessages: Array.from({ length: count }, (_, i) => ({
        id: `m${i}`,
        role: i % 2 ? ('assistant' as const) : ('user' as const),
        parts: [{ type: 'text' as const, content: textAt(i) }],
      })),
      connection: {
        async *connect(sent) {
          // As the body of a request.
          JSON.stringify({ messages: sent })
          const body = byHand<StreamChunk>()
          controller = body.controller
          event({ type: 'RUN_STARTED', threadId: 't', runId: 'r' })
          event({ type: 'TEXT_MESSAGE_START', messageId: 'answer', role: 'assistant' })
          asked.ring()
          yield* body.stream
        },
      },
      onMessagesChange: published.ring,
    })
    let answer: Promise<unknown> = Promise.resolve()
    const talk: Talk = {
      ask(text) {
        const made = asked.next()
        answer = Promise.resolve(client.sendMessage(text))
        return made
      },
      say(delta) {
        event({ type: 'TEXT_MESSAGE_CONTENT', messageId: 'answer', delta })
        return shown(talk, published, delta)
      },
      async end() {
        event({ type: 'TEXT_MESSAGE_END', messageId: 'answer' })
        event({ type: 'RUN_FINISHED', threadId: 't', runId: 'r' })
        controller.close()
        await answer
      },
      text: () =>
        client
          .getMessages()
          .at(-1)!
          .parts.map((part) => (part.type === 'text' ? part.content : ''))
          .join(''),
      count: () => client.getMessages().length,
    }
    return talk
  },
}
