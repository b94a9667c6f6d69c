/** Runs the tests: plain ones in Node, and the page's in a real Chromium that the tests start themselves. */
import { defineConfig, type ViteUserConfig } from 'vitest/config'

const config: ViteUserConfig = defineConfig({
  test: {
    environment: 'node',
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // One browser at a time: the pace of a stream is what is looked at.
    fileParallelism: false,
  },
})

export default config
