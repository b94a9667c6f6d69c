import { describe, expect, it } from 'vitest'
import { scriptedProvider } from '../src/index.ts'
import { chunks, pieces, post, URL_CHAT, user } from './client.ts'

const valid = { model: 'small', messages: user('hi'), stream: true }
const provider = scriptedProvider(['Hello'], { tokensPerSecond: Infinity, firstTokenMs: 0 })

describe('a request that cannot be answered', () => {
  it.each([
    ['without JSON', '{"model": ', 'could not parse the JSON body', null, null],
    ['with a list as its body', [valid], 'could not parse the JSON body', null, null],
    ['without a model', { messages: valid.messages }, 'must provide a model', null, null],
    ['without messages', { model: 'm' }, "'messages'", 'messages', 'missing_required_parameter'],
    ['with no message', { model: 'm', messages: [] }, 'empty array', 'messages', 'empty_array'],
    ['with max_tokens 0', { ...valid, max_tokens: 0 }, "'max_tokens'", 'max_tokens', 'integer_below_min_value'],
  ])('%s gets a 400', async (_name, body, message, param, code) => {
    const response = await post(provider, body)
    expect(response.status).toBe(400)
    expect(response.headers.get('content-type')).toBe('application/json')
    const { error } = (await response.json()) as { error: Record<string, unknown> }
    expect(error).toEqual({ message: expect.stringContaining(message), type: 'invalid_request_error', param, code })
  })

  it.each([
    ['GET', '/v1/chat/completions'],
    ['POST', '/v1/models'],
    ['POST', '/v1/embeddings'],
  ])('%s %s gets a 404', async (method, path) => {
    const response = await provider(`https://api.test${path}`, { method })
    expect(response.status).toBe(404)
    expect(await response.json()).toMatchObject({ error: { message: `Invalid URL (${method} ${path})` } })
  })

  it('for a model that is not served gets a 404, when there is a list', async () => {
    const limited = scriptedProvider(['Hello'], { models: ['small', 'large'], tokensPerSecond: Infinity })
    const response = await post(limited, { ...valid, model: 'huge' })
    expect(response.status).toBe(404)
    expect(await response.json()).toMatchObject({ error: { code: 'model_not_found', param: null } })
    expect((await post(limited, valid)).status).toBe(200)
  })
})

it('the models are listed in the shape of OpenAI', async () => {
  const response = await scriptedProvider([], { models: ['small', 'large'] })('https://api.test/v1/models')
  const model = { object: 'model', created: expect.any(Number), owned_by: 'scripted' }
  expect(await response.json()).toEqual({
    object: 'list',
    data: [
      { id: 'small', ...model },
      { id: 'large', ...model },
    ],
  })
})

it('a key is asked for when there is one, and a wrong one is shown only in part', async () => {
  const guarded = scriptedProvider(['Hello'], { apiKey: 'sk-right', tokensPerSecond: Infinity, models: ['small'] })
  const withKey = (key: string): RequestInit => ({ headers: { authorization: `Bearer ${key}` } })
  const none = await post(guarded, valid)
  expect(none.status).toBe(401)
  expect(await none.json()).toMatchObject({
    error: { message: expect.stringMatching(/^You didn't provide an API key/) },
  })
  const wrong = await post(guarded, valid, withKey('sk-wrong-0123456789'))
  expect(wrong.status).toBe(401)
  expect(await wrong.json()).toEqual({
    error: {
      message: 'Incorrect API key provided: sk-wrong*******6789.',
      type: 'invalid_request_error',
      param: null,
      code: 'invalid_api_key',
    },
  })
  expect((await guarded('https://api.test/v1/models')).status).toBe(401)
  expect((await post(guarded, valid, withKey('sk-right'))).status).toBe(200)
})

it('all requests are recorded with their bodies and headers', async () => {
  const recording = scriptedProvider(['Hello'], { tokensPerSecond: Infinity })
  await post(recording, valid, { headers: { authorization: 'Bearer k', 'X-Thing': '1' } })
  await post(recording, 'not json')
  await recording('https://api.test/v1/models')
  expect(recording.requests).toEqual([
    {
      method: 'POST',
      url: URL_CHAT,
      headers: expect.objectContaining({ authorization: 'Bearer k', 'x-thing': '1' }),
      body: valid,
    },
    { method: 'POST', url: URL_CHAT, headers: expect.anything(), body: 'not json' },
    { method: 'GET', url: 'https://api.test/v1/models', headers: {}, body: undefined },
  ])
})

it('the provider can be called as fetch is, with an address and options', async () => {
  const asFetch: typeof fetch = provider
  const init = { method: 'POST', body: JSON.stringify(valid) }
  for (const input of [URL_CHAT, new URL(URL_CHAT), new Request(URL_CHAT)]) {
    expect(await (await asFetch(input, init)).text()).toContain('Hello')
  }
  expect(pieces(await chunks(provider), 'content')).toEqual(['Hello'])
})

it('a pace that is not above zero is refused', () => {
  expect(() => scriptedProvider([], { tokensPerSecond: 0 })).toThrow(TypeError)
})
