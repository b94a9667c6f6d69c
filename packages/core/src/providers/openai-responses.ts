/** OpenAI's Responses wire, as OpenAI, Azure, xAI, OpenRouter and others speak it. */
import type { ChunkSink, CompletionChunk, Decoder, Delta, FinishReason, Provider } from '../types.ts'
import { keyed } from './openai.ts'
import type { OpenAIOptions } from './openai.ts'
import { finishReasonOf } from './reasons.ts'

/** Where and as whom to talk to a Responses API. `baseURL` is everything before `/responses`. */
export type OpenAIResponsesOptions = Omit<OpenAIOptions, 'includeUsage'>

// The JSON edge: what servers send is checked where it is used, field by field.
type Json = any

/** Marks the reasoning that only this wire takes back. */
const format = 'openai-responses-v1'
/** What chat completions, or their messages, have and this API has not. */
const unknown = /^(n|name|audio|stop|seed|thinking|log.*|.*penalty)$/

/**
 * OpenAI's Responses API, or any server that speaks it. Unless the request says otherwise, nothing is stored there
 * (`store: false`) and the reasoning comes back encrypted, to be sent again with the conversation: the request's own
 * `include` takes the place of the one that asks for it. Log-probabilities and previews of pictures are not read.
 */
export function openaiResponses(options: OpenAIResponsesOptions = {}): Provider {
  const chat = keyed(options)
  return {
    ...chat,
    decoder,
    async request(request) {
      const { url, headers, body } = await chat.request({ ...request, stream_options: null })
      return { url: url.replace('chat/completions', 'responses'), headers, body: bodyOf(body) }
    },
  }
}

// ── writing ────────────────────────────────────────────────────────────────────────────────────────────────────────

function bodyOf(request: Json): object {
  const { messages, n, max_tokens, max_completion_tokens, response_format, reasoning_effort: effort, ...rest } = request
  check({ ...rest, n: n > 1 })
  return {
    max_output_tokens: max_completion_tokens ?? max_tokens,
    // A model that does not reason refuses to be asked for its reasoning.
    include: /gpt-[34]|chat/.test(rest.model) ? undefined : ['reasoning.encrypted_content'],
    store: false,
    ...rest,
    input: inputOf(messages),
    tools: rest.tools?.map((tool: Json) =>
      // Left to itself, this API makes each schema a strict one.
      tool.function
        ? { ...flat(tool), parameters: tool.function.parameters ?? noParameters, strict: !!tool.function.strict }
        : flat(tool),
    ),
    tool_choice: flat(rest.tool_choice),
    text: response_format ? { format: flat(response_format), ...rest.text } : rest.text,
    reasoning: effort ? { effort, ...rest.reasoning } : rest.reasoning,
  }
}

const noParameters = { type: 'object', properties: {} }

/** Throws when one of the fields is set that this API has not: it must not be dropped unseen. */
function check(fields: Json): void {
  for (const name in fields) {
    if (fields[name] && unknown.test(name)) throw new Error(`The Responses API cannot take \`${name}\`.`)
  }
}

/** `{ type: 'function', function: {…} }` and the like, with everything on one level as this wire has it. */
function flat(nested: Json): Json {
  return nested?.[nested.type] ? { type: nested.type, ...nested[nested.type] } : nested
}

function inputOf(messages: Json[]): object[] {
  const types: Record<string, string> = {}

  return messages.flatMap((message): object | object[] => {
    const {
      role,
      tool_call_id: call_id,
      tool_calls,
      refusal,
      reasoning_details: details,
      extra_content,
      images,
    } = message
    check(message)

    const partOf = (part: Json): object => {
      const { type, image_url: image, file } = part
      if (type === 'text') return { ...part, type: role === 'assistant' ? 'output_text' : 'input_text' }
      if (image) return { type: 'input_image', image_url: image.url, detail: image.detail }
      // Audio too: few servers take it, and the others say that they do not.
      if (!file) return part
      return { type: 'input_file', ...(file.file_data?.startsWith('http') ? { file_url: file.file_data } : file) }
    }

    const content = message.content?.map?.(partOf) ?? message.content
    if (call_id) return { type: `${types[call_id] ?? 'function_call'}_output`, call_id, output: content }
    if (role !== 'assistant') return { ...message, content }
    return [
      details?.map(
        ({ format: of, index, data, ...item }: Json) =>
          of === format &&
          // A summary alone is nothing to a server that did not keep the rest.
          (data || item.content?.length) && { summary: [], ...item, type: 'reasoning', encrypted_content: data },
      ),
      [content, refusal].map((said) => said && { role, content: said, ...extra_content?.openai }),
      // Only the user can show pictures, also those that the model made.
      images && { role: 'user', content: images.map(partOf) },
      tool_calls?.map(({ id, function: called, custom }: Json) => ({
        type: (types[id] = custom ? 'custom_tool_call' : 'function_call'),
        call_id: id,
        ...(called ?? custom),
      })),
    ]
      .flat()
      .filter(Boolean)
  })
}

// ── reading ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Kinds of text, which the types of events, items and parts have in their names, and the field each goes to. */
const fields: Record<string, string> = {
  output_text: 'content',
  refusal: 'refusal',
  reasoning_text: 'reasoning_content',
  summary_text: 'reasoning_content',
  function_call: 'arguments',
  custom_tool_call: 'input',
}

function decoder(): Decoder {
  let head: Omit<CompletionChunk, 'choices'> = { id: '', object: 'chat.completion.chunk', created: 0, model: '' }
  /** The places of the calls: items are known by their place, as some servers give them another id in each event. */
  const calls: number[] = []
  /** The texts that came, and the sources. */
  const seen = new Set<string>()
  let tools: Json[] | undefined
  let items = 0
  /** Where the last item stands, for servers that do not say. */
  let place = -1
  let answer = ''
  /** An event with a piece of the part of the answer that is open. */
  let open: Json
  let sink: ChunkSink

  const send = (delta: Delta, finish_reason: FinishReason | null = null, native?: string): void =>
    sink.chunk({ ...head, choices: [{ index: 0, delta, finish_reason, native_finish_reason: native }] })

  /** Sends a piece of a text, or the whole of one of which no piece came. */
  const say = (type: string, at: number, part: number, json: Json): void => {
    const kind = Object.keys(fields).find((name) => type.includes(name))!
    const field = fields[kind]!
    const key = kind + [at, part]
    const isNew = !seen.has(key)
    const text: string = json.delta ?? (isNew && (json.text ?? json[field]))
    if (!field || !text) return
    const index = calls.indexOf(at)
    if (kind.endsWith('call')) {
      if (index < 0) return
      send({ tool_calls: [{ index, [kind.split('_')[0]!]: { [field]: text } }] })
    } else {
      // Each part of a summary is a paragraph.
      send({ [field]: kind === 'summary_text' && isNew && part ? `\n\n${text}` : text })
    }
    seen.add(key)
    if (field === 'content') {
      answer += text
      if (json.type) open = json
    }
  }

  /** Sends what an item has when it opens, and all else once it is done. */
  const take = (at: number, item: Json, isDone: boolean): void => {
    const { type, id, call_id = id, name, encrypted_content: data, ...rest } = item
    items++
    // A custom tool that nobody offered is the server's own.
    if (Object.hasOwn(fields, type) && !(type[0] === 'c' && tools?.every((tool) => tool.name !== name))) {
      if (!calls.includes(at)) {
        const kind = type.split('_')[0]
        send({ tool_calls: [{ index: calls.push(at) - 1, id: call_id, type: kind, [kind]: { name } }] })
      }
      if (isDone) say(type, at, 0, item)
    } else if (!/^(message|reasoning)$/.test(type)) {
      // The work of tools that the server runs, or wants to be run.
      const url = /image/.test(type) && rest.result && `data:image/${rest.output_format ?? 'png'};base64,${rest.result}`
      send({
        server_tool_calls: [
          {
            id: id ?? call_id,
            name: name ?? type.replace('_call', ''),
            ...(isDone && { input: rest.action ?? rest.arguments ?? rest.code ?? rest.input, output: item }),
          },
        ],
        ...(url && { images: [{ type: 'image_url', image_url: { url } }] }),
      })
    } else if (isDone) {
      for (const list of [item.summary, item.content]) {
        list?.forEach?.((part: Json, i: number) => {
          say(part.type, at, i, part)
          // Sources are told once, here, where their places in the whole answer are known.
          let from: number | undefined
          part.annotations?.forEach((source: Json) => {
            from ??= answer.indexOf(part.text)
            const { filename, url = filename ?? source.file_id, title = filename ?? '' } = source
            if (seen.has(url)) return
            seen.add(url)
            const { index, start_index = index, end_index = index } = source
            // Where the place is unknown, the sums are no numbers.
            const span = { start_index: start_index + from || 0, end_index: end_index + from || 0 }
            send({ annotations: [{ type: 'url_citation', url_citation: { url, title, ...span } }] })
          })
        })
      }
      if (rest.phase) send({ extra_content: { openai: { phase: rest.phase } } })
      if (type === 'reasoning')
        send({ reasoning_details: [{ ...rest, id, type: 'reasoning.encrypted', format, index: at, data }] })
    }
  }

  return ({ event, data }, to) => {
    sink = to
    if (/^\s*(\[|$)/.test(data)) return
    const json: Json = JSON.parse(data) ?? {}
    // What nearly all events bring, more of the same text, goes the short way.
    if (
      open &&
      json.type === open.type &&
      json.output_index === open.output_index &&
      json.content_index === open.content_index &&
      json.delta
    ) {
      answer += json.delta
      return send({ content: json.delta })
    }
    // A server that ignores `stream` sends the response itself.
    const isWhole = json.object === 'response'
    const { item, response = isWhole && json } = json
    const type: string = isWhole ? `response.${json.status}` : (json.type ?? event ?? '')
    if (type.endsWith('item.added')) {
      place++
      open = undefined
    }
    const at = json.output_index ?? place
    if (response) {
      const { id, created_at: created, model, error, incomplete_details: why, output, usage, service_tier } = response
      const isOver = /complete|failed|cancel/.test(type)
      const word = (isOver && response.status) || type.slice(9)
      tools ??= response.tools
      head = { ...head, id, created, model, service_tier }
      sink.chunk({
        ...head,
        choices: [],
        usage: usage && {
          ...usage,
          prompt_tokens: usage.input_tokens,
          completion_tokens: usage.output_tokens,
          prompt_tokens_details: usage.input_tokens_details,
          completion_tokens_details: usage.output_tokens_details,
        },
      })
      if (!isOver) return
      // Some servers send nothing before the end.
      if (!items && !seen.size) output?.forEach((whole: Json, i: number) => take(i, whole, true))
      const native = why?.reason ?? word
      if (error || word === 'failed') sink.error(error ?? { message: 'The answer failed.' })
      else send({}, native === 'completed' && calls.length ? 'tool_calls' : finishReasonOf(native), native)
      sink.done()
    } else if (type === 'error' || json.error) sink.error(json)
    else if (item?.type) take(at, item, type.endsWith('done'))
    else say(type, at, json.content_index ?? json.summary_index ?? 0, json)
  }
}
