/** A Vite plugin that serves the relay at `/api`, in the dev server and in `vite preview`, and says where the page is. */
import { createRelay, memoryStore } from '@completion-stream/relay'
import type { Plugin, PreviewServer, ViteDevServer } from 'vite'
import { lossy } from './lossy.ts'
import { nodeHandler } from './node-handler.ts'
import { answerersFromEnv } from './providers.ts'

/** A conversation is sent whole, with all its files. */
const MAX_BODY_BYTES = 50_000_000

/** The plugin. `title` is what the terminal calls the page. */
export function relayPlugin(title: string): Plugin {
  function mount(server: ViteDevServer | PreviewServer): void {
    const { providers, models, defaultModel, isSandbox, sentence } = answerersFromEnv(process.env)
    // With a store, a page whose connection broke gets the rest of its answer.
    const relay = createRelay({ providers, models, defaultModel, maxBodyBytes: MAX_BODY_BYTES, store: memoryStore() })
    server.middlewares.use('/api', nodeHandler(isSandbox ? lossy(relay) : relay))
    server.printUrls = () => {
      const url = server.resolvedUrls?.local[0]
      if (url) process.stdout.write(`\n  ${title}: ${url}\n  ${sentence}\n\n`)
    }
  }
  return { name: 'completion-stream:relay', configureServer: mount, configurePreviewServer: mount }
}
