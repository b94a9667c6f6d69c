/** Providers and models from environment variables, so that a key is all it takes to run a relay. */
import {
  anthropic,
  cohere,
  compatible,
  compatibleNames,
  gemini,
  ollama,
  openai,
  type Provider,
} from 'completion-stream'

/** Environment variables, such as `process.env`. An empty variable counts as unset. */
export type Env = Record<string, string | undefined>

/** How each provider is made, by its name. The first one that is set up answers for names without a prefix. */
const makers: Record<string, (options: { apiKey?: string; baseURL?: string; resource?: string }) => Provider> = {
  openai,
  anthropic,
  gemini,
  cohere,
  ...Object.fromEntries(compatibleNames.map((name) => [name, (options: object) => compatible(name, options)])),
  // Its own wire tells more than its compatible one.
  ollama,
}

/** The value of a variable, such as `OPENAI_API_KEY` for `('openai', 'API_KEY')`. */
const read = (env: Env, name: string, what: string): string => env[`${name.toUpperCase()}_${what}`]?.trim() ?? ''

/** An Azure resource is part of the address, so there a key alone is not enough. */
const isSet = (env: Env, name: string): boolean =>
  [name === 'azure' ? 'RESOURCE' : 'API_KEY', 'BASE_URL'].some((what) => read(env, name, what))

/**
 * The providers that the environment is set up for, by name; `{}` when there is none. `openai` is there when
 * `OPENAI_API_KEY` or `OPENAI_BASE_URL` is set (the address alone is enough for a server that needs no key, such as
 * vLLM), and so are `anthropic`, `gemini`, `cohere`, `ollama` and all that {@link compatible} knows, such as `groq`.
 */
export function providersFromEnv(env: Env): Record<string, Provider> {
  const names = Object.keys(makers).filter((name) => isSet(env, name))
  return Object.fromEntries(
    names.map((name) => {
      const apiKey = read(env, name, 'API_KEY')
      const baseURL = read(env, name, 'BASE_URL')
      const resource = read(env, name, 'RESOURCE')
      return [
        name,
        makers[name]!({ ...(apiKey && { apiKey }), ...(baseURL && { baseURL }), ...(resource && { resource }) }),
      ]
    }),
  )
}

/**
 * The model names in `OPENAI_MODEL` and `OPENAI_MODELS` (separated by commas), each once, and those of the other
 * providers with their prefix: `ANTHROPIC_MODELS=claude-…` is `anthropic/claude-…`. Undefined when there is none.
 */
export function modelsFromEnv(env: Env): string[] | undefined {
  const names = Object.keys(makers).filter((name) => name === 'openai' || isSet(env, name))
  const models = names.flatMap((name) => {
    const listed = ['MODEL', 'MODELS'].flatMap((what) => read(env, name, what).split(','))
    const found = listed.map((model) => model.trim()).filter(Boolean)
    return name === 'openai' ? found : found.map((model) => `${name}/${model}`)
  })
  return models.length > 0 ? [...new Set(models)] : undefined
}
