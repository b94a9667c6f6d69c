import { describe, expect, it } from 'vitest'
import { scriptedProvider, type Script, type ScriptedProvider } from '../src/index.ts'
import { chunks, data, pieces, post, user } from './client.ts'

const fast = (script: Script): ScriptedProvider =>
  scriptedProvider(script, { tokensPerSecond: Infinity, firstTokenMs: 0 })
const streamed = { model: 'm', messages: user('hi'), stream: true }

describe('an error step', () => {
  it('is an HTTP error while nothing was sent', async () => {
    const error = { message: 'Slow down', type: 'requests', code: 'rate_limit_exceeded' }
    const script: Script = [{ wait: 1 }, { error, status: 429, headers: { 'retry-after': '7' } }]
    for (const stream of [true, false]) {
      const response = await post(fast(script), { ...streamed, stream })
      expect(response.status).toBe(429)
      expect(response.headers.get('retry-after')).toBe('7')
      expect(response.headers.get('content-type')).toBe('application/json')
      expect(await response.json()).toEqual({ error: { ...error, param: null } })
    }
  })

  it('has status 500 unless it says otherwise', async () => {
    const response = await post(fast([{ error: { message: 'Oops' } }]), streamed)
    expect(response.status).toBe(500)
    expect(await response.json()).toEqual({ error: { message: 'Oops', type: 'server_error', param: null, code: null } })
  })

  it('is the last frame of the stream after something was sent', async () => {
    const events = await data(fast(['Half an', { error: { message: 'Overloaded', code: 529 } }, ' answer']))
    expect(JSON.parse(events.at(-1) ?? '')).toEqual({
      error: { message: 'Overloaded', type: 'server_error', param: null, code: 529 },
    })
    expect(events.join('')).toContain(' an')
    expect(events.join('')).not.toContain('answer')
  })
})

describe('a cut', () => {
  it('closes the stream without finish reason and without [DONE]', async () => {
    const events = await data(fast(['Half an', { cut: true }, ' answer']))
    expect(events.map((event) => JSON.parse(event).choices[0].delta.content)).toEqual(['', 'Half', ' an'])
    expect(events.join('')).not.toContain('"finish_reason":"')
  })

  it('may come after the finish reason', async () => {
    const events = await data(fast(['All', { finish: 'stop' }, { cut: true }]))
    expect(JSON.parse(events.at(-1) ?? '').choices[0].finish_reason).toBe('stop')
  })

  it('leaves half of the JSON when the answer is not streamed', async () => {
    const response = await post(fast(['Half', { cut: true }]), { ...streamed, stream: false })
    const text = await response.text()
    expect(text).toMatch(/^\{"id":"chatcmpl-/)
    expect(() => JSON.parse(text)).toThrow(SyntaxError)
  })
})

describe('a raw step', () => {
  it('is the whole body, byte for byte, when there is nothing else', async () => {
    const bytes = new Uint8Array([0xef, 0xbb, 0xbf, 0xff, 0x0d, 0x0a])
    for (const stream of [true, false]) {
      const response = await post(fast([{ raw: 'data: 1\r\n' }, { raw: bytes }]), { ...streamed, stream })
      const body = new Uint8Array(await response.arrayBuffer())
      expect([...body]).toEqual([...new TextEncoder().encode('data: 1\r\n'), ...bytes])
    }
  })

  it('can be a page with a status and headers of its own', async () => {
    const raw = '<!doctype html><title>Sign in</title>'
    for (const stream of [true, false]) {
      const script: Script = [{ raw, status: 203, headers: { 'content-type': 'text/html' } }]
      const response = await post(fast(script), { ...streamed, stream })
      expect(response.status).toBe(203)
      expect(response.headers.get('content-type')).toBe('text/html')
      expect(await response.text()).toBe(raw)
    }
  })

  it('stands between the chunks of an answer that goes on', async () => {
    const response = await post(fast([{ raw: ': hello\n\n' }, 'a', { raw: ': still here\n\n' }, ' b']), streamed)
    const text = await response.text()
    expect(text.startsWith(': hello\n\ndata: {')).toBe(true)
    expect(text.indexOf('"content":"a"')).toBeLessThan(text.indexOf(': still here'))
    expect(text.indexOf(': still here')).toBeLessThan(text.indexOf('"content":" b"'))
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true)
  })
})

describe('a script that fails', () => {
  const failing = (after: string[]): Script =>
    function* () {
      yield* after
      throw new Error('no such page')
    }

  it('is a 500 while nothing was sent, and an error frame after that', async () => {
    const error = {
      message: 'The script failed: no such page',
      type: 'server_error',
      param: null,
      code: 'script_error',
    }
    const response = await post(fast(failing([])), streamed)
    expect(response.status).toBe(500)
    expect(await response.json()).toEqual({ error })
    expect(JSON.parse((await data(fast(failing(['Well'])))).at(-1) ?? '')).toEqual({ error })
  })

  it('says which step it does not know, and that a script returns steps', async () => {
    const unknown = await post(fast([{ txt: 'typo' } as never]), streamed)
    expect(await unknown.text()).toContain('there is no step such as {\\"txt\\":\\"typo\\"}')
    const nothing = await post(fast((() => undefined) as never), streamed)
    expect(await nothing.text()).toContain('it must return an iterable of steps')
  })
})

it('answers the same script again for each request', async () => {
  const provider = fast(['Again'])
  expect(pieces(await chunks(provider), 'content')).toEqual(['Again'])
  expect(pieces(await chunks(provider), 'content')).toEqual(['Again'])
})
