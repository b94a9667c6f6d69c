/** JSON that is still arriving: what is shown of it at each point, and that nothing shown is ever taken back. */
import * as fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { createPartialJson, parsePartialJson } from '../src/partial-json.ts'

/** The text in pieces, cut at `cuts` (taken modulo its length); two equal ones make an empty piece. */
function piecesOf(text: string, cuts: number[]): string[] {
  const places = cuts.map((cut) => cut % (text.length + 1)).sort((a, b) => a - b)
  return [...places, text.length].map((place, i) => text.slice(places[i - 1] ?? 0, place))
}

const token = /[ \t\n\r]*([{}[\],:]|"(?:[^"\\]|\\.)*"|[^ \t\n\r{}[\],:"]+)/sy

/**
 * What JSON text says, read in the plainest way. With some shapes of objects in memory, V8's own parser takes an escape
 * sequence for the backslash that it begins with, when it is a whole key: `{"constructor":0,"\/":1}`.
 */
function plainly(text: string): unknown {
  let at = 0
  const next = (): string => {
    token.lastIndex = at
    const [all = '', found] = token.exec(text) ?? []
    if (found === undefined) throw new SyntaxError(`There is nothing at ${at}.`)
    at += all.length
    return found
  }
  const take = (...signs: string[]): string => {
    const sign = next()
    if (!signs.includes(sign)) throw new SyntaxError(`There is ${sign} where ${signs.join(' or ')} belongs.`)
    return sign
  }
  const value = (first: string): unknown => {
    if (first !== '[' && first !== '{') return JSON.parse(first)
    const [box, end]: [object, string] = first === '[' ? [[], ']'] : [{}, '}']
    let sign = next()
    if (sign === end) return box
    for (let i = 0; ; i++) {
      const key: unknown = first === '[' ? i : JSON.parse(sign)
      if (first === '{') {
        if (typeof key !== 'string') throw new SyntaxError(`${sign} is no key.`)
        take(':')
        sign = next()
      }
      const own = { value: value(sign), writable: true, enumerable: true, configurable: true }
      Object.defineProperty(box, key as PropertyKey, own)
      if (take(',', end) === end) return box
      sign = next()
    }
  }
  const whole = value(next())
  if (/[^ \t\n\r]/.test(text.slice(at))) throw new SyntaxError(`There is more at ${at}.`)
  return whole
}

/** What is shown of the beginning of a JSON text: the longest part of it that brackets and a quote make whole. */
function shownOf(start: string): unknown {
  let half = false
  for (let end = start.length; end > 0; end--) {
    const part = start.slice(0, end)
    const closers: string[] = []
    let quote = -1
    for (let i = 0; i < part.length; i++) {
      const char = part[i]!
      if (quote >= 0) {
        if (char === '\\') i++
        else if (char === '"') quote = -1
      } else if (char === '"') quote = i
      else if (char === '{' || char === '[') closers.unshift(char === '{' ? '}' : ']')
      else if (char === '}' || char === ']') closers.shift()
    }
    try {
      const value: unknown = plainly(`${part}${quote < 0 ? '' : '"'}${closers.join('')}`)
      const string = quote < 0 ? '' : (JSON.parse(`${part.slice(quote)}"`) as string)
      // Half a character is not shown, unless something else than its other half follows.
      if (half || !/[\ud800-\udbff]$/.test(string)) return value
      half = true
    } catch {}
  }
  return undefined
}

/** By their JSON: what Node compares for itself can take a `constructor` of an object's own for its class. */
const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other)

/** Whether what is shown goes on as `whole`: strings, lists and numbers that begin so, and some of its keys. */
function begins(part: unknown, whole: unknown): boolean {
  if (typeof part === 'string') return typeof whole === 'string' && whole.startsWith(part)
  if (typeof part === 'number') return typeof whole === 'number'
  if (typeof part !== 'object' || part === null) return part === whole
  if (Array.isArray(part) !== Array.isArray(whole)) return false
  return Object.entries(part).every(
    ([key, value]) => Object.hasOwn(whole as object, key) && begins(value, at(whole, key)),
  )
}

const at = (value: unknown, key: string) => (value as Record<string, unknown>)[key]

/** Whether the later value reuses what is the same in the earlier one. */
function shares(earlier: unknown, later: unknown): boolean {
  if (typeof earlier !== 'object' || typeof later !== 'object' || !earlier || !later || earlier === later) return true
  if (same(earlier, later)) return false
  return Object.keys(earlier).every((key) => !Object.hasOwn(later, key) || shares(at(earlier, key), at(later, key)))
}

// Strings of every kind of character and escape sequence, also halves of characters and keys like `__proto__`.
const units = [
  'a',
  'é',
  '😀',
  '\ud83d',
  '\ude00',
  '\\ud83d',
  '\\uDE00',
  '\\u0041',
  '\\n',
  '\\\\',
  '\\"',
  '\\/',
  ' ',
  '{',
]
const jsonString = fc.oneof(
  fc.array(fc.constantFrom(...units), { maxLength: 6 }).map((list) => `"${list.join('')}"`),
  fc.constantFrom('"__proto__"', '"0"', '"constructor"', '""'),
)
const blanks = fc.constantFrom('', '', '', ' ', '\n\t', '\r\n  ')
const jsonTextOf = (isUnique: boolean) =>
  fc.letrec<Record<'value' | 'list' | 'object', string>>((tie) => ({
    value: fc
      .tuple(
        blanks,
        fc.oneof(
          { maxDepth: 4, depthIdentifier: 'json' },
          fc.oneof(
            jsonString,
            fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
            fc.constantFrom('0', '-0', '-12.50', '1E5', '2e-3', '10.0e+01', 'true', 'false', 'null'),
          ),
          tie('list'),
          tie('object'),
        ),
        blanks,
      )
      .map((list) => list.join('')),
    list: fc
      .tuple(fc.array(tie('value'), { maxLength: 4, depthIdentifier: 'json' }), blanks)
      .map(([list, blank]) => (list.length ? `[${list.join(',')}]` : `[${blank}]`)),
    object: fc
      .tuple(
        fc.uniqueArray(fc.tuple(blanks, jsonString, blanks, tie('value')), {
          maxLength: 4,
          depthIdentifier: 'json',
          comparator: (a, b) => isUnique && JSON.parse(a[1]) === JSON.parse(b[1]),
        }),
        blanks,
      )
      .map(([list, blank]) => {
        const whole = list.map(([before, key, after, value]) => `${before}${key}${after}:${value}`)
        return whole.length ? `{${whole.join(',')}}` : `{${blank}}`
      }),
  })).value
/** JSON text of every kind, with keys that stand twice in an object, and without. */
const [jsonText, jsonTextOfUniqueKeys] = [jsonTextOf(false), jsonTextOf(true)]
const cuts = fc.array(fc.nat(), { maxLength: 8 })

describe('JSON in pieces', () => {
  it('comes to what JSON.parse says, however it was cut', () => {
    fc.assert(
      fc.property(
        fc.oneof(jsonText, fc.json({ maxDepth: 6 }), fc.json({ stringUnit: 'binary' })),
        cuts,
        (text, places) => {
          const json = createPartialJson()
          for (const piece of piecesOf(text, places)) json.push(piece)
          expect(same(json.value, plainly(text))).toBe(true)
          expect(same(json.snapshot(), plainly(text))).toBe(true)
          expect(json.complete).toBe(/["}\]\s]$/.test(text))
        },
      ),
      { numRuns: 500 },
    )
  })

  it('shows at every character all that has come, and nothing that will be taken back', () => {
    fc.assert(
      fc.property(jsonTextOfUniqueKeys, (text) => {
        const json = createPartialJson()
        const whole: unknown = plainly(text)
        for (let i = 0; i < text.length; i++) {
          json.push(text[i]!)
          expect(same(json.value, shownOf(text.slice(0, i + 1)))).toBe(true)
          expect(json.value === undefined || begins(json.value, whole)).toBe(true)
        }
      }),
      { numRuns: 200 },
    )
  })

  it('shows the same of broken text, however it was cut, and does not throw', () => {
    const junk = fc.constantFrom('{', '}', '[', ']', ',', ':', '"', '\\', '\\x', '\n', '\u0000', '﻿', '-', '.', 'tru')
    const damaged = fc
      .tuple(jsonText, fc.nat(), fc.oneof(junk, jsonText, fc.constant('')), fc.nat(3))
      .map(([text, place, more, drop]) => {
        const from = place % (text.length + 1)
        return text.slice(0, from) + more + text.slice(from + drop)
      })
    fc.assert(
      fc.property(fc.oneof(damaged, fc.string({ unit: 'binary' })), cuts, (text, places) => {
        const json = createPartialJson()
        for (const piece of piecesOf(text, places)) json.push(piece)
        expect(same(json.value, parsePartialJson(text))).toBe(true)
        expect(!json.complete || same(json.value, plainly(text))).toBe(true)
      }),
      { numRuns: 500 },
    )
  })
})

describe('a snapshot', () => {
  it('never changes, equals the live value, and shares with the one before it whatever is the same', () => {
    fc.assert(
      fc.property(jsonTextOfUniqueKeys, cuts, (text, places) => {
        const json = createPartialJson()
        const taken: { snapshot: unknown; was?: string }[] = []
        for (const piece of piecesOf(text, places)) {
          json.push(piece)
          const snapshot = json.snapshot()
          expect(same(snapshot, json.value)).toBe(true)
          expect(json.snapshot()).toBe(snapshot)
          expect(shares(taken.at(-1)?.snapshot, snapshot)).toBe(true)
          taken.push({ snapshot, was: JSON.stringify(snapshot) })
        }
        for (const { snapshot, was } of taken) expect(JSON.stringify(snapshot)).toBe(was)
      }),
      { numRuns: 500 },
    )
  })

  it('keeps the objects of a list that are over, also when it was taken while they were open', () => {
    const json = createPartialJson()
    json.push('{"items":[{"name":"a"')
    const [open] = (json.snapshot() as { items: unknown[] }).items
    json.push('}')
    expect((json.snapshot() as { items: unknown[] }).items[0]).toBe(open)
    json.push(',{"name":"b')
    const later = json.snapshot() as { items: unknown[] }
    expect(later.items[0]).toBe(open)
    json.push('c')
    expect(json.snapshot()).toEqual({ items: [{ name: 'a' }, { name: 'bc' }] })
    expect(later).toEqual({ items: [{ name: 'a' }, { name: 'b' }] })
  })

  it('is the same object while nothing that is shown changes', () => {
    const json = createPartialJson()
    json.push('{"a": 1')
    const before = json.snapshot()
    for (const piece of ['', ' ', ' , ', '"b', 'c"', ' : ', 'tr']) {
      json.push(piece)
      expect(json.snapshot()).toBe(before)
    }
    json.push('ue')
    expect(json.snapshot()).toEqual({ a: 1, bc: true })
  })
})

describe('what is shown', () => {
  it.each<[string, unknown]>([
    ['', undefined],
    ['  \n', undefined],
    ['-', undefined],
    ['-0.', -0],
    ['1.5e', 1.5],
    ['1.5e+', 1.5],
    ['1.5e+2', 150],
    ['[12', [12]],
    ['[01', [0]],
    ['tru', undefined],
    ['[null', [null]],
    ['[nul', []],
    ['"', ''],
    ['"a\\', 'a'],
    ['"a\\u00e', 'a'],
    ['"a\\u00e9', 'aé'],
    ['"\\ud83d', ''],
    ['"\\ud83d\\ude0', ''],
    ['"\\uD83D\\uDE00', '😀'],
    ['"\\ud83dx', '\ud83dx'],
    ['"\ud83d', ''],
    ['"😀', '😀'],
    ['{"a', {}],
    ['{"a"', {}],
    ['{"a":', {}],
    ['{"a":"', { a: '' }],
    ['{"a":1,"a":2}', { a: 2 }],
    ['{"a":{', { a: {} }],
    ['{}', {}],
    ['[[],[', [[], []]],
    // Invalid from here on.
    ['[1,]', [1]],
    ['[1 2]', [1]],
    ['{"a":1,}', { a: 1 }],
    ['{,', {}],
    ["{'a':1}", {}],
    ['{"a":"b\nc"}', { a: 'b' }],
    ['{"a":"b\\xc"}', { a: 'b' }],
    ['[tru]', []],
    ['[truex]', [true]],
    ['[NaN, 1]', []],
    ['{"a":1} and {"b":2}', { a: 1 }],
    ['```json\n{"a":1}', undefined],
    ['\ufeff{"a":1}', undefined],
    ['\u00a0{"a":1}', undefined],
    ['[1}', [1]],
    [']', undefined],
    [',', undefined],
  ])('of %j is %j', (text, value) => {
    expect(parsePartialJson(text)).toStrictEqual(value)
    const json = createPartialJson()
    for (const unit of text.split('')) json.push(unit)
    expect(json.value).toStrictEqual(value)
  })

  it('has a key that is called __proto__ as data', () => {
    const value = parsePartialJson('{"a":{"__proto__":{"admin":true},"b":') as { a: object }
    expect(Object.keys(value.a)).toEqual(['__proto__'])
    expect(Object.getPrototypeOf(value.a)).toBe(Object.prototype)
    expect('admin' in value.a).toBe(false)
  })

  it('goes only so deep', () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000)
    const json = createPartialJson()
    json.push(deep)
    expect(json.complete).toBe(false)
    expect(JSON.stringify(json.value)).toBe('['.repeat(1000) + ']'.repeat(1000))
    expect(JSON.stringify(json.snapshot())).toBe(JSON.stringify(json.value))
    expect(parsePartialJson(deep.slice(-100_999, -99_001))).toEqual(JSON.parse(deep.slice(-100_999, -99_001)))
  })

  it('stays a number when one does not end', () => {
    const json = createPartialJson()
    for (let i = 0; i < 2000; i++) json.push('1')
    json.push(',')
    expect(json.value).toBe(Infinity)
    expect(parsePartialJson('1'.repeat(2000))).toBe(Infinity)
  })
})

describe('the work', () => {
  const shapes: [string, string][] = [
    ['one long string', JSON.stringify({ text: 'Some "text",\nin lines. '.repeat(1000) })],
    ['a long key', JSON.stringify({ ['key '.repeat(5000)]: 1 })],
    ['blanks', `[${' '.repeat(20_000)}]`],
    ['a list of numbers', JSON.stringify(Array.from({ length: 4000 }, (_, i) => i))],
    ['a wide object', JSON.stringify(Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`key${i}`, i])))],
    ['deep nesting', '{"a":['.repeat(400) + ']}'.repeat(400)],
    ['an escape that is none', `"${'\\u000g'.repeat(3000)}"`],
    ['a word that is none', 'x'.repeat(20_000)],
    ['a number without end', '9'.repeat(20_000)],
    ['prose', 'Here is your JSON: '.repeat(1000)],
  ]

  it.each(shapes)('is in proportion to the text, character by character: %s', (_, text) => {
    // Nothing else looks at characters, so what these are given is the work.
    let work = 0
    const { exec } = RegExp.prototype
    const { parse } = JSON
    const exact = vi.spyOn(RegExp.prototype, 'exec').mockImplementation(function (this: RegExp, given: string) {
      work += given.length - this.lastIndex
      return exec.call(this, given)
    })
    const parsed = vi.spyOn(JSON, 'parse').mockImplementation((given: string) => {
      work += given.length
      return parse(given) as unknown
    })
    const json = createPartialJson()
    for (let i = 0; i < text.length; i++) {
      json.push(text[i]!)
      void json.value
    }
    exact.mockRestore()
    parsed.mockRestore()
    const bounded = /[^x9]/.test(text) ? 8 : 1000
    expect(work).toBeLessThan(text.length * bounded)
    expect(same(json.value, parsePartialJson(text))).toBe(true)
  })
})
