/**
 * Conversations in our shape and in the AI SDK's, for comparing what the two send for them.
 *
 * To add a conversation: add an entry to `conversations`. Its key is its name in test reports; `ours` is our request
 * without the model, `theirs` what `streamText` of the AI SDK takes for the same. `on` replaces fields of either for
 * one wire, where a provider's own options or opaque reasoning are needed. Then run the tests in this folder: each wire
 * compares every conversation, and what is new there is printed ready to be listed (or to be mended).
 * To add a wire, see capture.ts.
 */
import { jsonSchema, Output } from 'ai'
import type { streamText } from 'ai'
import type { CompletionRequest } from '../../src/index.ts'

/** The wires that are compared. */
export type Wire = 'openai' | 'compatible' | 'responses' | 'anthropic' | 'gemini' | 'mistral' | 'cohere'

/** A request without the model, which the wire sets. */
export type OurCall = Omit<CompletionRequest, 'model'>

/** What `streamText` takes, without the model and what the harness sets. */
// eslint-disable-next-line typescript/no-explicit-any -- whatever tools and output a conversation has
type Call = Parameters<typeof streamText<any, any, any>>[0]
export type TheirCall = Pick<
  Call,
  | 'instructions'
  | 'allowSystemInMessages'
  | 'prompt'
  | 'messages'
  | 'tools'
  | 'toolChoice'
  | 'maxOutputTokens'
  | 'temperature'
  | 'topP'
  | 'stopSequences'
  | 'seed'
  | 'frequencyPenalty'
  | 'presencePenalty'
  | 'reasoning'
  | 'output'
  | 'providerOptions'
>

export interface Conversation {
  ours: OurCall
  theirs: TheirCall
  /** Fields that replace those of `ours` or `theirs` for one wire. */
  on?: Partial<Record<Wire, { ours?: OurCall; theirs?: TheirCall }>>
}

/** A picture of one pixel, base64. Also what the AI SDK is given when it wants to download a picture. */
export const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
/** The first bytes of a PDF, base64. */
export const pdf = 'JVBERi0xLjQKJSVFT0YK'
/** The header of a WAV file, base64. */
export const wav = 'UklGRiQAAABXQVZFZm10IBAAAAABAAEA'

// Fixed JSON text, spelled as `JSON.stringify` does, so that a call's arguments are the same text on both sides.
const place = (city: string) => ({ city })
const placeSchema = {
  type: 'object' as const,
  properties: { city: { type: 'string' as const, description: 'Name of the city' } },
  required: ['city'],
  additionalProperties: false,
}
const recipeSchema = {
  type: 'object' as const,
  properties: {
    title: { type: 'string' as const },
    minutes: { type: 'integer' as const },
    steps: { type: 'array' as const, items: { type: 'string' as const } },
  },
  required: ['title', 'minutes', 'steps'],
  additionalProperties: false,
}

const ourWeather = {
  type: 'function' as const,
  function: { name: 'weather', description: 'The weather in a city', parameters: placeSchema },
}
const ourTime = {
  type: 'function' as const,
  function: { name: 'local_time', description: 'The time in a city', parameters: placeSchema },
}
const theirWeather = { description: 'The weather in a city', inputSchema: jsonSchema(placeSchema) }
const theirTime = { description: 'The time in a city', inputSchema: jsonSchema(placeSchema) }

const ourTools: OurCall = { tools: [ourWeather, ourTime] }
const theirTools: TheirCall = { tools: { weather: theirWeather, local_time: theirTime } }

const ourCall = (id: string, name: string, input: object, extra: object = {}) => ({
  id,
  type: 'function' as const,
  function: { name, arguments: JSON.stringify(input) },
  ...extra,
})
const theirCall = (toolCallId: string, toolName: string, input: object, extra: object = {}) => ({
  type: 'tool-call' as const,
  toolCallId,
  toolName,
  input,
  ...extra,
})
const text = (words: string) => ({ type: 'text' as const, text: words })
const picture = (url: string) => ({ type: 'image_url' as const, image_url: { url } })
const file = (mediaType: string, data: string | URL, filename?: string) => ({
  type: 'file' as const,
  mediaType,
  data,
  ...(filename && { filename }),
})
const result = (toolCallId: string, toolName: string, value: string) => ({
  type: 'tool-result' as const,
  toolCallId,
  toolName,
  output: { type: 'text' as const, value },
})

/** A conversation with thinking in its second turn; `ourTurn` and `theirTurn` are that turn on one wire. */
const thoughtful = (ourTurn: object, theirTurn: object[]) => ({
  ours: {
    messages: [
      { role: 'user', content: 'Is 91 prime?' },
      { role: 'assistant', content: 'No, 91 is 7 times 13.', ...ourTurn },
      { role: 'user', content: 'And 97?' },
    ],
  } as OurCall,
  theirs: {
    messages: [
      { role: 'user', content: 'Is 91 prime?' },
      { role: 'assistant', content: theirTurn },
      { role: 'user', content: 'And 97?' },
    ],
  } as TheirCall,
})
const thought = 'Let me try 7: 7 times 13 is 91.'
const answered = text('No, 91 is 7 times 13.')

/** The same with two calls after the thinking. `ourTurn` and `calls` say what belongs to each on one wire. */
const thoughtfulCalls = (ourTurn: object, theirReasoning: object[], extras: [object, object][] = []) => ({
  ours: {
    ...ourTools,
    messages: [
      { role: 'user', content: 'Weather in Oslo and Bergen?' },
      {
        role: 'assistant',
        content: null,
        ...ourTurn,
        tool_calls: [
          ourCall('calloslo1', 'weather', place('Oslo'), extras[0]?.[0]),
          ourCall('callberg1', 'weather', place('Bergen'), extras[1]?.[0]),
        ],
      },
      { role: 'tool', tool_call_id: 'calloslo1', content: 'sunny' },
      { role: 'tool', tool_call_id: 'callberg1', content: 'rain' },
    ],
  } as OurCall,
  theirs: {
    ...theirTools,
    messages: [
      { role: 'user', content: 'Weather in Oslo and Bergen?' },
      {
        role: 'assistant',
        content: [
          ...theirReasoning,
          theirCall('calloslo1', 'weather', place('Oslo'), extras[0]?.[1]),
          theirCall('callberg1', 'weather', place('Bergen'), extras[1]?.[1]),
        ],
      },
      {
        role: 'tool',
        content: [result('calloslo1', 'weather', 'sunny'), result('callberg1', 'weather', 'rain')],
      },
    ],
  } as TheirCall,
})
const thoughtOfCalls = 'Two cities, so two calls.'
const signature = 'c2lnbmF0dXJlLW9mLXRoZS10aG91Z2h0cw=='
const encrypted = 'ZW5jcnlwdGVkLXRob3VnaHRz'

/** A reasoning part of the AI SDK with what one provider wants back. */
const reasoning = (words: string, providerOptions?: object) => ({ type: 'reasoning', text: words, providerOptions })

const opaque = {
  anthropic: (words: string) => ({
    ours: {
      reasoning_content: words,
      reasoning_details: [
        { type: 'reasoning.text', format: 'anthropic-claude-v1', index: 0, text: words, signature },
        { type: 'reasoning.encrypted', format: 'anthropic-claude-v1', index: 1, data: encrypted },
      ],
    },
    theirs: [reasoning(words, { anthropic: { signature } }), reasoning('', { anthropic: { redactedData: encrypted } })],
  }),
  responses: (words: string) => ({
    ours: {
      reasoning_content: words,
      reasoning_details: [
        { type: 'reasoning.summary', format: 'openai-responses-v1', index: 0, id: 'rs_1', summary: words },
        { type: 'reasoning.encrypted', format: 'openai-responses-v1', index: 0, id: 'rs_1', data: encrypted },
      ],
    },
    theirs: [reasoning(words, { openai: { itemId: 'rs_1', reasoningEncryptedContent: encrypted } })],
  }),
}

const define = <const Name extends string>(list: Record<Name, Conversation>): Record<Name, Conversation> => list

export const conversations = define({
  'one prompt': {
    ours: { prompt: 'Say hello.' },
    theirs: { prompt: 'Say hello.' },
  },

  'a system prompt': {
    ours: {
      messages: [
        { role: 'system', content: 'Answer in one word.' },
        { role: 'user', content: 'The capital of Norway?' },
      ],
    },
    theirs: { instructions: 'Answer in one word.', messages: [{ role: 'user', content: 'The capital of Norway?' }] },
  },

  'several system messages': {
    ours: {
      messages: [
        { role: 'system', content: 'Answer in one word.' },
        { role: 'system', content: 'Never swear.' },
        { role: 'user', content: 'The capital of Norway?' },
      ],
    },
    theirs: {
      instructions: [
        { role: 'system', content: 'Answer in one word.' },
        { role: 'system', content: 'Never swear.' },
      ],
      messages: [{ role: 'user', content: 'The capital of Norway?' }],
    },
  },

  'a system message between turns': {
    ours: {
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Hi' },
        { role: 'assistant', content: 'Hello!' },
        { role: 'system', content: 'From now on, speak Norwegian.' },
        { role: 'user', content: 'How are you?' },
      ],
    },
    theirs: {
      allowSystemInMessages: true,
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Hi' },
        { role: 'assistant', content: 'Hello!' },
        { role: 'system', content: 'From now on, speak Norwegian.' },
        { role: 'user', content: 'How are you?' },
      ],
    },
  },

  'several turns': {
    ours: {
      messages: [
        { role: 'user', content: 'Name a fruit.' },
        { role: 'assistant', content: 'Apple' },
        { role: 'user', content: 'Another one.' },
        { role: 'assistant', content: 'Pear' },
        { role: 'user', content: [text('One more.'), text('A red one.')] },
      ],
    },
    theirs: {
      messages: [
        { role: 'user', content: 'Name a fruit.' },
        { role: 'assistant', content: 'Apple' },
        { role: 'user', content: 'Another one.' },
        { role: 'assistant', content: [text('Pear')] },
        { role: 'user', content: [text('One more.'), text('A red one.')] },
      ],
    },
  },

  'the start of the answer': {
    ours: {
      messages: [
        { role: 'user', content: 'Count to five.' },
        { role: 'assistant', content: 'One, two,' },
      ],
    },
    theirs: {
      messages: [
        { role: 'user', content: 'Count to five.' },
        { role: 'assistant', content: 'One, two,' },
      ],
    },
  },

  'pictures by data URL': {
    ours: {
      messages: [
        {
          role: 'user',
          content: [
            text('What changed between this'),
            picture(`data:image/png;base64,${png}`),
            text('and this?'),
            picture(`data:image/jpeg;base64,/9j/4AAQSkZJRg==`),
          ],
        },
      ],
    },
    theirs: {
      messages: [
        {
          role: 'user',
          content: [
            text('What changed between this'),
            file('image/png', png),
            text('and this?'),
            file('image/jpeg', '/9j/4AAQSkZJRg=='),
          ],
        },
      ],
    },
  },

  'a picture by URL': {
    ours: {
      messages: [{ role: 'user', content: [text('What is this?'), picture('https://pictures.example.com/cat.png')] }],
    },
    theirs: {
      messages: [
        {
          role: 'user',
          content: [text('What is this?'), file('image/png', new URL('https://pictures.example.com/cat.png'))],
        },
      ],
    },
  },

  'a PDF by data URL': {
    ours: {
      messages: [
        {
          role: 'user',
          content: [
            text('Sum this up.'),
            { type: 'file', file: { filename: 'report.pdf', file_data: `data:application/pdf;base64,${pdf}` } },
          ],
        },
      ],
    },
    theirs: {
      messages: [{ role: 'user', content: [text('Sum this up.'), file('application/pdf', pdf, 'report.pdf')] }],
    },
  },

  'a PDF by URL': {
    ours: {
      messages: [
        {
          role: 'user',
          content: [
            text('Sum this up.'),
            { type: 'file', file: { filename: 'report.pdf', file_data: 'https://files.example.com/report.pdf' } },
          ],
        },
      ],
    },
    theirs: {
      messages: [
        {
          role: 'user',
          content: [
            text('Sum this up.'),
            file('application/pdf', new URL('https://files.example.com/report.pdf'), 'report.pdf'),
          ],
        },
      ],
    },
  },

  'a recording': {
    ours: {
      messages: [
        {
          role: 'user',
          content: [text('What is said here?'), { type: 'input_audio', input_audio: { data: wav, format: 'wav' } }],
        },
      ],
    },
    theirs: { messages: [{ role: 'user', content: [text('What is said here?'), file('audio/wav', wav)] }] },
  },

  'tools that the model may use': {
    ours: { ...ourTools, tool_choice: 'auto', prompt: 'Is it raining in Oslo?' },
    theirs: { ...theirTools, toolChoice: 'auto', prompt: 'Is it raining in Oslo?' },
  },

  'tools without a word on their choice': {
    ours: { ...ourTools, prompt: 'Is it raining in Oslo?' },
    theirs: { ...theirTools, prompt: 'Is it raining in Oslo?' },
  },

  'a tool must be used': {
    ours: { ...ourTools, tool_choice: 'required', prompt: 'Is it raining in Oslo?' },
    theirs: { ...theirTools, toolChoice: 'required', prompt: 'Is it raining in Oslo?' },
  },

  'no tool may be used': {
    ours: { ...ourTools, tool_choice: 'none', prompt: 'Is it raining in Oslo?' },
    theirs: { ...theirTools, toolChoice: 'none', prompt: 'Is it raining in Oslo?' },
  },

  'one tool by its name': {
    ours: {
      ...ourTools,
      tool_choice: { type: 'function', function: { name: 'weather' } },
      prompt: 'Is it raining in Oslo?',
    },
    theirs: { ...theirTools, toolChoice: { type: 'tool', toolName: 'weather' }, prompt: 'Is it raining in Oslo?' },
  },

  'a tool without parameters and a strict one': {
    ours: {
      tools: [
        { type: 'function', function: { name: 'roll_dice' } },
        {
          type: 'function',
          function: { name: 'weather', description: 'The weather in a city', parameters: placeSchema, strict: true },
        },
      ],
      prompt: 'Roll the dice.',
    },
    theirs: {
      tools: {
        roll_dice: { inputSchema: jsonSchema({ type: 'object', properties: {} }) },
        weather: { ...theirWeather, strict: true },
      },
      prompt: 'Roll the dice.',
    },
  },

  'one call at a time': {
    ours: { ...ourTools, parallel_tool_calls: false, prompt: 'Weather in Oslo and Bergen?' },
    theirs: {
      ...theirTools,
      prompt: 'Weather in Oslo and Bergen?',
      providerOptions: {
        openai: { parallelToolCalls: false },
        anthropic: { disableParallelToolUse: true },
        mistral: { parallelToolCalls: false },
      },
    },
  },

  'parallel calls with their results, then more talk': {
    ours: {
      ...ourTools,
      messages: [
        { role: 'user', content: 'Weather and time in Oslo?' },
        {
          role: 'assistant',
          content: null,
          tool_calls: [
            ourCall('callwthr1', 'weather', place('Oslo')),
            ourCall('calltime1', 'local_time', place('Oslo')),
          ],
        },
        { role: 'tool', tool_call_id: 'callwthr1', content: 'sunny' },
        { role: 'tool', tool_call_id: 'calltime1', content: 'noon' },
        { role: 'assistant', content: 'Sunny, at noon.' },
        { role: 'user', content: 'Thanks. And in Bergen?' },
      ],
    },
    theirs: {
      ...theirTools,
      messages: [
        { role: 'user', content: 'Weather and time in Oslo?' },
        {
          role: 'assistant',
          content: [
            theirCall('callwthr1', 'weather', place('Oslo')),
            theirCall('calltime1', 'local_time', place('Oslo')),
          ],
        },
        {
          role: 'tool',
          content: [result('callwthr1', 'weather', 'sunny'), result('calltime1', 'local_time', 'noon')],
        },
        { role: 'assistant', content: 'Sunny, at noon.' },
        { role: 'user', content: 'Thanks. And in Bergen?' },
      ],
    },
  },

  'a result in JSON and a failed call': {
    ours: {
      ...ourTools,
      messages: [
        { role: 'user', content: 'Weather and time in Oslo?' },
        {
          role: 'assistant',
          content: null,
          tool_calls: [
            ourCall('callwthr1', 'weather', place('Oslo')),
            ourCall('calltime1', 'local_time', place('Oslo')),
          ],
        },
        { role: 'tool', tool_call_id: 'callwthr1', content: '{"celsius":21,"wind":{"speed":3}}' },
        // A failure has no field of its own here: this is how the chat of this library writes it.
        { role: 'tool', tool_call_id: 'calltime1', content: '{"error":"The clock is broken."}' },
      ],
    },
    theirs: {
      ...theirTools,
      messages: [
        { role: 'user', content: 'Weather and time in Oslo?' },
        {
          role: 'assistant',
          content: [
            theirCall('callwthr1', 'weather', place('Oslo')),
            theirCall('calltime1', 'local_time', place('Oslo')),
          ],
        },
        {
          role: 'tool',
          content: [
            {
              ...result('callwthr1', 'weather', ''),
              output: { type: 'json', value: { celsius: 21, wind: { speed: 3 } } },
            },
            {
              ...result('calltime1', 'local_time', ''),
              output: { type: 'error-text', value: 'The clock is broken.' },
            },
          ],
        },
      ],
    },
  },

  'a picture as the result of a call': {
    ours: {
      ...ourTools,
      messages: [
        { role: 'user', content: 'Show me the sky over Oslo.' },
        { role: 'assistant', content: null, tool_calls: [ourCall('callwthr1', 'weather', place('Oslo'))] },
        {
          role: 'tool',
          tool_call_id: 'callwthr1',
          content: [text('The sky:'), picture(`data:image/png;base64,${png}`)],
        },
      ],
    },
    theirs: {
      ...theirTools,
      messages: [
        { role: 'user', content: 'Show me the sky over Oslo.' },
        { role: 'assistant', content: [theirCall('callwthr1', 'weather', place('Oslo'))] },
        {
          role: 'tool',
          content: [
            {
              ...result('callwthr1', 'weather', ''),
              output: {
                type: 'content',
                value: [text('The sky:'), { type: 'file', mediaType: 'image/png', data: { type: 'data', data: png } }],
              },
            },
          ],
        },
      ],
    },
  },

  // The id is as OpenAI writes them. Elsewhere they are short, as the strictest wire wants them.
  'an answer with text and a call': {
    ours: {
      ...ourTools,
      messages: [
        { role: 'user', content: 'Is it raining in Oslo?' },
        {
          role: 'assistant',
          content: 'Let me look.',
          tool_calls: [ourCall('call_Xy12AbCdEf34GhIj56Kl', 'weather', place('Oslo'))],
        },
        { role: 'tool', tool_call_id: 'call_Xy12AbCdEf34GhIj56Kl', content: 'sunny' },
      ],
    },
    theirs: {
      ...theirTools,
      messages: [
        { role: 'user', content: 'Is it raining in Oslo?' },
        {
          role: 'assistant',
          content: [text('Let me look.'), theirCall('call_Xy12AbCdEf34GhIj56Kl', 'weather', place('Oslo'))],
        },
        { role: 'tool', content: [result('call_Xy12AbCdEf34GhIj56Kl', 'weather', 'sunny')] },
      ],
    },
  },

  'a token limit, a temperature and stop sequences': {
    ours: { prompt: 'Tell me a story.', max_tokens: 300, temperature: 0.3, stop: ['THE END', '\n\n'] },
    theirs: { prompt: 'Tell me a story.', maxOutputTokens: 300, temperature: 0.3, stopSequences: ['THE END', '\n\n'] },
  },

  'a token limit under its newer name and one stop sequence': {
    ours: { prompt: 'Tell me a story.', max_completion_tokens: 300, stop: 'THE END' },
    theirs: { prompt: 'Tell me a story.', maxOutputTokens: 300, stopSequences: ['THE END'] },
    on: {
      openai: { theirs: { maxOutputTokens: undefined, providerOptions: { openai: { maxCompletionTokens: 300 } } } },
    },
  },

  top_p: {
    ours: { prompt: 'Tell me a story.', top_p: 0.5 },
    theirs: { prompt: 'Tell me a story.', topP: 0.5 },
  },

  'a seed': {
    ours: { prompt: 'Tell me a story.', seed: 7 },
    theirs: { prompt: 'Tell me a story.', seed: 7 },
  },

  penalties: {
    ours: { prompt: 'Tell me a story.', frequency_penalty: 0.5, presence_penalty: -0.5 },
    theirs: { prompt: 'Tell me a story.', frequencyPenalty: 0.5, presencePenalty: -0.5 },
  },

  'an end user': {
    ours: { prompt: 'Say hello.', user: 'user-17' },
    theirs: {
      prompt: 'Say hello.',
      providerOptions: { openai: { user: 'user-17' }, anthropic: { metadata: { userId: 'user-17' } } },
    },
  },

  'an answer by a JSON schema': {
    ours: {
      prompt: 'A recipe for waffles.',
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'recipe', description: 'One recipe', schema: recipeSchema, strict: true },
      },
    },
    theirs: {
      prompt: 'A recipe for waffles.',
      output: Output.object({ schema: jsonSchema(recipeSchema), name: 'recipe', description: 'One recipe' }),
      providerOptions: { mistral: { strictJsonSchema: true } },
    },
  },

  'an answer in JSON of any shape': {
    ours: { prompt: 'A recipe for waffles, in JSON.', response_format: { type: 'json_object' } },
    theirs: { prompt: 'A recipe for waffles, in JSON.', output: Output.json() },
  },

  'a reasoning effort': {
    ours: { prompt: 'Is 91 prime?', reasoning_effort: 'high' },
    theirs: { prompt: 'Is 91 prime?', reasoning: 'high' },
  },

  'a thinking budget': {
    ours: { prompt: 'Is 91 prime?', thinking: { type: 'enabled', budget_tokens: 2048 }, max_tokens: 4096 },
    theirs: {
      prompt: 'Is 91 prime?',
      maxOutputTokens: 4096,
      providerOptions: {
        anthropic: { thinking: { type: 'enabled', budgetTokens: 2048 } },
        google: { thinkingConfig: { thinkingBudget: 2048, includeThoughts: true } },
        cohere: { thinking: { type: 'enabled', tokenBudget: 2048 } },
      },
    },
    // Here the limit is for the answer alone: that SDK adds the budget to it, and the sum is what is sent.
    on: { anthropic: { theirs: { maxOutputTokens: 2048 } } },
  },

  'reasoning sent back': {
    ...thoughtful({ reasoning_content: thought }, [reasoning(thought), answered]),
    on: {
      anthropic: thoughtful(opaque.anthropic(thought).ours, [...opaque.anthropic(thought).theirs, answered]),
      responses: thoughtful(opaque.responses(thought).ours, [...opaque.responses(thought).theirs, answered]),
      gemini: thoughtful({ extra_content: { google: { thought_signature: signature } } }, [
        { ...answered, providerOptions: { google: { thoughtSignature: signature } } },
      ]),
    },
  },

  'reasoning sent back with the calls that it led to': {
    ...thoughtfulCalls({ reasoning_content: thoughtOfCalls }, [reasoning(thoughtOfCalls)]),
    on: {
      anthropic: thoughtfulCalls(opaque.anthropic(thoughtOfCalls).ours, opaque.anthropic(thoughtOfCalls).theirs),
      responses: thoughtfulCalls(opaque.responses(thoughtOfCalls).ours, opaque.responses(thoughtOfCalls).theirs),
      gemini: thoughtfulCalls(
        {},
        [],
        [
          [
            { extra_content: { google: { thought_signature: signature } } },
            { providerOptions: { google: { thoughtSignature: signature } } },
          ],
        ],
      ),
    },
  },

  'letters of all kinds': {
    ours: {
      messages: [
        { role: 'system', content: 'Svar på norsk: æøå «sitat» \u2028 "quotes" \\ \t' },
        { role: 'user', content: '日本語 и русский, עברית, 👩‍👩‍👧‍👦 𝒳, e\u0301\n<b>&amp;</b>' },
        { role: 'assistant', content: 'Ja 👍🏽' },
        { role: 'user', content: '¿Qué? \u0000\u001f' },
      ],
    },
    theirs: {
      instructions: 'Svar på norsk: æøå «sitat» \u2028 "quotes" \\ \t',
      messages: [
        { role: 'user', content: '日本語 и русский, עברית, 👩‍👩‍👧‍👦 𝒳, e\u0301\n<b>&amp;</b>' },
        { role: 'assistant', content: 'Ja 👍🏽' },
        { role: 'user', content: '¿Qué? \u0000\u001f' },
      ],
    },
  },

  'empty strings': {
    ours: {
      ...ourTools,
      messages: [
        { role: 'user', content: [text(''), text('Roll the dice, silently.')] },
        { role: 'assistant', content: '', tool_calls: [ourCall('calldice1', 'roll_dice', {})] },
        { role: 'tool', tool_call_id: 'calldice1', content: '' },
        { role: 'assistant', content: '' },
        { role: 'user', content: 'Again.' },
      ],
    },
    theirs: {
      ...theirTools,
      messages: [
        { role: 'user', content: [text(''), text('Roll the dice, silently.')] },
        { role: 'assistant', content: [text(''), theirCall('calldice1', 'roll_dice', {})] },
        { role: 'tool', content: [result('calldice1', 'roll_dice', '')] },
        { role: 'assistant', content: '' },
        { role: 'user', content: 'Again.' },
      ],
    },
  },
})

export type ConversationName = keyof typeof conversations
