import { describe, expect, it, vi } from 'vitest'
import { ask, errorOf, RELAY_URL, setup } from './upstream.ts'

const MODELS_URL = 'https://app.test/api/models'

describe('the models', () => {
  const models = ['openai/gpt-4o-mini', 'gpt-4o']

  it('are listed in the shape of OpenAI', async () => {
    const response = await setup([], { models }).relay(new Request(MODELS_URL))
    expect(response.headers.get('content-type')).toBe('application/json')
    const model = { object: 'model', created: expect.any(Number), owned_by: 'openai' }
    expect(await response.json()).toEqual({ object: 'list', data: models.map((id) => ({ id, ...model })) })
  })

  it('are the only ones that are let through, with or without the prefix of their provider', async () => {
    const { relay, upstream } = setup(['Hello'], { models })
    for (const model of ['gpt-4o-mini', 'openai/gpt-4o-mini', 'gpt-4o', 'openai/gpt-4o']) {
      expect((await relay(ask({ model }))).status).toBe(200)
    }
    const response = await relay(ask({ model: 'gpt-4' }))
    expect(response.status).toBe(404)
    expect(await errorOf(response)).toMatchObject({
      code: 'model_not_found',
      message: expect.stringContaining('gpt-4'),
    })
    expect(upstream.requests).toHaveLength(4)
  })

  it('have a default for requests that name none', async () => {
    const { relay, upstream } = setup(['Hello'], { defaultModel: 'openai/gpt-4o' })
    expect((await relay(ask({ model: undefined }))).status).toBe(200)
    expect(upstream.requests[0]?.body).toMatchObject({ model: 'gpt-4o' })
    const list = (await (await relay(new Request(MODELS_URL))).json()) as { data: { id: string }[] }
    expect(list.data.map(({ id }) => id)).toEqual(['openai/gpt-4o'])
    expect((await relay(ask({ model: 'another' }))).status).toBe(200)
  })
})

describe('authorize', () => {
  it.each([
    ['false', () => false],
    ['a promise of false', () => Promise.resolve(false)],
    [
      'an exception',
      () => {
        throw new Error('the token store is down')
      },
    ],
    ['a rejection', () => Promise.reject(new Error('the token store is down'))],
  ])('refuses with a 401 by %s', async (_name, authorize) => {
    const { relay, upstream } = setup(['Hello'], { authorize })
    for (const request of [ask(), new Request(MODELS_URL)]) {
      const response = await relay(request)
      expect(response.status).toBe(401)
      expect(await errorOf(response)).toMatchObject({
        code: 'authentication',
        message: 'You may not use this endpoint.',
      })
    }
    expect(upstream.requests).toEqual([])
  })

  it('may answer itself', async () => {
    const authorize = (): Response => new Response('Log in first', { status: 403, headers: { 'x-login': '/login' } })
    const response = await setup(['Hello'], { authorize }).relay(ask())
    expect(response.status).toBe(403)
    expect(response.headers.get('x-login')).toBe('/login')
    expect(await response.text()).toBe('Log in first')
  })

  it('reads the headers of the request and lets it through', async () => {
    const authorize = vi.fn((request: Request): boolean => request.headers.get('authorization') === 'Bearer me')
    const { relay } = setup(['Hello'], { authorize })
    expect((await relay(ask())).status).toBe(401)
    expect((await relay(ask({}, { headers: { authorization: 'Bearer me' } }))).status).toBe(200)
    expect((await setup(['Hello'], { authorize: () => {} }).relay(ask())).status).toBe(200)
  })
})

describe('cors', () => {
  const from = (origin: string, method = 'POST'): Request =>
    method === 'POST'
      ? ask({}, { headers: { origin } })
      : new Request(RELAY_URL, {
          method,
          headers: { origin, 'access-control-request-headers': 'authorization, content-type, x-mine' },
        })
  const allowOrigin = (response: Response): string | null => response.headers.get('access-control-allow-origin')

  it('is off by default', async () => {
    const response = await setup(['Hello']).relay(from('https://page.test'))
    expect(response.status).toBe(200)
    expect([...response.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
  })

  it('lets pages of any origin in, without asking who they are in the preflight', async () => {
    const { relay } = setup(['Hello'], { cors: true, authorize: (request) => request.headers.has('authorization') })
    const preflight = await relay(from('https://page.test', 'OPTIONS'))
    expect(preflight.status).toBe(204)
    expect(Object.fromEntries(preflight.headers)).toEqual({
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'GET, POST, DELETE, OPTIONS',
      'access-control-allow-headers': 'authorization, content-type, x-mine',
      'access-control-expose-headers': 'retry-after, retry-after-ms, x-should-retry, x-request-id, content-location',
      'access-control-max-age': '3600',
    })
    const refused = await relay(from('https://page.test'))
    expect(refused.status).toBe(401)
    expect(allowOrigin(refused)).toBe('*')
  })

  it.each(['https://page.test', ['https://other.test', 'https://page.test']])('lets only %s in', async (cors) => {
    const { relay } = setup(['Hello'], { cors })
    for (const method of ['POST', 'OPTIONS']) {
      const known = await relay(from('https://page.test', method))
      expect(allowOrigin(known)).toBe('https://page.test')
      expect(known.headers.get('vary')).toBe('origin')
      const unknown = await relay(from('https://page.test.evil.test', method))
      expect([...unknown.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
      expect(unknown.headers.get('vary')).toBe('origin')
    }
  })

  it('leaves the stream a stream', async () => {
    const response = await setup(['Hello'], { cors: true }).relay(from('https://page.test'))
    expect(response.headers.get('content-type')).toContain('text/event-stream')
    expect(await response.text()).toContain('[DONE]')
  })
})
