/** Which provider answers for a model name, and which models may be asked for. */
import type { Provider } from 'completion-stream'
import type { Failure } from './errors.ts'

/** What the relay is told about models. */
export interface ModelOptions {
  providers: Record<string, Provider>
  models?: readonly string[]
  defaultModel?: string
}

/** A model at its provider. `model` is the name that the provider knows. */
export interface Target {
  provider: Provider
  model: string
}

/** The models of one relay. */
export interface ModelTable {
  /** Who answers a request for this model (`undefined`: the request names none), or why nobody does. */
  resolve(name: unknown): Target | Failure
  /** The list in OpenAI's shape. */
  list(): string
}

/** Reads the options. Throws a TypeError when there is no provider. */
export function modelTable({ providers, models, defaultModel }: ModelOptions): ModelTable {
  const [first] = Object.keys(providers)
  if (first === undefined) throw new TypeError('A relay needs at least one provider.')
  const created = Math.floor(Date.now() / 1000)

  /** "key/rest" is the model "rest" of provider "key"; any other name is a model of the first provider. */
  function split(name: string): [key: string, model: string] {
    const slash = name.indexOf('/')
    const key = name.slice(0, Math.max(0, slash))
    return Object.hasOwn(providers, key) ? [key, name.slice(slash + 1)] : [first!, name]
  }

  const listed = models ?? (defaultModel === undefined ? [] : [defaultModel])
  // The same model is the same model, with the prefix of its provider or without.
  const allowed =
    models && new Set([...listed, ...(defaultModel ? [defaultModel] : [])].map((name) => split(name).join('/')))

  return {
    resolve(name = defaultModel) {
      if (typeof name !== 'string' || name === '') {
        return { status: 400, message: 'The request has no model: set `model`.', code: 'bad_request' }
      }
      const [key, model] = split(name)
      if (model === '' || (allowed && !allowed.has(`${key}/${model}`))) {
        return { status: 404, message: `The model \`${name}\` is not served here.`, code: 'model_not_found' }
      }
      return { provider: providers[key]!, model }
    },
    list() {
      const data = listed.map((id) => ({ id, object: 'model', created, owned_by: split(id)[0] }))
      return JSON.stringify({ object: 'list', data })
    },
  }
}
