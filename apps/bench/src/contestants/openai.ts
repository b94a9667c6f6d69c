/** OpenAI's own client: its plain stream, and its stream helpers, which accumulate as ours does. */
import OpenAI from 'openai'
import type { Contestant, Read } from '../contestant.ts'
import { request } from '../workload.ts'
import { toolName } from '../workloads/tools.ts'

const client = (response: Response): OpenAI =>
  new OpenAI({ baseURL: 'https://bench.invalid/v1', apiKey: 'none', fetch: async () => response })

const input = { model: request.model, input: request.messages }

const createTools: Read = async (response) => {
  const texts: string[] = []
  for await (const chunk of await client(response).chat.completions.create({ ...request, stream: true })) {
    for (const { index, function: part } of chunk.choices[0]?.delta.tool_calls ?? [])
      texts[index] = (texts[index] ?? '') + (part?.arguments ?? '')
  }
  return texts.join('\n')
}

const create: Contestant = {
  package: 'openai',
  name: 'openai: create({ stream: true })',
  reach: 'chunks',
  reads: {
    async text(response) {
      let text = ''
      for await (const chunk of await client(response).chat.completions.create({ ...request, stream: true }))
        text += chunk.choices[0]?.delta.content ?? ''
      return text
    },
    tools: createTools,
    serial: createTools,
    async responses(response) {
      let text = ''
      for await (const event of await client(response).responses.create({ ...input, stream: true }))
        if (event.type === 'response.output_text.delta') text += event.delta
      return text
    },
  },
}

const argumentsOf = ({ choices }: OpenAI.ChatCompletion): string =>
  (choices[0]?.message.tool_calls ?? []).map((call) => 'function' in call && call.function.arguments).join('\n')

const streamTools: Read = async (response) =>
  argumentsOf(await client(response).chat.completions.stream(request).finalChatCompletion())

const stream: Contestant = {
  package: 'openai',
  name: 'openai: .stream()',
  reach: 'completion',
  reads: {
    async text(response) {
      const completion = await client(response).chat.completions.stream(request).finalChatCompletion()
      return completion.choices[0]?.message.content ?? ''
    },
    tools: streamTools,
    serial: streamTools,
    async responses(response) {
      return (await client(response).responses.stream(input).finalResponse()).output_text
    },
  },
}

/**
 * The arguments of tools that are `strict` are parsed at every delta. A call counts as over as soon as another one gets a
 * delta, and must be whole then: calls whose deltas come in turn end in an error.
 */
const live: Contestant = {
  package: 'openai',
  name: 'openai: .stream(), strict tools',
  reach: 'live',
  reads: {
    async serial(response) {
      const asked = client(response).chat.completions.stream({
        ...request,
        tools: [{ type: 'function', function: { name: toolName, parameters: { type: 'object' }, strict: true } }],
      })
      let values = 0
      asked.on('tool_calls.function.arguments.delta', ({ parsed_arguments: value }) => (values += value ? 1 : 0))
      const completion = await asked.finalChatCompletion()
      if (!values) throw new Error('No live value was seen.')
      return argumentsOf(completion)
    },
  },
}

export const openaiClient: readonly Contestant[] = [create, stream, live]
