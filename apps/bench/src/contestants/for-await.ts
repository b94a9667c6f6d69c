/** This library, read chunk by chunk. */
import { openai, streamCompletion } from 'completion-stream'
import type { Contestant } from '../contestant.ts'
import { request } from '../workload.ts'

export const forAwait: Contestant = {
  name: 'completion-stream: for await',
  async read(response) {
    const provider = openai({ baseURL: 'https://bench.invalid/v1', apiKey: 'none', fetch: async () => response })
    let text = ''
    for await (const chunk of streamCompletion(request, { provider })) text += chunk.choices[0]?.delta.content ?? ''
    return text
  },
}
