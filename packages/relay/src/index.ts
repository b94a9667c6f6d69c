/** The public list of @completion-stream/relay. */
export { modelsFromEnv, providersFromEnv } from './env.ts'
export { memoryStore } from './memory-store.ts'
export type { MemoryStoreOptions } from './memory-store.ts'
export { createRelay } from './relay.ts'
export type { RelayOptions } from './relay.ts'
export type { NewStream, StreamInfo, StreamStore } from './stream-store.ts'
