/** What `openai()` sends, against the AI SDK's `openai.chat()`. */
import { createOpenAI } from '@ai-sdk/openai'
import { expect } from 'vitest'
import { openai } from '../../src/index.ts'
import { chatRules, describeParity } from './capture.ts'
import type { Rule } from './capture.ts'
import { pdf } from './conversations.ts'

const { emptyText, oneText, noText, autoChoice, oneStop } = chatRules

const oldLimit: Rule = {
  why: 'OpenAI reads `max_tokens` as the old name of `max_completion_tokens`, except that its reasoning models refuse it.',
  apply(body) {
    body.max_completion_tokens ??= body.max_tokens
    delete body.max_tokens
  },
}

describeParity({
  wire: 'openai',
  model: 'gpt-4o-mini',
  ours: openai({ apiKey: 'key' }),
  theirs: (model, fetch) => createOpenAI({ apiKey: 'key', fetch }).chat(model),
  headers: ['authorization', 'content-type'],
  rules: [emptyText, oneText, noText, autoChoice, oneStop, oldLimit],
  cases: {
    'a PDF by URL': {
      differences: [
        {
          path: 'messages.0.content.1.file.file_data',
          ours: 'https://files.example.com/report.pdf',
          theirs: `data:application/pdf;base64,${pdf}`,
          why: 'The AI SDK downloads what the API takes no URL of. A page may not read other sites, so here the server says no.',
        },
      ],
    },
    'a tool without parameters and a strict one': {
      differences: [
        {
          path: 'tools.0.function.parameters',
          ours: undefined,
          theirs: { type: 'object', properties: {} },
          why: 'OpenAI reads no parameters as an empty list of them; the AI SDK has no tool without a schema.',
        },
      ],
    },
    'a picture as the result of a call': {
      differences: [
        {
          path: 'messages.2.content',
          ours: [
            { type: 'text', text: 'The sky:' },
            { type: 'image_url', image_url: { url: expect.stringMatching(/^data:image\/png;base64,/) } },
          ],
          theirs: expect.stringMatching(/^\[\{"type":"text","text":"The sky:"\},\{"type":"file"/),
          why: 'The AI SDK writes its own parts as JSON text, base64 and all, which no model can see; compatible servers take the picture.',
        },
      ],
    },
    // The AI SDK knows by the name that this model reasons.
    'a reasoning effort': { model: 'gpt-5-mini' },
    'a token limit under its newer name and one stop sequence': { model: 'gpt-5-mini' },
    'a thinking budget': {
      differences: [
        {
          path: 'thinking',
          ours: { type: 'enabled', budget_tokens: 2048 },
          theirs: undefined,
          why: 'OpenAI has no budget, only an effort; what it has no word for goes through, so it is the API that says no.',
        },
      ],
    },
  },
})
