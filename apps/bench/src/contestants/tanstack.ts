/**
 * TanStack AI. Its adapter for OpenAI's wire is a package for servers, on top of OpenAI's client; what is raced here is
 * what reads in a page: its own events (AG-UI), which are less than half the bytes for the same answer.
 */
import { StreamProcessor } from '@tanstack/ai'
import { ChatClient, fetchServerSentEvents } from '@tanstack/ai-client'
import type { UIMessage } from '@tanstack/ai-client'
import type { Contestant, Read } from '../contestant.ts'
import { request } from '../workload.ts'

const connect = (response: Response): ReturnType<typeof fetchServerSentEvents> =>
  fetchServerSentEvents('https://bench.invalid/chat', { fetchClient: async () => response })

/** What its last message has come to. */
function resultOf(messages: readonly UIMessage[]): string {
  const parts = messages.at(-1)?.parts ?? []
  const texts = parts.map((part) =>
    part.type === 'text' ? part.content : part.type === 'tool-call' ? part.arguments : '',
  )
  return texts.join('\n')
}

const process: Read = async (response) => {
  const processor = new StreamProcessor()
  await processor.process(connect(response).connect([]))
  return resultOf(processor.getMessages() as UIMessage[])
}

const converse: Read = async (response) => {
  let failure: Error | undefined
  const chat = new ChatClient({ connection: connect(response), onError: (error) => (failure = error) })
  await chat.sendMessage(request.messages[0]!.content)
  if (failure) throw failure
  return resultOf(chat.getMessages())
}

export const tanstack: readonly Contestant[] = [
  {
    package: '@tanstack/ai',
    name: '@tanstack/ai: StreamProcessor, own wire',
    reach: 'completion',
    wire: 'ag-ui',
    reads: { text: process, tools: process, serial: process },
  },
  {
    package: '@tanstack/ai',
    name: '@tanstack/ai-client: ChatClient, own wire',
    reach: 'completion',
    wire: 'ag-ui',
    reads: { text: converse, tools: converse, serial: converse },
  },
]
