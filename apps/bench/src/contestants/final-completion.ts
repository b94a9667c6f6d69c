/** This library, asked for the finished completion. */
import { openai, streamCompletion } from 'completion-stream'
import type { Contestant } from '../contestant.ts'
import { request } from '../workload.ts'

export const finalCompletion: Contestant = {
  name: 'completion-stream: finalCompletion()',
  async read(response) {
    const provider = openai({ baseURL: 'https://bench.invalid/v1', apiKey: 'none', fetch: async () => response })
    const completion = await streamCompletion(request, { provider }).finalCompletion()
    return completion.text
  },
}
