/** What `gemini()` sends, against the AI SDK's `google()`. */
import { createGoogle } from '@ai-sdk/google'
import { describe, expect } from 'vitest'
import { gemini } from '../../src/index.ts'
import { describeParity } from './capture.ts'
import type { Case, Difference, Parity, Rule } from './capture.ts'
import { png } from './conversations.ts'

const autoMode: Rule = {
  why: '`AUTO` is what no configuration of the calls means.',
  apply(body) {
    if (body.toolConfig?.functionCallingConfig?.mode === 'AUTO') delete body.toolConfig
  },
}

const emptyDescription: Rule = {
  why: 'An empty description describes nothing.',
  apply({ tools = [] }) {
    for (const { functionDeclarations = [] } of tools)
      for (const declared of functionDeclarations) if (!declared.description) delete declared.description
  },
}

const resultKeys: Rule = {
  why: 'A result may have any keys; Google’s reference reads `output` and `error`, and all else as the output itself.',
  apply({ contents }) {
    for (const { functionResponse: result } of contents.flatMap(({ parts }: { parts: object[] }) => parts)) {
      if (!result) continue
      const { name, content, ...response } = result.response
      if (name === result.name) result.response = content === undefined ? response : { output: content }
      const { output } = result.response
      if (typeof output === 'object') result.response = output
    }
  },
}

const oneTurn: Rule = {
  why: 'Turns of one side, one after the other, are one turn, and one without parts is none.',
  apply(body) {
    const merged: { role: string; parts: object[] }[] = []
    for (const { role, parts } of body.contents) {
      const last = merged.at(-1)
      if (last && last.role === role) last.parts.push(...parts)
      else if (parts.length) merged.push({ role, parts: [...parts] })
    }
    body.contents = merged
  },
}

const thoughtsShown: Difference = {
  path: 'generationConfig.thinkingConfig.includeThoughts',
  ours: true,
  theirs: undefined,
  why: 'Whoever asks for thinking here gets to see it, as on the other wires.',
}
const unsigned: Case = { theyWarn: ['skip_thought_signature_validator'] }

const parity: Pick<Parity, 'wire' | 'ours' | 'theirs' | 'headers' | 'rules'> = {
  wire: 'gemini',
  ours: gemini({ apiKey: 'key' }),
  theirs: (model, fetch) => createGoogle({ apiKey: 'key', fetch })(model),
  headers: ['x-goog-api-key', 'content-type'],
  rules: [autoMode, emptyDescription, resultKeys, oneTurn],
}

const cases: Parity['cases'] = {
  'a system message between turns': {
    theyRefuse: {
      error: 'system messages are only supported at the beginning of the conversation',
      why: 'The wire has one place for instructions. There they hold for the whole conversation, also those that came later.',
    },
  },
  'a tool without parameters and a strict one': {
    differences: [
      {
        path: 'tools.0.functionDeclarations.0.parametersJsonSchema',
        ours: undefined,
        theirs: { type: 'object', properties: {} },
        why: 'No parameters are an empty list of them; the AI SDK has no tool without a schema.',
      },
      {
        path: 'toolConfig',
        ours: undefined,
        theirs: { functionCallingConfig: { mode: 'VALIDATED' } },
        why: 'The wire has no strict function, only a mode for all of them: whoever wants it sets `toolConfig`.',
      },
    ],
  },
  'one call at a time': {
    weRefuse: { error: 'Gemini cannot take `parallel_tool_calls`.', why: 'The wire has no word for it.' },
  },
  'an end user': { weRefuse: { error: 'Gemini cannot take `user`.', why: 'The wire has no word for it.' } },
}

/** A result goes as the text that it is. */
const resultText: Difference[] = [
  ['contents.2.parts.0', { output: '{"celsius":21,"wind":{"speed":3}}' }, { celsius: 21, wind: { speed: 3 } }],
  ['contents.2.parts.1', { output: '{"error":"The clock is broken."}' }, { error: 'The clock is broken.' }],
].flatMap(([part, ours, theirs]) =>
  Object.keys({ ...(ours as object), ...(theirs as object) }).map((key) => ({
    path: `${part as string}.functionResponse.response.${key}`,
    ours: (ours as Record<string, unknown>)[key],
    theirs: (theirs as Record<string, unknown>)[key],
    why: 'JSON as a text says to the model what it says as an object.',
  })),
)

describe('Gemini 3', () => {
  describeParity({
    ...parity,
    model: 'gemini-3-flash-preview',
    cases: {
      ...cases,
      'parallel calls with their results, then more talk': unsigned,
      'a result in JSON and a failed call': { ...unsigned, differences: resultText },
      'a picture as the result of a call': {
        ...unsigned,
        differences: [
          {
            path: 'contents.2.parts',
            ours: [expect.anything(), { inlineData: { mimeType: 'image/png', data: png } }],
            theirs: [expect.objectContaining({ functionResponse: expect.anything() })],
            why: 'Beside the result a picture goes to all models, inside it only to those from Gemini 3 on.',
          },
        ],
      },
      'an answer with text and a call': unsigned,
      'empty strings': unsigned,
      'a reasoning effort': { differences: [thoughtsShown] },
    },
  })
})

describe('Gemini 2.5', () => {
  describeParity({
    ...parity,
    model: 'gemini-2.5-flash',
    cases: {
      ...cases,
      'a result in JSON and a failed call': { differences: resultText },
      'a picture as the result of a call': {
        differences: [
          {
            path: 'contents.2.parts',
            ours: [expect.anything(), { inlineData: { mimeType: 'image/png', data: png } }],
            theirs: [
              expect.anything(),
              { inlineData: { mimeType: 'image/png', data: png } },
              { text: 'Tool executed successfully and returned this image as a response' },
            ],
            why: 'What the AI SDK puts into the mouth of the user is nothing that anybody said.',
          },
        ],
      },
      penalties: {
        theyWarn: ['unsupported: frequencyPenalty', 'unsupported: presencePenalty'],
        differences: [
          {
            path: 'generationConfig.frequencyPenalty',
            ours: 0.5,
            theirs: undefined,
            why: 'The server knows better than a table of names which model takes penalties, and says so.',
          },
          {
            path: 'generationConfig.presencePenalty',
            ours: -0.5,
            theirs: undefined,
            why: 'The server knows better than a table of names which model takes penalties, and says so.',
          },
        ],
      },
      'a reasoning effort': { differences: [thoughtsShown] },
    },
  })
})
