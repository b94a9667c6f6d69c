/** The relay's way into a Node server, over real HTTP: headers at once, and an abort when the client leaves. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { nodeHandler } from '../server/node-handler.ts'

let server: Server | undefined

afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})

async function serve(handle: (request: Request) => Promise<Response>): Promise<string> {
  const middleware = nodeHandler(handle)
  server = createServer((req, res) => middleware(req, res, () => res.writeHead(500).end()))
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

it('sends the headers before the body has begun', async () => {
  const url = await serve(async () => new Response(new ReadableStream(), { headers: { 'x-early': 'yes' } }))
  const response = await fetch(url)
  expect(response.headers.get('x-early')).toBe('yes')
  await response.body!.cancel()
})

it('sends each piece of the body as it comes', async () => {
  let more = (_text: string): void => {}
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      more = (text) => controller.enqueue(new TextEncoder().encode(text))
    },
  })
  const response = await fetch(await serve(async () => new Response(body)))
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  for (const text of ['one', 'two']) {
    more(text)
    expect(await reader.read()).toEqual({ done: false, value: text })
  }
  await reader.cancel()
})

it('aborts the request and cancels the body when the client leaves', async () => {
  const seen: string[] = []
  const url = await serve(async (request) => {
    request.signal.addEventListener('abort', () => seen.push('aborted'))
    return new Response(new ReadableStream({ cancel: () => void seen.push('cancelled') }))
  })
  const controller = new AbortController()
  await fetch(url, { signal: controller.signal })
  controller.abort()
  await expect.poll(() => seen.toSorted(), { timeout: 20_000 }).toEqual(['aborted', 'cancelled'])
})

it('passes a request body on, and a failure to the next handler', async () => {
  const url = await serve(async (request) => {
    const body = await request.text()
    if (body === 'fail') throw new Error('asked for')
    return new Response(body.toUpperCase(), { status: 201 })
  })
  const response = await fetch(url, { method: 'POST', body: 'hello' })
  expect([response.status, await response.text()]).toEqual([201, 'HELLO'])
  expect((await fetch(url, { method: 'POST', body: 'fail' })).status).toBe(500)
})
