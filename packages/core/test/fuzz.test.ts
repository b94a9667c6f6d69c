/**
 * Every fixture cut, damaged and rewritten at random: however broken the bytes are, a stream ends, says how in one kind
 * of error, shows nothing but data, and never claims an end that the bytes do not tell of.
 *
 * `FUZZ=20 pnpm vitest run test/fuzz.test.ts` tries twenty times as much. A failure prints the seed that repeats it.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import * as core from '../src/index.ts'
import { isCompletionError, streamCompletion } from '../src/index.ts'
import type { Completion, CompletionError } from '../src/index.ts'
import { fetchOf } from './http.ts'
import { wiresOf } from './wires.mjs'

const effort = Number(process.env.FUZZ ?? 1)

interface Fixture {
  name: string
  wire: string
  bytes: Uint8Array
  /** The code of the error that it ends in. */
  error?: string
}

const folder = new URL('fixtures/', import.meta.url)
const wires = wiresOf(core)
const fixtures = Object.keys(wires).flatMap((wire): Fixture[] =>
  (existsSync(new URL(wire, folder)) ? readdirSync(new URL(wire, folder)) : [])
    .filter((file) => !file.endsWith('.json'))
    .map((file) => {
      const expected = new URL(`${wire}/${file.replace(/\.\w+$/, '.json')}`, folder)
      const { error } = existsSync(expected) ? JSON.parse(readFileSync(expected, 'utf8')) : {}
      return {
        name: `${wire}/${file}`,
        wire,
        bytes: new Uint8Array(readFileSync(new URL(`${wire}/${file}`, folder))),
        error,
      }
    }),
)
const known = Object.keys(wires).filter((wire) => fixtures.some((fixture) => fixture.wire === wire))

// ── one stream ─────────────────────────────────────────────────────────────────────────────────────────────────────

interface Outcome {
  completion: Completion
  error?: CompletionError
  /** What is wrong with it, whatever the bytes were. */
  problems: string[]
}

const nothing = { choices: [] as Completion['choices'], finishReason: null } as Completion
const unhandled: unknown[] = []
/** What fixtures come to as they are. */
const whole = new Map<Fixture, Outcome>()
/** Every reason with the wires' own words for it. */
const words = new Map<string, Set<string>>()
const onUnhandled = (reason: unknown) => void unhandled.push(reason)
beforeAll(async () => {
  // Wires that tell no time are given the present one.
  vi.useFakeTimers({ toFake: ['Date'], now: 1e12 })
  process.on('unhandledRejection', onUnhandled)
  for (const fixture of fixtures) {
    const outcome = await read(fixture.wire, [fixture.bytes])
    whole.set(fixture, outcome)
    for (const { finish_reason: reason, native_finish_reason: native } of outcome.completion.choices) {
      if (reason) words.set(reason, (words.get(reason) ?? new Set([reason])).add((native ?? reason).toLowerCase()))
    }
  }
})
afterAll(() => {
  vi.useRealTimers()
  process.off('unhandledRejection', onUnhandled)
})

async function read(wire: string, parts: Iterable<Uint8Array>, type = 'text/event-stream'): Promise<Outcome> {
  const problems: string[] = []
  const provider = wires[wire]!({ apiKey: 'k', fetch: fetchOf(parts, { headers: { 'content-type': type } }) })
  const stream = streamCompletion({ model: 'm', prompt: 'p' }, { provider, maxRetries: 0 })
  const shown: { snapshot: Completion; was: string }[] = []
  const show = () => {
    try {
      shown.push({ snapshot: stream.snapshot, was: JSON.stringify(stream.snapshot) })
    } catch (thrown) {
      problems.push(`a snapshot could not be taken: ${String((thrown as Error).stack)}`)
    }
  }
  stream.subscribe(show)
  let timer: NodeJS.Timeout | undefined
  const hung = new Promise<'hung'>((resolve) => (timer = setTimeout(resolve, 3000, 'hung')))
  const end = await Promise.race([stream.finalCompletion().then(() => undefined, Object), hung])
  clearTimeout(timer)
  show()
  // Rejections that nobody handles are reported once the queue is empty.
  await new Promise(setImmediate)
  for (const reason of unhandled.splice(0)) problems.push(`an unhandled rejection: ${String((reason as Error)?.stack)}`)
  if (end === 'hung') problems.push('the stream never ended')
  else if (end && !isCompletionError(end)) problems.push(`no CompletionError: ${String(end.stack)}`)
  for (const { snapshot, was } of shown) {
    problems.push(...odd(snapshot))
    if (!isData(snapshot)) problems.push(`not plain data: ${was}`)
    if (JSON.stringify(snapshot) !== was) problems.push(`a snapshot changed later: ${was}`)
  }
  const { snapshot: completion } = shown.at(-1) ?? { snapshot: nothing }
  return { completion, error: end as CompletionError | undefined, problems }
}

/** Whether a value is the same after it was sent or stored as JSON. A field that is undefined counts as missing. */
function isData(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value)
  if (typeof value !== 'object' || value === null)
    return typeof value === 'string' || typeof value === 'boolean' || value === null
  if (Array.isArray(value)) return Object.keys(value).length === value.length && value.every(isData)
  if (Object.getPrototypeOf(value) !== Object.prototype) return false
  return Object.values(value).every((field) => field === undefined || isData(field))
}

/** What a page would stumble over: what has to be text and is none, or a list of objects and is none. */
function odd({ id, model, text, reasoning, refusal, parts, toolCalls, choices }: Completion): string[] {
  const texts: Record<string, unknown[]> = {
    fields: [id, model, text, reasoning, refusal],
    parts: parts.map((part) => ('text' in part ? part.text : part.type)),
    calls: toolCalls.flatMap((call) => [call.id, call.name, call.arguments, call.state]),
    messages: choices.map(({ message }) => message.content ?? ''),
  }
  const lists: Record<string, unknown> = { parts, toolCalls, choices }
  for (const { message } of choices) {
    const { annotations = [], images = [], server_tool_calls = [], reasoning_details = [], tool_calls = [] } = message
    Object.assign(lists, { annotations, images, server_tool_calls, reasoning_details, tool_calls })
  }
  const isObject = (item: unknown) => typeof item === 'object' && item !== null
  return [
    ...Object.entries(texts).filter(([, list]) => !list.every((item) => typeof item === 'string')),
    ...Object.entries(lists).filter(([, list]) => !Array.isArray(list) || !list.every(isObject)),
  ].map(([name, value]) => `odd ${name}: ${JSON.stringify(value)}`)
}

const isFinished = ({ completion }: Outcome) => completion.choices.some((choice) => choice.finish_reason !== null)

/** What is wrong with how the answer is said to have ended, by the text that it was read from. */
function falseEnds({ choices }: Completion, text: string): string[] {
  // Old servers of one wire say only that it is over.
  const over = /"done" ?: ?true/.test(text) ? 'stop' : ''
  const plain = text.replace(/\\u([\da-f]{4})/gi, (_, code: string) => String.fromCharCode(parseInt(code, 16)))
  const isSaid = (word: string) =>
    word === over || text.includes(JSON.stringify(word).slice(1, -1)) || plain.includes(word)
  return choices.flatMap(({ finish_reason: reason, native_finish_reason: native }): string[] => {
    const usual = words.get(reason ?? '') ?? new Set()
    if (reason === null) return native === null ? [] : [`a word for nothing: ${JSON.stringify(native)}`]
    if (typeof reason !== 'string') return [`a reason that is no word: ${JSON.stringify(reason)}`]
    if (native === null || native === undefined)
      return isSaid(reason) || [...usual].some((word) => plain.toLowerCase().includes(word))
        ? []
        : [`not said: "${reason}"`]
    if (typeof native !== 'string') return [`a native reason that is no word: ${JSON.stringify(native)}`]
    if (!isSaid(native)) return [`not said: "${native}"`]
    return reason === 'stop' && !usual.has(native.toLowerCase()) ? [`"stop" for "${native}"`] : []
  })
}

/** What is wrong with how a text was read, with everything that is needed to see it again. */
function complaints({ problems, completion }: Outcome, fixture: string, bytes: Uint8Array): string[] {
  const text = textOf(bytes)
  const all = new Set([...problems, ...falseEnds(completion, text)])
  return all.size ? [`${fixture}: ${[...all].join('\n')}\n${text}`] : []
}

const textOf = (bytes: Uint8Array) => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)

// ── damage ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Reads of random lengths, some of them empty. */
const cuts = fc.array(fc.nat(), { maxLength: 24 })

function* cutAt(bytes: Uint8Array, places: number[]): Generator<Uint8Array> {
  let from = 0
  for (const place of places.map((nat) => nat % (bytes.length + 1)).sort((a, b) => a - b)) {
    yield bytes.subarray(from, place)
    from = place
  }
  yield bytes.subarray(from)
}

type Edit = (bytes: Uint8Array) => Uint8Array

const join = (...parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts))
/** Bytes that mean something in JSON or in an event stream are more likely to break it. */
const someBytes = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 4 }),
  fc
    .constantFrom(
      '"',
      '\\',
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '\n',
      '\n\n',
      '\r',
      'data:',
      'data: ',
      '\0',
      '0',
      'null',
      '\\u',
      '-',
    )
    .map((text) => new TextEncoder().encode(text)),
)

const editOf = (sources: Fixture[]): fc.Arbitrary<Edit> =>
  fc.oneof(
    fc.tuple(fc.nat(), fc.integer({ min: 0, max: 7 })).map(
      ([place, bit]): Edit =>
        (bytes) =>
          bytes.map((byte, i) => (i === place % bytes.length ? byte ^ (1 << bit) : byte)),
    ),
    fc.tuple(fc.nat(), someBytes).map(([place, more]): Edit => (bytes) => {
      const at = place % (bytes.length + 1)
      return join(bytes.subarray(0, at), more, bytes.subarray(at))
    }),
    fc.tuple(fc.nat(), fc.oneof(fc.nat(3), fc.nat(300))).map(([place, length]): Edit => (bytes) => {
      const at = place % (bytes.length + 1)
      return join(bytes.subarray(0, at), bytes.subarray(at + length))
    }),
    fc.tuple(fc.nat(), fc.oneof(fc.nat(9), fc.nat(400))).map(([place, length]): Edit => (bytes) => {
      const at = place % (bytes.length + 1)
      return join(bytes.subarray(0, at + length), bytes.subarray(at))
    }),
    fc.nat().map(
      (place): Edit =>
        (bytes) =>
          bytes.subarray(0, place % (bytes.length + 1)),
    ),
    fc
      .tuple(fc.nat(), fc.constantFrom(...sources), fc.nat(), fc.nat(400))
      .map(([place, { bytes: others }, from, length]): Edit => (bytes) => {
        const at = place % (bytes.length + 1)
        const start = from % others.length
        return join(bytes.subarray(0, at), others.subarray(start, start + length), bytes.subarray(at))
      }),
  )

type Json = string | number | boolean | null | Json[] | { [key: string]: Json }

/** Other values for a field: of every type, and a few that are like what stands there. */
const otherValue = fc.oneof(
  fc.constantFrom<Json | undefined>(
    undefined,
    null,
    true,
    false,
    0,
    1,
    7,
    '',
    'x',
    [],
    {},
    [null],
    [[]],
    [{}],
    ['x'],
    { x: null },
    '{"',
    '__proto__',
  ),
  fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>,
)

/** The places in a JSON value: each the object or list that it is in, and the key. */
function placesIn(value: Json, found: [object, string][] = []): [object, string][] {
  if (typeof value === 'object' && value) {
    for (const [key, field] of Object.entries(value)) {
      found.push([value, key])
      placesIn(field, found)
    }
  }
  return found
}

/** Puts other values into the JSON of some of the events (or lines). */
function rewrite(text: string, edits: [place: number, value: Json | undefined][]): string {
  const lines = text.split('\n').map((line) => {
    const [, prefix = '', json = ''] = /^((?:data: ?)?)(.*)$/.exec(line) ?? []
    try {
      return { prefix, json: JSON.parse(json) as Json }
    } catch {
      return { line }
    }
  })
  for (const [place, value] of edits) {
    const places = lines.flatMap(({ json }) => placesIn(json ?? null))
    const [box, key] = places[place % (places.length || 1)] ?? [[], '0']
    if (value === undefined) Reflect.deleteProperty(box, key)
    else Reflect.set(box, key, structuredClone(value))
    if (Array.isArray(box) && value === undefined) box.splice(Number(key), 1)
  }
  return lines.map(({ line, prefix, json }) => line ?? prefix + JSON.stringify(json)).join('\n')
}

/** Some events (or lines) are lost, and some come once more, later. */
function shuffle(text: string, order: [place: number, copies: number, later: number][]): string {
  const events = text.split(text.includes('\n\n') ? /(?<=\n\n)/ : /(?<=\n)/)
  for (const [place, copies, later] of order) {
    const at = place % events.length
    const [event = ''] = events.splice(at, 1)
    for (let i = 0; i < copies; i++) events.splice(at + later * i, 0, event)
    if (events.length === 0) return ''
  }
  return events.join('')
}

// ── properties ─────────────────────────────────────────────────────────────────────────────────────────────────────

describe.each(known)('%s', { timeout: 60_000 * effort }, (wire) => {
  const own = fixtures.filter((fixture) => fixture.wire === wire)
  const oneOf = fc.constantFrom(...own.map(({ name }) => name))
  const bytesOf = (name: string) => own.find((fixture) => fixture.name === name)!.bytes

  it('comes to the same however its bytes are cut', async () => {
    for (const fixture of own) {
      const { completion, error } = whole.get(fixture)!
      await fc.assert(
        fc.asyncProperty(cuts, async (places) => {
          const outcome = await read(wire, cutAt(fixture.bytes, places))
          expect(complaints(outcome, fixture.name, fixture.bytes)).toEqual([])
          expect(outcome.error?.code).toBe(error?.code)
          expect(outcome.completion).toEqual(completion)
          expect(isDeepStrictEqual(outcome.error?.partial ?? outcome.completion, outcome.completion)).toBe(true)
        }),
        { numRuns: 10 * effort },
      )
    }
  })

  it('has no end before its end was read', async () => {
    for (const fixture of own) {
      const { bytes, name } = fixture
      const hasEnd = isFinished(whole.get(fixture)!)
      // How many bytes it takes to show the end, by bisection.
      let [tooFew, end] = [hasEnd ? 0 : bytes.length - 1, bytes.length]
      while (end - tooFew > 1) {
        const middle = (tooFew + end) >> 1
        if (isFinished(await read(wire, [bytes.subarray(0, middle)]))) end = middle
        else tooFew = middle
      }
      const codes = ['interrupted', 'network', 'invalid_response', fixture.error]
      // Without a reason, an answer may still be over at the format's end marker.
      if (!hasEnd) codes.push(undefined)
      await fc.assert(
        fc.asyncProperty(fc.nat(), cuts, async (nat, places) => {
          const part = bytes.subarray(0, nat % end)
          const outcome = await read(wire, cutAt(part, places))
          expect(complaints(outcome, name, part)).toEqual([])
          expect(outcome.completion.finishReason, textOf(part)).toBe(null)
          expect(codes, textOf(part)).toContain(outcome.error?.code)
        }),
        { numRuns: 10 * effort },
      )
    }
  })

  const problemsOf = async (changed: Uint8Array | string, places: number[], type?: string) => {
    const bytes = typeof changed === 'string' ? new TextEncoder().encode(changed) : changed
    return complaints(await read(wire, cutAt(bytes, places), type), wire, bytes)
  }

  it('survives damaged bytes', async () => {
    const edits = fc.array(editOf(fixtures), { minLength: 1, maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(oneOf, edits, cuts, async (name, all, places) => {
        const damaged = all.reduce((bytes, edit) => edit(bytes), bytesOf(name))
        expect(await problemsOf(damaged, places)).toEqual([])
      }),
      { numRuns: 600 * effort },
    )
  })

  it('survives other values in its JSON than expected', async () => {
    const edits = fc.array(fc.tuple(fc.nat(), otherValue), { minLength: 1, maxLength: 3 })
    await fc.assert(
      fc.asyncProperty(oneOf, edits, async (name, all) => {
        expect(await problemsOf(rewrite(textOf(bytesOf(name)), all), [])).toEqual([])
      }),
      { numRuns: 1200 * effort },
    )
  })

  it('survives events that are lost, doubled or late', async () => {
    const order = fc.array(fc.tuple(fc.nat(), fc.nat(2), fc.nat(9)), { minLength: 1, maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(oneOf, order, async (name, all) => {
        expect(await problemsOf(shuffle(textOf(bytesOf(name)), all), [])).toEqual([])
      }),
      { numRuns: 300 * effort },
    )
  })

  it('survives bytes that are none of its own', async () => {
    const types = fc.constantFrom('text/event-stream', 'application/json', 'application/x-ndjson', 'text/html', '')
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.array(someBytes, { maxLength: 40 }).map((all) => join(...all)),
      fc.jsonValue().map((value) => `data: ${JSON.stringify(value)}\n\n`),
      fc.jsonValue().map((value) => JSON.stringify(value)),
      fc.constantFrom(...fixtures).map((fixture) => fixture.bytes),
    )
    await fc.assert(
      fc.asyncProperty(bytes, types, cuts, async (some, type, places) => {
        expect(await problemsOf(some, places, type)).toEqual([])
      }),
      { numRuns: 200 * effort },
    )
  })
})
