/** What `cohere()` sends, against the AI SDK's `cohere()`. */
import { createCohere } from '@ai-sdk/cohere'
import { cohere } from '../../src/index.ts'
import { describeParity } from './capture.ts'
import type { Rule } from './capture.ts'

const joinedText: Rule = {
  why: 'Text in several parts is the text of all of them: the AI SDK joins it, and skips what is empty.',
  apply({ messages }) {
    for (const message of messages) {
      const { content } = message
      if (!Array.isArray(content)) continue
      const parts = content.filter(({ text }) => text !== '')
      message.content = parts.every(({ type }) => type === 'text') ? parts.map(({ text }) => text).join('') : parts
    }
  },
}

describeParity({
  wire: 'cohere',
  model: 'command-a-03-2025',
  ours: cohere({ apiKey: 'key' }),
  theirs: (model, fetch) => createCohere({ apiKey: 'key', fetch })(model),
  headers: ['authorization', 'content-type'],
  rules: [joinedText],
  cases: {
    'a PDF by data URL': {
      weRefuse: {
        error: 'Cohere cannot take file parts in user messages.',
        why: 'The wire takes no files. The AI SDK sends their base64 as the text of a document, which no model can read.',
      },
    },
    'a PDF by URL': {
      weRefuse: {
        error: 'Cohere cannot take file parts in user messages.',
        why: 'The wire takes no files. The AI SDK sends their base64 as the text of a document, which no model can read.',
      },
    },
    'a recording': {
      weRefuse: {
        error: 'Cohere cannot take input_audio parts in user messages.',
        why: 'The wire takes no sound. The AI SDK sends its base64 as the text of a document.',
      },
    },
    'a tool without parameters and a strict one': {
      differences: [
        {
          path: 'strict_tools',
          ours: true,
          theirs: undefined,
          why: 'The wire has one switch for all tools, which the AI SDK leaves out without a word.',
        },
      ],
    },
    'one call at a time': {
      weRefuse: {
        error: 'Cohere cannot take `parallel_tool_calls`.',
        why: 'The wire has no such switch, and the AI SDK no option for it here.',
      },
    },
    'a result in JSON and a failed call': {
      differences: [
        {
          path: 'messages.3.content',
          ours: '{"error":"The clock is broken."}',
          theirs: 'The clock is broken.',
          why: 'The wire has no word for a failure. This is how the chat of this library writes one; the AI SDK passes it off as a result.',
        },
      ],
    },
    'a picture as the result of a call': {
      weRefuse: {
        error: 'Cohere cannot take image_url parts in tool messages.',
        why: 'A result is text or documents. The AI SDK sends its own parts as JSON text, base64 and all.',
      },
    },
    'an answer with text and a call': {
      differences: [
        {
          path: 'messages.1.content',
          ours: 'Let me look.',
          theirs: undefined,
          why: 'The AI SDK drops what the model said before its calls; the wire takes it.',
        },
      ],
    },
    'an end user': {
      weRefuse: {
        error: 'Cohere cannot take `user`.',
        why: 'The wire does not want to know, and the AI SDK has no option for it here.',
      },
    },
  },
})
