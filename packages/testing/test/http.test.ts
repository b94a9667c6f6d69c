import { serve } from 'srvx/node'
import type { Server } from 'srvx'
import { afterEach, expect, it } from 'vitest'
import { scriptedProvider, type Script } from '../src/index.ts'
import { dataOf, user } from './client.ts'

const servers: Server[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close(true)
})

/** Serves the script on a free port of this machine; returns the address and what went wrong inside. */
async function listen(script: Script): Promise<{ url: string; crashed: unknown[] }> {
  const crashed: unknown[] = []
  const server = serve({
    fetch: scriptedProvider(script, { tokensPerSecond: 500, firstTokenMs: 5 }),
    port: 0,
    hostname: '127.0.0.1',
    silent: true,
    gracefulShutdown: false,
    error: (error) => {
      crashed.push(error)
      return new Response(null, { status: 500 })
    },
  })
  servers.push(server)
  await server.ready()
  return { url: new URL('/v1/chat/completions', server.url).href, crashed }
}

const streamed: RequestInit = {
  method: 'POST',
  body: JSON.stringify({ model: 'm', messages: user('hi'), stream: true }),
}

it('a server that is given the provider as its fetch handler streams the script', async () => {
  const { url } = await listen(['Hello', ' over', ' the wire'])
  const response = await fetch(url, streamed)
  expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
  const data = dataOf(await response.text())
  expect(data.join()).toContain('" wire"')
  expect(data.at(-1)).toBe('[DONE]')
})

it('a client that hangs up ends the turn, in the middle or before the response, and nothing fails', async () => {
  for (const steps of [['Hello', { stall: true as const }], [{ wait: 60_000 }]]) {
    let signal: AbortSignal | undefined
    const { url, crashed } = await listen((turn) => {
      signal = turn.signal
      return steps
    })
    const client = new AbortController()
    const asked = fetch(url, { ...streamed, signal: client.signal }).then((response) => response.text())
    asked.catch(() => {})
    await expect.poll(() => signal).toBeDefined()
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(signal?.aborted).toBe(false)
    client.abort()
    await expect(asked).rejects.toMatchObject({ name: 'AbortError' })
    await expect.poll(() => signal?.aborted, { timeout: 2000 }).toBe(true)
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(crashed.filter((error) => (error as Error).name !== 'AbortError')).toEqual([])
  }
})
