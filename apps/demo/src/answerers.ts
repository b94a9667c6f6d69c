/** Who answers the page: the relay, the browser's own model, and who may be asked instead. */
import { chrome, openai, route, type Provider } from 'completion-stream'
import { UNDERSTUDY } from '../sandbox/models.ts'

/** Where the relay is. */
export const RELAY = '/api'

/** The relay answers for all models but the browser's own, `chrome/…`, which needs no server at all. */
export const provider: Provider = route({ relay: openai({ baseURL: RELAY, name: 'The relay' }), chrome: chrome() })

/** How often a request is sent again. */
export const MAX_RETRIES = 2

/** How long an answer may pause: a model may think in silence, and the sandbox does not think. */
export const PAUSE_MS = { model: 60_000, sandbox: 3000 }

/** Who may be asked instead of `model`: for the built-in model nobody, nor it for others, as its requests differ. */
export function fallbacksOf(model: string, ids: readonly string[]): string[] {
  if (model.startsWith('chrome/')) return []
  if (model.startsWith('sandbox/')) return [`sandbox/${UNDERSTUDY}`]
  return ids.filter((id) => id !== model && !id.startsWith('chrome/'))
}
