/** Builds and serves the chat; the relay runs inside the same server, at `/api`. */
import react from '@vitejs/plugin-react'
import { defineConfig, type UserConfig } from 'vite'
import { relayPlugin } from './server/relay-plugin.ts'

const config: UserConfig = defineConfig({
  plugins: [react(), relayPlugin('completion-stream demo chat')],
  logLevel: 'warn',
  server: { host: '127.0.0.1' },
  preview: { host: '127.0.0.1' },
  resolve: { dedupe: ['react', 'react-dom'] },
})

export default config
