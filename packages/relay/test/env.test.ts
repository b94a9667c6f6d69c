import { expect, it } from 'vitest'
import { modelsFromEnv, providersFromEnv, createRelay } from '../src/index.ts'
import type { WireRequest } from 'completion-stream'

const request = async (env: Record<string, string>): Promise<WireRequest> =>
  await providersFromEnv(env).openai!.request({ model: 'm', prompt: 'hi' })

it('no provider comes from an environment without keys', () => {
  expect(providersFromEnv({})).toEqual({})
  expect(providersFromEnv({ OPENAI_API_KEY: '', OPENAI_BASE_URL: ' ' })).toEqual({})
})

it('a key is enough for OpenAI, and an address for a server without keys', async () => {
  const keyed = await request({ OPENAI_API_KEY: 'sk-1 ' })
  expect(keyed.url).toBe('https://api.openai.com/v1/chat/completions')
  expect(keyed.headers.authorization).toBe('Bearer sk-1')
  const local = await request({ OPENAI_BASE_URL: 'http://localhost:11434/v1' })
  expect(local.url).toBe('http://localhost:11434/v1/chat/completions')
  expect(local.headers).not.toHaveProperty('authorization')
  expect(() => createRelay({ providers: providersFromEnv({ OPENAI_API_KEY: 'sk-1' }) })).not.toThrow()
})

it('the models are listed in one variable or in the other', () => {
  expect(modelsFromEnv({ OPENAI_MODELS: ' , ' })).toBeUndefined()
  expect(modelsFromEnv({ OPENAI_MODEL: 'a' })).toEqual(['a'])
  expect(modelsFromEnv({ OPENAI_MODEL: 'b', OPENAI_MODELS: 'a, b,, c ,' })).toEqual(['b', 'a', 'c'])
})
