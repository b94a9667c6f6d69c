/** Starts the chat's servers on a free port, with the sandbox answering whatever keys the machine may have. */
import { fileURLToPath } from 'node:url'
import type { InlineConfig, ViteDevServer } from 'vite'

/** The folder of the app. */
export const root: string = fileURLToPath(new URL('..', import.meta.url))

/** What both kinds of server are started with. */
export const quiet: InlineConfig = { root, logLevel: 'error' }

/** Removes the keys that would put a real provider behind the page. */
export function forgetKeys(): void {
  for (const name of Object.keys(process.env)) if (name.startsWith('OPENAI_')) delete process.env[name]
}

/** The dev server, listening. */
export async function devServer(
  createServer: (config: InlineConfig) => Promise<ViteDevServer>,
): Promise<{ server: ViteDevServer; url: string }> {
  forgetKeys()
  const server = await (await createServer({ ...quiet, server: { port: 0, watch: null } })).listen()
  return { server, url: server.resolvedUrls!.local[0]! }
}
