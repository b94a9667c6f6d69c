/** Serves the page; the relay runs inside the same server, at `/api`, as in the demo. */
import { relayPlugin } from '@completion-stream/demo/server'
import { defineConfig, type UserConfig } from 'vite'

const config: UserConfig = defineConfig({
  plugins: [relayPlugin('The plain page')],
  logLevel: 'warn',
  server: { host: '127.0.0.1' },
  preview: { host: '127.0.0.1' },
})

export default config
