/** What `compatible('mistral')` sends, against the AI SDK's `mistral()`. */
import { createMistral } from '@ai-sdk/mistral'
import { expect } from 'vitest'
import { compatible } from '../../src/index.ts'
import { chatRules, describeParity } from './capture.ts'
import type { Difference, Rule } from './capture.ts'
import { png } from './conversations.ts'

const { emptyText, oneText, noText, autoChoice, oneStop } = chatRules

const pictureUrl: Rule = {
  why: 'A picture is its URL, or an object with it.',
  apply({ messages }) {
    for (const { content } of messages)
      for (const part of Array.isArray(content) ? content : [])
        if (part.image_url?.url) part.image_url = part.image_url.url
  },
}
const toolName: Rule = {
  why: 'The id of its call tells which tool a result is of; the name beside it is optional.',
  apply({ messages }) {
    for (const message of messages) if (message.role === 'tool') delete message.name
  },
}

const fileName: Difference = {
  path: 'messages.0.content.1.document_name',
  ours: 'report.pdf',
  theirs: undefined,
  why: 'The wire has a field for the name; the AI SDK leaves it out.',
}
const shortId = (path: string): Difference => ({
  path,
  ours: '4GhIj56Kl',
  theirs: 'call_Xy12AbCdEf34GhIj56Kl',
  why: 'The API takes nine letters and digits: a conversation that began with another provider is refused as the AI SDK sends it.',
})
const refusedThere = (path: string, ours: unknown): Difference => ({
  path,
  ours,
  theirs: undefined,
  why: 'Nothing of a request is dropped in silence: the API says which field it does not take. The AI SDK has no option for it.',
})

describeParity({
  wire: 'mistral',
  model: 'mistral-small-latest',
  ours: compatible('mistral', { apiKey: 'key' }),
  theirs: (model, fetch) => createMistral({ apiKey: 'key', fetch })(model),
  headers: ['authorization', 'content-type'],
  rules: [emptyText, oneText, noText, autoChoice, oneStop, pictureUrl, toolName],
  cases: {
    'a picture by URL': {
      differences: [
        {
          path: 'messages.0.content.1.image_url',
          ours: 'https://pictures.example.com/cat.png',
          theirs: `data:image/png;base64,${png}`,
          why: 'The API takes URLs of pictures; the AI SDK downloads them all the same.',
        },
      ],
    },
    'a PDF by data URL': { differences: [fileName] },
    'a PDF by URL': { differences: [fileName] },
    'a recording': {
      theyRefuse: {
        error: 'Only images and PDF file parts are supported',
        why: 'The API takes recordings (`input_audio`); the AI SDK does not know it yet.',
      },
    },
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
            { type: 'image_url', image_url: `data:image/png;base64,${png}` },
          ],
          theirs: expect.stringMatching(/^\[\{"type":"text","text":"The sky:"\},\{"type":"file"/),
          why: 'The API takes parts as a result; the AI SDK writes its own as JSON text, base64 and all.',
        },
      ],
    },
    'an answer with text and a call': {
      differences: [shortId('messages.1.tool_calls.0.id'), shortId('messages.2.tool_call_id')],
    },
    'an end user': { differences: [refusedThere('user', 'user-17')] },
    'an answer in JSON of any shape': {
      differences: [
        {
          path: 'messages',
          ours: [{ role: 'user', content: 'A recipe for waffles, in JSON.' }],
          theirs: [
            { role: 'system', content: expect.stringContaining('JSON') },
            { role: 'user', content: 'A recipe for waffles, in JSON.' },
          ],
          why: 'The API wants the prompt to ask for JSON, as this one does. The AI SDK adds words of its own; no word is invented here.',
        },
      ],
    },
    'a thinking budget': { differences: [refusedThere('thinking', { type: 'enabled', budget_tokens: 2048 })] },
  },
})
