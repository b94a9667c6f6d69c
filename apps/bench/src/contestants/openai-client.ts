/** OpenAI's own client and its stream helper, which accumulates the completion as ours does. */
import OpenAI from 'openai'
import type { Contestant } from '../contestant.ts'
import { request } from '../workload.ts'

export const openaiClient: Contestant = {
  name: 'openai: chat.completions.stream()',
  async read(response) {
    const client = new OpenAI({ baseURL: 'https://bench.invalid/v1', apiKey: 'none', fetch: async () => response })
    const completion = await client.chat.completions.stream(request).finalChatCompletion()
    return completion.choices[0]?.message.content ?? ''
  },
}
