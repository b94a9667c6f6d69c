/** The browser's own model, played by an object that does what the Prompt API says. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { chrome, streamCompletion } from '../src/index.ts'
import type { BuiltInModel, ChromeOptions, CompletionChunk, CompletionRequest, Message } from '../src/index.ts'

interface Script {
  availability?: string
  /** What the stream gives, piece by piece; an error ends it. After the last piece it stays open when `hangs`. */
  pieces?: (string | Error)[]
  hangs?: boolean
  createFails?: Error
  /** As in an extension. */
  params?: () => Promise<unknown>
}

/** A model that does as it is told, and tells what it was asked. */
function builtIn({ availability = 'available', pieces = ['Hello'], hangs, createFails, params }: Script = {}) {
  // eslint-disable-next-line typescript/no-explicit-any -- tests look into it
  const seen: Record<'availability' | 'create' | 'prompt' | 'options', any> & { destroyed: number; cancelled: number } =
    { availability: undefined, create: undefined, prompt: undefined, options: undefined, destroyed: 0, cancelled: 0 }
  const languageModel: BuiltInModel = {
    async availability(options) {
      seen.availability = options
      return availability
    },
    async create(options) {
      seen.create = options
      const monitor = new EventTarget()
      seen.create.monitor?.(monitor)
      for (const loaded of [0, 0.5, 1]) monitor.dispatchEvent(Object.assign(new Event('downloadprogress'), { loaded }))
      if (createFails) throw createFails
      return {
        promptStreaming(prompt, asked) {
          seen.prompt = prompt
          seen.options = asked
          const rest = [...pieces]
          return new ReadableStream({
            start(controller) {
              seen.options.signal?.addEventListener('abort', () => controller.error(seen.options.signal.reason))
            },
            pull(controller) {
              const piece = rest.shift()
              if (piece instanceof Error) controller.error(piece)
              else if (piece !== undefined) controller.enqueue(piece)
              else if (hangs) return new Promise(() => {})
              else controller.close()
              return undefined
            },
            cancel() {
              seen.cancelled++
            },
          })
        },
        destroy() {
          seen.destroyed++
        },
      }
    },
    ...(params && { params }),
  }
  return { seen, languageModel }
}

const ask: Message = { role: 'user', content: 'Tides?' }

function stream(script: Script, request: Partial<CompletionRequest> = {}, options: ChromeOptions = {}) {
  const { seen, languageModel } = builtIn(script)
  const provider = chrome({ languageModel, ...options })
  return { seen, running: streamCompletion({ model: 'gemini-nano', messages: [ask], ...request }, { provider }) }
}

const text = (value: string) => ({ type: 'text', value })
const failed = (name: string, message = 'because') => new DOMException(message, name)
const errorOf = (running: { finalCompletion(): Promise<unknown> }) =>
  running.finalCompletion().then(
    () => undefined,
    (error) => error,
  )

afterEach(() => void vi.unstubAllGlobals())

describe('an answer', () => {
  it('streams with no server at all, from the page’s own model', async () => {
    const { seen, languageModel } = builtIn({ pieces: ['Grüße', ' aus', ' Zürich 🌊!'] })
    vi.stubGlobal('LanguageModel', languageModel)
    vi.stubGlobal('fetch', () => expect.fail('nothing goes over the network'))
    const running = streamCompletion({ model: 'gemini-nano', messages: [ask] }, { provider: chrome() })
    const chunks: CompletionChunk[] = []
    for await (const chunk of running) chunks.push(chunk)
    expect(running.snapshot).toMatchObject({ text: 'Grüße aus Zürich 🌊!', model: 'gemini-nano', finishReason: 'stop' })
    expect(chunks.map(({ choices }) => choices[0]!.delta.content)).toEqual(['Grüße', ' aus', ' Zürich 🌊!', undefined])
    // The browser does not say why an answer is over.
    expect(chunks.at(-1)).toMatchObject({
      object: 'chat.completion.chunk',
      created: expect.any(Number),
      choices: [{ index: 0, finish_reason: 'stop', native_finish_reason: null }],
    })
    expect(seen.destroyed).toBe(1)
  })

  it('may be empty, and may repeat itself', async () => {
    expect(await stream({ pieces: [] }).running.finalCompletion()).toMatchObject({ text: '', finishReason: 'stop' })
    const { running } = stream({ pieces: ['ha', 'ha', 'haha'] })
    expect(await running.finalCompletion()).toMatchObject({ text: 'hahahaha' })
  })

  it('does not have to be downloaded for, but may', async () => {
    const loaded: number[] = []
    const { running } = stream({ availability: 'downloadable' }, {}, { onDownloadProgress: (n) => loaded.push(n) })
    expect(await running.finalCompletion()).toMatchObject({ text: 'Hello' })
    expect(loaded).toEqual([0, 0.5, 1])
    expect(await stream({ availability: 'downloading' }).running.finalCompletion()).toMatchObject({ text: 'Hello' })
  })
})

describe('a request', () => {
  it('opens a session with all but the last turn, and prompts with that', async () => {
    const messages: Message[] = [
      { role: 'developer', content: 'Be brief.' },
      ask,
      { role: 'assistant', content: 'At noon.' },
      { role: 'assistant', content: null, refusal: 'No more.' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'And' },
          { type: 'text', text: ' then?' },
        ],
      },
    ]
    const { seen, running } = stream({}, { messages })
    await running.finalCompletion()
    expect(seen.create.initialPrompts).toEqual([
      { role: 'system', content: [text('Be brief.')] },
      { role: 'user', content: [text('Tides?')] },
      { role: 'assistant', content: [text('At noon.')] },
      { role: 'assistant', content: [text('No more.')] },
    ])
    expect(seen.prompt).toEqual([{ role: 'user', content: [text('And'), text(' then?')], prefix: false }])
  })

  it('may say how the answer begins', async () => {
    const messages: Message[] = [{ role: 'system', content: 'Be brief.' }, ask, { role: 'assistant', content: 'At' }]
    const { seen, running } = stream({}, { messages })
    await running.finalCompletion()
    expect(seen.create.initialPrompts).toHaveLength(1)
    expect(seen.prompt).toEqual([
      { role: 'user', content: [text('Tides?')] },
      { role: 'assistant', content: [text('At')], prefix: true },
    ])
  })

  it('holds pictures and sound as blobs, and says so beforehand', async () => {
    const content = [
      { type: 'text', text: 'What?' },
      { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw==' } },
      { type: 'input_audio', input_audio: { data: 'UklGRg==', format: 'wav' } },
    ]
    const messages = [{ role: 'user', content } as Message]
    const expectedInputs = [{ type: 'text', languages: ['de'] }]
    const { seen, running } = stream({}, { messages, expectedInputs })
    await running.finalCompletion()
    expect(seen.create.expectedInputs).toEqual([...expectedInputs, { type: 'image' }, { type: 'audio' }])
    expect(seen.availability.expectedInputs).toEqual(seen.create.expectedInputs)
    const [, picture, sound] = seen.prompt[0].content
    expect([picture.type, picture.value.type, sound.type, sound.value.type]).toEqual([
      'image',
      'image/png',
      'audio',
      'audio/wav',
    ])
    expect(new Uint8Array(await picture.value.arrayBuffer())).toEqual(new Uint8Array([0x89, 0x50, 0x4e, 0x47]))
    expect(await sound.value.text()).toBe('RIFF')
  })

  it('says what shape the answer must have', async () => {
    const schema = { type: 'object', properties: { mood: { enum: ['calm', null] } } }
    const constraint = async (request: object) => {
      const { seen, running } = stream({ pieces: ['{}'] }, request)
      await running.finalCompletion()
      return seen.options.responseConstraint
    }
    const json_schema = { name: 'mood', schema }
    expect(await constraint({ response_format: { type: 'json_schema', json_schema } })).toEqual(schema)
    expect(await constraint({ response_format: { type: 'json_object' } })).toEqual({ type: 'object' })
    expect(await constraint({ response_format: { type: 'text' } })).toBeUndefined()
    expect(await constraint({})).toBeUndefined()
  })

  it('takes the browser’s own options, and none that are null', async () => {
    const own = { samplingMode: 'creative', expectedOutputs: [{ type: 'text', languages: ['en'] }] }
    const json = { response_format: { type: 'json_object' as const }, omitResponseConstraintInput: true }
    const { seen, running } = stream({ pieces: ['{}'] }, { ...own, ...json, temperature: null, n: 1, tools: [] })
    await running.finalCompletion()
    expect(seen.create).toMatchObject(own)
    expect(seen.availability).toMatchObject(own)
    expect(seen.create).not.toHaveProperty('temperature')
    expect(seen.options).toMatchObject({ omitResponseConstraintInput: true })
  })

  it('may set the temperature in an extension only', async () => {
    const { seen, running } = stream({ params: async () => null }, { temperature: 0.5, topK: 3 })
    await running.finalCompletion()
    expect(seen.create).toMatchObject({ temperature: 0.5, topK: 3 })
    expect(await errorOf(stream({}, { temperature: 0.5 }).running)).toMatchObject({
      code: 'bad_request',
      message: 'The built-in model cannot take `temperature`.',
    })
  })

  const call = { id: 'c', type: 'function' as const, function: { name: 'tide', arguments: '{}' } }
  const user = (part: object) => ({ messages: [{ role: 'user', content: [part] }] })
  it.each([
    ['tools', { tools: [{ type: 'function', function: { name: 'tide' } }] }, 'take `tools`'],
    ['calls', { messages: [ask, { role: 'assistant', tool_calls: [call] }, ask] }, 'call tools'],
    ['results', { messages: [ask, { role: 'tool', tool_call_id: 'c', content: 'x' }] }, 'call tools'],
    ['spoken answers', { messages: [ask, { role: 'assistant', audio: { id: 'a' } }, ask] }, 'take spoken answers'],
    ['a limit', { max_tokens: 9 }, 'take `max_tokens`'],
    ['stop sequences', { stop: 'END' }, 'take `stop`'],
    ['several answers', { n: 2 }, 'take `n`'],
    ['an effort', { reasoning_effort: 'low' }, 'take `reasoning_effort`'],
    [
      'a second system prompt',
      { messages: [ask, { role: 'system', content: 'Be brief.' }, ask] },
      'take a system prompt after the first message',
    ],
    [
      'a picture by URL',
      user({ type: 'image_url', image_url: { url: 'https://a.example/b.png' } }),
      'fetch images: give data URLs',
    ],
    ['a file', user({ type: 'file', file: { file_id: 'f' } }), 'take file there'],
  ])('cannot hold %s', async (_, request, what) => {
    const { seen, running } = stream({}, request as object)
    expect(await errorOf(running)).toMatchObject({ code: 'bad_request', message: `The built-in model cannot ${what}.` })
    expect(seen.availability).toBeUndefined()
  })
})

describe('a failure', () => {
  it('is plain where there is no such model', async () => {
    const message = 'This browser has no built-in model, or none for such a request.'
    const none = streamCompletion({ model: 'gemini-nano', messages: [ask] }, { provider: chrome() })
    expect(await errorOf(none)).toMatchObject({ code: 'not_found', status: 404, message, provider: 'chrome' })
    const { seen, running } = stream({ availability: 'unavailable' })
    expect(await errorOf(running)).toMatchObject({ code: 'not_found', status: 404, message })
    expect(seen.create).toBeUndefined()
  })

  it.each([
    ['NotAllowedError', 'permission', false],
    ['NotSupportedError', 'bad_request', false],
    ['QuotaExceededError', 'context_window_exceeded', false],
    ['NetworkError', 'server', true],
    ['OperationError', 'server', true],
  ])('of the session is explained: %s', async (name, code, retryable) => {
    const { running } = stream({ createFails: failed(name, 'Requires a user gesture.') })
    expect(await errorOf(running)).toMatchObject({
      code,
      retryable,
      message: `The built-in model failed: Requires a user gesture. (${name})`,
    })
  })

  it('keeps what had arrived', async () => {
    const filtered = stream({ pieces: ['Half', ' of', failed('NotReadableError')] })
    const error = await errorOf(filtered.running)
    expect(error).toMatchObject({ code: 'content_policy', partial: { text: 'Half of', finishReason: null } })
    expect(filtered.seen.destroyed).toBe(1)
    const tooLong = stream({ pieces: [failed('QuotaExceededError')] })
    expect(await errorOf(tooLong.running)).toMatchObject({ code: 'context_window_exceeded' })
    const unknown = stream({ pieces: ['Half', failed('UnknownError')] })
    expect(await errorOf(unknown.running)).toMatchObject({ code: 'server' })
  })
})

describe('a stop', () => {
  it('reaches the model at once', async () => {
    const { seen, running } = stream({ pieces: ['Half'], hangs: true })
    for await (const _ of running) break
    await vi.waitFor(() => expect(running.snapshot.text).toBe('Half'))
    expect(seen.options.signal.aborted).toBe(true)
    expect(seen.create.signal.aborted).toBe(true)
    expect(seen.destroyed).toBe(1)
  })

  it('reaches it also where only the body is cancelled', async () => {
    const { seen, languageModel } = builtIn({ pieces: ['Half'], hangs: true })
    const provider = chrome({ languageModel })
    const { url, body } = await provider.request({ model: 'gemini-nano', messages: [ask] })
    const response = await provider.fetch!(url, { method: 'POST', body: JSON.stringify(body) })
    const reader = response.body!.getReader()
    await reader.read()
    const cancelled = reader.cancel()
    expect(seen).toMatchObject({ cancelled: 1, destroyed: 1 })
    await cancelled
  })

  it('is a stop also while the model loads', async () => {
    const controller = new AbortController()
    const { languageModel } = builtIn()
    let signal: AbortSignal | undefined
    languageModel.create = (options) =>
      new Promise((_, reject) => {
        signal = (options as { signal: AbortSignal }).signal
        signal.addEventListener('abort', () => reject(signal!.reason))
      })
    const running = streamCompletion(
      { model: 'gemini-nano', messages: [ask] },
      { provider: chrome({ languageModel }), signal: controller.signal },
    )
    await vi.waitFor(() => expect(signal).toBeDefined())
    controller.abort()
    await running.finalCompletion()
    expect(signal!.aborted).toBe(true)
    expect(running.snapshot.text).toBe('')
  })
})
