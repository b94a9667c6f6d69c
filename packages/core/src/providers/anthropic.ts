/** Anthropic's own wire: the Messages API. */
import type { ChunkSink, Decoder, Delta, Message, Provider, ProviderOptions, ProviderRequest } from '../types.ts'
import { dataOf, jsonOf, keyOf, messagesOf, partsOf, prefill, refuse } from './messages.ts'
import { finishReasonOf } from './reasons.ts'

// The JSON edge: what servers send is checked where it is used, field by field, and what a request holds beyond OpenAI's
// fields goes through.
type Json = any

const who = 'Anthropic'
/** Marks what Claude takes back: each thought with its signature, or encrypted, and what a conversation was compacted to. */
const format = 'anthropic-claude-v1'

/**
 * Claude, or any server that speaks the Messages API. `baseURL` is everything before `/messages`.
 *
 * The wire wants a limit: without `max_tokens` it is 32000, thinking included, which all current Claude models take.
 * `reasoning_effort` turns on adaptive thinking, which Claude has since 4.6; older models take `thinking` with a budget.
 * Only models before 4.6 go on with an answer that has begun, and not while they think: others say that they do not.
 */
export function anthropic(options: ProviderOptions = {}): Provider {
  const { apiKey, baseURL = 'https://api.anthropic.com/v1', name = 'anthropic' } = options
  return {
    name,
    fetch: options.fetch,
    continuation: prefill,
    decoder,
    async request(request) {
      const body = bodyOf(request)
      const key = await keyOf(apiKey)
      return {
        url: baseURL.replace(/\/*$/, '/messages'),
        headers: {
          'anthropic-version': '2023-06-01',
          // Without the second one, a key that comes from a browser is not let in.
          ...(key && { 'x-api-key': key, 'anthropic-dangerous-direct-browser-access': 'true' }),
          ...options.headers,
        },
        body,
      }
    },
  }
}

// ── writing ────────────────────────────────────────────────────────────────────────────────────────────────────────

function bodyOf(request: ProviderRequest): object {
  const {
    messages,
    prompt,
    tools,
    tool_choice: choice,
    parallel_tool_calls: parallel,
    n,
    max_tokens,
    max_completion_tokens: limit,
    stop,
    response_format: answer,
    reasoning_effort: effort,
    user,
    stream_options,
    ...rest
  }: Json = request
  const asked = { ...rest, n: n > 1, json_object: answer?.type === 'json_object' }
  refuse(who, asked, 'n', 'json_object', 'seed', 'logprobs', 'logit_bias', 'frequency_penalty', 'presence_penalty')
  const schema = answer?.json_schema
  const isOff = effort === 'none'
  return given({
    thinking: effort && (isOff ? { type: 'disabled' } : { type: 'adaptive', display: 'summarized' }),
    ...rest,
    ...conversation(messagesOf(request)),
    max_tokens: limit ?? max_tokens ?? 32_000,
    output_config: given({
      format: schema && { type: 'json_schema', schema: schema.schema },
      effort: isOff ? null : effort?.replace('minimal', 'low'),
      ...rest.output_config,
    }),
    metadata: given({ user_id: user, ...rest.metadata }),
    stop_sequences: stop && [stop].flat(),
    tools: tools?.map(({ type, function: called, ...tool }: Json) => {
      if (!called) return { type, ...tool }
      const { parameters, ...known } = called
      return given({ ...tool, ...known, input_schema: parameters ?? { type: 'object' } })
    }),
    tool_choice:
      tools?.length && (choice || parallel === false)
        ? {
            type: choice?.function ? 'tool' : choice === 'required' ? 'any' : (choice ?? 'auto'),
            ...(choice?.function ?? (choice?.type && choice)),
            disable_parallel_tool_use: (parallel === false && choice !== 'none') || undefined,
          }
        : null,
    stream: true,
  })
}

/** Fields that are set to something; undefined when there are none. */
function given(fields: Json): Json {
  let set: Json
  for (const [name, value] of Object.entries<Json>(fields))
    if (value != null && value.length !== 0) set = { ...set, [name]: value }
  return set
}

/** The system prompt apart, and turns of user and assistant: what stands in a row on one side is one turn. */
function conversation(all: readonly Message[]): object {
  const system: Json[] = []
  const messages: { role: string; content: Json[] }[] = []
  for (const message of all as Json[]) {
    const { role, refusal, reasoning_details: details, tool_calls: calls, tool_call_id: id, cache_control } = message
    let { content } = message
    refuse(who, message, 'audio', 'images', 'name')
    // How an answer is to begin must not end in a blank.
    if (message === all.at(-1) && role === 'assistant') content = content?.trimEnd?.() ?? content
    const parts: Json[] = [content, refusal].flatMap(partsOf).flatMap(blockOf)
    const side = role === 'assistant' ? role : 'user'
    const written: Json[] | undefined = message.extra_content?.anthropic?.content
    const isUntouched = written?.map(({ text = '' }) => text).join('') === (content ?? '')
    const blocks =
      role === 'tool'
        ? [{ type: 'tool_result', tool_use_id: idOf(id), content: parts, cache_control }]
        : written && isUntouched
          ? written.filter(({ type, id: own }) => type !== 'tool_use' || calls?.some((call: Json) => call.id === own))
          : [
              ...(details ?? [])
                .filter(
                  (detail: Json) => detail.format === format && (detail.signature || detail.data || detail.summary),
                )
                .map(({ data, text, summary, signature }: Json) => ({
                  type: data ? 'redacted_thinking' : summary ? 'compaction' : 'thinking',
                  thinking: text,
                  signature,
                  data,
                  content: summary,
                })),
              ...parts,
              ...(calls ?? []).map((call: Json) => {
                refuse(who, call, 'custom')
                return {
                  type: 'tool_use',
                  id: idOf(call.id),
                  name: call.function.name,
                  input: jsonOf(call.function.arguments),
                }
              }),
            ]
    if (/^[sd]/.test(role)) system.push(...blocks)
    else if (messages.at(-1)?.role === side) messages.at(-1)!.content.push(...blocks)
    else if (blocks.length) messages.push({ role: side, content: blocks })
  }
  return { system, messages }
}

/** Ids of other providers' calls may have characters that are not taken. */
function idOf(id: string): string {
  return id.replace(/[^\w-]/g, '_')
}

function blockOf({ image_url: image, file, refusal, ...rest }: Json): object {
  refuse(who, rest, 'input_audio')
  if (refusal) return { type: 'text', text: refusal }
  // Blank text is not taken, and says nothing.
  if (!image && !file) return rest.text?.trim() === '' ? [] : rest
  const url = image?.url ?? file.file_data
  const { mediaType: media_type, data } = dataOf(url ?? '') ?? {}
  const isText = !!media_type?.startsWith('text')
  return {
    title: file?.filename,
    ...rest,
    type: image || media_type?.startsWith('image') ? 'image' : 'document',
    source: data
      ? {
          type: isText ? 'text' : 'base64',
          media_type: isText ? 'text/plain' : media_type,
          data: isText ? textIn(data) : data,
        }
      : url
        ? { type: 'url', url }
        : { type: 'file', file_id: file.file_id },
  }
}

/** The text whose bytes base64 data are. */
function textIn(data: string): string {
  return new TextDecoder().decode(Uint8Array.from(atob(data), (char) => char.charCodeAt(0)))
}

// ── reading ────────────────────────────────────────────────────────────────────────────────────────────────────────

function decoder(): Decoder {
  const created = Math.floor(Date.now() / 1000)
  let id = ''
  let model = ''
  const usage: Json = {}
  /** All blocks so far, and the JSON of the last one's input. */
  const blocks: Json[] = []
  let input = ''
  /** The indices of the blocks that are calls. */
  const calls: unknown[] = []
  /** What the last text cites, and where it begins in the answer. */
  let cites: Json[] = []
  let start = 0
  /** What searches found. */
  const found: Json[] = []
  const cited = new Set<string>()

  const send = (sink: ChunkSink, delta: Delta, native: Json, counts?: Json): void =>
    sink.chunk({
      id,
      object: 'chat.completion.chunk',
      created,
      model,
      choices: [{ index: 0, delta, finish_reason: native && finishReasonOf(native), native_finish_reason: native }],
      usage: counts,
    })

  /** Sources as annotations, each of them once. */
  const cite = (sources: Json[], start_index: number, end_index: number): Json =>
    sources.flatMap((source) => {
      const url = `${source.url ?? source.source ?? source.file_id ?? source.document_index}`
      if (cited.has(url)) return []
      cited.add(url)
      const title = source.title ?? source.document_title ?? ''
      return { type: 'url_citation', url_citation: { url, title, start_index, end_index } }
    })

  const read = (event: Json, sink: ChunkSink): void => {
    const { type: kind, index, message, content_block: opened, usage: counts = message?.usage } = event
    if (event.error) return sink.error(event)
    if (kind === 'message_stop') return sink.done()
    if (kind === 'ping') return
    if (message) {
      ;({ id, model } = message)
      message.content?.forEach((content_block: Json, at: number) => {
        read({ index: at, content_block }, sink)
        read({ index: at }, sink)
      })
    }
    // What a block opens with and what it grows by have the same names; where nothing is said, it is over.
    const said: Json = opened ?? event.delta ?? message ?? {}
    const { type, thinking, signature, data, content, tool_use_id, partial_json, stop_reason: native = null } = said
    const detail = data
      ? 'encrypted'
      : /^(thinking|signature)/.test(type)
        ? 'text'
        : /compaction/.test(type)
          ? 'summary'
          : undefined
    const piece = partial_json ?? JSON.stringify(said.input)?.replace(/^{}$/, '')
    if (opened) {
      start += blocks.at(-1)?.text?.length ?? 0
      blocks.push({ ...opened })
      input = ''
      cites = said.citations ?? []
      if (type === 'tool_use') calls.push(index)
      if (content?.map) found.push(...content.filter((item: Json) => item.url))
    }
    input += piece ?? ''
    if (said.citation) cites.push(said.citation)
    const last = blocks.at(-1)
    if (last && event.delta) {
      for (const name of ['text', 'thinking', 'signature']) if (said[name]) last[name] = (last[name] ?? '') + said[name]
      if (said.citation) last.citations = cites
    } else if (input) last.input = parsed(input)
    const notes = native ? cite(found, 0, 0) : type ? undefined : cite(cites, start, start + (last?.text?.length ?? 0))
    const call = calls.indexOf(index)
    const ran = tool_use_id ? blocks.find((block) => block.id === tool_use_id) : last
    const {
      input_tokens = 0,
      cache_read_input_tokens: kept = 0,
      cache_creation_input_tokens: written = 0,
      output_tokens,
      output_tokens_details: thought,
    } = Object.assign(usage, counts && given(counts))
    const delta: Json = {
      role: said.role,
      content: said.text,
      reasoning_content: thinking,
      reasoning_details: detail && [
        { type: `reasoning.${detail}`, format, index, text: thinking, signature, data, summary: content },
      ],
      tool_calls:
        call >= 0 && piece != null
          ? [{ index: call, id: said.id, type: 'function', function: { name: said.name, arguments: piece } }]
          : undefined,
      annotations: notes?.[0] && notes,
      server_tool_calls:
        /_tool_use/.test(ran?.type) && !partial_json
          ? [
              {
                id: ran.id,
                name: ran.name,
                ...(tool_use_id ? { output: said.is_error ? { error: content } : content } : { input: parsed(input) }),
              },
            ]
          : undefined,
      refusal: said.stop_details?.explanation,
      // Where its own tools took part, what was thought in between is only good in its place.
      extra_content: native ? { anthropic: { ...event, content: placed(blocks) } } : undefined,
    }
    send(
      sink,
      delta,
      native,
      counts && {
        prompt_tokens: input_tokens + kept + written,
        completion_tokens: output_tokens,
        // Only now: at the start it may be another prompt's, one that is then compacted.
        prompt_tokens_details: native && { cached_tokens: kept, cache_write_tokens: written },
        completion_tokens_details: { reasoning_tokens: thought?.thinking_tokens },
      },
    )
  }

  return ({ data }, sink) => {
    if (data.startsWith('[DONE]')) return sink.done()
    const event = JSON.parse(data) ?? {}
    const content = event.type === 'content_block_delta' && event.delta?.text
    const last = blocks.at(-1)
    // What nearly all events bring, more of a text, goes the short way.
    if (content && last?.text != null) {
      last.text += content
      send(sink, { content }, null)
    }
    // A server that ignores `stream` sends the whole message.
    else read(event.type === 'message' ? { message: event } : event, sink)
  }
}

/** The blocks that may go back, where a tool that the provider ran takes part: blank text is not taken. */
function placed(blocks: Json[]): Json[] | undefined {
  if (!blocks.some(({ type }) => /._tool_(use|result)$/.test(type))) return undefined
  return blocks.filter(({ type, text }) => type !== 'text' || text?.trim())
}

/** What JSON text says, or the text where it is cut. */
function parsed(json: string): unknown {
  try {
    return JSON.parse(json || '{}')
  } catch {
    return json
  }
}
