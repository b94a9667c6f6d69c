/** OpenAI's chat completions wire, as OpenAI and everything compatible with it speaks it. */
import type {
  ChunkSink,
  CompletionChunk,
  CompletionRequest,
  Decoder,
  Message,
  Provider,
  ServerSentEvent,
  Usage,
} from '../types.ts'

/** Where and as whom to talk to an OpenAI-compatible API. */
export interface OpenAIOptions {
  /**
   * The key, or a function that gets a fresh one for each request. A key in a page can be read by everyone who opens
   * the page: in a browser, use a relay instead, or short-lived keys.
   */
  apiKey?: string | (() => string | Promise<string>)
  /** Everything before `/chat/completions`, or the whole address with it. Default `https://api.openai.com/v1`. */
  baseURL?: string
  /** For messages to people. Default `openai`. */
  name?: string
  /** Asks for the usage chunk (`stream_options.include_usage`) unless the request says otherwise. Default true. */
  includeUsage?: boolean
  /** Sends the requests instead of the global `fetch`. */
  fetch?: typeof fetch
}

/** OpenAI, or any server that speaks its chat completions. */
export function openai(options: OpenAIOptions = {}): Provider {
  return provider(options, '/chat/completions', ({ prompt, messages, ...rest }) => {
    const all: readonly Message[] = messages ?? (prompt === undefined ? [] : [{ role: 'user', content: prompt }])
    if (all.length === 0) throw new Error('Set `messages` or `prompt`.')
    return { ...rest, messages: all }
  })
}

/** The legacy completions endpoint (`prompt` in, `text` out) of OpenAI, vLLM and others, with the same chunks out. */
export function openaiCompletions(options: OpenAIOptions = {}): Provider {
  return provider(options, '/completions', ({ messages, ...rest }) => {
    if (rest.prompt === undefined) throw new Error('Set `prompt`: the completions endpoint takes no `messages`.')
    return rest
  })
}

/** The plain-URL provider: any OpenAI-compatible endpoint (a relay, LiteLLM, vLLM, Ollama …) by its address alone. */
export function endpoint(url: string): Provider {
  return openai({ baseURL: url, name: url.replace(/[?#].*$/, '') })
}

function provider(
  options: OpenAIOptions,
  path: string,
  bodyOf: (request: CompletionRequest) => Record<string, unknown>,
): Provider {
  const { apiKey, baseURL = 'https://api.openai.com/v1', includeUsage = true, name = 'openai' } = options
  return {
    name,
    fetch: options.fetch,
    async request(request) {
      const body: Record<string, unknown> = { ...bodyOf(request), stream: true }
      if (request.stream_options === null) delete body.stream_options
      else if (includeUsage) body.stream_options = { include_usage: true, ...request.stream_options }
      const key = typeof apiKey === 'function' ? await freshKey(apiKey) : apiKey
      const url = /completions($|\?)/.test(baseURL) ? baseURL : baseURL.replace(/\/*(\?.*)?$/, `${path}$1`)
      const headers: Record<string, string> = key ? { authorization: `Bearer ${key}` } : {}
      return { url, headers, body }
    },
    decoder: () => decode,
  }
}

/** What the page's own function says of its failure may be meant for nobody else, so it is only the cause. */
async function freshKey(get: () => string | Promise<string>): Promise<string> {
  try {
    return await get()
  } catch (cause) {
    throw new Error('`apiKey` failed, so nothing was sent.', { cause })
  }
}

// ── reading ────────────────────────────────────────────────────────────────────────────────────────────────────────

// The JSON edge: what servers send is checked where it is used, field by field.
// eslint-disable-next-line typescript/no-explicit-any
type Json = any

/**
 * Reads one event. A well-formed chunk passes through as it was parsed; the dialects' other spellings are brought to
 * OpenAI's in place. Throws on unreadable JSON.
 */
export const decode: Decoder = (event: ServerSentEvent, sink: ChunkSink): void => {
  const { data } = event
  if (data.startsWith('[DONE]')) return sink.done()
  if (event.event === 'error') return sink.error(data)
  if (!data.trim()) return
  const json: Json = JSON.parse(data)
  if (json?.choices || json?.usage) {
    json.choices ??= []
    normalise(json)
    sink.chunk(json as CompletionChunk)
  }
  if (json?.error) sink.error(json)
}

function normalise(chunk: Json): void {
  chunk.object = 'chat.completion.chunk'
  if (chunk.x_groq?.usage) chunk.usage ??= chunk.x_groq.usage
  for (const choice of chunk.choices) {
    // A legacy completion has `text`; a server that ignores `stream` sends the whole `message`.
    const delta = (choice.delta ??= choice.message ?? (typeof choice.text === 'string' ? { content: choice.text } : {}))
    if (delta.reasoning_content == null) {
      const details = delta.reasoning_details?.map?.((detail: Json) => detail?.text ?? detail?.summary ?? '').join('')
      const reasoning = delta.reasoning ?? details
      if (typeof reasoning === 'string') delta.reasoning_content = reasoning
    }
    // An error beside the choices says why; "error" is no reason for an answer to be over.
    if (!choice.finish_reason || choice.finish_reason === 'error') choice.finish_reason = null
    if (choice.usage) chunk.usage ??= choice.usage as Usage
  }
}
