/** Google's own client. It gives out chunks, and has nothing that puts them together. */
import { GoogleGenAI } from '@google/genai'
import type { Contestant } from '../contestant.ts'
import { request } from '../workload.ts'

export const genai: Contestant = {
  package: '@google/genai',
  name: '@google/genai: generateContentStream()',
  reach: 'chunks',
  reads: {
    async gemini(response) {
      const client = new GoogleGenAI({ apiKey: 'none' })
      // It takes no `fetch` for these requests, so it finds another one while it asks.
      const { fetch } = globalThis
      globalThis.fetch = async () => response
      const asked = client.models.generateContentStream({
        model: request.model,
        contents: request.messages[0]!.content,
      })
      const chunks = await asked.finally(() => (globalThis.fetch = fetch))
      let text = ''
      for await (const chunk of chunks) text += chunk.text ?? ''
      return text
    },
  },
}
