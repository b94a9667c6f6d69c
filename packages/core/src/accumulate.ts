/** Chunks → completion. The only place where a delta becomes state: O(delta) for each chunk, immutable snapshots. */
import { createPartialJson } from './partial-json.ts'
import { estimateTokens, promptText, writtenText } from './tokens.ts'
import type { CountTokens } from './tokens.ts'
import type {
  ChunkChoice,
  Completion,
  CompletionChoice,
  CompletionChunk,
  CompletionMessage,
  CompletionRequest,
  Logprobs,
  MessageToolCall,
  Part,
  ToolCall,
  ToolCallDelta,
  ToolCallState,
  Usage,
} from './types.ts'

/** A piece of the answer: how it looks now, which is `before` as long as nothing of it has changed. */
type Draw = (before: Part | undefined) => Part

/** One choice as it is shown. */
interface ShownChoice {
  wire: CompletionChoice
  parts: readonly Part[]
  toolCalls: readonly ToolCall[]
  parsed: unknown
}

/** The first choice's own fields of a completion. */
type Said = Pick<Completion, 'text' | 'reasoning' | 'refusal' | 'finishReason' | 'nativeFinishReason'>

const nothing: Said = { text: '', reasoning: '', refusal: '', finishReason: null, nativeFinishReason: null }
const none: readonly never[] = []
const noArguments = /^\s*(null)?\s*$/

/** Fields of a delta that few answers have. They add up by their shape, and the message gets them as they are. */
const rareFields = [
  'annotations',
  'images',
  'audio',
  'server_tool_calls',
  'reasoning_details',
  'extra_content',
] as const
const rarePart = { images: 'image', audio: 'audio', server_tool_calls: 'server-tool' } as const

/** A field that has to be text, or ''. */
function word(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** What JSON text says; undefined when it is none, as no JSON is. */
function parse(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}

/** The value that growing JSON shows so far. The text is read when somebody looks, and each piece of it once. */
function createLiveJson() {
  const json = createPartialJson()
  let unread = ''
  return {
    add(piece: string): void {
      unread += piece
    },
    snapshot(): unknown {
      json.push(unread)
      unread = ''
      return json.snapshot()
    },
  }
}

/** A JSON object of which nothing is known but that it is one. */
// eslint-disable-next-line typescript/no-explicit-any
type Json = any

/**
 * What a later value makes of an earlier one: text of growing fields is joined, lists and objects are merged, and all
 * else is replaced, unless by nothing (so that counts never fall back to zero, and are never summed twice).
 */
function merge(old: Json, said: Json, key?: string): Json {
  if (Array.isArray(said)) return said.reduce(mergeItem, old ?? none)
  if (said && typeof said === 'object') {
    const merged = { ...old }
    for (const [name, value] of Object.entries(said)) {
      // Counts come first, as some providers send them with each chunk.
      if (typeof value === 'number') {
        if (value || merged[name] == null) merged[name] = value
        continue
      }
      // Such a name would be found, or set, where every object has it.
      if (name in Object.prototype) continue
      // What a tool of the provider was given and gave is the provider's own, and comes whole.
      merged[name] = /^(in|out)put$/.test(name) ? value : merge(merged[name], value, name)
    }
    return merged
  }
  if (!said) return old ?? said
  if (!old || !/^(text|summary|transcript|data)$/.test(key ?? '')) return said
  // Pieces of base64 may each be padded, so they do not simply join.
  return key === 'data' && old.endsWith('=') ? old.slice(0, -4) + btoa(atob(old.slice(-4)) + atob(said)) : old + said
}

/** Adds an item to a list, or to the one of its items that it belongs to: by index and id, else to the last by its text. */
function mergeItem(list: Json[], item: Json): Json[] {
  const { index, id, type, text, summary, image_url } = Object(item)
  // Pictures come whole, each of them.
  const isLinked = !image_url && (index != null || id != null)
  const isText = (text ?? summary) != null
  const isMore = (other: Json, i: number): boolean =>
    (isLinked || (isText && i === list.length - 1)) &&
    other?.type === type &&
    other.index === index &&
    (id == null || other.id == null || id === other.id)
  const at = list.findLastIndex(isMore)
  return at < 0 ? [...list, item] : list.with(at, merge(list[at], item))
}

/**
 * A tool call while it grows.
 *
 * @param ownId an id is needed to send the call's result back, so a wire that has none gets this one
 */
function createCall(ownId: string, index: number | undefined) {
  const live = createLiveJson()
  let extra: unknown
  const call = {
    /** Its index and its id on the wire, where there are any. */
    index,
    id: '',
    name: '',
    arguments: '',
    /** Its input is free text, not JSON. */
    isCustom: false,
    /** How many deltas it has taken. */
    deltas: 0,
    add(delta: ToolCallDelta, name: string, args: string): void {
      call.deltas++
      call.id ||= word(delta.id)
      call.isCustom ||= !!delta.custom
      extra = delta.extra_content ?? extra
      // A name comes at once, late, again with every piece, or (rarely) in pieces of its own before the arguments.
      if (name !== call.name && !(call.name && call.arguments)) call.name += name
      call.arguments += args
      live.add(args)
    },
    /** The call as it stands. It is only as complete as its arguments are. */
    show(state: ToolCallState): ToolCall {
      const { name, isCustom } = call
      const id = call.id || ownId
      let text = call.arguments
      let input: unknown = text
      if (isCustom) return { id, name, arguments: text, input, state, type: 'custom' }
      if (state === 'input-complete') {
        // A call without arguments comes as no text, as blanks or as "null"; to run it or to send it back takes an object.
        if (noArguments.test(text)) text = '{}'
        input = parse(text)
        if (!name || input === undefined) state = 'incomplete'
      }
      if (state !== 'input-complete') input = live.snapshot()
      return { id, name, arguments: text, input, state }
    },
    /** The call as a message holds it. */
    wire({ id, name, arguments: text }: ToolCall): MessageToolCall {
      if (call.isCustom) return { id, type: 'custom', custom: { name, input: text } }
      const wire = { id, type: 'function' as const, function: { name, arguments: text } }
      return extra ? { ...wire, extra_content: extra } : wire
    },
  }
  return call
}

/**
 * One choice of the answer while it grows. Strings grow by `+=` alone: anything that looks into them would make the
 * engine copy them, at each delta.
 *
 * @param isJson whether the text was asked to be JSON
 */
function createChoice(index: number, isJson: boolean) {
  const said: Said = { ...nothing }
  const pieces: Draw[] = []
  const calls: ReturnType<typeof createCall>[] = []
  const logprobs: Logprobs = { content: null, refusal: null }
  const liveText = createLiveJson()
  /** The rare fields of the message. */
  const rare: Json = {}
  /** The text that the next delta continues, unless something else comes between. */
  let open: { type: string; text: string } | undefined
  /** How many deltas brought something that a reader can see. */
  let seen = 0
  /** How many of them before the choice said why it ended. */
  let seenAtFinish = 0
  let isOver = false
  let parts: readonly Part[] = none
  let toolCalls: readonly ToolCall[] = none
  let wires: MessageToolCall[] = []
  let shown: ShownChoice | undefined

  const begin = (draw: Draw): void => {
    pieces.push(draw)
    open = undefined
  }

  const say = (type: 'text' | 'reasoning' | 'refusal', delta: unknown): void => {
    if (typeof delta !== 'string' || !delta) return
    seen++
    said[type] += delta
    if (isJson && type === 'text') liveText.add(delta)
    if (open?.type === type) open.text += delta
    else {
      const piece = { type, text: delta }
      begin((before) => (before && 'text' in before && before.text === piece.text ? before : { ...piece }))
      open = piece
    }
  }

  /** The call that a piece continues: by index, else by id, else the last one, unless the piece clearly opens another. */
  const findCall = ({ index: at, id }: ToolCallDelta, name: string, args: string) => {
    const call = calls.findLast((other) => (at != null ? other.index === at : !id || other.id === id))
    if (!call || (id && call.id && id !== call.id)) return undefined
    // Without an id to tell, a name after arguments is a new call, unless the server repeats it with every piece.
    if (name && call.name && call.arguments && !(id && id === call.id)) {
      if (name !== call.name || (/^\s*\{/.test(args) && parse(call.arguments) !== undefined)) return undefined
    }
    return call
  }

  /** What the end of the choice, if there was one, says of a call. */
  const stateOf = (order: number): ToolCallState => {
    const { finishReason } = said
    if (!finishReason) return isOver ? 'incomplete' : 'input-streaming'
    const isCut = finishReason === 'length' || finishReason === 'content_filter'
    return isCut && order === calls.length - 1 ? 'incomplete' : 'input-complete'
  }

  const addCall = (delta: ToolCallDelta): void => {
    seen++
    const { custom } = delta
    const name = word((custom ?? delta.function)?.name)
    // On the wire this is text in pieces, null, or (from servers that parse it for us) an object.
    const raw: unknown = (custom ? custom.input : delta.function?.arguments) ?? ''
    const args = typeof raw === 'string' ? raw : JSON.stringify(raw)
    let call = findCall(delta, name, args)
    if (!call) {
      const order = calls.length
      const opened = createCall(`call_${index}_${order}`, delta.index)
      let drawn: [deltas: number, state: ToolCallState] = [0, 'input-streaming']
      call = opened
      calls.push(call)
      begin((before) => {
        const state = stateOf(order)
        if (before && drawn[0] === opened.deltas && drawn[1] === state) return before
        drawn = [opened.deltas, state]
        return { type: 'tool-call', toolCall: opened.show(state) }
      })
    }
    call.add(delta, name, args)
  }

  const addRare = (name: (typeof rareFields)[number], value: unknown): void => {
    const before = rare[name]
    // What is no object can be nothing of all this, and nothing but lists and objects can be merged.
    const items = [value].flat().filter((item) => item === Object(item))
    if (!items.length) return
    rare[name] = merge(before, /^(audio|extra_content)$/.test(name) ? items[0] : items, name)
    const type = rarePart[name as keyof typeof rarePart]
    if (!type) return
    seen++
    const field = type === 'server-tool' ? 'toolCall' : type
    const isList = Array.isArray(rare[name])
    for (let i = before ? (isList ? before.length : 1) : 0; i < (isList ? rare[name].length : 1); i++) {
      begin((old: Json) => {
        const now = isList ? rare[name][i] : rare[name]
        return old?.[field] === now ? old : { type, [field]: now }
      })
    }
  }

  const showParsed = (): unknown => {
    if (!isJson || !said.text) return undefined
    const whole = said.finishReason ? parse(said.text) : undefined
    // A text that says it is whole, and is no JSON, has no value.
    return whole === undefined && said.finishReason !== 'stop' ? liveText.snapshot() : whole
  }

  const show = (): ShownChoice => {
    const { text, reasoning, refusal, finishReason, nativeFinishReason } = said
    const before = parts
    parts = pieces.map((draw, i) => draw(before[i]))
    const shownCalls: ToolCall[] = []
    for (const part of parts) if (part.type === 'tool-call') shownCalls.push(part.toolCall)
    // The same array as before as long as no call changed, so that whoever shows only the calls need not look.
    if (shownCalls.some((call, i) => call !== toolCalls[i])) {
      wires = shownCalls.map((call, i) => (call === toolCalls[i] ? wires[i]! : calls[i]!.wire(call)))
      toolCalls = shownCalls
    }
    const message: CompletionMessage = {
      role: 'assistant',
      content: text || (calls.length || refusal ? null : ''),
      refusal: refusal || null,
      ...rare,
    }
    if (reasoning) message.reasoning_content = reasoning
    if (calls.length) message.tool_calls = wires
    const { content, refusal: refused } = logprobs
    return {
      wire: {
        index,
        message,
        finish_reason: finishReason,
        native_finish_reason: nativeFinishReason,
        // Copies, which later deltas leave alone.
        logprobs: content || refused ? { content: content && [...content], refusal: refused && [...refused] } : null,
      },
      parts,
      toolCalls,
      parsed: showParsed(),
    }
  }

  return {
    said,
    index,
    /** Returns whether anything arrived that a reader can see. */
    add(choice: ChunkChoice): boolean {
      shown = undefined
      const delta = choice.delta ?? {}
      const before = seen
      say('reasoning', delta.reasoning_content)
      say('text', delta.content)
      say('refusal', delta.refusal)
      if (delta.function_call) addCall({ index: 0, function: delta.function_call })
      for (const call of delta.tool_calls ?? none) if (call) addCall(call)
      const {
        annotations,
        images,
        audio,
        server_tool_calls: served,
        reasoning_details: details,
        extra_content: extra,
      } = delta
      // Looked up one by one, as a name in a variable is slower, and most chunks have none of them.
      if (annotations || images || audio || served || details || extra)
        for (const name of rareFields) if (delta[name]) addRare(name, delta[name])
      if (choice.logprobs) {
        for (const kind of ['content', 'refusal'] as const) {
          const more = choice.logprobs[kind]
          if (more?.length) (logprobs[kind] ??= []).push(...more)
        }
      }
      // Some servers say it again on the usage chunk, at times with another word: the first one ended the answer. But
      // some go on after an end, and then it is the next one that counts.
      const { finish_reason: reason, native_finish_reason: native = reason } = choice
      if (reason && typeof reason === 'string' && (!said.finishReason || seen > seenAtFinish)) {
        said.finishReason = reason
        said.nativeFinishReason = word(native) || null
        seenAtFinish = seen
      }
      return seen > before
    },
    /** No more will come: calls whose arguments are still open never became whole. */
    close(): void {
      isOver = true
      shown = undefined
    },
    show: (): ShownChoice => (shown ??= show()),
  }
}

/** Adds chunks up to one completion. */
export interface Accumulator {
  /** Takes one chunk, in time proportional to it. Returns whether anything arrived that a reader can see. */
  add(chunk: CompletionChunk): boolean
  /** The stream is over, finished or not. Estimates the usage where the provider did not tell it. */
  close(): void
  /** Puts counts of a better tokenizer in the place of the estimated ones. */
  count(count: CountTokens): Promise<void>
  /** Puts what a schema made of the answer in the place of its JSON. */
  validated(value: unknown): void
  /** Whether every choice that was opened has said why it ended. */
  readonly finished: boolean
  /** The completion so far. The same object as long as nothing arrived. */
  readonly snapshot: Completion
}

/**
 * An empty completion, to be filled.
 *
 * @param request what was asked: whether the answer is to be JSON, and how many tokens the question may have
 */
export function createAccumulator(request?: CompletionRequest): Accumulator {
  const choices: ReturnType<typeof createChoice>[] = []
  const format = request?.response_format
  const isJson = !!format && !('type' in format && format.type === 'text')
  let shown: Completion | undefined
  let { id, model, created } = { id: '', model: '', created: 0 }
  let usage: Usage | undefined
  let validated: { parsed: unknown } | undefined
  let fingerprint: string | undefined
  let tier: Completion['service_tier']

  const choiceAt = (index: number) => {
    let choice = choices.find((other) => other.index === index)
    if (!choice) {
      choice = createChoice(index, isJson)
      choices.push(choice)
      choices.sort((a, b) => a.index - b.index)
    }
    return choice
  }

  const finished = () => choices.length > 0 && choices.every((choice) => choice.said.finishReason)

  const show = (): Completion => {
    const [first] = choices
    const answer = first?.show()
    const { parsed } = validated ?? answer ?? {}
    const completion: Completion = {
      id,
      object: 'chat.completion',
      created,
      model,
      choices: choices.map((choice) => choice.show().wire),
      ...(first?.said ?? nothing),
      toolCalls: answer?.toolCalls ?? none,
      parts: answer?.parts ?? none,
    }
    if (parsed !== undefined) completion.parsed = parsed
    if (fingerprint) completion.system_fingerprint = fingerprint
    if (tier) completion.service_tier = tier
    if (usage) completion.usage = usage
    return completion
  }

  /** Counts of our own where the provider did not count, or not to the end of what arrived. */
  const estimate = (prompt: number, written: number, known?: Usage): void => {
    const { prompt_tokens = 0, completion_tokens = 0 } = known ?? {}
    // A provider that counts along is near our estimate; one that had only begun to is far from it.
    if (completion_tokens * 2 >= written) return
    const prompted = prompt_tokens || prompt
    const counts = { prompt_tokens: prompted, completion_tokens: written, total_tokens: prompted + written }
    usage = { ...known, ...counts, estimated: true }
    shown = undefined
  }
  const written = (): string => writtenText(accumulator.snapshot)
  let told: Usage | undefined

  const accumulator: Accumulator = {
    add(chunk) {
      shown = undefined
      // The first non-empty value stands: some servers send an empty first chunk, some a new id with each.
      id ||= word(chunk.id)
      model ||= word(chunk.model)
      created ||= chunk.created || 0
      fingerprint ||= chunk.system_fingerprint
      tier ||= chunk.service_tier
      if (chunk.usage) {
        usage = merge(usage ?? { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }, chunk.usage) as Usage
        // The total stands as it was sent, also where it is not the sum.
        if (chunk.usage.total_tokens == null || !usage.total_tokens)
          usage.total_tokens = usage.prompt_tokens + usage.completion_tokens
      }
      let visible = false
      for (const said of chunk.choices) visible = choiceAt(said.index ?? 0).add(said) || visible
      return visible
    },
    close() {
      shown = undefined
      for (const choice of choices) choice.close()
      told = usage
      if (request && choices.length && !(usage && finished()))
        estimate(estimateTokens(promptText(request)), estimateTokens(written()), told)
    },
    async count(count) {
      if (request && usage?.estimated) estimate(await count(promptText(request)), await count(written()), told)
    },
    validated(value) {
      validated = { parsed: value }
      shown = undefined
    },
    get finished() {
      return finished()
    },
    get snapshot() {
      return (shown ??= show())
    },
  }
  return accumulator
}

/**
 * One completion from all chunks of a stream, in order (what LiteLLM calls `stream_chunk_builder`).
 *
 * @param request what was asked: with it, a JSON answer is parsed and a usage that the provider did not tell is estimated
 */
export function buildCompletion(chunks: Iterable<CompletionChunk>, request?: CompletionRequest): Completion {
  const accumulator = createAccumulator(request)
  for (const chunk of chunks) accumulator.add(chunk)
  accumulator.close()
  return accumulator.snapshot
}
