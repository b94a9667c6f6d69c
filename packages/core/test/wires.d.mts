import type * as core from '../src/index.ts'

/** The factory of the provider for each wire format, by the name of its folder of fixtures. */
export declare function wiresOf(
  library: typeof core,
): Record<string, (options: { apiKey?: string; fetch?: typeof fetch }) => core.Provider>
