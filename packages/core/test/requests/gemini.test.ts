/** What a request becomes on Google's Gemini wire, and what of it the wire cannot say. */
import { describe, expect, it } from 'vitest'
import { gemini } from '../../src/index.ts'
import type { CompletionChunk, ProviderOptions, Message, ProviderRequest } from '../../src/index.ts'

type Asked = Partial<ProviderRequest>

async function sent(request: Asked, options: ProviderOptions = {}) {
  // eslint-disable-next-line typescript/no-explicit-any -- tests look into it
  const wire: { url: string; headers: Record<string, string>; body: any } = await gemini(options).request({
    model: 'gemini-2.5-flash',
    prompt: 'Hi',
    ...request,
  })
  // As it goes out: JSON.
  return { ...wire, body: JSON.parse(JSON.stringify(wire.body)) }
}

const bodyOf = async (request: Asked, options?: ProviderOptions) => (await sent(request, options)).body
const refusal = (request: Asked) => bodyOf(request).catch((error: Error) => error.message)

const weather = {
  type: 'function',
  function: { name: 'weather', description: 'The weather', parameters: { type: 'object', properties: {} } },
} as const
const call = (id: string, name = 'weather', args = '{}', extra: object = {}) => ({
  id,
  type: 'function' as const,
  function: { name, arguments: args },
  ...extra,
})
const signed = (thought_signature: string) => ({ extra_content: { google: { thought_signature } } })

describe('the address', () => {
  it.each([
    ['gemini-x', 'https://generativelanguage.googleapis.com/v1beta/models/gemini-x'],
    ['models/gemini-x', 'https://generativelanguage.googleapis.com/v1beta/models/gemini-x'],
    ['tunedModels/mine', 'https://generativelanguage.googleapis.com/v1beta/tunedModels/mine'],
  ])('of model %s is its path', async (model, url) => {
    expect((await sent({ model })).url).toBe(`${url}:streamGenerateContent?alt=sse`)
  })

  it('may be a relay or Vertex AI', async () => {
    const path = 'projects/p/locations/global/publishers/google'
    const { url } = await sent({ model: 'gemini-x' }, { baseURL: `https://aiplatform.googleapis.com/v1/${path}/` })
    expect(url).toBe(`https://aiplatform.googleapis.com/v1/${path}/models/gemini-x:streamGenerateContent?alt=sse`)
  })

  it('gets the key and further headers', async () => {
    expect((await sent({}, { apiKey: 'k', headers: { authorization: 'Bearer t' } })).headers).toEqual({
      'x-goog-api-key': 'k',
      authorization: 'Bearer t',
    })
    expect((await sent({}, { apiKey: async () => 'fresh' })).headers).toEqual({ 'x-goog-api-key': 'fresh' })
    expect((await sent({})).headers).toEqual({})
  })
})

describe('the conversation', () => {
  it('has its instructions apart and one turn for each side at a time', async () => {
    const messages: Message[] = [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Hi' },
      { role: 'user', content: [{ type: 'text', text: 'there' }] },
      { role: 'assistant', content: 'Hello' },
      { role: 'assistant', content: '', refusal: 'No.' },
      { role: 'user', content: '' },
      { role: 'developer', content: 'Be kind.' },
      { role: 'user', content: 'Why?' },
    ]
    expect(await bodyOf({ messages })).toEqual({
      systemInstruction: { parts: [{ text: 'Be brief.' }, { text: 'Be kind.' }] },
      contents: [
        { role: 'user', parts: [{ text: 'Hi' }, { text: 'there' }] },
        { role: 'model', parts: [{ text: 'Hello' }, { text: 'No.' }] },
        { role: 'user', parts: [{ text: 'Why?' }] },
      ],
      generationConfig: {},
    })
  })

  it('may be a prompt', async () => {
    expect(await bodyOf({})).toEqual({
      contents: [{ role: 'user', parts: [{ text: 'Hi' }] }],
      generationConfig: {},
    })
  })

  it.each([
    [
      { type: 'image_url', image_url: { url: 'data:image/png;base64,AA==', detail: 'high' } },
      { inlineData: { mimeType: 'image/png', data: 'AA==' } },
    ],
    [
      { type: 'image_url', image_url: { url: 'https://x.example/a.b/c.jpg' } },
      { fileData: { fileUri: 'https://x.example/a.b/c.jpg', mimeType: 'image/jpeg' } },
    ],
    // What an address does not tell, the server finds out or asks for.
    [
      { type: 'video_url', video_url: { url: 'gs://bucket/film.mp4' } },
      { fileData: { fileUri: 'gs://bucket/film.mp4', mimeType: 'video/mp4' } },
    ],
    [
      { type: 'image_url', image_url: { url: 'https://x.example.com/cat' } },
      { fileData: { fileUri: 'https://x.example.com/cat' } },
    ],
    [
      { type: 'input_audio', input_audio: { data: 'AA==', format: 'mp3' } },
      { inlineData: { mimeType: 'audio/mp3', data: 'AA==' } },
    ],
    [
      { type: 'file', file: { filename: 'a.txt', file_data: 'data:text/plain;base64,YSBi' } },
      { inlineData: { mimeType: 'text/plain', data: 'YSBi' } },
    ],
    [
      { type: 'file', file: { filename: 'report.pdf', file_id: 'https://x.example/v1beta/files/abc' } },
      { fileData: { fileUri: 'https://x.example/v1beta/files/abc', mimeType: 'application/pdf' } },
    ],
    [{ type: 'file', file: { file_data: 'https://youtu.be/abc' } }, { fileData: { fileUri: 'https://youtu.be/abc' } }],
    [
      { inlineData: { mimeType: 'video/mp4', data: 'AA==' }, videoMetadata: { fps: 2 } },
      { inlineData: { mimeType: 'video/mp4', data: 'AA==' }, videoMetadata: { fps: 2 } },
    ],
  ])('takes %j', async (part, expected) => {
    const { contents } = await bodyOf({ messages: [{ role: 'user', content: [part] } as Message] })
    expect(contents).toEqual([{ role: 'user', parts: [expected] }])
  })

  it.each([
    [[{ role: 'user', content: [{ type: 'hologram', hologram: {} }] }], 'Gemini cannot take hologram.'],
    [[{ role: 'user', content: [{ type: 'hologram' }] }], 'Gemini cannot take hologram.'],
    [[{ role: 'assistant', content: '', audio: { id: 'a' } }], 'Gemini cannot take `audio`.'],
    [
      [{ role: 'assistant', tool_calls: [{ id: 'a', type: 'custom', custom: { name: 'sh', input: 'ls' } }] }],
      'Gemini cannot take `custom`.',
    ],
    [[{ role: 'tool', tool_call_id: 'x', content: '1' }], 'Gemini cannot find the call "x".'],
  ])('refuses %j', async (messages, sentence) => {
    expect(await refusal({ messages: messages as Message[] })).toBe(sentence)
  })
})

describe('calls and their results', () => {
  const messages: Message[] = [
    { role: 'user', content: 'Weather?' },
    {
      role: 'assistant',
      content: null,
      tool_calls: [
        call('w1', 'weather', '{"city":"Bern"}', signed('c2lnLTE=')),
        call('w2', 'weather', ''),
        call('call_resp-1_02', 'now'),
      ],
    },
    { role: 'tool', tool_call_id: 'w2', content: '{"degrees":7}' },
    { role: 'tool', tool_call_id: 'w1', content: 'sunny' },
    { role: 'tool', tool_call_id: 'call_resp-1_02', content: [{ type: 'text', text: '[1]' }] },
    { role: 'user', content: 'And?' },
  ]

  it('find each other by id and go with the name of the function, the signature where it was', async () => {
    const { contents } = await bodyOf({ messages })
    expect(contents.slice(1)).toEqual([
      {
        role: 'model',
        parts: [
          { functionCall: { id: 'w1', name: 'weather', args: { city: 'Bern' } }, thoughtSignature: 'c2lnLTE=' },
          { functionCall: { id: 'w2', name: 'weather', args: {} } },
          { functionCall: { id: 'call_resp-1_02', name: 'now', args: {} } },
        ],
      },
      {
        role: 'user',
        parts: [
          { functionResponse: { id: 'w2', name: 'weather', response: { output: '{"degrees":7}' } } },
          { functionResponse: { id: 'w1', name: 'weather', response: { output: 'sunny' } } },
          { functionResponse: { id: 'call_resp-1_02', name: 'now', response: { output: '[1]' } } },
          { text: 'And?' },
        ],
      },
    ])
  })

  it('have the pictures that the model made among them, signed', async () => {
    const image = {
      type: 'image_url' as const,
      image_url: { url: 'data:image/png;base64,AA==' },
      ...signed('cGlj'),
    }
    const { contents } = await bodyOf({
      messages: [
        { role: 'user', content: 'A cat' },
        { role: 'assistant', content: null, images: [image] },
      ],
    })
    expect(contents[1]).toEqual({
      role: 'model',
      parts: [{ inlineData: { mimeType: 'image/png', data: 'AA==' }, thoughtSignature: 'cGlj' }],
    })
  })

  it('have no ids on Vertex AI', async () => {
    const url = 'projects/p/locations/l/publishers/google/models/gemini-2.5-flash'
    expect(JSON.stringify(await bodyOf({ messages, model: url }))).not.toContain('"id"')
    const baseURL = 'https://us-central1-aiplatform.googleapis.com/v1/publishers/google'
    expect(JSON.stringify(await bodyOf({ messages }, { baseURL }))).not.toContain('"id"')
  })

  it.each([
    ['gemini-3-pro-preview', 'skip_thought_signature_validator'],
    ['gemini-flash-latest', 'skip_thought_signature_validator'],
    ['gemini-2.5-pro', undefined],
    ['tunedModels/mine', undefined],
  ])('that nobody signed pass with %s', async (model, thoughtSignature) => {
    const calls = [call('a'), call('b')]
    const { contents } = await bodyOf({ model, messages: [{ role: 'assistant', tool_calls: calls }] })
    for (const part of contents[0].parts) expect(part.thoughtSignature).toBe(thoughtSignature)
  })

  it('need one signature for all that are parallel', async () => {
    const calls = [call('a', 'weather', '{}', signed('YQ==')), call('b')]
    const { contents } = await bodyOf({
      model: 'gemini-3-flash',
      messages: [{ role: 'assistant', tool_calls: calls }],
    })
    expect(contents[0].parts.map(({ thoughtSignature }: { thoughtSignature?: string }) => thoughtSignature)).toEqual([
      'YQ==',
      undefined,
    ])
  })

  it.each([
    ['{"$ref":"#/a"}', { output: '{"$ref":"#/a"}' }],
    ['{broken', { output: '{broken' }],
    ['', { output: '' }],
    ['{"error":"no"}', { output: '{"error":"no"}' }],
  ])('come back as an object: %s', async (content, response) => {
    const { contents } = await bodyOf({
      messages: [
        { role: 'assistant', tool_calls: [call('a')] },
        { role: 'tool', tool_call_id: 'a', content },
      ],
    })
    expect(contents[1].parts[0].functionResponse.response).toEqual(response)
  })

  it('come back with their pictures beside them', async () => {
    const image_url = { url: 'data:image/png;base64,AA==' }
    const content: Message['content'] = [
      { type: 'text', text: 'Look:' },
      { type: 'image_url', image_url },
    ]
    const turns: Message[] = [
      { role: 'assistant', tool_calls: [call('a')] },
      { role: 'tool', tool_call_id: 'a', content },
    ]
    const result = { id: 'a', name: 'weather', response: { output: 'Look:' } }
    const picture = { inlineData: { mimeType: 'image/png', data: 'AA==' } }
    expect((await bodyOf({ messages: turns })).contents[1].parts).toEqual([{ functionResponse: result }, picture])
  })

  it('are read and sent back with what Gemini wants back', async () => {
    const decode = gemini().decoder()
    const deltas: CompletionChunk['choices'][number]['delta'][] = []
    const parts = [
      { text: 'Thinking', thought: true },
      { text: 'Look: ', thoughtSignature: 'dGV4dA==' },
      { functionCall: { name: 'weather', args: { city: 'Bern' }, id: 'w1' }, thoughtSignature: 'Y2FsbA==' },
    ]
    const data = JSON.stringify({ candidates: [{ content: { parts } }] })
    decode({ data }, { chunk: ({ choices }) => deltas.push(choices[0]!.delta), done() {}, error() {} })
    const { contents } = await bodyOf({ messages: [Object.assign({ role: 'assistant' }, ...deltas) as Message] })
    expect(contents).toEqual([{ role: 'model', parts: parts.slice(1) }])
  })

  it('leave foreign reasoning behind, and send a signature without a text on an empty one', async () => {
    const reasoning_details = [{ type: 'reasoning.encrypted', format: 'openai-responses-v1', data: 'QUJD' }]
    const { contents } = await bodyOf({
      messages: [{ role: 'assistant', content: null, reasoning_content: 'x', reasoning_details, ...signed('YQ==') }],
    })
    expect(contents).toEqual([{ role: 'model', parts: [{ text: '', thoughtSignature: 'YQ==' }] }])
  })
})

describe('tools', () => {
  it('are declared together, and Gemini’s own pass as they are', async () => {
    const own = { googleSearch: {} }
    const { tools, toolConfig } = await bodyOf({
      tools: [weather, own, { type: 'function', function: { name: 'now' } }],
    })
    expect(tools).toEqual([
      {
        functionDeclarations: [
          { name: 'weather', description: 'The weather', parametersJsonSchema: { type: 'object', properties: {} } },
          { name: 'now' },
        ],
      },
      own,
    ])
    expect(toolConfig).toBeUndefined()
    expect((await bodyOf({ tools: [own] })).tools).toEqual([own])
    expect((await bodyOf({ tools: [] })).tools).toEqual([])
  })

  it.each([
    ['auto', { mode: 'AUTO' }],
    ['none', { mode: 'NONE' }],
    ['required', { mode: 'ANY' }],
    [
      { type: 'function', function: { name: 'weather' } },
      { mode: 'ANY', allowedFunctionNames: ['weather'] },
    ],
  ] as const)('may be used as `tool_choice` says: %j', async (tool_choice, functionCallingConfig) => {
    expect((await bodyOf({ tools: [weather], tool_choice })).toolConfig).toEqual({ functionCallingConfig })
  })

  it('may be configured further', async () => {
    const retrievalConfig = { latLng: { latitude: 47, longitude: 8 } }
    expect((await bodyOf({ tool_choice: 'auto', toolConfig: { retrievalConfig } })).toolConfig).toEqual({
      functionCallingConfig: { mode: 'AUTO' },
      retrievalConfig,
    })
    expect((await bodyOf({ toolConfig: { retrievalConfig } })).toolConfig).toEqual({ retrievalConfig })
  })
})

describe('the configuration', () => {
  it('has the wire’s own names', async () => {
    const { generationConfig } = await bodyOf({
      max_tokens: 5,
      temperature: 0,
      top_p: 0.5,
      top_k: 40,
      n: 2,
      seed: 7,
      presence_penalty: 0.1,
      frequency_penalty: -0.1,
      stop: 'END',
    })
    expect(generationConfig).toEqual({
      maxOutputTokens: 5,
      temperature: 0,
      topP: 0.5,
      topK: 40,
      candidateCount: 2,
      seed: 7,
      presencePenalty: 0.1,
      frequencyPenalty: -0.1,
      stopSequences: ['END'],
    })
  })

  it('takes the newer limit before the older one, and nothing for null', async () => {
    const nothing = { temperature: null, stop: null, tool_choice: undefined, user: undefined }
    const meaningless = { stream_options: { include_usage: true }, stream: true, parallel_tool_calls: true }
    expect(await bodyOf({ max_tokens: 5, max_completion_tokens: 9, ...nothing, ...meaningless })).toEqual({
      contents: [{ role: 'user', parts: [{ text: 'Hi' }] }],
      // Null is what a field is that was not set.
      generationConfig: { maxOutputTokens: 9, temperature: null, stopSequences: null },
    })
  })

  it('asks for JSON, of any shape or by a schema', async () => {
    const asked = async (response_format: ProviderRequest['response_format']) =>
      (await bodyOf({ response_format })).generationConfig
    expect(await asked({ type: 'text' })).toEqual({})
    expect(await asked({ type: 'json_object' })).toEqual({ responseMimeType: 'application/json' })
    const schema = { type: 'object', properties: { kind: { type: 'string' } } }
    expect(await asked({ type: 'json_schema', json_schema: { name: 'x', schema, strict: true } })).toEqual({
      responseMimeType: 'application/json',
      responseJsonSchema: schema,
    })
  })

  it.each<[string, Asked, object | undefined]>([
    ['gemini-2.5-flash', {}, undefined],
    ['gemini-2.5-flash', { reasoning_effort: 'none' }, { thinkingBudget: 0, includeThoughts: false }],
    ['gemini-2.5-flash', { reasoning_effort: 'low' }, { thinkingBudget: 1024, includeThoughts: true }],
    ['gemini-2.5-flash', { reasoning_effort: 'high' }, { thinkingBudget: 24576, includeThoughts: true }],
    // A word that this library does not know is the server's to judge.
    [
      'gemini-2.5-flash',
      { reasoning_effort: 'extreme' as 'high' },
      { thinkingLevel: 'extreme', includeThoughts: true },
    ],
    ['gemini-3-flash-preview', { reasoning_effort: 'none' }, { thinkingLevel: 'minimal', includeThoughts: false }],
    ['gemini-3-flash-preview', { reasoning_effort: 'medium' }, { thinkingLevel: 'medium', includeThoughts: true }],
    [
      'gemini-2.5-pro',
      { thinking: { type: 'enabled', budget_tokens: 99 } },
      { thinkingBudget: 99, includeThoughts: true },
    ],
    ['gemini-2.5-pro', { thinking: { type: 'enabled' } }, { includeThoughts: true }],
    ['gemini-2.5-pro', { thinking: { type: 'adaptive' } }, { includeThoughts: true }],
    ['gemini-2.5-pro', { thinking: { type: 'disabled' } }, { thinkingBudget: 0, includeThoughts: false }],
    [
      'gemini-3-pro-preview',
      { thinking: { type: 'enabled' }, reasoning_effort: 'low' },
      { thinkingLevel: 'low', includeThoughts: true },
    ],
    [
      'gemini-2.5-flash',
      { thinking: { type: 'enabled', budget_tokens: 99 }, reasoning_effort: 'low' },
      { thinkingBudget: 99, includeThoughts: true },
    ],
  ])('says how much %s may think: %j', async (model, asked, expected) => {
    expect((await bodyOf({ model, ...asked })).generationConfig.thinkingConfig).toEqual(expected)
  })

  it('takes the provider’s own fields, at the top and inside', async () => {
    const safetySettings = [{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'OFF' }]
    const body = await bodyOf({
      temperature: 0.5,
      generationConfig: { responseModalities: ['TEXT', 'IMAGE'], topK: 3 },
      safetySettings,
      cachedContent: 'cachedContents/a',
    })
    expect(body).toMatchObject({ safetySettings, cachedContent: 'cachedContents/a' })
    expect(body.generationConfig).toEqual({ temperature: 0.5, responseModalities: ['TEXT', 'IMAGE'], topK: 3 })
  })

  it.each<[Asked, string]>([
    [{ user: 'u' }, 'Gemini cannot take `user`.'],
    [{ logit_bias: { 5: 1 } }, 'Gemini cannot take `logit_bias`.'],
    [{ parallel_tool_calls: false }, 'Gemini cannot take `parallel_tool_calls`.'],
    [{ tool_choice: { type: 'allowed_tools', allowed_tools: {} } as never }, 'Gemini cannot take `allowed_tools`.'],
    [{ prompt: undefined }, 'Set `messages` or `prompt`.'],
  ])('refuses %j', async (request, sentence) => {
    expect(await refusal(request)).toBe(sentence)
  })
})

describe('the answer', () => {
  const read = (...events: unknown[]): CompletionChunk[] => {
    const chunks: CompletionChunk[] = []
    const decode = gemini().decoder()
    for (const event of events)
      decode({ data: JSON.stringify(event) }, { chunk: (chunk) => chunks.push(chunk), done() {}, error() {} })
    return chunks
  }
  const said = (finishReason: string | undefined, ...parts: unknown[]) => ({
    candidates: [{ content: { parts }, finishReason }],
  })
  const reasons = (chunks: CompletionChunk[]) => chunks.flatMap(({ choices }) => choices[0]?.finish_reason ?? [])

  it('may be one list, as it comes without `alt=sse`', () => {
    const chunks = read([said(undefined, { text: 'a' }), said('STOP', { text: 'b' })])
    expect(chunks.map(({ choices }) => choices[0]?.delta.content)).toEqual(['a', 'b', undefined])
  })

  it('finishes again when a call comes after the end', () => {
    const finished = [said('STOP', { text: 'a' }), said(undefined, { functionCall: { name: 'f' } })]
    expect(reasons(read(...finished))).toEqual(['stop', 'tool_calls'])
    expect(reasons(read(...finished, said('STOP')))).toEqual(['stop', 'tool_calls', 'tool_calls'])
  })

  it.each([
    ['MAX_TOKENS', 'length'],
    ['SAFETY', 'content_filter'],
    ['PROHIBITED_CONTENT', 'content_filter'],
    ['IMAGE_PROHIBITED_CONTENT', 'content_filter'],
    ['IMAGE_RECITATION', 'content_filter'],
    ['SPII', 'content_filter'],
    ['BLOCKLIST', 'content_filter'],
    ['MODEL_ARMOR', 'MODEL_ARMOR'],
    ['UNEXPECTED_TOOL_CALL', 'UNEXPECTED_TOOL_CALL'],
    ['OTHER', 'OTHER'],
    ['FINISH_REASON_UNSPECIFIED', 'FINISH_REASON_UNSPECIFIED'],
  ])('that ends in %s ends in %s, also with a call', (native, reason) => {
    const chunks = read(said(native, { functionCall: { name: 'f', args: {} } }))
    expect(chunks.at(-1)?.choices[0]).toMatchObject({ finish_reason: reason, native_finish_reason: native })
  })

  it('writes arguments that begin as an empty container', () => {
    const partialArgs = [
      { jsonPath: '$.a' },
      { jsonPath: '$.a.b', stringValue: 'c' },
      { jsonPath: '$.d[]' },
      { jsonPath: '$.d[0]', boolValue: true },
      { jsonPath: '$.e', willContinue: true },
      { jsonPath: '$.e', stringValue: 'f' },
    ]
    const chunks = read(said('STOP', { functionCall: { name: 'f', partialArgs } }))
    const text = chunks.flatMap(({ choices }) => choices[0]?.delta.tool_calls?.[0]?.function?.arguments ?? []).join('')
    expect(JSON.parse(text)).toEqual({ a: { b: 'c' }, d: [true], e: 'f' })
  })
})
