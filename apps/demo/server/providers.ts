/** Decides who answers: the providers whose keys are in the environment, or the scripted sandbox when there are none. */
import { modelsFromEnv, providersFromEnv } from '@completion-stream/relay'
import { scriptedProvider } from '@completion-stream/testing'
import { openai, type Provider } from 'completion-stream'
import { readPages } from '../docs/read.ts'
import { createDocsSearch } from '../docs/search.ts'
import { splitPages } from '../docs/sections.ts'
import { createSandboxScript } from '../sandbox/script.ts'

/** The model that the sandbox answers as. */
export const SANDBOX_MODEL = 'sandbox/docs-guide'

/** The model when a key of OpenAI is set but `OPENAI_MODEL` is not. */
const DEFAULT_MODEL = 'gpt-4o-mini'

/** Who answers the pages' requests. */
export interface Answerers {
  providers: Record<string, Provider>
  models: string[]
  /** In words, for the terminal. */
  sentence: string
}

/** The answerers that an environment asks for. */
export function answerersFromEnv(env: Record<string, string | undefined>): Answerers {
  const providers = providersFromEnv(env)
  const names = Object.keys(providers)
  const models = modelsFromEnv(env) ?? (providers.openai ? [DEFAULT_MODEL] : [])
  if (names.length > 0 && models.length > 0) {
    return { providers, models, sentence: `Answers come from ${models.join(', ')} at ${names.join(' and ')}.` }
  }
  return {
    providers: { sandbox: sandbox() },
    models: [SANDBOX_MODEL],
    sentence: `Answers come from the scripted sandbox (${names[0] ? `no ${names[0].toUpperCase()}_MODELS set` : 'no key set'}).`,
  }
}

function sandbox(): Provider {
  const script = createSandboxScript(createDocsSearch(splitPages(readPages())))
  const fetch = scriptedProvider(script, { models: ['docs-guide'] })
  return openai({ name: 'sandbox', baseURL: 'http://sandbox.local/v1', fetch })
}
