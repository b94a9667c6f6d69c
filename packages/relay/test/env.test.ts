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

it('every provider has variables of its own, and its models the prefix that the relay sends to it', async () => {
  const env = {
    ANTHROPIC_API_KEY: 'sk-ant',
    ANTHROPIC_MODELS: 'claude-a, claude-b',
    GROQ_API_KEY: 'gsk',
    GROQ_MODEL: 'llama',
    OLLAMA_BASE_URL: 'http://localhost:11434',
    AZURE_API_KEY: 'a key without a resource says nothing of an address',
    MISTRAL_MODELS: 'not-set-up',
  }
  const providers = providersFromEnv(env)
  expect(Object.keys(providers)).toEqual(['anthropic', 'groq', 'ollama'])
  expect(modelsFromEnv(env)).toEqual(['anthropic/claude-a', 'anthropic/claude-b', 'groq/llama'])
  const asked = { model: 'm', prompt: 'hi' }
  expect(await providers.anthropic!.request(asked)).toMatchObject({ headers: { 'x-api-key': 'sk-ant' } })
  expect(await providers.groq!.request(asked)).toMatchObject({
    url: 'https://api.groq.com/openai/v1/chat/completions',
  })
  expect(await providers.ollama!.request(asked)).toMatchObject({ url: 'http://localhost:11434/api/chat' })
  const azure = providersFromEnv({ AZURE_API_KEY: 'k', AZURE_RESOURCE: 'mine' }).azure!
  expect((await azure.request(asked)).url).toMatch(/^https:\/\/mine\.openai\.azure\.com\//)
})
