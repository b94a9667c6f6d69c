/** Chunks → completion. The only place where a delta becomes state: O(delta) for each chunk, immutable snapshots. */
import type {
  Annotation,
  ChunkChoice,
  Completion,
  CompletionChoice,
  CompletionChunk,
  CompletionMessage,
  Part,
  TokenLogprob,
  ToolCall,
  ToolCallDelta,
  ToolCallState,
  Usage,
} from './types.ts'

/** A tool call while it grows. */
interface GrowingCall {
  /** Its index and its id on the wire, where there are any. */
  index: number | undefined
  id: string
  name: string
  arguments: string
  /** Where it stands among the parts. */
  at: number
}

/** One choice as it is shown. */
interface ShownChoice {
  wire: CompletionChoice
  parts: readonly Part[]
  toolCalls: readonly ToolCall[]
}

/** The first choice's own fields of a completion. */
type Said = Pick<Completion, 'text' | 'reasoning' | 'refusal' | 'finishReason' | 'nativeFinishReason'>

const nothing: Said = { text: '', reasoning: '', refusal: '', finishReason: null, nativeFinishReason: null }
const none: readonly never[] = []
const noArguments = /^\s*(null)?\s*$/

function parses(json: string): boolean {
  try {
    JSON.parse(json)
    return true
  } catch {
    return false
  }
}

/** A copy that later deltas leave alone; null when there is nothing in it. */
function listed<T>(list: readonly T[]): T[] | null {
  return list.length ? [...list] : null
}

/**
 * One choice of the answer while it grows. Its parts are replaced, never changed, so a snapshot only copies the list.
 * Strings grow by `+=` alone: anything that looks into them would make the engine copy them, at each delta.
 */
function createChoice(index: number) {
  const said: Said = { ...nothing }
  const parts: Part[] = []
  const calls: GrowingCall[] = []
  const annotations: Annotation[] = []
  const logprobs: { content: TokenLogprob[]; refusal: TokenLogprob[] } = { content: [], refusal: [] }
  /** How many pieces arrived that a reader can see. */
  let pieces = 0
  let isOver = false
  let shown: ShownChoice | undefined
  let shownCalls: readonly ToolCall[] | undefined

  const say = (type: 'text' | 'reasoning' | 'refusal', piece: unknown): void => {
    if (typeof piece !== 'string' || !piece) return
    pieces++
    said[type] += piece
    const last = parts.at(-1)
    if (last?.type === type) parts[parts.length - 1] = { type, text: last.text + piece }
    else parts.push({ type, text: piece })
  }

  /** The call that a piece continues: by index, else by id, else the last one, unless the piece clearly opens another. */
  const findCall = ({ index: at, id }: ToolCallDelta, name: string, args: string): GrowingCall | undefined => {
    const call = calls.findLast((other) => (at != null ? other.index === at : !id || other.id === id))
    if (!call || (id && call.id && id !== call.id)) return undefined
    // Without an id to tell, a name after arguments is a new call, unless the server repeats it with every piece.
    if (name && call.name && call.arguments && !(id && id === call.id)) {
      if (name !== call.name || (/^\s*\{/.test(args) && parses(call.arguments))) return undefined
    }
    return call
  }

  const addCall = (delta: ToolCallDelta): void => {
    pieces++
    const name = delta.function?.name || ''
    // On the wire this is text in pieces, null, or (from servers that parse it for us) an object.
    const raw: unknown = delta.function?.arguments ?? ''
    const args = typeof raw === 'string' ? raw : JSON.stringify(raw)
    let call = findCall(delta, name, args)
    if (!call) calls.push((call = { index: delta.index, id: '', name: '', arguments: '', at: parts.length }))
    call.id ||= delta.id || ''
    // A name comes at once, late, again with every piece, or (rarely) in pieces of its own before the arguments.
    if (name !== call.name && !(call.name && call.arguments)) call.name += name
    call.arguments += args
    shownCalls = undefined
    showCall(call, 'input-streaming')
  }

  const showCall = (call: GrowingCall, state: ToolCallState, args: string = call.arguments): ToolCall => {
    // An id is needed to send the call's result back, so a wire that has none gets one.
    const id = call.id || `call_${index}_${calls.indexOf(call)}`
    const toolCall: ToolCall = { id, name: call.name, arguments: args, state }
    parts[call.at] = { type: 'tool-call', toolCall }
    return toolCall
  }

  /** How a call came out, once the choice is over. */
  const settleCall = (call: GrowingCall, i: number): ToolCall => {
    const { finishReason } = said
    const isCut = (finishReason === 'length' || finishReason === 'content_filter') && i === calls.length - 1
    // A call without arguments comes as no text, as blanks or as "null"; to run it or to send it back takes an object.
    const args = noArguments.test(call.arguments) ? '{}' : call.arguments
    if (!finishReason || isCut || !call.name || !parses(args)) return showCall(call, 'incomplete')
    return showCall(call, 'input-complete', args)
  }

  const show = (): ShownChoice => {
    // The same array as before as long as no call changed, so that whoever shows only the calls need not look.
    shownCalls ??= calls.map(
      said.finishReason || isOver ? settleCall : ({ at }) => (parts[at] as Part & { type: 'tool-call' }).toolCall,
    )
    const { text, reasoning, refusal, finishReason, nativeFinishReason } = said
    const message: CompletionMessage = {
      role: 'assistant',
      content: text || (calls.length || refusal ? null : ''),
      refusal: refusal || null,
    }
    if (reasoning) message.reasoning_content = reasoning
    if (calls.length) {
      message.tool_calls = shownCalls.map(({ id, name, arguments: args }) => ({
        id,
        type: 'function',
        function: { name, arguments: args },
      }))
    }
    if (annotations.length) message.annotations = [...annotations]
    const { content, refusal: refused } = logprobs
    return {
      wire: {
        index,
        message,
        finish_reason: finishReason,
        native_finish_reason: nativeFinishReason,
        logprobs: content.length || refused.length ? { content: listed(content), refusal: listed(refused) } : null,
      },
      parts: [...parts],
      toolCalls: shownCalls,
    }
  }

  return {
    index,
    said,
    /** Returns whether anything arrived that a reader can see. */
    add(choice: ChunkChoice): boolean {
      shown = undefined
      const { logprobs: newLogprobs } = choice
      const delta = choice.delta ?? {}
      const before = pieces
      say('reasoning', delta.reasoning_content)
      say('text', delta.content)
      say('refusal', delta.refusal)
      if (delta.function_call) addCall({ index: 0, function: delta.function_call })
      for (const call of delta.tool_calls ?? none) if (call) addCall(call)
      if (delta.annotations) annotations.push(...delta.annotations)
      if (newLogprobs) {
        logprobs.content.push(...(newLogprobs.content ?? none))
        logprobs.refusal.push(...(newLogprobs.refusal ?? none))
      }
      // Some servers say it again on the usage chunk, at times with another word: the first one ended the answer.
      if (choice.finish_reason && !said.finishReason) {
        said.finishReason = choice.finish_reason
        said.nativeFinishReason = choice.native_finish_reason ?? choice.finish_reason
        shownCalls = undefined
      }
      return pieces > before
    },
    /** No more will come: calls whose arguments are still open never became whole. */
    close() {
      if (isOver || said.finishReason) return
      isOver = true
      shown = shownCalls = undefined
    },
    show: (): ShownChoice => (shown ??= show()),
  }
}

/** Later counts replace earlier ones, unless they are zero or missing; details are kept. Nothing is ever summed twice. */
function mergeCounts<Counts extends object>(old: Counts, said: object): Counts {
  const merged = { ...old } as Record<string, unknown>
  for (const [key, value] of Object.entries(said)) {
    if (value) merged[key] = typeof value === 'object' ? mergeCounts(Object(merged[key]), value) : value
  }
  return merged as Counts
}

/** Adds chunks up to one completion. */
export interface Accumulator {
  /** Takes one chunk, in time proportional to it. Returns whether anything arrived that a reader can see. */
  add(chunk: CompletionChunk): boolean
  /** The stream is over, finished or not. */
  close(): void
  /** Whether every choice that was opened has said why it ended. */
  readonly finished: boolean
  /** The completion so far. The same object as long as nothing arrived. */
  readonly snapshot: Completion
}

/** An empty completion, to be filled. */
export function createAccumulator(): Accumulator {
  const choices: ReturnType<typeof createChoice>[] = []
  let shown: Completion | undefined
  let { id, model, created } = { id: '', model: '', created: 0 }
  let usage: Usage | undefined
  let fingerprint: string | undefined
  let tier: Completion['service_tier']

  const choiceAt = (index: number) => {
    let choice = choices.find((other) => other.index === index)
    if (!choice) {
      choice = createChoice(index)
      choices.push(choice)
      choices.sort((a, b) => a.index - b.index)
    }
    return choice
  }

  const show = (): Completion => {
    const first = choices[0]
    const { parts = none, toolCalls = none } = first?.show() ?? {}
    const completion: Completion = {
      id,
      object: 'chat.completion',
      created,
      model,
      choices: choices.map((choice) => choice.show().wire),
      ...(first?.said ?? nothing),
      toolCalls,
      parts,
    }
    if (fingerprint) completion.system_fingerprint = fingerprint
    if (tier) completion.service_tier = tier
    if (usage) completion.usage = usage
    return completion
  }

  return {
    add(chunk) {
      shown = undefined
      // The first non-empty value stands: some servers send an empty first chunk, some a new id with each.
      id ||= chunk.id || ''
      model ||= chunk.model || ''
      created ||= chunk.created || 0
      fingerprint ||= chunk.system_fingerprint
      tier ||= chunk.service_tier
      if (chunk.usage) {
        usage = mergeCounts(usage ?? { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }, chunk.usage)
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
    },
    get finished() {
      return choices.length > 0 && choices.every((choice) => choice.said.finishReason)
    },
    get snapshot() {
      return (shown ??= show())
    },
  }
}

/** One completion from all chunks of a stream, in order (what LiteLLM calls `stream_chunk_builder`). */
export function buildCompletion(chunks: Iterable<CompletionChunk>): Completion {
  const accumulator = createAccumulator()
  for (const chunk of chunks) accumulator.add(chunk)
  accumulator.close()
  return accumulator.snapshot
}
