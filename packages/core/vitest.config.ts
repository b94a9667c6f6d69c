/** Runs the tests: in Node, and what a page alone can show in a real Chromium. */
import { playwright } from '@vitest/browser-playwright'
import { defineConfig } from 'vitest/config'
import { launchOptions } from '../../.config/chromium.mjs'

const inPages = 'test/**/*.browser.test.ts'

export default defineConfig({
  optimizeDeps: { include: ['eventsource-parser'] },
  test: {
    projects: [
      { extends: true, test: { name: 'node', include: ['test/**/*.test.ts'], exclude: [inPages] } },
      {
        extends: true,
        test: {
          name: 'chromium',
          include: [inPages],
          globalSetup: './test/fault-server.ts',
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({ launchOptions: launchOptions() }),
            instances: [{ browser: 'chromium' }],
          },
        },
      },
    ],
  },
})
