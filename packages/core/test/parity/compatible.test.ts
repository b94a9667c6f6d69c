/** What `openai({ baseURL })` sends to a compatible server, against the AI SDK's `createOpenAICompatible`. */
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { expect } from 'vitest'
import { openai } from '../../src/index.ts'
import { chatRules, describeParity } from './capture.ts'
import { pdf, png } from './conversations.ts'

const { emptyText, oneText, noText, autoChoice, oneStop } = chatRules
const baseURL = 'https://models.example.com/v1'

describeParity({
  wire: 'compatible',
  model: 'small-1',
  ours: openai({ apiKey: 'key', baseURL }),
  theirs(model, fetch) {
    const settings = { name: 'local', apiKey: 'key', baseURL, includeUsage: true, supportsStructuredOutputs: true }
    return createOpenAICompatible({ ...settings, fetch })(model)
  },
  headers: ['authorization', 'content-type'],
  rules: [emptyText, oneText, noText, autoChoice, oneStop],
  cases: {
    'a picture by URL': {
      differences: [
        {
          path: 'messages.0.content.1.image_url.url',
          ours: 'https://pictures.example.com/cat.png',
          theirs: `data:image/png;base64,${png}`,
          why: 'The AI SDK downloads whatever it is not told that the server can; a page may not read other sites.',
        },
      ],
    },
    'a PDF by URL': {
      differences: [
        {
          path: 'messages.0.content.1.file.file_data',
          ours: 'https://files.example.com/report.pdf',
          theirs: `data:application/pdf;base64,${pdf}`,
          why: 'The AI SDK downloads whatever it is not told that the server can; a page may not read other sites.',
        },
      ],
    },
    'a tool without parameters and a strict one': {
      differences: [
        {
          path: 'tools.0.function.parameters',
          ours: undefined,
          theirs: { type: 'object', properties: {} },
          why: 'No parameters are an empty list of them; the AI SDK has no tool without a schema.',
        },
      ],
    },
    'one call at a time': { theirs: { providerOptions: { local: { parallel_tool_calls: false } } } },
    'a result in JSON and a failed call': {
      differences: [
        {
          path: 'messages.3.content',
          ours: '{"error":"The clock is broken."}',
          theirs: 'The clock is broken.',
          why: 'A request has the result as a text already: it is sent as it is.',
        },
      ],
    },
    'a picture as the result of a call': {
      differences: [
        {
          path: 'messages.2.content',
          ours: [
            { type: 'text', text: 'The sky:' },
            { type: 'image_url', image_url: { url: `data:image/png;base64,${png}` } },
          ],
          theirs: expect.stringMatching(/^\[\{"type":"text","text":"The sky:"\},\{"type":"file"/),
          why: 'The AI SDK writes its own parts as JSON text, base64 and all; servers that take pictures there want parts.',
        },
      ],
    },
    'a token limit under its newer name and one stop sequence': {
      theirs: { maxOutputTokens: undefined, providerOptions: { local: { max_completion_tokens: 300 } } },
    },
    'an end user': { theirs: { providerOptions: { local: { user: 'user-17' } } } },
    'a thinking budget': {
      theirs: { providerOptions: { local: { thinking: { type: 'enabled', budget_tokens: 2048 } } } },
    },
  },
})
