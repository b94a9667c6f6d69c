/** What passes between the page and the sandbox: the relay in the demo's own server, over real HTTP. */
import { streamCompletion, type CompletionStream } from 'completion-stream'
import { createServer } from 'vite'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { devServer } from './servers.ts'

let dev: Awaited<ReturnType<typeof devServer>>
let api: string

beforeAll(async () => {
  dev = await devServer(createServer)
  api = `${dev.url}api`
})

afterAll(() => dev?.server.close())

function post(prompt: string): Promise<Response> {
  const messages = [{ role: 'user', content: prompt }]
  return fetch(`${api}/chat/completions`, { method: 'POST', body: JSON.stringify({ messages, stream: true }) })
}

function complete(prompt: string): CompletionStream {
  return streamCompletion({ model: 'sandbox/docs-guide', prompt }, { provider: api })
}

/** The events of a body: their numbers and their text. */
function eventsOf(body: string): [number, string][] {
  return [...body.matchAll(/^id: (\d+)\ndata: (.*)$/gm)].map(([, id, data]) => [
    Number(id),
    data === '[DONE]' ? '' : (JSON.parse(data!).choices?.[0]?.delta.content ?? ''),
  ])
}

const textOf = (events: [number, string][]): string => events.map(([, text]) => text).join('')

it('an answer has an address, from which its rest can be had', async () => {
  const response = await post('Who are you?')
  const address = new URL(response.headers.get('content-location')!, response.url).href
  expect(address).toMatch(/\/api\/streams\/[\w-]+$/)
  const all = eventsOf(await response.text())
  const rest = await fetch(address, { headers: { 'last-event-id': '20' } })
  expect(rest.headers.get('content-type')).toContain('text/event-stream')
  const missed = eventsOf(await rest.text())
  expect(missed).toEqual(all.slice(20))
  expect(textOf(all)).toContain('I am **the sandbox**')
})

it('an answer can be stopped at its address', async () => {
  const response = await post('Tell me a long story')
  const address = new URL(response.headers.get('content-location')!, response.url).href
  expect((await fetch(address, { method: 'DELETE' })).status).toBe(204)
  const body = await response.text()
  expect(body).toMatch(/"code":"interrupted".*\n\n$/)
  expect(textOf(eventsOf(body))).not.toContain('no better ending')
  expect((await fetch(`${api}/streams/nobody-knows-this-one`)).status).toBe(404)
})

it('a wish for a broken connection breaks it, and the answer is whole nonetheless', async () => {
  const broken = await post('Lose the connection on the way')
  await expect(broken.text()).rejects.toThrow('terminated')

  const stream = complete('Lose the connection on the way')
  const { text, finishReason } = await stream.finalCompletion()
  expect(stream.attempts).toMatchObject([{ action: 'resume', error: { code: 'interrupted' } }])
  expect(finishReason).toBe('stop')
  expect(text.match(/This answer loses/g)).toHaveLength(1)
  expect(text).toMatch(/^This answer.*number\. Your page notices.*that was the point\.$/)
})

it.each([
  ['Be overloaded for a minute', 429, { 'retry-after': '2', 'x-should-retry': 'true' }, 'rate_limit'],
  ['Be out of order', 503, { 'x-should-retry': 'false' }, 'overloaded'],
  ['Fail with a server error', 500, { 'x-should-retry': 'true' }, 'server'],
  ['Overflow the context window', 400, { 'x-should-retry': 'false' }, 'context_window_exceeded'],
] as const)('%s → HTTP %i, with what the page has to know', async (prompt, status, headers, code) => {
  const response = await post(prompt)
  expect(response.status).toBe(status)
  expect(Object.fromEntries(response.headers)).toMatchObject(headers)
  expect(await response.json()).toMatchObject({ error: { code } })
})

it('a cut between the provider and the relay is one for the page, which has the text so far', async () => {
  const error = await complete('Cut the connection half-way')
    .finalCompletion()
    .catch((failure) => failure)
  expect(error).toMatchObject({ code: 'interrupted', attempts: 1 })
  expect(error.message).toMatch(/closed the connection before the answer was finished/)
  expect(error.partial.text).toMatch(/never going to$/)
})
