/** Asking for the rest of an answer: what each wire sends for it, who can go on by itself, and asking those who cannot. */
import { describe, expect, it } from 'vitest'
import {
  anthropic,
  chrome,
  cohere,
  compatible,
  compatibleNames,
  endpoint,
  gemini,
  ollama,
  openai,
  openaiCompletions,
  openaiResponses,
  route,
  source,
} from '../src/index.ts'
import type { CompatibleName, Message, Provider, ProviderRequest } from '../src/index.ts'
import { askToContinue } from '../src/providers/continuation.ts'
import { prefill } from '../src/providers/messages.ts'

const ask: Message = { role: 'user', content: 'Tides? ' }
const begun = 'High water is at 🌊'
const rest = (text = begun) => ({ role: 'assistant', content: text })

const call = { id: 'call_1', type: 'function' as const, function: { name: 'tide', arguments: '{"port":"Oslo"}' } }
const looked: Message[] = [
  ask,
  { role: 'assistant', content: 'Let me see.', tool_calls: [call] },
  { role: 'tool', tool_call_id: 'call_1', content: 'Noon.' },
]
const format = { type: 'json_schema', json_schema: { name: 'tide', schema: { type: 'object' } } } as const

/** The body that asks for the rest of an answer, as it goes out: JSON. */
async function bodyOf(
  provider: Provider,
  request: Partial<ProviderRequest> = { messages: [ask] },
  text = begun,
  // eslint-disable-next-line typescript/no-explicit-any -- tests look into it
): Promise<any> {
  const { body } = await provider.request(provider.continuation!({ model: 'm', ...request }, text))
  return JSON.parse(JSON.stringify(body))
}

const known = (name: CompatibleName) => compatible(name, name === 'azure' ? { resource: 'r' } : {})

describe('prefill', () => {
  it('ends the conversation with what the answer says so far', () => {
    const request = { model: 'm', messages: [ask], max_tokens: 9, seed: 1 }
    expect(prefill(request, begun)).toEqual({ model: 'm', messages: [ask, rest()], max_tokens: 9, seed: 1 })
  })

  it('makes a conversation of a prompt, in place of it', () => {
    const asked = prefill({ model: 'm', prompt: 'Tides? ' }, begun)
    expect(asked).toEqual({ model: 'm', messages: [ask, rest()] })
    expect(asked.prompt).toBeUndefined()
  })

  it('says with what it cannot be made', () => {
    expect(() => prefill({ model: 'm' }, begun)).toThrow('Set `messages` or `prompt`.')
  })

  it.each([['{"high":"12:0'], ['```json\n{\n  "a": [1,'], ['👩‍🚀 und so wei'], ['a\n\nb'], ['\ud83d']])(
    'leaves the text %j as it is',
    (text) => {
      expect(prefill({ model: 'm', messages: [ask] }, text).messages!.at(-1)).toEqual(rest(text))
    },
  )

  it('leaves out the shape of the answer, which would begin anew', () => {
    expect(
      prefill({ model: 'm', messages: [ask], response_format: format }, '{"high":').response_format,
    ).toBeUndefined()
  })

  it('leaves the caller’s request alone, and what stands before with its calls', () => {
    const request: ProviderRequest = { model: 'm', messages: looked, response_format: format }
    const before = structuredClone(request)
    const { messages } = prefill(request, begun)
    expect(messages!.slice(0, -1)).toEqual(looked)
    expect(request).toEqual(before)
  })
})

describe('askToContinue', () => {
  it('has the user ask for the rest alone, after what the answer says so far', () => {
    const { messages, ...others } = askToContinue({ model: 'm', messages: looked, max_tokens: 9 }, begun)
    expect(messages!.slice(0, -1)).toEqual([...looked, rest()])
    expect(messages!.at(-1)).toEqual({ role: 'user', content: expect.stringContaining('exactly where it stops') })
    expect(messages!.at(-1)!.content).toMatch(/Repeat nothing.*no introduction/)
    expect(others).toEqual({ model: 'm', max_tokens: 9 })
  })

  it('takes a prompt, and other words', () => {
    const asked = askToContinue({ model: 'm', prompt: 'Gezeiten?' }, begun, 'Bitte weiter.')
    expect(asked).toEqual({
      model: 'm',
      messages: [{ role: 'user', content: 'Gezeiten?' }, rest(), { role: 'user', content: 'Bitte weiter.' }],
    })
  })

  it('leaves out the shape of the answer, as the rest has another one', () => {
    const request: ProviderRequest = { model: 'm', messages: [ask], response_format: format }
    expect(askToContinue(request, '{"high":').response_format).toBeUndefined()
    expect(request.response_format).toBe(format)
  })

  it('has nothing to ask for while the answer says nothing', () => {
    const request = { model: 'm', prompt: 'Tides?' }
    expect(askToContinue(request, '')).toBe(request)
  })

  it.each<[string, Provider]>([
    ['OpenAI', openai()],
    ['OpenAI’s Responses', openaiResponses()],
    ['Anthropic', anthropic()],
    ['Gemini', gemini()],
    ['Cohere', cohere()],
    ['Ollama', ollama()],
    ['Mistral', compatible('mistral')],
  ])('is taken by %s', async (_, provider) => {
    const { body } = await provider.request(askToContinue({ model: 'm', messages: looked }, begun))
    const { messages, input, contents }: Record<string, { role: string }[]> = JSON.parse(JSON.stringify(body))
    const turns = messages ?? input ?? contents!
    expect(turns.slice(-2).map(({ role }) => role)).toEqual([
      provider.name === 'gemini' ? 'model' : 'assistant',
      'user',
    ])
    expect(JSON.stringify(turns.at(-2))).toContain(begun)
    expect(JSON.stringify(turns)).not.toContain('"prefix":true')
  })
})

describe('who goes on by itself', () => {
  const goingOn = ['alibaba', 'deepseek', 'groq', 'llamacpp', 'moonshot', 'ollama', 'openrouter', 'vllm']

  it('are these servers', () => {
    expect(compatibleNames.filter((name) => known(name).continuation)).toEqual(goingOn)
  })

  it.each<[string, Provider]>([
    ['OpenAI', openai()],
    ['any other server', openai({ baseURL: 'https://relay.example/v1' })],
    ['an address', endpoint('https://relay.example/v1')],
    ['OpenAI’s Responses', openaiResponses()],
    ['Cohere', cohere()],
    ['a source', source((async function* () {})())],
    ['a route, which asks whom it chose', route({ ollama: ollama() })],
    ['Mistral, which says the start once more', compatible('mistral')],
  ])('is not %s', (_, provider) => {
    expect(provider.continuation).toBeUndefined()
  })

  it('is, behind a route, the one that answers', () => {
    const [chosen, asked] = route({ openai: openai(), ollama: ollama() }).resolve!({ model: 'ollama/m', prompt: 'Hi' })
    expect(chosen.continuation!(asked, begun)).toEqual({
      model: 'm',
      messages: [{ role: 'user', content: 'Hi' }, rest()],
    })
  })
})

describe('the rest is asked for', () => {
  const block = (text: string) => ({ type: 'text', text })

  it('of Anthropic as the assistant’s last turn', async () => {
    const body = await bodyOf(anthropic(), { messages: looked, response_format: format })
    expect(body.messages).toEqual([
      { role: 'user', content: [block('Tides? ')] },
      {
        role: 'assistant',
        content: [block('Let me see.'), { type: 'tool_use', id: 'call_1', name: 'tide', input: { port: 'Oslo' } }],
      },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'call_1', content: [block('Noon.')] }] },
      { role: 'assistant', content: [block(begun)] },
    ])
    expect(body).not.toHaveProperty('output_config')
  })

  it('of Anthropic and Gemini in one turn with how the answer was made to begin', async () => {
    const messages: Message[] = [ask, { role: 'assistant', content: 'High' }]
    expect((await bodyOf(anthropic(), { messages }, ' water')).messages.at(-1)).toEqual({
      role: 'assistant',
      content: [block('High'), block(' water')],
    })
    expect((await bodyOf(gemini(), { messages }, ' water')).contents.at(-1)).toEqual({
      role: 'model',
      parts: [{ text: 'High' }, { text: ' water' }],
    })
  })

  it('of Gemini as the model’s last turn', async () => {
    const body = await bodyOf(gemini(), { messages: looked, response_format: format })
    expect(body.contents).toEqual([
      { role: 'user', parts: [{ text: 'Tides? ' }] },
      {
        role: 'model',
        parts: [{ text: 'Let me see.' }, { functionCall: { id: 'call_1', name: 'tide', args: { port: 'Oslo' } } }],
      },
      { role: 'user', parts: [{ functionResponse: { id: 'call_1', name: 'tide', response: { output: 'Noon.' } } }] },
      { role: 'model', parts: [{ text: begun }] },
    ])
    expect(body.generationConfig).toEqual({})
  })

  it('of Ollama as the assistant’s last message', async () => {
    const body = await bodyOf(ollama(), { messages: looked, response_format: format })
    expect(body.messages.slice(1)).toEqual([
      {
        role: 'assistant',
        content: 'Let me see.',
        tool_calls: [
          { id: 'call_1', type: 'function', function: { index: 0, name: 'tide', arguments: { port: 'Oslo' } } },
        ],
      },
      { role: 'tool', content: 'Noon.', tool_name: 'tide', tool_call_id: 'call_1' },
      rest(),
    ])
    expect(body).not.toHaveProperty('format')
  })

  it.each<[CompatibleName, object, object]>([
    ['alibaba', { partial: true }, {}],
    ['moonshot', { partial: true }, {}],
    ['deepseek', { prefix: true }, {}],
    ['groq', {}, {}],
    ['ollama', {}, {}],
    ['openrouter', {}, {}],
    ['llamacpp', {}, { continue_final_message: true, add_generation_prompt: false }],
    ['vllm', {}, { continue_final_message: true, add_generation_prompt: false }],
  ])('of %s, with %j on the message and %j beside it', async (name, mark, fields) => {
    const usage = { stream: true, stream_options: { include_usage: true } }
    const { body: before } = await known(name).request({ model: 'm', messages: looked })
    const { messages } = before as { messages: object[] }
    const body = await bodyOf(known(name), { messages: looked, response_format: format }, '{"high":"12:0')
    expect(messages).toMatchObject(looked)
    expect(body).toEqual({
      model: 'm',
      messages: [...messages, { ...rest('{"high":"12:0'), ...mark }],
      ...usage,
      ...fields,
    })
    expect(await bodyOf(known(name), { prompt: 'Tides? ' })).toEqual({
      model: 'm',
      messages: [ask, { ...rest(), ...mark }],
      ...usage,
      ...fields,
    })
  })

  it('of a relay in the same words, whose provider then marks it', async () => {
    const { body } = await endpoint('https://relay.example/v1').request(
      prefill({ model: 'm', prompt: 'Tides? ' }, begun),
    )
    const passed = await known('vllm').request(JSON.parse(JSON.stringify(body)))
    expect(passed.body).toMatchObject({ continue_final_message: true, messages: [ask, rest()] })
  })

  it('only where the assistant comes last: no other message is marked', async () => {
    const messages: Message[] = [{ role: 'assistant', content: 'Hello.' }, ask]
    for (const name of ['vllm', 'deepseek', 'alibaba'] as const) {
      const { body } = await known(name).request({ model: 'm', messages })
      expect(body).toEqual({ model: 'm', messages, stream: true, stream_options: { include_usage: true } })
    }
  })

  it('of vLLM as the request itself says, where it says so', async () => {
    const body = await bodyOf(known('vllm'), { messages: [ask], add_generation_prompt: true })
    expect(body.add_generation_prompt).toBe(true)
  })

  it('of a completions endpoint with the longer prompt', async () => {
    const provider = openaiCompletions()
    const asked = await bodyOf(provider, { prompt: 'Once upon ', max_tokens: 9, suffix: '.' }, 'a time 🌊')
    expect(asked).toMatchObject({ model: 'm', prompt: 'Once upon a time 🌊', max_tokens: 9, suffix: '.' })
    expect((await bodyOf(provider, { prompt: '' }, '{"a":1')).prompt).toBe('{"a":1')
    const withoutPrompt = provider.continuation!({ model: 'm', messages: [ask] }, begun)
    await expect(provider.request(withoutPrompt)).rejects.toThrow('Set `prompt`')
  })

  it('of a completions endpoint without an echo of what it has said already', async () => {
    const echoed = await bodyOf(openaiCompletions(), { prompt: 'Once upon', echo: true }, 'Once upon a time')
    expect(echoed.prompt).toBe('Once upon a time')
    expect(echoed).not.toHaveProperty('echo')
  })

  it('of the browser’s own model as the prefix of its answer', async () => {
    let prompted: unknown
    const provider = chrome({
      languageModel: {
        availability: async () => 'available',
        create: async () => ({
          promptStreaming(input, options) {
            prompted = { input, options }
            return new ReadableStream({ start: (controller) => controller.close() })
          },
          destroy() {},
        }),
      },
    })
    const { url, body } = await provider.request(
      provider.continuation!({ model: 'm', prompt: 'Tides? ', response_format: format }, begun),
    )
    await provider.fetch!(url, { body: JSON.stringify(body) })
    expect(prompted).toEqual({
      input: [
        { role: 'user', content: [{ type: 'text', value: 'Tides? ' }] },
        { role: 'assistant', content: [{ type: 'text', value: begun }], prefix: true },
      ],
      options: { model: 'm' },
    })
  })
})
