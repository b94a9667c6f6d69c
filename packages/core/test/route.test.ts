/** Several providers as one: who answers is in the model's name. */
import { expect, it } from 'vitest'
import { openai, route, streamCompletion } from '../src/index.ts'
import type { Provider } from '../src/index.ts'
import { chunk, event, fetchOf, serve } from './http.ts'

const answering = (name: string) => openai({ name, baseURL: `https://${name}.example/v1` })
const providers = { first: answering('first'), second: answering('second'), plain: 'https://plain.example/v1' }
const nameOf = (provider: Provider, model: string) => {
  const [chosen, request] = provider.resolve!({ model, prompt: 'Hi' })
  return [chosen.name, request.model]
}

it.each([
  ['second/big', 'second', 'big'],
  ['second/org/big', 'second', 'org/big'],
  ['plain/big', 'https://plain.example/v1', 'big'],
  ['big', 'first', 'big'],
  ['org/big', 'first', 'org/big'],
  ['toString/big', 'first', 'toString/big'],
  ['/big', 'first', '/big'],
])('%s is for %s, as %s', (model, name, asked) => {
  expect(nameOf(route(providers), model)).toEqual([name, asked])
})

it('gives other names to the default', () => {
  expect(nameOf(route(providers, { default: 'second' }), 'org/big')).toEqual(['second', 'org/big'])
})

it('says which names it knows', () => {
  const sentence = 'its name has to start with "first/" or "second/" or "plain/".'
  const strict = route(providers, { default: null })
  expect(() => nameOf(strict, 'org/big')).toThrow(`No provider for the model "org/big": ${sentence}`)
  expect(() => nameOf(route(providers), 'second/')).toThrow(`No provider for the model "second/": ${sentence}`)
})

it('routes on within a route', () => {
  const inner = route({ a: answering('a'), b: answering('b') })
  expect(nameOf(route({ first: providers.first, inner }), 'inner/b/big')).toEqual(['b', 'big'])
})

it('does not touch the caller’s request', () => {
  const request = { model: 'second/big', prompt: 'Hi' }
  route(providers).resolve!(request)
  expect(request.model).toBe('second/big')
})

it('writes the request of the provider it is for', async () => {
  const wire = await route(providers).request({ model: 'second/big', prompt: 'Hi' })
  expect(wire).toMatchObject({ url: 'https://second.example/v1/chat/completions', body: { model: 'big' } })
  expect(() => route(providers).decoder()).toThrow('Ask `resolve` who answers: each has a decoder of its own.')
})

it('answers several requests at once, each by its own provider', async () => {
  const server = await serve((response, { body }) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    setTimeout(() => response.end(chunk({ content: `http ${body.model}` }, 'stop')), 20)
  })
  const provider = route({
    scripted: openai({ fetch: fetchOf([chunk({ content: 'scripted' }), chunk({}, 'stop'), event('[DONE]')]) }),
    server: server.url,
  })
  const ask = async (model: string) =>
    (await streamCompletion({ model, prompt: 'Hi' }, { provider }).finalCompletion()).text
  const texts = ['server/a', 'scripted/b', 'c', 'server/d'].map(ask)
  await expect(Promise.all(texts)).resolves.toEqual(['http a', 'scripted', 'scripted', 'http d'])
  await server.close()
})

it('names the provider that failed, or says before anything is sent that there is none', async () => {
  const failing = openai({ name: 'second', fetch: async () => new Response('{"error":"no"}', { status: 500 }) })
  const provider = route({ first: providers.first, second: failing }, { default: null })
  const ask = (model: string) => streamCompletion({ model, prompt: 'Hi' }, { provider }).finalCompletion()
  await expect(ask('second/big')).rejects.toMatchObject({ provider: 'second', code: 'server' })
  await expect(ask('big')).rejects.toMatchObject({ code: 'bad_request', message: expect.stringContaining('"first/"') })
})
