/** Anthropic's own client: its plain stream, and its stream helper, which accumulates. */
import Anthropic from '@anthropic-ai/sdk'
import type { Contestant } from '../contestant.ts'
import { request } from '../workload.ts'

const asked = { ...request, max_tokens: 32_000 }
const client = (response: Response): Anthropic =>
  new Anthropic({ baseURL: 'https://bench.invalid', apiKey: 'none', fetch: async () => response })

export const anthropicSdk: readonly Contestant[] = [
  {
    package: '@anthropic-ai/sdk',
    name: '@anthropic-ai/sdk: create({ stream: true })',
    reach: 'chunks',
    reads: {
      async anthropic(response) {
        let text = ''
        for await (const event of await client(response).messages.create({ ...asked, stream: true }))
          if (event.type === 'content_block_delta' && event.delta.type === 'text_delta') text += event.delta.text
        return text
      },
    },
  },
  {
    package: '@anthropic-ai/sdk',
    name: '@anthropic-ai/sdk: messages.stream()',
    reach: 'completion',
    reads: {
      anthropic: (response) => client(response).messages.stream(asked).finalText(),
    },
  },
]
