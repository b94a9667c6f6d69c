/** Answers of a given shape: the schemas of three libraries, the value while it arrives, the verdict at the end. */
import { toStandardJsonSchema } from '@valibot/to-json-schema'
import { type } from 'arktype'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { openai, streamCompletion } from '../src/index.ts'
import type { CompletionError, CompletionRequest, StandardSchema } from '../src/index.ts'
import { chunk, event, fetchOf } from './http.ts'

interface Forecast {
  city: string
  days: { high: number }[]
}

const zod = z.object({ city: z.string(), days: z.array(z.object({ high: z.number() })) })
const valibot = toStandardJsonSchema(v.object({ city: v.string(), days: v.array(v.object({ high: v.number() })) }))
const arktype = type({ city: 'string', days: type({ high: 'number' }).array() })

const text = '{"city":"Paris","days":[{"high":21},{"high":19}]}'
const forecast: Forecast = { city: 'Paris', days: [{ high: 21 }, { high: 19 }] }

/** Streams `pieces` as the answer; `body` is what was sent. */
function ask<Parsed>(
  response_format: CompletionRequest<Parsed>['response_format'],
  pieces: string[],
  { finish = 'stop', extra = {} }: { finish?: string; extra?: object } = {},
) {
  const sent: { body?: Record<string, never> } = {}
  const answer = fetchOf([
    ...pieces.map((content) => chunk({ content })),
    chunk(extra, finish),
    event({ choices: [], usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } }),
    event('[DONE]'),
  ])
  const provider = openai({
    fetch: (url, init) => {
      sent.body = JSON.parse(String(init?.body))
      return answer(url, init)
    },
  })
  return { stream: streamCompletion({ model: 'm', prompt: 'p', response_format }, { provider }), sent }
}

const failureOf = (promise: Promise<unknown>): Promise<CompletionError> =>
  promise.then(
    () => expect.unreachable('The answer should have failed.'),
    (error) => error,
  )

describe.each<[string, StandardSchema<Forecast>]>([
  ['zod', zod],
  ['valibot', valibot],
  ['arktype', arktype],
])('a schema of %s', (_, schema) => {
  it('goes out as a strict JSON Schema', async () => {
    const { stream, sent } = ask(schema, [text])
    await stream.finalCompletion()
    expect(sent.body!.response_format).toMatchObject({
      type: 'json_schema',
      json_schema: {
        name: 'response',
        strict: true,
        schema: {
          type: 'object',
          additionalProperties: false,
          required: ['city', 'days'],
          properties: { city: { type: 'string' }, days: { items: { additionalProperties: false } } },
        },
      },
    })
  })

  it('has a value while the answer arrives and a validated one at its end', async () => {
    const { stream } = ask(schema, ['{"city":"Pa', 'ris","days":[{"hi', 'gh":21},{"high":19}]}'])
    const seen: unknown[] = []
    stream.subscribe(() => seen.push(stream.snapshot.parsed))
    const { parsed } = await stream.finalCompletion()
    expect(seen[0]).toEqual({ city: 'Pa' })
    expect(seen.at(-1)).toEqual(forecast)
    expect(parsed).toEqual(forecast)
  })

  it('fails an answer that does not fit, and keeps its text', async () => {
    const { stream } = ask(schema, ['{"city":"Paris","days":[{"high":"hot"}]}'])
    const error = await failureOf(stream.finalCompletion())
    expect(error).toMatchObject({ code: 'invalid_response', retryable: false })
    expect(error.message).toMatch(/does not fit the schema.*high/)
    expect(error.partial).toMatchObject({ text: '{"city":"Paris","days":[{"high":"hot"}]}', finishReason: 'stop' })
  })
})

describe('a structured answer', () => {
  it('is what the schema makes of it', async () => {
    const schema = z.object({ at: z.string().transform((at) => new Date(at)) })
    const { stream } = ask(schema, ['{"at":"2026-01-02T00:00:00Z"}'])
    const { parsed } = await stream.finalCompletion()
    expect(parsed?.at.getUTCDate()).toBe(2)
  })

  it('waits for a schema that takes its time', async () => {
    const schema = z.object({ a: z.number().refine(async (a) => a === 1, 'no one') })
    expect((await ask(schema, ['{"a":1}']).stream.finalCompletion()).parsed).toEqual({ a: 1 })
    expect((await failureOf(ask(schema, ['{"a":2}']).stream.finalCompletion())).message).toContain('a: no one')
  })

  it.each([
    ['a property is optional', z.object({ a: z.string(), b: z.string().optional() }), '{"a":"x"}'],
    ['properties have any names', z.object({ a: z.record(z.string(), z.number()) }), '{"a":{"b":1}}'],
  ])('is not strict where %s: no provider takes that', async (_, schema, json) => {
    const { stream, sent } = ask<unknown>(schema, [json])
    expect((await stream.finalCompletion()).parsed).toEqual(JSON.parse(json))
    expect(sent.body!.response_format).toMatchObject({ json_schema: { strict: false } })
    expect(sent.body!.response_format).not.toHaveProperty('json_schema.schema.$schema')
  })

  it.each([
    ['is no JSON', ['Sure! {"a":1}'], {}, /not the JSON/],
    ['was cut off', ['{"a":'], { finish: 'length' }, /cut off \(length\)/],
    ['is a refusal', [], { extra: { refusal: 'I will not.' } }, /refused: I will not/],
    ['is empty', [], {}, /not the JSON/],
  ])('fails when the answer %s, with what had arrived', async (_, pieces, ending, message) => {
    const { stream } = ask(z.object({ a: z.number() }), pieces, ending)
    const error = await failureOf(stream.finalCompletion())
    expect(error).toMatchObject({ code: 'invalid_response', partial: { text: pieces.join('') } })
    expect(error.message).toMatch(message)
  })

  it('lets the loop over the chunks fail as well', async () => {
    const { stream } = ask(z.object({ a: z.number() }), ['{"a":"b"}'])
    const pieces: string[] = []
    const loop = (async () => {
      for await (const piece of stream.textStream) pieces.push(piece)
    })()
    await expect(loop).rejects.toMatchObject({ code: 'invalid_response' })
    expect(pieces).toEqual(['{"a":"b"}'])
  })

  it('is whole when its JSON is, whatever ended it', async () => {
    const schema = z.object({ a: z.number() })
    expect((await ask(schema, ['{"a":1}'], { finish: 'length' }).stream.finalCompletion()).parsed).toEqual({ a: 1 })
    const unfinished = fetchOf([chunk({ content: '{"a":1}' }), event('[DONE]')])
    const request = { model: 'm', prompt: 'p', response_format: schema }
    const stream = streamCompletion(request, { provider: openai({ fetch: unfinished }) })
    expect((await stream.finalCompletion()).parsed).toEqual({ a: 1 })
  })

  it.each([[[]], [['Let me look.']], [['[1] Let me look.']]])('may call tools first, after %j', async (pieces) => {
    const call = { index: 0, id: 'c', type: 'function', function: { name: 'look', arguments: '{}' } }
    const { stream } = ask(zod, pieces, { finish: 'tool_calls', extra: { tool_calls: [call] } })
    const completion = await stream.finalCompletion()
    expect(completion.parsed).toBeUndefined()
    expect(completion.toolCalls).toHaveLength(1)
  })

  it('is asked for in words that providers know', async () => {
    const shape = z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('circle'), radius: z.number() }),
      z.object({ kind: z.literal('square'), side: z.number() }),
    ])
    const { stream, sent } = ask(z.object({ shape }), ['{"shape":{"kind":"circle","radius":1}}'])
    await stream.finalCompletion()
    const { json_schema } = sent.body!.response_format as unknown as {
      json_schema: { strict: boolean; schema: object }
    }
    expect(json_schema.strict).toBe(true)
    expect(JSON.stringify(json_schema.schema)).toContain('"anyOf"')
    expect(JSON.stringify(json_schema.schema)).not.toContain('"oneOf"')
  })

  it('is not closed where it is put together of several', async () => {
    const both = {
      allOf: [
        { type: 'object', properties: { a: {} } },
        { type: 'object', properties: { b: {} } },
      ],
    }
    const validate = (value: unknown) => ({ value })
    const schema: StandardSchema = {
      '~standard': { version: 1, vendor: 'test', validate, jsonSchema: { input: () => ({ type: 'object', ...both }) } },
    }
    const { stream, sent } = ask(schema, ['{"a":1,"b":2}'])
    await stream.finalCompletion()
    expect(sent.body!.response_format).toMatchObject({ json_schema: { strict: false, schema: both } })
    expect(JSON.stringify(sent.body)).not.toContain('additionalProperties')
  })

  it('is closed all over also where something in it is optional', async () => {
    const schema = z.object({ a: z.object({ b: z.string().optional() }), c: z.string() })
    const { stream, sent } = ask(schema, ['{"a":{},"c":"x"}'])
    await stream.finalCompletion()
    const inner = { additionalProperties: false, properties: { b: {} } }
    expect(sent.body!.response_format).toMatchObject({
      json_schema: { strict: false, schema: { additionalProperties: false, properties: { a: inner } } },
    })
  })

  it('leaves a JSON Schema that a server wants beside its own format alone', async () => {
    const format = { type: 'json_object', schema: { type: 'object', properties: { a: { type: 'number' } } } } as never
    const { stream, sent } = ask(format, ['{"a":1}'])
    expect((await stream.finalCompletion()).parsed).toEqual({ a: 1 })
    expect(sent.body!.response_format).toEqual(format)
    const word = ask('json_object' as never, ['{"a":1}'])
    await word.stream.finalCompletion()
    expect(word.sent.body!.response_format).toBe('json_object')
  })

  it('that was stopped while the schema still thought stays as it was', async () => {
    let asked!: () => void
    const isAsked = new Promise<void>((resolve) => (asked = resolve))
    const schema = z.object({ a: z.number() }).refine(async () => {
      asked()
      await new Promise((resolve) => setTimeout(resolve, 20))
      return true
    })
    const { stream } = ask(schema, ['{"a":1}'])
    const final = stream.finalCompletion()
    await isAsked
    stream.abort()
    const { snapshot } = stream
    expect(await final).not.toHaveProperty('parsed')
    await new Promise((resolve) => setTimeout(resolve, 40))
    expect(stream.snapshot).toBe(snapshot)
  })

  it('that was stopped keeps its value so far in the snapshot, and vouches for none', async () => {
    const { stream } = ask(zod, ['{"city":"Pa', 'ris"'])
    stream.subscribe(() => stream.abort())
    await stream.finalCompletion()
    expect(stream.snapshot).toMatchObject({ text: '{"city":"Pa', parsed: { city: 'Pa' } })
    expect(await stream.finalCompletion()).not.toHaveProperty('parsed')
  })

  it('needs a schema that tells its JSON Schema, or one beside it', async () => {
    const schema = v.object({ a: v.number() })
    const error = await failureOf(ask(schema, ['{"a":1}']).stream.finalCompletion())
    expect(error).toMatchObject({ code: 'bad_request', message: expect.stringContaining('valibot') })

    const json_schema = { name: 'a', schema: { type: 'object', properties: { a: { type: 'number' } } } }
    const { stream, sent } = ask({ type: 'json_schema', json_schema, schema }, ['{"a":1}'])
    const { parsed } = await stream.finalCompletion()
    expect(parsed?.a).toBe(1)
    expect(sent.body!.response_format).toEqual({ type: 'json_schema', json_schema })
  })

  it('has a value without a schema, too, and then whatever the model wrote is no failure', async () => {
    const { stream } = ask({ type: 'json_object' }, ['{"a":[1,', '2]}'])
    const seen: unknown[] = []
    stream.subscribe(() => seen.push(stream.snapshot.parsed))
    expect((await stream.finalCompletion()).parsed).toEqual({ a: [1, 2] })
    expect(seen.slice(0, 2)).toEqual([{ a: [1] }, { a: [1, 2] }])

    const prose = await ask({ type: 'json_object' }, ['I cannot.']).stream.finalCompletion()
    expect(prose).toMatchObject({ text: 'I cannot.' })
    expect(prose).not.toHaveProperty('parsed')
    const cut = await ask({ type: 'json_object' }, ['{"a":[1,2'], { finish: 'length' }).stream.finalCompletion()
    expect(cut.parsed).toEqual({ a: [1, 2] })
  })

  it('is no matter of answers in plain text', async () => {
    expect(await ask({ type: 'text' }, ['{"a":1}']).stream.finalCompletion()).not.toHaveProperty('parsed')
  })
})
