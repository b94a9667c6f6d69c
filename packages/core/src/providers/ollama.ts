/** Ollama's own wire: `/api/chat`, which answers in JSON lines. */
import type {
  CompletionRequest,
  ContentPart,
  Decoder,
  Delta,
  FinishReason,
  Message,
  Provider,
  ProviderOptions,
  Usage,
} from '../types.ts'
import { cannot, dataOf, jsonOf, keyOf, messagesOf, partsOf, prefill, refuse, textOf } from './messages.ts'

// The JSON edge: what servers send is checked where it is used, field by field.
type Json = any

const who = 'Ollama'

/**
 * A model that runs in Ollama, on this machine or on another. `baseURL` is everything before `/api/chat`, by default
 * `http://localhost:11434`. The server answers pages of other origins only when its `OLLAMA_ORIGINS` names them; only
 * Ollama's cloud, or a proxy, wants a key.
 */
export function ollama(options: ProviderOptions = {}): Provider {
  const { apiKey, baseURL = 'http://localhost:11434', headers, name = 'ollama', fetch } = options
  return {
    name,
    fetch,
    lines: true,
    continuation: prefill,
    decoder,
    async request(request) {
      const body = bodyOf(request)
      const key = await keyOf(apiKey)
      return {
        url: baseURL.replace(/\/*$/, '/api/chat'),
        headers: { ...(key && { authorization: `Bearer ${key}` }), ...headers },
        body,
      }
    },
  }
}

// ── writing ────────────────────────────────────────────────────────────────────────────────────────────────────────

function bodyOf(request: CompletionRequest): object {
  const {
    prompt,
    tools,
    tool_choice: choice,
    parallel_tool_calls: parallel,
    n,
    max_tokens,
    max_completion_tokens,
    temperature,
    top_p,
    stop,
    seed,
    frequency_penalty,
    presence_penalty,
    response_format,
    reasoning_effort: effort,
    thinking,
    stream_options,
    options,
    ...rest
  } = request
  const format: Json = response_format
  const asked: Json = { n: n! > 1, parallel_tool_calls: parallel === false }
  refuse(who, { ...request, ...asked }, 'n', 'parallel_tool_calls', 'user', 'logit_bias', 'modalities')
  if (choice && choice !== 'auto' && choice !== 'none') cannot(who, 'be made to call a tool (`tool_choice`)')
  if (thinking?.budget_tokens) cannot(who, 'count thinking (`thinking.budget_tokens`)')
  return {
    think: effort ? effort !== 'none' && effort : thinking && thinking.type !== 'disabled',
    format: format && format.type !== 'text' ? (format.json_schema?.schema ?? 'json') : undefined,
    ...rest,
    messages: wireMessages(messagesOf(request)),
    tools: choice === 'none' ? undefined : tools,
    options: {
      num_predict: max_completion_tokens ?? max_tokens,
      temperature,
      top_p,
      stop: stop && [stop].flat(),
      seed,
      frequency_penalty,
      presence_penalty,
      ...(options as object | undefined),
    },
    stream: true,
  }
}

function wireMessages(messages: readonly Message[]): object[] {
  /** A result is told by its function's name, which OpenAI has only on the call. */
  const names: Record<string, string> = {}
  return messages.map((message: Json) => {
    const { role, content, refusal, reasoning_content: thinking, tool_calls: calls, tool_call_id } = message
    refuse(who, message, 'audio', 'images', 'name')
    const images: string[] = []
    const texts = partsOf(content).filter((part) => part.type !== 'image_url' || !images.push(base64Of(part)))
    return {
      role: role === 'developer' ? 'system' : role,
      content: textOf(texts, who) + (refusal ?? ''),
      thinking,
      images: images.length ? images : undefined,
      tool_calls: calls?.map(({ id, type, function: called }: Json, index: number) => {
        if (!called) cannot(who, 'take custom tool calls')
        const { name, arguments: args } = called
        names[id] = name
        return { id, type, function: { index, name, arguments: jsonOf(args) } }
      }),
      tool_name: names[tool_call_id],
      tool_call_id,
    }
  })
}

function base64Of({ image_url }: ContentPart & { type: 'image_url' }): string {
  return (dataOf(image_url.url) ?? cannot(who, 'fetch images: give data URLs')).data
}

// ── reading ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Reads one line: a piece of the message, the last piece with the counts, or an error. */
function decoder(): Decoder {
  let calls = 0
  return ({ data }, sink) => {
    const json: Json = JSON.parse(data) ?? {}
    const { model = '', message, done: end, done_reason: native = null, logprobs } = json
    const { prompt_eval_count: read, eval_count: written } = json
    if (json.error) return sink.error(json)
    const done = end === true
    if (!message && !done) return
    const { role, content, thinking, tool_calls, images } = message ?? {}
    const delta: Delta = {
      role,
      content,
      reasoning_content: thinking,
      // Calls come whole.
      tool_calls: tool_calls?.map(({ id, function: { name, arguments: args } }: Json) => ({
        index: calls++,
        id,
        type: 'function',
        function: { name, arguments: typeof args === 'string' ? args : JSON.stringify(args ?? {}) },
      })),
      images: images?.map((image: string) => ({
        type: 'image_url',
        image_url: { url: `data:image/png;base64,${image}` },
      })),
    }
    // The wire has no word of its own for an answer that ends in calls, and old servers have none for an ordinary end.
    const reason: FinishReason = native ?? 'stop'
    sink.chunk({
      id: '',
      object: 'chat.completion.chunk',
      created: Math.floor((Date.parse(json.created_at) || Date.now()) / 1000),
      model,
      choices: [
        {
          index: 0,
          delta,
          finish_reason: !done ? null : calls && reason === 'stop' ? 'tool_calls' : reason,
          native_finish_reason: native,
          logprobs: logprobs && {
            content: logprobs.map((token: object) => ({ bytes: null, top_logprobs: [], ...token })),
            refusal: null,
          },
        },
      ],
      usage: (read ?? written) ? ({ prompt_tokens: read ?? 0, completion_tokens: written ?? 0 } as Usage) : undefined,
    })
    if (done) sink.done()
  }
}
