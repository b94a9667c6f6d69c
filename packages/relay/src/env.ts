/** Providers and models from environment variables, so that a key is all it takes to run a relay. */
import { openai, type Provider } from 'completion-stream'

/** Environment variables, such as `process.env`. An empty variable counts as unset. */
export type Env = Record<string, string | undefined>

/**
 * The providers that the environment is set up for; `{}` when there is none. `openai` is there when `OPENAI_API_KEY` or
 * `OPENAI_BASE_URL` is set: the address alone is enough for a server that needs no key, such as Ollama or vLLM.
 */
export function providersFromEnv(env: Env): Record<string, Provider> {
  const apiKey = env.OPENAI_API_KEY?.trim()
  const baseURL = env.OPENAI_BASE_URL?.trim()
  if (!apiKey && !baseURL) return {}
  return { openai: openai({ ...(apiKey && { apiKey }), ...(baseURL && { baseURL }) }) }
}

/** The model names in `OPENAI_MODEL` and `OPENAI_MODELS` (separated by commas), each once; undefined when there is none. */
export function modelsFromEnv(env: Env): string[] | undefined {
  const names = [env.OPENAI_MODEL, env.OPENAI_MODELS].flatMap((list) => list?.split(',') ?? [])
  const models = [...new Set(names.map((name) => name.trim()).filter((name) => name !== ''))]
  return models.length > 0 ? models : undefined
}
