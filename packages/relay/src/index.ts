/** The public list of @completion-stream/relay. */
export { modelsFromEnv, providersFromEnv } from './env.ts'
export { createRelay } from './relay.ts'
export type { RelayOptions } from './relay.ts'
