/** Decides who answers: the providers whose keys are in the environment, or the scripted sandbox when there are none. */
import { modelsFromEnv, providersFromEnv } from '@completion-stream/relay'
import { scriptedProvider } from '@completion-stream/testing'
import { openai, type Provider } from 'completion-stream'
import { readPages } from '../docs/read.ts'
import { createDocsSearch } from '../docs/search.ts'
import { splitPages } from '../docs/sections.ts'
import { DOCS_GUIDE, UNDERSTUDY } from '../sandbox/models.ts'
import { createSandboxScript } from '../sandbox/script.ts'

/** The model that the sandbox answers as. */
export const SANDBOX_MODEL: string = `sandbox/${DOCS_GUIDE}`

/** The model when a key of OpenAI is set but `OPENAI_MODEL` is not. */
const DEFAULT_MODEL = 'gpt-4o-mini'

/** Who answers the pages' requests. */
export interface Answerers {
  providers: Record<string, Provider>
  /** Missing: all that the providers have. */
  models?: string[]
  defaultModel: string
  isSandbox: boolean
  /** In words, for the terminal. */
  sentence: string
}

/** The answerers that an environment asks for. */
export function answerersFromEnv(env: Record<string, string | undefined>): Answerers {
  const providers = providersFromEnv(env)
  const names = Object.keys(providers)
  const models = modelsFromEnv(env) ?? (providers.openai ? [DEFAULT_MODEL] : [])
  if (names.length > 0 && models.length > 0) {
    const sentence = `Answers come from ${models.join(', ')} at ${names.join(' and ')}.`
    return { providers, models, defaultModel: models[0]!, isSandbox: false, sentence }
  }
  return {
    providers: { sandbox: sandbox() },
    // Its understudy is for pages that fall back on it, and in no list.
    defaultModel: SANDBOX_MODEL,
    isSandbox: true,
    sentence: `Answers come from the scripted sandbox (${names[0] ? `no ${names[0].toUpperCase()}_MODELS set` : 'no key set'}).`,
  }
}

function sandbox(): Provider {
  const script = createSandboxScript(createDocsSearch(splitPages(readPages())))
  const fetch = scriptedProvider(script, { models: [DOCS_GUIDE, UNDERSTUDY] })
  return openai({ name: 'The sandbox', baseURL: 'http://sandbox.local/v1', fetch })
}
