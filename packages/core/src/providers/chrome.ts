/** The model that is built into the browser: the Prompt API (`LanguageModel`), with no server at all. */
import type { CompletionRequest, Provider } from '../types.ts'
import { cannot, dataOf, messagesOf, partsOf, prefill, refuse, textOf } from './messages.ts'

/** What this provider uses of the browser's `LanguageModel`. */
export interface BuiltInModel {
  availability(options?: object): Promise<string>
  create(options?: object): Promise<BuiltInSession>
  /** Only in extensions, where alone `temperature` and `topK` count. */
  params?: unknown
}

/** What this provider uses of a session with the model. */
export interface BuiltInSession {
  promptStreaming(input: object, options?: object): ReadableStream<string>
  destroy(): void
}

/** How to use the browser's own model. */
export interface ChromeOptions {
  /** Told how much of the model is there, from 0 to 1, while the browser downloads it for the first request. */
  onDownloadProgress?: (loaded: number) => void
  /** Default `globalThis.LanguageModel`. */
  languageModel?: BuiltInModel
  /** For messages to people. Default `chrome`. */
  name?: string
}

// What the request and the page's global object hold is checked where it is used.
type Json = any

const who = 'The built-in model'

/**
 * The model that Chrome and Edge have built in. What the Prompt API knows beyond OpenAI's fields goes into the request as
 * it is: `samplingMode`, `expectedInputs`, `expectedOutputs`, `omitResponseConstraintInput` and, in extensions, `topK`. A
 * last message of the assistant is how the answer begins. As long as the model is not downloaded, the browser wants
 * requests to come from a click or a key.
 */
export function chrome(options: ChromeOptions = {}): Provider {
  const { onDownloadProgress, name = 'chrome' } = options
  const builtIn = (): BuiltInModel | undefined => options.languageModel ?? (globalThis as Json).LanguageModel
  return {
    name,
    lines: true,
    local: true,
    continuation: prefill,
    request(request) {
      // Pictures and sound cannot go out as JSON, so this is only to find out what the model cannot take.
      inputOf(request, builtIn())
      return { url: 'LanguageModel', headers: {}, body: request }
    },
    async fetch(_, init) {
      const signal = init?.signal ?? undefined
      try {
        return await answer(JSON.parse(String(init?.body)), builtIn(), signal, onDownloadProgress)
      } catch (error) {
        if (signal?.aborted) throw error
        return Response.json(failureOf(error), { status: 500 })
      }
    },
    decoder: () => (event, sink) => {
      const said: Json = JSON.parse(event.data)
      if (said.error) sink.error(said)
      else sink.chunk(said)
    },
  }
}

// ── asking ─────────────────────────────────────────────────────────────────────────────────────────────────────────

const unknown = [
  'n',
  'tools',
  'max_tokens',
  'max_completion_tokens',
  'top_p',
  'stop',
  'seed',
  'logprobs',
  'logit_bias',
  'frequency_penalty',
  'presence_penalty',
  'reasoning_effort',
  'thinking',
  'user',
]

/** How to open a session with all but the last turn, and how to ask for the answer to that one. */
function inputOf(request: CompletionRequest, builtIn: BuiltInModel | undefined) {
  const { messages, prompt, n, tools, response_format, expectedInputs = [], ...rest } = request
  const asked: Json = { n: n! > 1, tools: !!tools?.length }
  refuse(who, { ...request, ...asked }, ...unknown, ...(builtIn?.params ? [] : ['temperature', 'topK']))
  const all = messagesOf(request).map(wireMessage)
  const media = all.flatMap(({ content }) => content).filter(({ type }) => type !== 'text')
  const last = all.at(-1)
  last.prefix = last.role === 'assistant'
  // What the session opens with stays in it, however long the answer gets. What does not fit is an error.
  const turn = all.splice(last.prefix ? -2 : -1)
  const format: Json = response_format
  // Both calls get the options that are the browser's own; each reads those that it knows.
  const own = Object.fromEntries(Object.entries(rest).filter(([, value]) => value != null))
  return {
    create: {
      ...own,
      expectedInputs: [...(expectedInputs as object[]), ...media.map(({ type }) => ({ type }))],
      initialPrompts: all,
    },
    turn,
    options: {
      ...own,
      responseConstraint:
        format && format.type !== 'text' ? (format.json_schema?.schema ?? { type: 'object' }) : undefined,
    },
  }
}

function wireMessage({ role, content, refusal, tool_calls: calls, audio }: Json, index: number): Json {
  if (role === 'developer') role = 'system'
  if (role === 'tool' || calls?.length) cannot(who, 'call tools')
  if (audio) cannot(who, 'take spoken answers')
  if (role === 'system' && index) cannot(who, 'take a system prompt after the first message')
  return { role, content: partsOf(content || refusal).map(wirePart) }
}

function wirePart(part: Json): { type: string; value: string | Blob } {
  const { image_url: image, input_audio: audio } = part
  if (!image && !audio) return { type: 'text', value: textOf([part], who) }
  const url = audio ? `data:audio/${audio.format};base64,${audio.data}` : image.url
  const { mediaType, data } = dataOf(url) ?? cannot(who, 'fetch images: give data URLs')
  const bytes = Uint8Array.from(atob(data), (char) => char.charCodeAt(0))
  return { type: audio ? 'audio' : 'image', value: new Blob([bytes], { type: mediaType }) }
}

// ── answering ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** Answers as a server would: with OpenAI's chunks, in lines. */
async function answer(
  request: CompletionRequest,
  builtIn: BuiltInModel | undefined,
  signal: AbortSignal | undefined,
  onDownloadProgress: ChromeOptions['onDownloadProgress'],
): Promise<Response> {
  const { create, turn, options } = inputOf(request, builtIn)
  if (!builtIn || (await builtIn.availability(create)) === 'unavailable') {
    const message = 'This browser has no built-in model, or none for such a request.'
    return Response.json({ error: { code: 'not_found', message } }, { status: 404 })
  }
  const session = await builtIn.create({
    ...create,
    signal,
    monitor: (monitor: EventTarget) =>
      monitor.addEventListener('downloadprogress', (event: Json) => onDownloadProgress?.(event.loaded)),
  })
  const pieces = session.promptStreaming(turn, { ...options, signal }).getReader()
  const created = Math.floor(Date.now() / 1000)
  const line = (value: object) => new TextEncoder().encode(`${JSON.stringify(value)}\n`)
  const chunk = (content: string | undefined, finish_reason: string | null) => {
    const choices = [{ index: 0, delta: { content }, finish_reason, native_finish_reason: null }]
    return line({ id: '', object: 'chat.completion.chunk', created, model: request.model, choices })
  }
  return new Response(
    new ReadableStream({
      async pull(controller) {
        let last = chunk(undefined, 'stop')
        try {
          const { done, value } = await pieces.read()
          if (!done) return controller.enqueue(chunk(value, null))
        } catch (error) {
          last = line(failureOf(error))
        }
        controller.enqueue(last)
        controller.close()
        session.destroy()
      },
      cancel(reason) {
        const cancelled = pieces.cancel(reason)
        session.destroy()
        return cancelled
      },
    }),
  )
}

/** What the browser's exceptions mean. */
const codes: Record<string, string> = {
  QuotaExceededError: 'context_window_exceeded',
  NotReadableError: 'content_policy',
  NotAllowedError: 'permission',
}

function failureOf(error: unknown): object {
  const { name, message } = error as Error
  const code = codes[name] ?? (/^(NotSupp|Enc|Syntax|Range|Type)/.test(name) ? 'bad_request' : 'server')
  return { error: { code, message: `${who} failed: ${message} (${name})` } }
}
