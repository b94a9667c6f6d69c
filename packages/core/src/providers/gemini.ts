/** Google's Gemini wire (`streamGenerateContent`), as the Gemini API and Vertex AI speak it. */
import type {
  ChunkChoice,
  ChunkSink,
  Decoder,
  Delta,
  FinishReason,
  Provider,
  ProviderOptions,
  ProviderRequest,
  Usage,
} from '../types.ts'
import { cannot, dataOf, jsonOf, keyOf, messagesOf, prefill, refuse } from './messages.ts'
import { finishReasonOf } from './reasons.ts'

/**
 * Gemini, on the Gemini API or (with its `baseURL`, or a model by its whole path) on Vertex AI. `baseURL` is everything
 * before `/models/…`, or before the model's own path. Parts of a message and tools that are in Gemini's own words go as
 * they are. Of cited sources it is not told where in the answer they belong. Only models up to 3.1 go on with an answer
 * that has begun: most newer ones say that they do not.
 */
export function gemini(options: ProviderOptions = {}): Provider {
  const {
    apiKey,
    baseURL = 'https://generativelanguage.googleapis.com/v1beta',
    headers,
    name = 'gemini',
    fetch,
  } = options
  return {
    name,
    fetch,
    continuation: prefill,
    decoder,
    async request(request) {
      const { model } = request
      const path = model.includes('/') ? model : `models/${model}`
      const url = baseURL.replace(/\/*$/, `/${path}:streamGenerateContent?alt=sse`)
      const body = bodyOf(request, /aiplatform|projects/.test(url))
      const key = await keyOf(apiKey)
      return { url, headers: { ...(key && { 'x-goog-api-key': key }), ...headers }, body }
    },
  }
}

// The JSON edge: what stands on this wire is checked where it is used, field by field.
type Json = any

const who = 'Gemini'

// ── writing ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Models before Gemini 3 count thinking in tokens. Google's own OpenAI-compatible endpoint takes the words for these. */
const budgets: Json = { disabled: 0, none: 0, minimal: 1024, low: 1024, medium: 8192, high: 24576 }

function bodyOf(request: ProviderRequest, isVertex: boolean): object {
  const {
    model,
    messages,
    prompt,
    tools,
    tool_choice: choice,
    parallel_tool_calls: parallel,
    max_tokens,
    max_completion_tokens: maxOutputTokens = max_tokens,
    temperature,
    top_p: topP,
    top_k: topK,
    n: candidateCount,
    seed,
    presence_penalty: presencePenalty,
    frequency_penalty: frequencyPenalty,
    logprobs: responseLogprobs,
    top_logprobs: logprobs,
    stop,
    response_format: format,
    reasoning_effort: effort,
    thinking,
    stream,
    stream_options,
    generationConfig,
    toolConfig,
    ...own
  }: Json = request
  const only = choice?.function?.name
  const asked = { ...own, ...(only || choice), parallel_tool_calls: parallel === false }
  refuse(who, asked, 'parallel_tool_calls', 'user', 'logit_bias', 'custom', 'allowed_tools')
  const isGemini3 = /gemini-(?![12])/.test(model)
  const system: Json[] = []
  const contents: Json[] = []
  /** A result is told by its function's name, which OpenAI has only on the call. */
  const names: Json = {}
  let turn: Json

  for (const message of messagesOf(request) as Json[]) {
    const { role, content, refusal, tool_calls: calls = [], tool_call_id } = message
    refuse(who, message, 'audio', 'name')
    let parts = [content || refusal || []]
      .flat()
      .map(partOf)
      .filter(({ text }: Json) => text !== '')
    const sign = (said: Json, other?: string) => said.extra_content?.google?.thought_signature ?? other
    // Vertex AI refuses ids.
    const call = (id: string, rest: object) => ({
      id: isVertex ? undefined : id,
      name: names[id] ?? cannot(who, `find the call "${id}"`),
      ...rest,
    })
    if (role === 'tool') {
      const response = { output: parts.map(({ text }: Json) => text).join('') }
      // Pictures go beside it, which all models take.
      parts = [{ functionResponse: call(tool_call_id, { response }) }, ...parts.filter(({ text }: Json) => !text)]
    }
    const thoughtSignature = sign(message)
    if (thoughtSignature) parts.push({ text: '', ...parts.pop(), thoughtSignature })
    for (const image of message.images ?? []) parts.push({ ...partOf(image), thoughtSignature: sign(image) })
    // Gemini 3 refuses calls that it did not sign, unless they say so. One signature is for all parallel calls.
    let unsigned = isGemini3 ? 'skip_thought_signature_validator' : undefined
    for (const said of calls) {
      refuse(who, said, 'custom')
      names[said.id] = said.function.name
      const signed = sign(said, unsigned)
      if (signed !== unsigned) unsigned = undefined
      parts.push({ functionCall: call(said.id, { args: jsonOf(said.function.arguments) }), thoughtSignature: signed })
    }
    if (/system|developer/.test(role)) system.push(...parts)
    else if (parts[0]) {
      const side = role === 'assistant' ? 'model' : 'user'
      // One turn for each side at a time.
      if (turn?.role !== side) contents.push((turn = { role: side, parts: [] }))
      turn.parts.push(...parts)
    }
  }

  const functionDeclarations = tools?.flatMap(({ function: called }: Json) =>
    called ? { name: called.name, description: called.description, parametersJsonSchema: called.parameters } : [],
  )
  const thinkingBudget = thinking
    ? (thinking.budget_tokens ?? budgets[thinking.type])
    : isGemini3
      ? undefined
      : budgets[effort]
  return {
    systemInstruction: system[0] && { parts: system },
    contents,
    tools: tools && [
      ...(functionDeclarations[0] ? [{ functionDeclarations }] : []),
      // The wire's word for no tools is only about functions.
      ...tools.filter((tool: Json) => !tool.function && choice !== 'none'),
    ],
    toolConfig: choice
      ? {
          functionCallingConfig: {
            mode: only || choice === 'required' ? 'ANY' : choice.toUpperCase(),
            allowedFunctionNames: only && [only],
          },
          ...toolConfig,
        }
      : toolConfig,
    generationConfig: {
      maxOutputTokens,
      temperature,
      topP,
      topK,
      candidateCount,
      seed,
      presencePenalty,
      frequencyPenalty,
      responseLogprobs,
      logprobs,
      stopSequences: stop && [stop].flat(),
      responseMimeType: /json/.test(format?.type) ? 'application/json' : undefined,
      responseJsonSchema: format?.json_schema?.schema,
      thinkingConfig: (thinking || effort) && {
        thinkingBudget,
        thinkingLevel: thinkingBudget == null ? effort?.replace('none', 'minimal') : undefined,
        includeThoughts: thinkingBudget !== 0 && effort !== 'none',
      },
      ...generationConfig,
    },
    ...own,
  }
}

const kinds: Record<string, string> = { pdf: 'application', mp4: 'video', mp3: 'audio', wav: 'audio' }

/** Text, or a part, of which OpenAI has what it is about in a field that is named as its type. */
function partOf(part: Json): Json {
  const said = part[part.type] ?? part
  if (typeof said === 'string') return { text: said }
  // Such a part is in Gemini's own words.
  if (!part.type) return part
  const { data, format, url = data ? `data:audio/${format};base64,${data}` : (said.file_data ?? said.file_id) } = said
  if (!url) cannot(who, `take ${part.type}`)
  const inline = dataOf(url)
  if (inline) return { inlineData: { mimeType: inline.mediaType, data: inline.data } }
  // Of files that were uploaded to Google it knows the type.
  const [, ending] = /\.(\w+)(?:[?#].*)?$/.exec(said.filename ?? url) ?? []
  const kind = kinds[ending!] ?? 'image'
  return { fileData: { fileUri: url, mimeType: ending && `${kind}/${ending.replace('jpg', 'jpeg')}` } }
}

// ── reading ────────────────────────────────────────────────────────────────────────────────────────────────────────

function decoder(): Decoder {
  const readers = new Map<unknown, ReturnType<typeof createReader>>()
  const created = Math.floor(Date.now() / 1000)
  let id = ''
  let model = ''
  let usage: Usage | undefined
  let sink: ChunkSink

  /** The first chunk of an event has its counts. */
  const emit: Emit = (choices) => {
    sink.chunk({ id, object: 'chat.completion.chunk', created, model, choices, usage })
    usage = undefined
  }

  const read = (json: Json): void => {
    const { candidates, promptFeedback, usageMetadata: counts } = json
    id = json.responseId ?? ''
    model = json.modelVersion ?? ''
    // Events before the first count only say how the request is billed.
    if (counts?.promptTokenCount) {
      const reasoning_tokens = counts.thoughtsTokenCount ?? 0
      usage = {
        // What tools brought in is counted apart, what came from a cache is not.
        prompt_tokens: counts.promptTokenCount + (counts.toolUsePromptTokenCount ?? 0),
        completion_tokens: (counts.candidatesTokenCount ?? 0) + reasoning_tokens,
        total_tokens: counts.totalTokenCount,
        prompt_tokens_details: { cached_tokens: counts.cachedContentTokenCount },
        completion_tokens_details: { reasoning_tokens },
      }
    }
    // A blocked prompt is what ended its only candidate.
    for (const candidate of candidates?.[0] ? candidates : [promptFeedback ?? {}]) {
      const { index = 0 } = candidate
      let reader = readers.get(index)
      if (!reader) readers.set(index, (reader = createReader(index, emit)))
      reader(candidate, id)
    }
    if (usage) emit([])
    if (json.error) sink.error(json)
  }

  return ({ data }, to) => {
    if (data.startsWith('[DONE]')) return to.done()
    sink = to
    const said = JSON.parse(data || '{}')
    // Without `alt=sse`, and for some errors, the answer is a list.
    if (Array.isArray(said)) said.forEach(read)
    else read(said)
  }
}

type Emit = (choices: ChunkChoice[]) => void

/** Reads one candidate, event by event. */
function createReader(index: number, emit: Emit) {
  const cited = new Set<string>()
  let calls = 0
  let ran = 0
  let native: string | undefined
  /** Writes the arguments of the call that is still open. */
  let write: ReturnType<typeof createWriter> | undefined

  /** What a part adds, and with the start of a call the end of the one before it. */
  const deltaOf = (part: Json, responseId: string): Delta => {
    const { text, thought, thoughtSignature: thought_signature, functionCall, executableCode, toolCall } = part
    const extra_content = thought_signature && { google: { thought_signature } }
    const asked = executableCode ?? toolCall
    const served = asked ?? part.codeExecutionResult ?? part.toolResponse
    const file = part.inlineData ?? part.fileData
    if (functionCall) {
      const { id, name, args, partialArgs = [], willContinue } = functionCall
      const before = name ? endCall() : []
      if (name) {
        write = createWriter()
        calls++
      }
      // Without one, the piece ends a call that is over already.
      if (!write) return {}
      const written = args ? JSON.stringify(args) : partialArgs.map(write).join('')
      if (args) write = undefined
      const opened = name && { id: id ?? `call_${responseId}_${calls - 1}`, type: 'function' }
      const [rest] = willContinue ? [] : endCall()
      const called = { name, arguments: written + (rest?.function.arguments ?? '') }
      return { tool_calls: [...before, { index: calls - 1, ...opened, function: called, extra_content }] }
    }
    if (served) {
      if (asked) ran++
      const { id = `server_tool_${ran}`, toolType: name = 'code_execution' } = served
      const value = served.args ?? served.response ?? served
      return { server_tool_calls: [{ id, name, [asked ? 'input' : 'output']: value, extra_content }] }
    }
    if (file) {
      const { mimeType, data, fileUri: url = `data:${mimeType};base64,${data}` } = file
      if (/audio/.test(mimeType)) return { audio: { id: responseId, data } }
      // Pictures that the model drew while it thought are no part of the answer.
      return { images: thought ? [] : [{ type: 'image_url', image_url: { url }, extra_content }] }
    }
    return { [thought ? 'reasoning_content' : 'content']: text, extra_content }
  }

  const endCall = (): Json[] => {
    const rest = write ? [{ index: calls - 1, function: { arguments: write() } }] : []
    write = undefined
    return rest
  }

  const send = (delta: Delta, finish_reason: FinishReason | null = null, native_finish_reason?: string): void =>
    emit([{ index, delta, finish_reason, native_finish_reason }])

  return (candidate: Json, responseId: string): void => {
    const { content, finishReason, blockReason, logprobsResult } = candidate
    const before = calls
    for (const part of content?.parts ?? []) {
      const { text } = part
      const isPlain = text && !part.thought && !part.thoughtSignature
      send(isPlain ? { content: text } : deltaOf(part, responseId))
    }
    const annotations = sourcesOf(candidate)?.filter(({ url_citation: { url } }) => !cited.has(url) && cited.add(url))
    if (annotations?.[0] || logprobsResult)
      emit([{ index, delta: { annotations }, finish_reason: null, logprobs: logprobsOf(logprobsResult) }])
    // Some models forget to say that the last call is whole.
    if (finishReason === 'STOP' && write) send({ tool_calls: endCall() })
    native = blockReason ?? finishReason ?? native
    // An answer can go on after it finished: then it finishes again, or a call makes another thing of the first finish.
    if (!native || !(blockReason || finishReason || calls > before)) return
    const reason = native === 'STOP' && calls ? 'tool_calls' : finishReasonOf(native)
    send({}, blockReason ? 'content_filter' : reason, native)
  }
}

/** The sources that a candidate names, each kind of them in another place. The wire counts where in bytes: that is left out. */
function sourcesOf({ groundingMetadata, citationMetadata, urlContextMetadata }: Json): Delta['annotations'] {
  if (!groundingMetadata && !citationMetadata && !urlContextMetadata) return undefined
  const sources: NonNullable<Delta['annotations']> = []
  JSON.stringify([groundingMetadata, citationMetadata, urlContextMetadata], (_, value) => {
    const { uri, retrievedUrl = uri, fileSearchStore: url = retrievedUrl, title = '', urlRetrievalStatus } = value ?? {}
    if (url && !/ERROR|UNSAFE|PAYWALL/.test(urlRetrievalStatus)) {
      const citation = { url: url.replace('fileSearchStores/', ''), title, start_index: 0, end_index: 0 }
      sources.push({ type: 'url_citation', url_citation: citation })
    }
    return value
  })
  return sources
}

function logprobsOf({ chosenCandidates = [], topCandidates = [] }: Json = {}): ChunkChoice['logprobs'] {
  const one = ({ token, logProbability: logprob }: Json) => ({ token, logprob, bytes: null })
  const content = chosenCandidates.map((chosen: Json, i: number) => ({
    ...one(chosen),
    top_logprobs: topCandidates[i]?.candidates?.map(one) ?? [],
  }))
  return { content, refusal: null }
}

/**
 * Writes the JSON text of arguments whose values come one by one, or in pieces, each with its JSONPath, in the order in
 * which they stand in the text. Without a value, writes the end.
 */
function createWriter() {
  /** Where the value stands that was written last. */
  let at: (string | number)[] = []
  let quote = ''

  /** Ends the last value and what it stands in, down to a depth. */
  const close = (depth: number): string =>
    at.slice(depth).reduceRight<string>((text, key) => text + (typeof key === 'number' ? ']' : '}'), quote)

  return (said?: Json): string => {
    if (!said) return at.length ? close(0) : '{}'
    const { jsonPath, stringValue, numberValue, boolValue } = said
    const path = [...jsonPath.matchAll(/\[(\d+)\]|\[(['"])(.*?)\2\]|([^$.[\]][^.[\]]*)/g)].map(
      ([, number, , quoted, name]) => (number ? Number(number) : (quoted ?? name)),
    )
    const value = stringValue ?? numberValue ?? boolValue
    const json = value == null ? ('nullValue' in said ? 'null' : '') : JSON.stringify(value)
    const parting = path.findIndex((key, depth) => key !== at[depth])
    // Either more of a string, or the news that a string or a list is over.
    if (parting < 0) return quote && json.slice(1, -1)
    if (!json && said.willContinue) return ''
    // A list or object that was empty so far is written anew: of two fields with one name the later one counts.
    const shared = Math.max(0, Math.min(parting, at.length - 1))
    const text = at.length ? `${close(shared + 1)},` : '{'
    at = path
    quote = stringValue == null ? '' : '"'
    const keys = path.slice(shared).map((key) => (typeof key === 'number' ? '[' : `{${JSON.stringify(key)}:`))
    // A container that has nothing in it has no values to send.
    return text + keys.join('').slice(1) + (quote ? json.slice(0, -1) : json || (jsonPath.endsWith(']') ? '[]' : '{}'))
  }
}
