/** OpenAI's chat completions wire, as OpenAI and everything compatible with it speaks it. */
import type {
  ChunkSink,
  CompletionChunk,
  CompletionRequest,
  Decoder,
  Provider,
  ProviderOptions,
  ServerSentEvent,
} from '../types.ts'
import { keyOf, messagesOf } from './messages.ts'
import { finishReasonOf } from './reasons.ts'

/** Where and as whom to talk to an OpenAI-compatible API. `baseURL` may also be the whole address with the path. */
export interface OpenAIOptions extends ProviderOptions {
  /** Asks for the usage chunk (`stream_options.include_usage`) unless the request says otherwise. Default true. */
  includeUsage?: boolean
}

/**
 * OpenAI, or any server that speaks its chat completions. Without a `baseURL` a request is written as OpenAI itself
 * takes it: `max_tokens` as `max_completion_tokens`, and no reasoning on the way back. With one, it is sent as it is.
 */
export function openai(options: OpenAIOptions = {}): Provider {
  if (options.baseURL !== undefined) return keyed(options)
  return provider(options, chatPath, (request) => {
    const { prompt, max_tokens: limit, max_completion_tokens = limit, ...rest } = request
    return { ...rest, max_completion_tokens, messages: messagesOf(request).map((message) => bare(message)) }
  })
}

/** A server that takes a request as it is, with a key where there is one. */
export function keyed(options: OpenAIOptions): Provider {
  return provider(options, chatPath, chatBody)
}

/** The legacy completions endpoint (`prompt` in, `text` out) of OpenAI, vLLM and others, with the same chunks out. */
export function openaiCompletions(options: OpenAIOptions = {}): Provider {
  const completions = provider(options, '/completions', ({ messages, ...rest }) => {
    if (rest.prompt === undefined) throw new Error('Set `prompt`: the completions endpoint takes no `messages`.')
    return rest
  })
  return {
    ...completions,
    // With `echo`, the answer begins with the prompt.
    continuation: ({ response_format, echo, prompt, ...rest }, text) => ({
      ...rest,
      prompt: echo && text ? text : prompt?.concat(text),
    }),
  }
}

/** The plain-URL provider: any OpenAI-compatible endpoint (a relay, LiteLLM, vLLM, Ollama …) by its address alone. */
export function endpoint(url: string): Provider {
  return keyless(url, placeOf(url), chatPath, chatBody)
}

/** An address for messages, without what may be a secret in it: user, password, query. */
export function placeOf(url: string): string {
  return url.replace(/[?#].*$/, '').replace(/\/\/[^/]*@/, '//')
}

type BodyOf = (request: CompletionRequest) => Record<string, unknown>

const chatPath = '/chat/completions'

function chatBody(request: CompletionRequest): Record<string, unknown> {
  const { prompt: _, ...rest } = request
  return { ...rest, messages: messagesOf(request) }
}

/** OpenAI's wire as anybody may read it. What only a key of one's own needs is not in here: most pages ask a relay. */
function keyless(baseURL: string, name: string, path: string, bodyOf: BodyOf, includeUsage = true): Provider {
  return {
    name,
    async request(request) {
      const body: Record<string, unknown> = { ...bodyOf(request), stream: true }
      if (request.stream_options === null) delete body.stream_options
      else if (includeUsage) body.stream_options = { include_usage: true, ...request.stream_options }
      const url = /completions($|\?)/.test(baseURL) ? baseURL : baseURL.replace(/\/*(\?.*)?$/, `${path}$1`)
      return { url, headers: {}, body }
    },
    decoder: createDecoder,
  }
}

function provider(options: OpenAIOptions, path: string, bodyOf: BodyOf): Provider {
  const { apiKey, baseURL = 'https://api.openai.com/v1', includeUsage, name = 'openai' } = options
  const wire = keyless(baseURL, name, path, bodyOf, includeUsage)
  return {
    ...wire,
    fetch: options.fetch,
    async request(request) {
      const { url, body } = await wire.request(request)
      const key = await keyOf(apiKey)
      return { url, headers: { ...(key ? { authorization: `Bearer ${key}` } : {}), ...options.headers }, body }
    },
  }
}

/** A message (or a call in it) without what only some providers take back with it, of which `kept` is one. */
export function bare<Said extends object>(message: Said, kept?: string): Said {
  const copy: Json = { ...message }
  for (const key in copy) if (key !== kept && /^(reasoning_|extra_c|annot|server_t)/.test(key)) delete copy[key]
  if (copy.images) throw new Error('A picture that a model made cannot go back here.')
  // Of what was spoken, only the id goes back.
  copy.audio &&= { id: copy.audio.id }
  copy.tool_calls &&= copy.tool_calls.map((call: object) => bare(call, kept))
  return copy
}

// ── reading ────────────────────────────────────────────────────────────────────────────────────────────────────────

// The JSON edge: what servers send is checked where it is used, field by field.
type Json = any

/**
 * Reads events. A well-formed chunk passes through as it was parsed; the dialects' other spellings are brought to
 * OpenAI's in place. Throws on unreadable JSON.
 */
function createDecoder(): Decoder {
  const cited = new Set<unknown>()
  const begun = new Set<number>()

  /** Sources as annotations, each of them once. A source is a URL, an id, or an object with a `url`. */
  const cite = (delta: Json, sources: Json[]): void => {
    for (const source of sources) {
      const { url = source, title } = Object(source)
      if (url == null || typeof url === 'object' || cited.has(url)) continue
      cited.add(url)
      const citation = { url: `${url}`, title: title ?? '', start_index: 0, end_index: 0 }
      ;(delta.annotations ??= []).push({ type: 'url_citation', url_citation: citation })
    }
  }

  /** Content in parts becomes what a delta has for each. */
  const unpack = (delta: Json, parts: Json[]): void => {
    delta.content = joined(parts)
    for (const part of parts) {
      const { summary, thinking = summary, image_url: image, reference_ids: ids, url } = Object(part)
      if (thinking) delta.reasoning_content = (delta.reasoning_content ?? '') + joined(thinking)
      if (image) (delta.images ??= []).push({ type: 'image_url', image_url: image.url ? image : { url: image } })
      cite(delta, [ids ?? (url ? part : null)].flat())
    }
  }

  /** Whether a chunk is what nearly all are: more of an answer that has begun, said as OpenAI says it. */
  const isPlain = ({ object, choices, usage, citations, search_results: found }: Json): boolean => {
    if (choices.length !== 1 || usage || citations || found || object !== 'chat.completion.chunk') return false
    const { index, delta, finish_reason: reason, error, usage: counts } = choices[0]
    if (reason !== null || !delta || error || counts || !begun.has(index)) return false
    const { content, reasoning, reasoning_text: thought, reasoning_details: details, thinking_blocks: blocks } = delta
    return !(reasoning || thought || details || blocks || (content && typeof content !== 'string'))
  }

  const normalise = (chunk: Json): void => {
    if (isPlain(chunk)) return
    const { choices, citations, search_results: found } = chunk
    chunk.object = 'chat.completion.chunk'
    for (const choice of choices) {
      // A legacy completion has `text`; a server that ignores `stream` sends the whole `message`, and some do at the end.
      const whole = begun.has(choice.index) ? undefined : choice.message
      const delta = (choice.delta ??= whole ?? (typeof choice.text === 'string' ? { content: choice.text } : {}))
      begun.add(choice.index)
      if (choice.error) chunk.error ??= choice.error
      if (Array.isArray(delta.content)) unpack(delta, delta.content)
      if (!delta.reasoning_content) {
        const reasoning =
          delta.reasoning ||
          delta.reasoning_text ||
          delta.reasoning_details?.map?.((detail: Json) => detail?.text ?? detail?.summary ?? '').join('')
        if (typeof reasoning === 'string') delta.reasoning_content = reasoning
      }
      // The same thoughts once more, with their signatures.
      const blocks = delta.thinking_blocks
      if (blocks?.map)
        delta.reasoning_details ??= blocks.map((block: Json) => {
          const { thinking: text, signature, data } = Object(block)
          return { type: data ? 'reasoning.encrypted' : 'reasoning.text', text, signature, data }
        })
      // An error beside the choices says why; "error" is no reason for an answer to be over.
      const word = choice.finish_reason
      if (!word || word === 'error' || typeof word !== 'string') choice.finish_reason = null
      else {
        choice.finish_reason = finishReasonOf(word)
        if (choice.finish_reason !== word) choice.native_finish_reason ??= word
        // Counts stand in a field of the server's own at times, which starts with `x_` then.
        if (!chunk.usage) for (const key in chunk) if (key.startsWith('x_')) chunk.usage ??= chunk[key]?.usage
      }
      if (choice.usage) chunk.usage ??= choice.usage
    }
    // Some repeat what they found on every chunk, and the last one may have no choice to put it into.
    if (citations || found)
      cite((choices[0] ??= { index: 0, delta: {}, finish_reason: null }).delta, [found, citations].flat())
    if (chunk.usage) count(chunk.usage)
  }

  return (event: ServerSentEvent, sink: ChunkSink): void => {
    const { data } = event
    if (data.startsWith('[DONE]')) return sink.done()
    if (event.event === 'error') return sink.error(data)
    if (data[0] !== '{' && !data.trim()) return
    const json: Json = JSON.parse(data)
    if (json?.choices || json?.usage) {
      json.choices ??= []
      normalise(json)
      sink.chunk(json as CompletionChunk)
    }
    if (json?.error || json?.object === 'error') sink.error(json)
  }
}

/** The visible text of a part or a list of them. */
function joined(said: Json): string {
  return typeof said === 'string' ? said : Array.isArray(said) ? said.map(joined).join('') : joined(said?.text ?? '')
}

/** Brings counts to where OpenAI has them. */
function count(usage: Json): void {
  const { prompt_tokens_details: read, completion_tokens_details: wrote } = usage
  const cached = read?.cached_tokens ?? usage.prompt_cache_hit_tokens ?? usage.num_cached_tokens ?? usage.cached_tokens
  if (cached) usage.prompt_tokens_details = { ...read, cached_tokens: cached }
  const reasoning = wrote?.reasoning_tokens ?? usage.reasoning_tokens
  if (reasoning) {
    usage.completion_tokens_details = { ...wrote, reasoning_tokens: reasoning }
    // Some count the reasoning apart: the total tells.
    if (usage.total_tokens === usage.prompt_tokens + usage.completion_tokens + reasoning)
      usage.completion_tokens += reasoning
  }
}
