/** What `anthropic()` sends, against the AI SDK's `anthropic()`. */
import { createAnthropic } from '@ai-sdk/anthropic'
import { anthropic } from '../../src/index.ts'
import { describeParity } from './capture.ts'
import type { Rule } from './capture.ts'

const defaultLimit: Rule = {
  why: 'The wire wants a limit. Where the request has none, ours is one that all Claude models take; the AI SDK has a list of models.',
  apply(body) {
    if (body.max_tokens === 32_000 || body.max_tokens === 128_000) delete body.max_tokens
  },
}
const eagerInput: Rule = {
  why: 'How a tool’s input is cut into pieces is no part of what is asked. The AI SDK turns the finer cut on; with us, a tool may have the field.',
  apply({ tools = [] }) {
    for (const tool of tools) delete tool.eager_input_streaming
  },
}
const autoChoice: Rule = {
  why: 'Where there are tools, `auto` is what no `tool_choice` means.',
  apply(body) {
    if (JSON.stringify(body.tool_choice) === '{"type":"auto"}') delete body.tool_choice
  },
}
const oneText: Rule = {
  why: 'A result of one text block is that text, and one without content is the empty one.',
  apply({ messages }) {
    for (const message of messages)
      for (const block of message.content) {
        if (block.type !== 'tool_result') continue
        block.content ??= ''
        if (block.content.length === 0) block.content = ''
        if (block.content.length === 1 && block.content[0].type === 'text') block.content = block.content[0].text
      }
  },
}
const oneTurn: Rule = {
  why: 'Two messages of one side in a row are read as one.',
  apply(body) {
    body.messages = body.messages.reduce((turns: { role: string; content: unknown[] }[], turn: (typeof turns)[0]) => {
      const last = turns.at(-1)
      if (last?.role !== turn.role) return [...turns, turn]
      last!.content.push(...turn.content)
      return turns
    }, [])
  },
}

describeParity({
  wire: 'anthropic',
  model: 'claude-sonnet-4-6',
  ours: anthropic({ apiKey: 'key' }),
  theirs: (model, fetch) => createAnthropic({ apiKey: 'key', fetch })(model),
  headers: ['x-api-key', 'anthropic-version', 'content-type'],
  rules: [defaultLimit, eagerInput, autoChoice, oneText, oneTurn],
  cases: {
    'a system message between turns': {
      differences: [
        {
          path: 'system',
          ours: [
            { type: 'text', text: 'Be brief.' },
            { type: 'text', text: 'From now on, speak Norwegian.' },
          ],
          theirs: [{ type: 'text', text: 'Be brief.' }],
          why: 'Only the newest models take a system message between turns, and only as a beta. At the top, all models do.',
        },
        {
          path: 'messages',
          ours: [
            { role: 'user', content: [{ type: 'text', text: 'Hi' }] },
            { role: 'assistant', content: [{ type: 'text', text: 'Hello!' }] },
            { role: 'user', content: [{ type: 'text', text: 'How are you?' }] },
          ],
          theirs: [
            { role: 'user', content: [{ type: 'text', text: 'Hi' }] },
            { role: 'assistant', content: [{ type: 'text', text: 'Hello!' }] },
            { role: 'system', content: [{ type: 'text', text: 'From now on, speak Norwegian.' }] },
            { role: 'user', content: [{ type: 'text', text: 'How are you?' }] },
          ],
          why: 'The same.',
        },
      ],
    },
    'a recording': {
      weRefuse: { error: 'Anthropic cannot take `input_audio`.', why: 'The wire takes no sound.' },
      theyRefuse: { error: 'audio/wav', why: 'The wire takes no sound.' },
    },
    'a tool without parameters and a strict one': {
      differences: [
        {
          path: 'tools.0.input_schema.properties',
          ours: undefined,
          theirs: {},
          why: 'An object without `properties` is one without any; the AI SDK has no tool without a schema.',
        },
      ],
    },
    'a result in JSON and a failed call': {
      differences: [
        {
          path: 'messages.2.content.1.content',
          ours: '{"error":"The clock is broken."}',
          theirs: 'The clock is broken.',
          why: 'A failure has no field in OpenAI’s shape, so its words say that it is one.',
        },
        { path: 'messages.2.content.1.is_error', ours: undefined, theirs: true, why: 'The same.' },
      ],
    },
    'a seed': {
      weRefuse: {
        error: 'Anthropic cannot take `seed`.',
        why: 'The wire has none. The AI SDK leaves it out with a warning.',
      },
      theyWarn: ['seed'],
    },
    penalties: {
      weRefuse: {
        error: 'Anthropic cannot take `frequency_penalty`.',
        why: 'The wire has none. The AI SDK leaves them out with a warning.',
      },
      theyWarn: ['frequencyPenalty', 'presencePenalty'],
    },
    'an answer in JSON of any shape': {
      weRefuse: {
        error: 'Anthropic cannot take `json_object`.',
        why: 'The wire has no such mode. The AI SDK leaves the format out with a warning.',
      },
      theyWarn: ['JSON response format requires a schema'],
    },
  },
})
