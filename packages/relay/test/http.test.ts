import { request as httpRequest } from 'node:http'
import type { Script } from '@completion-stream/testing'
import { afterEach, expect, it, vi } from 'vitest'
import { closeAll, listen } from './server.ts'
import { dataOf, messages, SECRET } from './upstream.ts'

afterEach(closeAll)

const body = (extra: object = {}): RequestInit => ({
  method: 'POST',
  body: JSON.stringify({ model: 'm', messages, stream: true, ...extra }),
})

it('chunks arrive over the network as they are made', async () => {
  let goOn = (): void => {}
  const gate = new Promise<void>((resolve) => (goOn = resolve))
  const { url } = await listen(async function* () {
    yield 'first'
    await gate
    yield ' last'
  })
  const response = await fetch(url, body())
  expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  while (!text.includes('first')) text += (await reader.read()).value
  goOn()
  for (let next = await reader.read(); !next.done; next = await reader.read()) text += next.value
  expect(text).toContain(' last')
  expect(dataOf(text).at(-1)).toBe('[DONE]')
})

it('a client that hangs up in the middle ends the request upstream, and nothing fails', async () => {
  let signal: AbortSignal | undefined
  const onError = vi.fn()
  const script: Script = function* (turn) {
    signal = turn.signal
    yield 'Hello'
    yield { stall: true }
  }
  const { url, crashed } = await listen(script, { onError })
  const client = new AbortController()
  const response = await fetch(url, { ...body(), signal: client.signal })
  const reader = response.body!.getReader()
  await reader.read()
  expect(signal?.aborted).toBe(false)
  client.abort()
  await expect(reader.read()).rejects.toMatchObject({ name: 'AbortError' })
  await expect.poll(() => signal?.aborted, { timeout: 2000 }).toBe(true)
  expect(onError).not.toHaveBeenCalled()
  expect(crashed).toEqual([])
})

it.each([true, false])(
  'a client that hangs up before the answer ends the request upstream (stream: %s)',
  async (stream) => {
    let signal: AbortSignal | undefined
    const { url, crashed } = await listen((turn) => {
      signal = turn.signal
      return [{ stall: true }]
    })
    const client = new AbortController()
    const asked = fetch(url, { ...body({ stream }), signal: client.signal })
    await expect.poll(() => signal).toBeDefined()
    client.abort()
    await expect(asked).rejects.toMatchObject({ name: 'AbortError' })
    await expect.poll(() => signal?.aborted, { timeout: 2000 }).toBe(true)
    expect(crashed).toEqual([])
  },
)

it('a failure before the first chunk has its status, and one after it is a frame', async () => {
  const before = await listen([{ error: { message: 'Slow down' }, status: 429, headers: { 'retry-after': '3' } }])
  const refused = await fetch(before.url, body())
  expect(refused.status).toBe(429)
  expect(refused.headers.get('retry-after')).toBe('3')
  expect(await refused.json()).toMatchObject({ error: { code: 'rate_limit' } })
  const after = await listen(['Half', { error: { message: 'Broken' } }])
  const data = dataOf(await (await fetch(after.url, body())).text())
  expect(JSON.parse(data.at(-1)!)).toMatchObject({ error: { code: 'server' } })
})

it('nothing on the wire has the key in it', async () => {
  const { url } = await listen([{ reasoning: 'hm' }, 'Hello', { error: { message: `with ${SECRET}` } }])
  const raw = await new Promise<string>((resolve, reject) => {
    const request = httpRequest(url, { method: 'POST' }, (response) => {
      let text = `${response.rawHeaders.join('\n')}\n`
      response.on('data', (bytes: Buffer) => (text += bytes.toString()))
      response.on('end', () => resolve(text))
    })
    request.on('error', reject)
    request.end(body().body)
  })
  expect(raw).toContain('Hello')
  expect(raw).toContain('server_error')
  expect(raw).not.toContain(SECRET)
})

it('a body that is too large is refused', async () => {
  const { url } = await listen(['Hello'], { maxBodyBytes: 10_000 })
  const large = { messages: [{ role: 'user', content: 'x'.repeat(20_000) }] }
  const response = await fetch(url, body(large))
  expect(response.status).toBe(413)
  expect(await response.json()).toMatchObject({ error: { type: 'invalid_request_error' } })
  expect((await fetch(url, body())).status).toBe(200)
})
