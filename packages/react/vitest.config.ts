/**
 * Runs the tests: in Node, and in a real Chromium three times: with React 19, with React 18, and with what React's compiler
 * makes of the hooks and of the components of the tests.
 */
import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { playwright } from '@vitest/browser-playwright'
import { defineConfig } from 'vitest/config'
import type { TestProjectInlineConfiguration } from 'vitest/config'
import { launchOptions } from '../../.config/chromium.mjs'
import { reactCompiler } from './test/react-compiler.ts'

const installed = (name: string) => fileURLToPath(new URL(`node_modules/${name}`, import.meta.url))

/** React 18 for everybody who imports React, the dependencies included. */
const react18 = [
  { find: /^react-dom(?=$|\/)/, replacement: installed('react-dom-18') },
  { find: /^react(?=$|\/)/, replacement: installed('react-18') },
]

function inChromium(
  name: string,
  include: string[],
  more: Pick<TestProjectInlineConfiguration, 'resolve' | 'plugins' | 'optimizeDeps'> = {},
) {
  const project: TestProjectInlineConfiguration = {
    extends: true,
    ...more,
    test: {
      name,
      include,
      provide: { reactMajor: name === 'react-18' ? '18' : '19', isCompiled: name === 'compiled' },
      browser: {
        enabled: true,
        headless: true,
        screenshotFailures: false,
        provider: playwright({ launchOptions: launchOptions() }),
        instances: [{ browser: 'chromium' }],
      },
    },
  }
  return project
}

const inPages = 'test/**/*.browser.test.tsx'

export default defineConfig({
  plugins: [react()],
  optimizeDeps: {
    include: [
      'react',
      'react-dom',
      'react-dom/client',
      'react-dom/server.browser',
      'react/jsx-dev-runtime',
      '@testing-library/react',
      '@tanstack/react-query',
      '@tanstack/react-query-persist-client',
      '@tanstack/query-sync-storage-persister',
      'completion-stream > eventsource-parser',
    ],
  },
  test: {
    projects: [
      inChromium('chromium', [inPages]),
      inChromium('react-18', [inPages], { resolve: { alias: react18 } }),
      inChromium('compiled', ['test/**/{use-completion-stream,use-chat}*.browser.test.tsx'], {
        plugins: [reactCompiler()],
        optimizeDeps: { include: ['react/compiler-runtime'] },
      }),
      { extends: true, test: { name: 'server', environment: 'node', include: ['test/**/*.node.test.{ts,tsx}'] } },
    ],
  },
})
