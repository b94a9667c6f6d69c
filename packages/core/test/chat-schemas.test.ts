/** Tools whose arguments have a schema of a library: what the model is told, and what a tool is given. */
import { toStandardJsonSchema } from '@valibot/to-json-schema'
import { type } from 'arktype'
import * as v from 'valibot'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import type { ChatTools, StandardSchema } from '../src/index.ts'
import { calls, chatOf } from './conversation.ts'
import { settle, whole } from './http.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const schemas: [string, StandardSchema][] = [
  ['zod', z.object({ city: z.string(), days: z.number().int() })],
  ['valibot', toStandardJsonSchema(v.object({ city: v.string(), days: v.pipe(v.number(), v.integer()) }))],
  ['arktype', type({ city: 'string', days: 'number.integer' })],
]

describe.each(schemas)('a schema of %s', (_, parameters) => {
  const chatWith = (...args: string[]) => {
    const execute = vi.fn(() => 'dry')
    const tools: ChatTools = { weather: { description: 'The weather.', parameters, execute } }
    const steps = args.map((each, i) => calls([`c${i}`, 'weather', each]))
    return { ...chatOf([...steps, whole('Done.')], { tools }), execute }
  }

  it('is declared as JSON Schema', async () => {
    const talk = chatWith()
    void talk.chat.sendMessage('Go')
    await settle(100)
    const [tool] = talk.exchanges[0]!.body.tools
    expect(tool).toMatchObject({
      type: 'function',
      function: {
        name: 'weather',
        description: 'The weather.',
        parameters: {
          type: 'object',
          properties: { city: { type: 'string' }, days: { type: 'integer' } },
          required: ['city', 'days'],
        },
      },
    })
    expect(tool.function.parameters).not.toHaveProperty('$schema')
  })

  it('keeps arguments that do not fit from the tool, tells the model why, and lets those that fit through', async () => {
    const talk = chatWith('{"city":7,"days":"two"}', '{"city":"Oslo","days":2}')
    void talk.chat.sendMessage('Go')
    await settle(100)
    expect(talk.calls().map(({ state }) => state)).toEqual(['error', 'output'])
    expect(talk.call('c0').error).toMatch(/^The arguments do not fit\. .*city.*days/)
    expect(talk.sent(1).at(-1)).toEqual({
      role: 'tool',
      tool_call_id: 'c0',
      content: JSON.stringify({ error: talk.call('c0').error }),
    })
    expect(talk.execute.mock.calls).toEqual([
      [{ city: 'Oslo', days: 2 }, expect.objectContaining({ toolCallId: 'c1' })],
    ])
    expect(talk.last().text).toBe('Done.')
  })
})

describe('a schema', () => {
  const parameters = z.object({ day: z.string().transform((day) => new Date(day)), unit: z.string().default('C') })

  it('gives the tool and the question of approval what it made of the arguments, and shows what the model wrote', async () => {
    const seen: unknown[] = []
    const tools: ChatTools = {
      f: {
        parameters,
        needsApproval: (input) => void seen.push(input) as never,
        execute: (input) => void seen.push(input),
      },
    }
    const talk = chatOf([calls(['a', 'f', '{"day":"2026-01-01"}']), whole('Done.')], { tools })
    void talk.chat.sendMessage('Go')
    await settle(100)
    const made = { day: new Date('2026-01-01'), unit: 'C' }
    expect(seen).toEqual([made, made])
    expect(talk.call('a')).toMatchObject({ input: { day: '2026-01-01' }, arguments: '{"day":"2026-01-01"}' })
    expect(talk.exchanges[0]!.body.tools[0].function.parameters.required).toEqual(['day'])
  })

  it('that does not tell its JSON Schema ends the answer with an error that says so, before anything is sent', async () => {
    const tools: ChatTools = { f: { parameters: v.object({ a: v.string() }), execute: () => 1 } }
    const talk = chatOf([whole('Never.')], { tools })
    const answer = await talk.chat.sendMessage('Go')
    const message = 'The schema of f (valibot) does not tell its JSON Schema: give that instead.'
    expect(answer).toMatchObject({ status: 'error', error: { code: 'bad_request', message } })
    expect(talk.chat.getState()).toMatchObject({ status: 'error', error: { message } })
    expect(talk.exchanges).toHaveLength(0)
  })

  it('that cannot be told as JSON Schema is such an error as well', async () => {
    const tools: ChatTools = { f: { parameters: z.object({ at: z.date() }), execute: () => 1 } }
    const talk = chatOf([whole('Never.')], { tools })
    await expect(talk.chat.sendMessage('Go')).resolves.toMatchObject({ error: { code: 'bad_request' } })
    expect(talk.exchanges).toHaveLength(0)
  })

  it('that throws while it validates fails the call alone', async () => {
    const validate = (): never => {
      throw new Error('Broken schema.')
    }
    const broken = { '~standard': { version: 1, vendor: 'test', validate, jsonSchema: { input: () => ({}) } } } as const
    const execute = vi.fn()
    const talk = chatOf([calls(['a', 'f']), whole('Done.')], { tools: { f: { parameters: broken, execute } } })
    void talk.chat.sendMessage('Go')
    await settle(100)
    expect(talk.call('a')).toMatchObject({ state: 'error', error: 'Broken schema.' })
    expect(execute).not.toHaveBeenCalled()
    expect(talk.last().text).toBe('Done.')
  })

  it('as plain JSON Schema is declared as it is and validates nothing', async () => {
    const plain = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }
    const execute = vi.fn()
    const talk = chatOf([calls(['a', 'f', '{"city":1}']), whole('Done.')], {
      tools: { f: { parameters: plain, execute } },
    })
    void talk.chat.sendMessage('Go')
    await settle(100)
    expect(talk.exchanges[0]!.body.tools[0].function.parameters).toEqual(plain)
    expect(execute).toHaveBeenCalledWith({ city: 1 }, expect.anything())
  })

  it('lets a tool change what it is given without changing the message', async () => {
    const tools: ChatTools = { f: { execute: (input) => ((input.list as number[]).push(4), input) } }
    const talk = chatOf([calls(['a', 'f', '{"list":[1]}']), whole('Done.')], { tools })
    void talk.chat.sendMessage('Go')
    await settle(100)
    expect(talk.call('a')).toMatchObject({ input: { list: [1] }, output: { list: [1, 4] } })
  })
})
