// Types of chromium.mjs, for the vitest configurations that import it.

/** The path of a Chromium that starts, or undefined. `paths` replaces the list of usual places on this system. */
export function findChromium(paths?: readonly string[]): string | undefined

/** Playwright launch options for that Chromium: quiet on the network, without a sandbox only when root. */
export function launchOptions(): { executablePath: string | undefined; args: string[] }
