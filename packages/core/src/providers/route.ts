/** Several providers as one: the model's name says which of them answers. */
import type { Provider, ProviderRequest } from '../types.ts'
import { endpoint } from './openai.ts'

/** How to find a provider by a model's name. */
export interface RouteOptions<Key extends string = string> {
  /** Who answers for a name that starts with none of the keys: the first provider unless given; null: nobody. */
  default?: Key | null
}

/**
 * One provider from several, each a provider or the URL of an OpenAI-compatible endpoint. The model
 * `"anthropic/claude-…"` is `claude-…` of the provider whose key is `anthropic`; a name that starts with none of the
 * keys goes as it is to the default.
 *
 *     route({ openai: openai(…), anthropic: anthropic(…) })
 */
export function route<Key extends string>(
  providers: Record<Key, Provider | string>,
  options: RouteOptions<NoInfer<Key>> = {},
): Provider {
  const table: Record<string, Provider | string> = providers
  const { default: fallback = Object.keys(table)[0] } = options

  const resolve = (request: ProviderRequest): [Provider, ProviderRequest] => {
    const { model } = request
    const [, prefix = '', rest] = /^(.*?)\/(.*)$/s.exec(model) ?? []
    const isNamed = Object.hasOwn(table, prefix)
    const chosen = isNamed ? rest && table[prefix] : fallback != null && table[fallback]
    if (!chosen) {
      const starts = Object.keys(table).map((key) => `"${key}/"`)
      throw new Error(`No provider for the model "${model}": its name has to start with ${starts.join(' or ')}.`)
    }
    const provider = typeof chosen === 'string' ? endpoint(chosen) : chosen
    const asked = isNamed ? { ...request, model: rest! } : request
    return provider.resolve?.(asked) ?? [provider, asked]
  }

  return {
    name: 'route',
    resolve,
    request(request) {
      const [provider, asked] = resolve(request)
      return provider.request(asked)
    },
    decoder() {
      throw new Error('Ask `resolve` who answers: each has a decoder of its own.')
    },
  }
}
