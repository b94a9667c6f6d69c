/** Reading the arguments of tool calls: the floor, this library, and this library with the live value at every delta. */
import { openai, streamCompletion } from 'completion-stream'
import type { Contestant } from '../contestant.ts'
import { request } from '../workload.ts'

const argumentsFloor: Contestant = {
  name: 'floor: decode, split, parse, concatenate',
  async read(response) {
    const decoder = new TextDecoder()
    const texts: string[] = []
    let rest = ''
    for await (const bytes of response.body!) {
      const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n')
      rest = lines.pop()!
      for (const line of lines) {
        if (!line.startsWith('data: ') || line === 'data: [DONE]') continue
        for (const { index, function: part } of JSON.parse(line.slice(6)).choices[0]?.delta.tool_calls ?? [])
          texts[index] = (texts[index] ?? '') + part.arguments
      }
    }
    return texts.join('\n')
  },
}

/** With `isLive`, the value of every call is read at every delta, as a page that shows it would at most once per frame. */
const ours = (name: string, isLive: boolean): Contestant => ({
  name,
  async read(response) {
    const provider = openai({ baseURL: 'https://bench.invalid/v1', apiKey: 'none', fetch: async () => response })
    const stream = streamCompletion(request, { provider })
    let values = 0
    if (isLive) stream.subscribe(() => stream.snapshot.toolCalls.forEach(({ input }) => (values += input ? 1 : 0)))
    const { toolCalls } = await stream.finalCompletion()
    if (isLive && !values) throw new Error('No live value was seen.')
    return toolCalls.map((call) => call.arguments).join('\n')
  },
})

export const argumentReaders: readonly [floor: Contestant, whole: Contestant, live: Contestant] = [
  argumentsFloor,
  ours('completion-stream: finalCompletion()', false),
  ours('completion-stream: and the live value at every delta', true),
]
