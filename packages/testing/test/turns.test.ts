import type { CompletionRequest } from 'completion-stream'
import { expect, it } from 'vitest'
import { scriptedProvider, type Script, type ScriptedProvider, type ScriptTurn } from '../src/index.ts'
import { chunks, pieces, post, user } from './client.ts'

const fast = (script: Script): ScriptedProvider =>
  scriptedProvider(script, { tokensPerSecond: Infinity, firstTokenMs: 0 })

it('a script function reads the last prompt and the results of the tools just called', async () => {
  const turns: ScriptTurn[] = []
  const provider = fast(function* (turn) {
    turns.push(turn)
    yield `You said ${turn.prompt}`
  })
  const call = (id: string, name: string): object => ({ id, type: 'function', function: { name, arguments: '{}' } })
  const messages = [
    ...user('first'),
    { role: 'assistant', tool_calls: [call('call_0', 'old')] },
    { role: 'tool', tool_call_id: 'call_0', content: 'old result' },
    { role: 'user', content: [{ type: 'text', text: 'sec' }, { type: 'image_url' }, { type: 'text', text: 'ond' }] },
    { role: 'assistant', content: null, tool_calls: [call('call_1', 'search'), call('call_2', 'clock')] },
    { role: 'tool', tool_call_id: 'call_2', content: 'noon' },
    { role: 'tool', tool_call_id: 'call_1', content: [{ type: 'text', text: '3 hits' }] },
  ] as CompletionRequest['messages']
  const list = await chunks(provider, { messages, temperature: 0.5 })
  expect(pieces(list, 'content').join('')).toBe('You said second')
  expect(turns[0]?.toolResults).toEqual([
    { id: 'call_2', name: 'clock', content: 'noon' },
    { id: 'call_1', name: 'search', content: '3 hits' },
  ])
  expect(turns[0]?.request).toMatchObject({ model: 'm', temperature: 0.5 })
  expect(turns[0]?.signal.aborted).toBe(false)
})

it('a turn counts the requests answered before, failed ones included and refused ones not', async () => {
  const provider = fast(({ turn }) =>
    turn === 0 ? [{ error: { message: 'Try again' }, status: 503 }] : [`turn ${turn}`],
  )
  expect((await post(provider, { model: 'm' })).status).toBe(400)
  expect((await post(provider, { model: 'm', messages: user('hi'), stream: true })).status).toBe(503)
  expect(pieces(await chunks(provider), 'content').join('')).toBe('turn 1')
  expect(pieces(await chunks(provider), 'content').join('')).toBe('turn 2')
})

it('a script may be an async generator, or return a plain text', async () => {
  const slow = fast(async function* ({ prompt }) {
    yield 'Thinking about '
    await new Promise((resolve) => setTimeout(resolve, 5))
    yield { text: prompt }
  })
  expect(pieces(await chunks(slow), 'content').join('')).toBe('Thinking about hi')
  expect(pieces(await chunks(fast(() => 'plain text')), 'content')).toEqual(['plain', ' text'])
})

it('a script that is left early can clean up', async () => {
  let closed = 0
  const provider = fast(function* () {
    try {
      while (true) yield 'more and more '
    } finally {
      closed += 1
    }
  })
  await chunks(provider, { max_tokens: 10 })
  expect(closed).toBe(1)
  for (const end of ['cancel', 'abort'] as const) {
    closed = 0
    const client = new AbortController()
    const body = { model: 'm', messages: user('hi'), stream: true }
    const response = await post(provider, body, { signal: client.signal })
    const reader = response.body?.getReader()
    await reader?.read()
    if (end === 'cancel') await reader?.cancel()
    else client.abort()
    await expect.poll(() => closed).toBe(1)
  }
})

it('a script that only waits ends with its client', async () => {
  let closed = false
  const provider = fast(function* () {
    try {
      yield 'Wait'
      while (true) yield { wait: 5 }
    } finally {
      closed = true
    }
  })
  const response = await post(provider, { model: 'm', messages: user('hi'), stream: true })
  const reader = response.body?.getReader()
  const reading = (async () => {
    while (!(await reader?.read())?.done);
  })()
  await new Promise((resolve) => setTimeout(resolve, 30))
  await reader?.cancel()
  await reading
  await expect.poll(() => closed).toBe(true)
})
