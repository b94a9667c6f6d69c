/** One choice of an answer while it grows: text, reasoning, tool calls and all else, in the order in which it came. */
import { createBase64, join, replace } from './merge.ts'
import type { Json } from './merge.ts'
import { createCall, createLiveJson, word } from './tool-call.ts'
import type { GrowingCall } from './tool-call.ts'
import type {
  ChunkChoice,
  Completion,
  CompletionChoice,
  CompletionMessage,
  FinishReason,
  Logprobs,
  MessageToolCall,
  Part,
  ToolCall,
  ToolCallDelta,
  ToolCallState,
} from './types.ts'

/** A piece of the answer: how it looks now, which is `before` as long as nothing of it has changed. */
type Draw = (before: Part | undefined) => Part

/** One choice as it is shown. */
export interface ShownChoice {
  said: Said
  wire: CompletionChoice
  parts: readonly Part[]
  toolCalls: readonly ToolCall[]
  parsed: unknown
}

/** The first choice's own fields of a completion. */
export type Said = Pick<Completion, 'text' | 'reasoning' | 'refusal' | 'finishReason' | 'nativeFinishReason'>

/** What an answer says before it begins. */
export const nothing: Said = { text: '', reasoning: '', refusal: '', finishReason: null, nativeFinishReason: null }
const none: readonly never[] = []

/** Fields of a delta that few answers have, and the message gets as they have added up. */
const rareFields = [
  'annotations',
  'images',
  'audio',
  'server_tool_calls',
  'reasoning_details',
  'extra_content',
] as const
const rarePart = { images: 'image', audio: 'audio', server_tool_calls: 'server-tool' } as const

/** An answer of more parts is none: each of them takes memory, and time whenever the answer is shown. */
const maxParts = 100_000

/** The objects of a list, or the one that stands for it. What is no object can be none of them. */
function objectsOf(value: Json): Json[] {
  return (Array.isArray(value) ? value : [value]).filter((item) => item === Object(item))
}

/** One choice of the answer while it grows. */
export interface GrowingChoice {
  readonly index: number
  /** Why it ended, once it has said so. */
  readonly finishReason: FinishReason | null
  /** Returns whether anything arrived that a reader can see. */
  add(choice: ChunkChoice): boolean
  /** No more will come: calls whose arguments are still open never became whole. */
  close(): void
  /** How it looks now: the same object until something arrives. */
  show(): ShownChoice
}

/**
 * An empty choice. Strings grow by `+=` alone: anything that looks into them would make the
 * engine copy them, at each delta.
 *
 * @param isJson whether the text was asked to be JSON
 */
export function createChoice(index: number, isJson: boolean): GrowingChoice {
  let finishReason: FinishReason | null = null
  let nativeFinishReason: string | null = null
  /** The texts, without the one that is open: what grows is only written once. */
  const closed = { text: '', reasoning: '', refusal: '' }
  const pieces: Draw[] = []
  const calls: GrowingCall[] = []
  /** The calls by index and by id. */
  const known = new Map<unknown, GrowingCall>()
  const logprobs: Logprobs = { content: null, refusal: null }
  const liveText = createLiveJson()
  const addAudio = createBase64()
  /** The rare fields of the message. */
  const rare: Json = {}
  /** Those of its lists that nobody was shown: they may grow in place. */
  const own = new Set<Json[]>()
  /** The text that the next delta continues, unless something else comes between. */
  let open: { type: keyof typeof closed; text: string } | undefined
  /** How many deltas brought something that a reader can see. */
  let seen = 0
  /** How many of them before the choice said why it ended. */
  let seenAtFinish = 0
  let isOver = false
  let parts: readonly Part[] = none
  let toolCalls: readonly ToolCall[] = none
  let wires: MessageToolCall[] = []
  let shown: ShownChoice | undefined

  const begin = (draw: Draw, text?: typeof open): void => {
    if (open) closed[open.type] += open.text
    open = text
    if (pieces.push(draw) > maxParts) throw new RangeError('too many parts')
  }

  const textOf = (type: keyof typeof closed): string => closed[type] + (open?.type === type ? open.text : '')

  const say = (type: keyof typeof closed, delta: unknown): void => {
    if (typeof delta !== 'string') return
    seen++
    if (isJson && type === 'text') liveText.add(delta)
    if (open?.type === type) open.text += delta
    else {
      const piece = { type, text: delta }
      begin((before) => (before && 'text' in before && before.text === piece.text ? before : { ...piece }), piece)
    }
  }

  /** The call that a piece continues: by index, else by id, else the last one, unless the piece clearly opens another. */
  const findCall = ({ index: at, id }: ToolCallDelta, name: string, args: string) => {
    const key = at ?? (id || undefined)
    const call = key === undefined ? calls.at(-1) : known.get(key)
    if (!call || (id && call.id && id !== call.id)) return undefined
    // Without an id to tell, a name after arguments is a new call, unless the server repeats it with every piece.
    if (name && call.name && call.arguments && !(id && id === call.id)) {
      if (name !== call.name || (/^\s*\{/.test(args) && call.isWhole())) return undefined
    }
    return call
  }

  /** What the end of the choice, if there was one, says of a call. */
  const stateOf = (order: number): ToolCallState => {
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
      const opened = createCall(`call_${index}_${order}`)
      let drawn = 0
      let drawnState: ToolCallState
      call = opened
      calls.push(call)
      known.set(delta.index, call)
      begin((before) => {
        const state = stateOf(order)
        if (before && drawn === opened.deltas && drawnState === state) return before
        drawn = opened.deltas
        drawnState = state
        return { type: 'tool-call', toolCall: opened.show(state) }
      })
    }
    const { id } = call
    call.add(delta, name, args)
    if (call.id !== id) known.set(call.id, call)
  }

  /** Where an item of a list continues an earlier one: by its id, reasoning also by its index, or as more of the last. */
  const placeOf = (list: Json[], { id, index: at, type, text, summary, data }: Json, isReasoning: boolean): number => {
    const isNamed = at != null || id != null
    const last = list.length - 1
    // Not far back: a list that only grows would take ever longer.
    for (let i = last; i >= 0 && i > last - (isNamed ? 100 : 1); i--) {
      const other = list[i]
      // A signature is where a thought ends, and what is encrypted comes whole.
      const isMore = isNamed || (data == null && !(other.signature && (text || summary)))
      const isSame = id == null || other.id == null || other.id === id
      if (isReasoning ? other.type === type && other.index === at && isSame && isMore : id != null && other.id === id)
        return i
    }
    return -1
  }

  const addRare = (name: (typeof rareFields)[number], value: unknown): void => {
    const type = rarePart[name as keyof typeof rarePart]
    for (const item of objectsOf(value)) {
      if (type) seen++
      if (name === 'extra_content') rare[name] = replace(rare[name], item)
      else if (name === 'audio') {
        if (!rare.audio) begin(showRare('audio', () => rare.audio))
        rare.audio = { ...join(rare.audio, item), data: addAudio(word(item.data)) }
      } else {
        let list: Json[] = rare[name] ?? []
        if (!own.has(list)) own.add((rare[name] = list = [...list]))
        const isReasoning = name === 'reasoning_details'
        const at = isReasoning || name === 'server_tool_calls' ? placeOf(list, item, isReasoning) : -1
        if (at >= 0) list[at] = (isReasoning ? join : replace)(list[at], item)
        else {
          const place = list.push(item) - 1
          if (type) begin(showRare(type, () => rare[name][place]))
        }
      }
    }
  }

  /** Draws a rare piece: in the field that is named as its type, but for calls. */
  const showRare =
    (type: string, value: () => unknown): Draw =>
    (before: Json) => {
      const field = type === 'server-tool' ? 'toolCall' : type
      const now = value()
      return before?.[field] === now ? before : { type, [field]: now }
    }

  const showParsed = (text: string): unknown => {
    if (!isJson || !text) return undefined
    const whole = finishReason ? liveText.whole(text) : undefined
    // A text that says it is whole, or that goes before a call, has no value when it is no JSON.
    return whole === undefined && !/^(stop|tool_calls)$/.test(finishReason ?? '') ? liveText.snapshot(text) : whole
  }

  const show = (): ShownChoice => {
    own.clear()
    const text = textOf('text')
    const reasoning = textOf('reasoning')
    const refusal = textOf('refusal')
    const shownParts: Part[] = []
    const shownCalls: ToolCall[] = []
    let isNew = false
    for (const draw of pieces) {
      const part = draw(parts[shownParts.length])
      shownParts.push(part)
      if (part.type !== 'tool-call') continue
      isNew ||= part.toolCall !== toolCalls[shownCalls.length]
      shownCalls.push(part.toolCall)
    }
    parts = shownParts
    // The same array as before as long as no call changed, so that whoever shows only the calls need not look.
    if (isNew) {
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
      said: { text, reasoning, refusal, finishReason, nativeFinishReason },
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
      parsed: showParsed(text),
    }
  }

  return {
    index,
    get finishReason() {
      return finishReason
    },
    add(choice) {
      shown = undefined
      const delta = choice.delta ?? {}
      const before = seen
      if (delta.reasoning_content) say('reasoning', delta.reasoning_content)
      if (delta.content) say('text', delta.content)
      if (delta.refusal) say('refusal', delta.refusal)
      if (delta.function_call)
        for (const called of objectsOf(delta.function_call)) addCall({ index: 0, function: called })
      if (delta.tool_calls) for (const call of objectsOf(delta.tool_calls)) addCall(call)
      const { annotations, images, audio, server_tool_calls: served, reasoning_details: thoughts } = delta
      // Spelled out, as a name in a variable is looked up more slowly, and most chunks have none of them.
      if (annotations || images || audio || served || thoughts || delta.extra_content)
        for (const name of rareFields) if (delta[name]) addRare(name, delta[name])
      if (choice.logprobs) {
        for (const kind of ['content', 'refusal'] as const) {
          const more = objectsOf(choice.logprobs[kind])
          if (more.length) logprobs[kind] ??= []
          for (const token of more) logprobs[kind]!.push(token)
        }
      }
      // Some servers say it again on the usage chunk, at times with another word: the first one ended the answer. But
      // some go on after an end, and then it is the next one that counts.
      const { finish_reason: reason, native_finish_reason: native = reason } = choice
      if (reason && typeof reason === 'string' && (!finishReason || seen > seenAtFinish)) {
        finishReason = reason
        nativeFinishReason = word(native) || null
        seenAtFinish = seen
      }
      return seen > before
    },
    close() {
      isOver = true
      shown = undefined
    },
    show: () => (shown ??= show()),
  }
}
