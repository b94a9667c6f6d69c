/** Vercel's AI SDK with its provider for OpenAI-compatible servers: `streamText`, alone and as the message of a page. */
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { jsonSchema, readUIMessageStream, streamText, tool, toUIMessageStream } from 'ai'
import type { ToolSet, UIMessage } from 'ai'
import type { Contestant, Read } from '../contestant.ts'
import { request } from '../workload.ts'
import { toolName } from '../workloads/tools.ts'

const tools: ToolSet = { [toolName]: tool({ inputSchema: jsonSchema({ type: 'object' }) }) }

function ask(response: Response, given?: ToolSet): ReturnType<typeof streamText> {
  const provider = createOpenAICompatible({
    name: 'bench',
    baseURL: 'https://bench.invalid/v1',
    apiKey: 'none',
    fetch: async () => response,
  })
  return streamText({
    model: provider(request.model),
    messages: request.messages,
    tools: given,
    maxRetries: 0,
    onError({ error }) {
      throw error
    },
  })
}

const inputsOf = (inputs: readonly unknown[]): string => inputs.map((input) => JSON.stringify(input)).join('\n')

const callsAlone: Read = async (response) => {
  const result = ask(response, tools)
  for await (const part of result.stream) if (part.type === 'error') throw part.error
  return inputsOf((await result.toolCalls).map(({ input }) => input))
}

const alone: Contestant = {
  package: 'ai',
  name: 'ai: streamText()',
  reach: 'completion',
  reads: {
    async text(response) {
      const result = ask(response)
      for await (const piece of result.textStream) void piece
      return result.text
    },
    tools: callsAlone,
    serial: callsAlone,
  },
}

/** The last of the messages that a page would show one after the other. */
async function lastMessage(
  response: Response,
  given?: ToolSet,
  each?: (message: UIMessage) => void,
): Promise<UIMessage> {
  let last: UIMessage | undefined
  const stream = toUIMessageStream({ stream: ask(response, given).stream, onError: String })
  for await (const message of readUIMessageStream({ stream, terminateOnError: true })) {
    last = message
    each?.(message)
  }
  if (!last) throw new Error('No message was seen.')
  return last
}

const callsAsMessage: Read = async (response) => {
  let values = 0
  const { parts } = await lastMessage(response, tools, (message) => {
    for (const part of message.parts) if ('input' in part && part.input) values++
  })
  if (!values) throw new Error('No live value was seen.')
  return inputsOf(parts.flatMap((part) => ('input' in part ? [part.input] : [])))
}

const asMessage: Contestant = {
  package: 'ai',
  name: 'ai: streamText() to readUIMessageStream()',
  reach: 'live',
  reads: {
    async text(response) {
      return (await lastMessage(response)).parts.map((part) => (part.type === 'text' ? part.text : '')).join('')
    },
    tools: callsAsMessage,
    serial: callsAsMessage,
  },
}

export const aiSdk: readonly Contestant[] = [alone, asMessage]
