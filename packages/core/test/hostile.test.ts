/**
 * What no provider means: nesting without end, names that every object has, values of other types, lists without end.
 *
 * `FUZZ=20 pnpm vitest run test/hostile.test.ts` tries twenty times as much.
 */
import * as fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { createAccumulator } from '../src/accumulate.ts'
import { createChoice } from '../src/choice.ts'
import { openai, streamCompletion } from '../src/index.ts'
import { join, mergeCounts, replace } from '../src/merge.ts'
import { createPartialJson, isTooDeep } from '../src/partial-json.ts'
import { finishReasonOf } from '../src/providers/reasons.ts'
import { createLiveJson } from '../src/tool-call.ts'
import type { Completion, CompletionChunk, Delta } from '../src/types.ts'
import { event, fetchOf } from './http.ts'

// What stands on a wire is anything.
// eslint-disable-next-line typescript/no-explicit-any
type Json = any

const effort = Number(process.env.FUZZ ?? 1)

const builtIn = Object.getOwnPropertyNames(Object.prototype).sort()
afterEach(() => {
  const now = Object.getOwnPropertyNames(Object.prototype).sort()
  if (now.join() !== builtIn.join() || Object.keys(Array.prototype).length) throw new Error(`polluted: ${now.join()}`)
})

const chunk = (delta: Json, more: object = {}): Json => ({
  id: 'c',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'm',
  choices: [{ index: 0, delta, finish_reason: null, ...more }],
})
const call = (args: string, more: object = {}): Delta => ({
  tool_calls: [{ index: 0, id: 'a', type: 'function', function: { name: 'f', arguments: args }, ...more }],
})
const lists = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
const objects = (depth: number) => '{"a":'.repeat(depth - 1) + '{}' + '}'.repeat(depth - 1)
const mixed = (depth: number) => '[{"a":'.repeat(depth / 2) + '1' + '}]'.repeat(depth / 2)

/** The text in so many pieces. */
const piecesOf = (text: string, count: number) =>
  Array.from({ length: count }, (_, i) =>
    text.slice(Math.floor((i * text.length) / count), Math.floor(((i + 1) * text.length) / count)),
  )

/** What a page may do with a value: each of these walks it by recursion. */
function walk(value: unknown): void {
  JSON.stringify(value)
  structuredClone(value)
  const count = (item: unknown): number =>
    item === Object(item) ? Object.values(item as object).reduce((sum: number, field) => sum + count(field), 1) : 1
  count(value)
}

describe('JSON that is nested', () => {
  it('is too deep from level 1001 on, whatever it is made of', () => {
    for (const nested of [lists, objects, mixed]) {
      expect(isTooDeep(nested(1000))).toBe(false)
      expect(isTooDeep(nested(1002))).toBe(true)
      expect(isTooDeep(nested(100_000))).toBe(true)
      expect(isTooDeep(`[1,"x",{"b":[${nested(998)},${nested(998)}]}]`)).toBe(true)
      expect(isTooDeep(`[1,"x",[${nested(998)},${nested(998)}]]`)).toBe(false)
    }
    expect(isTooDeep(lists(1001))).toBe(true)
    expect(isTooDeep('['.repeat(1001))).toBe(true)
    expect(isTooDeep('')).toBe(false)
  })

  it('is as deep as its brackets outside of strings', () => {
    const brackets = '[{'.repeat(2000)
    expect(isTooDeep(JSON.stringify([brackets, { [brackets]: brackets }]))).toBe(false)
    expect(isTooDeep(JSON.stringify([`"${brackets}\\`, `\\"${brackets}`, `\\\\${brackets}`]))).toBe(false)
    expect(isTooDeep(JSON.stringify(Array.from({ length: 5000 }, () => ({ a: [{}] }))))).toBe(false)
    expect(isTooDeep(`["\\\\",${lists(1000)}]`)).toBe(true)
    expect(isTooDeep(`["\\"[",${lists(999)}]`)).toBe(false)
  })

  it('is found out of any JSON', () => {
    const depthOf = (value: unknown): number =>
      value === Object(value) ? 1 + Math.max(0, ...Object.values(value as object).map(depthOf)) : 0
    fc.assert(
      fc.property(fc.json({ maxDepth: 6, stringUnit: 'binary' }), (text) => {
        const room = 1000 - depthOf(JSON.parse(text))
        const around = (levels: number) => '['.repeat(levels) + text + ']'.repeat(levels)
        expect(isTooDeep(around(room))).toBe(false)
        expect(isTooDeep(around(room + 1))).toBe(true)
      }),
    )
  })

  it('is whole at level 1000, also while it arrives', () => {
    for (const nested of [lists, objects, mixed]) {
      const json = createPartialJson()
      for (const piece of piecesOf(nested(1000), 50)) json.push(piece)
      expect(json.complete).toBe(true)
      expect(JSON.stringify(json.value)).toBe(nested(1000))
      json.push(' ')
      expect(json.complete).toBe(true)
    }
  })

  it.each([
    ['lists', lists],
    ['objects', objects],
    ['both', mixed],
  ])('makes a call that never runs when it is too deep: %s', (_, nested) => {
    for (const depth of [1002, 100_000]) {
      for (const isWatched of [true, false]) {
        const text = nested(depth)
        const accumulator = createAccumulator()
        for (const piece of piecesOf(text, 20)) {
          accumulator.add(chunk(call(piece)))
          if (isWatched) walk(accumulator.snapshot)
        }
        accumulator.add(chunk({}, { finish_reason: 'tool_calls' }))
        accumulator.close()
        const { toolCalls, choices } = accumulator.snapshot
        expect(toolCalls).toHaveLength(1)
        expect(toolCalls[0]!.state).toBe('incomplete')
        expect(toolCalls[0]!.arguments).toBe(text)
        expect(JSON.stringify(choices[0]!.message.tool_calls)).toContain(JSON.stringify(text))
        walk(accumulator.snapshot)
      }
    }
  })

  it('makes a call that is complete when it is just not too deep', () => {
    for (const isWatched of [true, false]) {
      const accumulator = createAccumulator()
      for (const piece of piecesOf(mixed(1000), 20)) {
        accumulator.add(chunk(call(piece)))
        if (isWatched) walk(accumulator.snapshot)
      }
      accumulator.add(chunk({}, { finish_reason: 'tool_calls' }))
      const [{ state, input }] = accumulator.snapshot.toolCalls as [Completion['toolCalls'][number]]
      expect(state).toBe('input-complete')
      expect(JSON.stringify(input)).toBe(mixed(1000))
    }
  })

  it('makes no value of an answer', () => {
    const accumulator = createAccumulator({ model: 'm', response_format: { type: 'json_object' } })
    for (const piece of piecesOf(lists(100_000), 20)) {
      accumulator.add(chunk({ content: piece }))
      walk(accumulator.snapshot)
    }
    accumulator.add(chunk({}, { finish_reason: 'stop' }))
    accumulator.close()
    expect('parsed' in accumulator.snapshot).toBe(false)
    expect(accumulator.snapshot.text).toBe(lists(100_000))
  })

  it('takes little time to be told from what is not', () => {
    const long = JSON.stringify({ data: 'A'.repeat(4_000_000) })
    const deep = '[{"a":'.repeat(2_000_000)
    const start = performance.now()
    for (let i = 0; i < 20; i++) {
      expect(isTooDeep(long)).toBe(false)
      expect(isTooDeep(deep)).toBe(true)
    }
    expect(performance.now() - start).toBeLessThan(2000)
  })
})

// ── names that every object has ────────────────────────────────────────────────────────────────────────────────────

const names = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'valueOf',
  'toJSON',
  'length',
  '0',
]
const anyName = fc.constantFrom(...names, 'a', 'text', 'id', 'type', 'data')
const anyJson = fc.letrec<Record<'value', Json>>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'json' },
    fc.constantFrom<Json>(null, true, false, 0, 1, -1, 1.5, 1e9, '', 'x', '0', '{', ...names),
    fc.array(tie('value'), { maxLength: 3, depthIdentifier: 'json' }),
    fc
      .array(fc.tuple(anyName, tie('value')), { maxLength: 4, depthIdentifier: 'json' })
      .map((entries) => Object.fromEntries(entries)),
  ),
})).value

/** By their JSON, as an own `__proto__` is a field like any other in it. */
const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other)

describe('names that every object has', () => {
  it.each(names)('are data in the input of a call: %s', (name) => {
    const text = JSON.stringify([[name, { a: 1 }]].map(([key, value]) => Object.fromEntries([[key, value]]))[0])
    const whole = `{"x":${text},${text.slice(1, -1)},"y":[${text}]}`
    for (const isWatched of [true, false]) {
      const accumulator = createAccumulator()
      for (const piece of whole) {
        accumulator.add(chunk(call(piece)))
        if (isWatched) void accumulator.snapshot
      }
      accumulator.add(chunk({}, { finish_reason: 'tool_calls' }))
      const input = accumulator.snapshot.toolCalls[0]!.input as Record<string, object>
      expect(same(input, JSON.parse(whole))).toBe(true)
      expect(Object.keys(input)).toEqual(Object.keys(JSON.parse(whole)))
      expect(Object.getPrototypeOf(input)).toBe(Object.prototype)
      expect(Object.keys(input.x!)).toEqual([name])
      expect(Object.getPrototypeOf(input.x)).toBe(Object.prototype)
    }
  })

  it('are the same live and whole', () => {
    fc.assert(
      fc.property(anyJson, fc.nat(20), (value, count) => {
        const text = JSON.stringify(value)
        const live = createLiveJson()
        let said = ''
        for (const piece of piecesOf(text, count + 1)) {
          live.add(piece)
          live.snapshot((said += piece))
        }
        expect(same(live.whole(said), JSON.parse(text))).toBe(true)
        expect(same(createLiveJson().whole(text), JSON.parse(text))).toBe(true)
      }),
    )
  })

  it('are data where later fields replace earlier ones', () => {
    const old = JSON.parse('{"__proto__":{"a":1},"constructor":1,"b":2,"text":"x"}')
    const said = JSON.parse('{"__proto__":{"c":1},"toString":2,"b":null,"text":"y"}')
    for (const merged of [replace(old, said), { ...join(old, said), text: 'y' }]) {
      expect(same(merged, JSON.parse('{"__proto__":{"c":1},"constructor":1,"b":2,"text":"y","toString":2}'))).toBe(true)
      expect(Object.getPrototypeOf(merged)).toBe(Object.prototype)
    }
  })

  it('are no counts', () => {
    for (const value of ['{"polluted":1}', '[1]', '5', '"x"']) {
      const counts = JSON.parse(`{"__proto__":${value},"constructor":${value},"toString":${value},"a":{"__proto__":1}}`)
      const merged = mergeCounts(mergeCounts({ prompt_tokens: 1 }, counts), counts)
      expect(Object.getPrototypeOf(merged)).toBe(Object.prototype)
      expect(same(merged, { prompt_tokens: 1, a: {} })).toBe(true)
    }
  })

  // One of them is a reason of its own.
  it.each(names.filter((name) => name !== 'length'))('are words like others: %s', (name) => {
    const accumulator = createAccumulator()
    accumulator.add(
      chunk({
        content: name,
        tool_calls: [
          { index: name, id: name, function: { name, arguments: '{}' } },
          { index: 1, id: 'b', function: { name: 'g', arguments: '{}' } },
          { index: name, id: name, function: { arguments: ' ' } },
        ],
        annotations: [{ type: name }],
        server_tool_calls: [
          { id: name, name },
          { id: name, output: name },
        ],
        reasoning_details: [
          { type: name, id: name, text: 'a' },
          { type: name, id: name, text: 'b' },
        ],
        extra_content: JSON.parse(`{${JSON.stringify(name)}:{"a":1}}`),
      }),
    )
    accumulator.add(chunk({}, { finish_reason: name, native_finish_reason: name }))
    accumulator.close()
    const { choices, toolCalls, finishReason, nativeFinishReason, text } = accumulator.snapshot
    const { message } = choices[0]!
    expect([finishReason, nativeFinishReason, text]).toEqual([name, name, name])
    expect(toolCalls.map((each) => [each.id, each.name, each.arguments, each.state])).toEqual([
      [name, name, '{} ', 'input-complete'],
      ['b', 'g', '{}', 'input-complete'],
    ])
    expect(message.annotations).toEqual([{ type: name }])
    expect(message.server_tool_calls).toEqual([{ id: name, name, output: name }])
    expect(message.reasoning_details).toEqual([{ type: name, id: name, text: 'ab' }])
    expect(same(message.extra_content, JSON.parse(`{${JSON.stringify(name)}:{"a":1}}`))).toBe(true)
    expect(finishReasonOf(name)).toBe(name)
  })
})

// ── values of other types ──────────────────────────────────────────────────────────────────────────────────────────

const fields = [
  'role',
  'content',
  'refusal',
  'reasoning_content',
  'tool_calls',
  'function_call',
  'annotations',
  'images',
  'audio',
  'server_tool_calls',
  'reasoning_details',
  'extra_content',
]
const toolCall = fc.record(
  {
    index: fc.oneof(fc.nat(2), anyJson),
    id: fc.oneof(fc.constantFrom('a', 'b'), anyJson),
    type: anyJson,
    function: fc.oneof(anyJson, fc.record({ name: anyJson, arguments: anyJson }, { requiredKeys: [] })),
    custom: fc.option(fc.oneof(anyJson, fc.record({ name: anyJson, input: anyJson })), { nil: undefined }),
    extra_content: anyJson,
  },
  { requiredKeys: [] },
)
const anyDelta = fc.oneof(
  anyJson,
  fc
    .uniqueArray(
      fc.oneof(
        fc.tuple(fc.constantFrom(...fields), anyJson),
        fc.tuple(fc.constant('tool_calls'), fc.array(toolCall, { maxLength: 3 }) as fc.Arbitrary<Json>),
      ),
      { maxLength: 5, selector: ([name]) => name },
    )
    .map((entries) => Object.fromEntries(entries)),
)
const anyChoice = fc.record(
  { delta: anyDelta, finish_reason: anyJson, native_finish_reason: anyJson, logprobs: anyJson, message: anyJson },
  { requiredKeys: [] },
)

describe('values of other types', { timeout: 10_000 * effort }, () => {
  it('in a choice throw nothing, and make nothing but data that does not change', () => {
    fc.assert(
      fc.property(fc.array(anyChoice, { maxLength: 6 }), fc.boolean(), fc.boolean(), (all, isJson, isWatched) => {
        const choice = createChoice(0, isJson)
        const shown: { snapshot: unknown; was: string }[] = []
        const show = () => shown.push({ snapshot: choice.show(), was: JSON.stringify(choice.show()) })
        for (const each of all) {
          choice.add(each as Json)
          if (isWatched) show()
        }
        choice.close()
        show()
        for (const { snapshot, was } of shown) expect(JSON.stringify(snapshot)).toBe(was)
        const { parts, toolCalls, wire } = choice.show()
        for (const part of parts) expect(part.type).toBeTypeOf('string')
        for (const { id, name, arguments: args } of toolCalls)
          expect([typeof id, typeof name, typeof args]).toEqual(['string', 'string', 'string'])
        expect([null, ...all.map((each) => each.finish_reason)]).toContain(wire.finish_reason)
      }),
      { numRuns: 1000 * effort },
    )
  })

  it('in the usage throw nothing, and are no counts', () => {
    fc.assert(
      fc.property(fc.array(anyJson, { maxLength: 4 }), (all) => {
        const accumulator = createAccumulator()
        for (const usage of all) accumulator.add({ ...chunk({}), usage } as CompletionChunk)
        accumulator.close()
        const { usage = {} } = accumulator.snapshot
        expect(Object.getPrototypeOf(usage)).toBe(Object.prototype)
        for (const name of Object.keys(usage)) expect(name in Object.prototype).toBe(false)
      }),
    )
    expect(mergeCounts({ a: 1 }, 'abc')).toEqual({ a: 1 })
    expect(mergeCounts({ a: 1 }, [5])).toEqual({ a: 1 })
    expect(mergeCounts({ a: 1 }, 7)).toEqual({ a: 1 })
  })

  it('where a list of objects belongs are one object, or nothing', () => {
    const single = { index: 0, id: 'a', function: { name: 'f', arguments: '{}' } }
    const shownOf = (delta: Json) => {
      const choice = createChoice(0, false)
      choice.add(chunk(delta, { finish_reason: 'tool_calls' }).choices[0])
      return choice.show()
    }
    for (const tool_calls of [single, [single], [null, single, 'x', 5]])
      expect(shownOf({ tool_calls }).toolCalls.map(({ name, state }) => [name, state])).toEqual([
        ['f', 'input-complete'],
      ])
    for (const odd of ['abc', 5, true, [], ['abc'], [null]])
      for (const name of fields) expect(shownOf({ [name]: odd }).toolCalls).toEqual([])
    expect(shownOf('abc').parts).toEqual([])
    expect(shownOf(['abc']).parts).toEqual([])
  })

  it('in log-probabilities are left out, however many there are', () => {
    const choice = createChoice(0, false)
    const token = { token: 'a', logprob: 0, bytes: null, top_logprobs: [] }
    for (const logprobs of ['abc', { content: 'abc' }, { content: 5, refusal: true }, { content: [1, null] }])
      choice.add(chunk({}, { logprobs }).choices[0])
    expect(choice.show().wire.logprobs).toBe(null)
    choice.add(chunk({}, { logprobs: { content: Array.from({ length: 300_000 }, () => token) } }).choices[0])
    expect(choice.show().wire.logprobs?.content).toHaveLength(300_000)
  })

  it('on the wire end a stream with what had arrived, in the one kind of error', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(anyChoice, fc.constantFrom(null, 'x', 5, [])), { maxLength: 4 }),
        anyJson,
        async (choices, usage) => {
          const body = [chunk({ content: 'Hello' }), { ...chunk({}), choices, usage }]
            .map((json) => event(JSON.stringify(json)))
            .join('')
          const provider = openai({ fetch: fetchOf([body]) })
          const stream = streamCompletion({ model: 'm', prompt: 'p' }, { provider, maxRetries: 0 })
          const error = await stream.finalCompletion().then(() => undefined, Object)
          expect(error?.name ?? 'CompletionError').toBe('CompletionError')
          expect(stream.snapshot.text).toMatch(/^Hello/)
          JSON.stringify(stream.snapshot)
        },
      ),
      { numRuns: 200 * effort },
    )
  })
})

// ── lists without end ──────────────────────────────────────────────────────────────────────────────────────────────

describe('what has no end', () => {
  const many = 40_000
  it.each<[string, (i: number) => Json]>([
    ['calls by index', (i) => call('{}', { index: i, id: `c${i}` })],
    ['calls by id', (i) => call('{}', { index: undefined, id: `c${i}` })],
    ['calls one after the other', (i) => call('{}', { id: `c${i}` })],
    [
      'a call that repeats its name with every piece',
      (i) => ({ tool_calls: [{ index: 0, function: { name: 'f', arguments: i ? '{xxxxxxxxx' : '{"a":"' } }] }),
    ],
    ['parts', (i) => (i % 2 ? { content: 'a' } : { reasoning_content: 'b' })],
    ['annotations', (i) => ({ annotations: [{ url: i }] })],
    ['images', (i) => ({ images: [{ type: 'image_url', image_url: { url: `u${i}` } }] })],
    ['calls of the server', (i) => ({ server_tool_calls: [{ id: `s${i}`, name: 'x' }] })],
    ['thoughts by index', (i) => ({ reasoning_details: [{ index: i, type: 't', text: 'x' }] })],
    ['signed thoughts', () => ({ reasoning_details: [{ type: 't', signature: 'x' }] })],
    ['fields', (i) => ({ extra_content: { [`k${i}`]: 1 } })],
    ['fields of a thought', (i) => ({ reasoning_details: [{ index: 0, type: 't', [`k${i}`]: 1 }] })],
    ['fields of a call of the server', (i) => ({ server_tool_calls: [{ id: 'a', [`k${i}`]: 1 }] })],
    ['fields of the sound', (i) => ({ audio: { [`k${i}`]: 1 } })],
  ])('takes time in proportion: %s', (_, deltaOf) => {
    const choice = createChoice(0, false)
    const start = performance.now()
    for (let i = 0; i < many; i++) choice.add(chunk(deltaOf(i)).choices[0])
    choice.close()
    JSON.stringify(choice.show())
    // In proportion it takes some 0.2 s, with the square 10 s or more.
    expect(performance.now() - start).toBeLessThan(4000)
  })

  it('takes time in proportion: counts', () => {
    const start = performance.now()
    let usage: Json = { prompt_tokens: 3 }
    for (let i = 0; i < many; i++) usage = mergeCounts(usage, { [`k${i}`]: 1, group: { [`k${i}`]: 1 } })
    expect(usage.prompt_tokens).toBe(3)
    expect(Object.keys(usage).length).toBeLessThan(200)
    expect(performance.now() - start).toBeLessThan(4000)
  })

  it('takes time in proportion: blanks where a call may have none', () => {
    const choice = createChoice(0, false)
    const start = performance.now()
    choice.add(chunk(call(`${' '.repeat(200_000)}x`), { finish_reason: 'tool_calls' }).choices[0])
    expect(choice.show().toolCalls[0]!.state).toBe('incomplete')
    expect(performance.now() - start).toBeLessThan(2000)
  })

  it('is no answer once it has 100,000 parts, of which none is lost', () => {
    const choice = createChoice(0, false)
    const add = (i: number) => choice.add(chunk(i % 2 ? { content: 'a' } : { reasoning_content: 'b' }).choices[0])
    for (let i = 0; i < 100_000; i++) add(i)
    expect(() => add(0)).toThrow(RangeError)
    expect(choice.show().wire.message.content).toHaveLength(50_000)
    expect(choice.show().wire.message.reasoning_content).toHaveLength(50_001)
  })

  it('lets earlier lists as they were', () => {
    const choice = createChoice(0, false)
    const item = (i: number) => ({
      annotations: [{ url: i }],
      server_tool_calls: [{ id: `s${i % 2}`, [`k${i}`]: 1 }],
      reasoning_details: [{ type: 't', index: i % 2, text: `${i}` }],
    })
    const shown: { snapshot: unknown; was: string }[] = []
    for (let i = 0; i < 8; i++) {
      choice.add(chunk(item(i)).choices[0])
      if (i % 3) shown.push({ snapshot: choice.show(), was: JSON.stringify(choice.show()) })
    }
    for (const { snapshot, was } of shown) expect(JSON.stringify(snapshot)).toBe(was)
    const { message } = choice.show().wire
    expect(message.annotations).toHaveLength(8)
    expect(message.server_tool_calls?.map(({ id }) => id)).toEqual(['s0', 's1'])
    expect(message.reasoning_details?.map(({ text }) => text)).toEqual(['0246', '1357'])
  })
})
