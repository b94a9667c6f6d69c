/** Plays a script: turns its steps into the events of one answer, within the limits that the request sets. */
import type { CompletionRequest, Delta, FinishReason } from 'completion-stream'
import { errorBody, type ErrorBody } from './errors.ts'
import { randomId } from './ids.ts'
import type { Pace } from './pace.ts'
import type { Script, ScriptTurn, Step } from './script.ts'
import { stopFilter, type StopFilter } from './stop.ts'
import { tokenize } from './tokens.ts'

/** What happens in an answer, in order. An answer that is not cut short by a fault closes with `end`. */
export type AnswerEvent =
  | { type: 'delta'; delta: Delta }
  | { type: 'finish'; reason: FinishReason }
  | { type: 'wait'; ms: number }
  | { type: 'raw'; bytes: string | Uint8Array; status: number; headers: Record<string, string> }
  | { type: 'error'; error: ErrorBody; status: number; headers: Record<string, string> }
  | { type: 'cut' }
  | { type: 'stall' }
  | { type: 'end' }

/** The pieces sent so far; reasoning is part of `completion`. */
export interface Tally {
  completion: number
  reasoning: number
}

/** Plays the script for one turn, counting what it sends in `tally`. Never throws: a failing script is an `error`. */
export async function* answer(
  script: Script,
  turn: ScriptTurn,
  pace: Pace,
  tally: Tally,
): AsyncGenerator<AnswerEvent, void, void> {
  const limit = tokenLimit(turn.request)
  const player = createPlayer(stopFilter(turn.request.stop))
  try {
    for await (const step of steps(script, turn, pace)) {
      for (const event of player.play(step)) {
        yield event
        if (event.type === 'error' || event.type === 'cut' || event.type === 'stall') return
        if (event.type !== 'delta') continue
        tally.completion += 1
        if (event.delta.reasoning_content !== undefined) tally.reasoning += 1
        if (tally.completion >= limit) return yield* player.end('length')
      }
      if (player.stopped) return yield* player.end('stop')
    }
    for (const event of player.rest()) {
      yield event
      tally.completion += 1
      if (tally.completion >= limit) return yield* player.end('length')
    }
    yield* player.end()
  } catch (cause) {
    const message = `The script failed: ${cause instanceof Error ? cause.message : String(cause)}`
    yield { type: 'error', error: errorBody(500, { message, code: 'script_error' }), status: 500, headers: {} }
  }
}

/** The most pieces that the request lets the answer have. */
function tokenLimit(request: CompletionRequest): number {
  return request.max_completion_tokens ?? request.max_tokens ?? Infinity
}

/** The steps of a script, as they come. Closes the script's iterator when it is left early. */
async function* steps(script: Script, turn: ScriptTurn, pace: Pace): AsyncGenerator<Step, void, void> {
  if (typeof script !== 'function') return yield* script
  const told: unknown = script(turn)
  if (typeof told === 'string') return yield told
  const iterator = iteratorOf(told)
  let left = true
  try {
    while (true) {
      const next = await pace.during(() => iterator.next())
      if (next.done) break
      yield next.value
    }
    left = false
  } finally {
    if (left) await iterator.return?.()
  }
}

function iteratorOf(told: unknown): Iterator<Step> | AsyncIterator<Step> {
  const iterable = Object(told) as Partial<Iterable<Step> & AsyncIterable<Step>>
  const iterator = iterable[Symbol.asyncIterator]?.() ?? iterable[Symbol.iterator]?.()
  if (!iterator) throw new TypeError('it must return an iterable of steps')
  return iterator
}

interface Player {
  /** True once a stop sequence was met. */
  readonly stopped: boolean
  play(step: Step): Generator<AnswerEvent, void, void>
  /** Text held back because it could have begun a stop sequence. */
  rest(): Generator<AnswerEvent, void, void>
  /** The finish, unless there was one, and the end. `reason` defaults to what the steps amounted to. */
  end(reason?: FinishReason): Generator<AnswerEvent, void, void>
}

function createPlayer(text: StopFilter): Player {
  let calls = 0
  let finished = false
  let spoke = false
  let raw = false

  function* deltas(pieces: readonly string[], delta: (piece: string) => Delta): Generator<AnswerEvent, void, void> {
    spoke = true
    for (const piece of pieces) yield { type: 'delta', delta: delta(piece) }
  }

  function* rest(): Generator<AnswerEvent, void, void> {
    const held = text.flush()
    if (held) yield* deltas(tokenize(held), (content) => ({ content }))
  }

  return {
    get stopped() {
      return text.stopped
    },
    rest,
    *play(step) {
      if (typeof step === 'string' || 'text' in step) {
        const free = text.push(typeof step === 'string' ? step : step.text)
        return yield* deltas(tokenize(free), (content) => ({ content }))
      }
      if ('wait' in step) return yield { type: 'wait', ms: step.wait }
      yield* rest()
      if ('reasoning' in step) {
        yield* deltas(tokenize(step.reasoning), (reasoning_content) => ({ reasoning_content }))
      } else if ('refusal' in step) {
        yield* deltas(tokenize(step.refusal), (refusal) => ({ refusal }))
      } else if ('toolCalls' in step) {
        spoke = true
        yield* toolCallDeltas(step.toolCalls, calls)
        calls += step.toolCalls.length
      } else if ('finish' in step) {
        finished = spoke = true
        yield { type: 'finish', reason: step.finish }
      } else if ('raw' in step) {
        raw = true
        yield { type: 'raw', bytes: step.raw, status: step.status ?? 200, headers: step.headers ?? {} }
      } else if ('error' in step) {
        const status = step.status ?? 500
        yield { type: 'error', error: errorBody(status, step.error), status, headers: step.headers ?? {} }
      } else if ('cut' in step) {
        yield { type: 'cut' }
      } else if ('stall' in step) {
        yield { type: 'stall' }
      } else {
        throw new TypeError(`there is no step such as ${JSON.stringify(step)}`)
      }
    },
    *end(reason = calls > 0 ? 'tool_calls' : 'stop') {
      if (raw && !spoke) return
      if (!finished) yield { type: 'finish', reason }
      yield { type: 'end' }
    },
  }
}

/** Calls made at the same time: all of them open, then their arguments arrive in turns. */
function* toolCallDeltas(
  calls: Extract<Step, { toolCalls: unknown }>['toolCalls'],
  firstIndex: number,
): Generator<AnswerEvent, void, void> {
  for (const [i, call] of calls.entries()) {
    const id = call.id ?? randomId('call_', 24)
    const opening = { index: firstIndex + i, id, type: 'function' as const }
    yield { type: 'delta', delta: { tool_calls: [{ ...opening, function: { name: call.name, arguments: '' } }] } }
  }
  const pieces = calls.map((call) => tokenize(argumentsText(call.arguments)))
  const rounds = Math.max(0, ...pieces.map((list) => list.length))
  for (let round = 0; round < rounds; round += 1) {
    for (const [i, list] of pieces.entries()) {
      const piece = list[round]
      if (piece === undefined) continue
      yield { type: 'delta', delta: { tool_calls: [{ index: firstIndex + i, function: { arguments: piece } }] } }
    }
  }
}

/** A call's arguments as the model would write them. Nothing at all is no text. */
function argumentsText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
}
