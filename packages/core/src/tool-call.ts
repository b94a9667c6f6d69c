/** One tool call while it grows: its arguments as text, and the value that they show. */
import { createPartialJson, isTooDeep } from './partial-json.ts'
import type { PartialJson } from './partial-json.ts'
import type { MessageToolCall, ToolCall, ToolCallDelta, ToolCallState } from './types.ts'

const noArguments = /^\s*(null\s*)?$/

/** A field that has to be text, or ''. */
export function word(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** What JSON text says; undefined, as no JSON is, when it is none or nested too deep to be walked. */
export function parse(json: string): unknown {
  try {
    return isTooDeep(json) ? undefined : JSON.parse(json)
  } catch {
    return undefined
  }
}

/** The value that growing JSON text shows. */
export interface LiveJson {
  /** The text goes on. */
  add(piece: string): void
  /** The value so far; immutable. `text` is all of it. */
  snapshot(text: string): unknown
  /** The value of a text that is whole; undefined when it is no JSON. What did not change since a snapshot is the same. */
  whole(text: string): unknown
  /** Whether the text so far is JSON to its end; no long number is. */
  isWhole(text: string): boolean
}

/** A reader of growing JSON. It begins when somebody looks, and reads each piece once. */
export function createLiveJson(): LiveJson {
  let json: PartialJson | undefined
  let unread = ''
  const read = (text: string): PartialJson => {
    if (!json) {
      json = createPartialJson()
      unread = text
    }
    json.push(unread)
    unread = ''
    return json
  }
  return {
    add(piece) {
      if (json) unread += piece
    },
    snapshot: (text) => read(text).snapshot(),
    whole: (text) => (json && read(text).complete ? json.snapshot() : parse(text)),
    // A word is only complete with something behind it.
    isWhole: (text) => read(text).complete || (text.length < 5 && parse(text) !== undefined),
  }
}

/** A tool call while it grows. */
export interface GrowingCall {
  /** Its id on the wire, where there is one. */
  readonly id: string
  readonly name: string
  readonly arguments: string
  /** How many deltas it has taken. */
  readonly deltas: number
  /** Whether its arguments are whole already. */
  isWhole(): boolean
  /** Takes a delta, whose name and arguments are read already. */
  add(delta: ToolCallDelta, name: string, args: string): void
  /** The call as it stands. It is only as complete as its arguments are. */
  show(state: ToolCallState): ToolCall
  /** The call as a message holds it. */
  wire(call: ToolCall): MessageToolCall
}

/**
 * An empty call.
 *
 * @param ownId an id is needed to send the call's result back, so a wire that has none gets this one
 */
export function createCall(ownId: string): GrowingCall {
  const live = createLiveJson()
  let extra: unknown
  /** Its input is free text, not JSON. */
  let isCustom = false
  const call = {
    id: '',
    name: '',
    arguments: '',
    deltas: 0,
    isWhole: () => live.isWhole(call.arguments),
    add(delta: ToolCallDelta, name: string, args: string): void {
      call.deltas++
      call.id ||= word(delta.id)
      isCustom ||= !!delta.custom
      extra = delta.extra_content ?? extra
      // A name comes at once, late, again with every piece, or (rarely) in pieces of its own before the arguments.
      if (name !== call.name && !(call.name && call.arguments)) call.name += name
      call.arguments += args
      live.add(args)
    },
    show(state: ToolCallState): ToolCall {
      const { name } = call
      const id = call.id || ownId
      let text = call.arguments
      let input: unknown = text
      if (isCustom) return { id, name, arguments: text, input, state, type: 'custom' }
      if (state === 'input-complete') {
        // A call without arguments comes as no text, as blanks or as "null"; to run it or to send it back takes an object.
        if (noArguments.test(text)) input = JSON.parse((text = '{}'))
        else input = live.whole(text)
        if (!name || input === undefined) state = 'incomplete'
      }
      if (state !== 'input-complete') input = live.snapshot(call.arguments)
      return { id, name, arguments: text, input, state }
    },
    wire({ id, name, arguments: text }: ToolCall): MessageToolCall {
      if (isCustom) return { id, type: 'custom', custom: { name, input: text } }
      const wire = { id, type: 'function' as const, function: { name, arguments: text } }
      return extra ? { ...wire, extra_content: extra } : wire
    },
  }
  return call
}
