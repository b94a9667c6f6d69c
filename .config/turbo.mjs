// Runs the turbo tasks named on the command line: one at a time (two browser suites starve each other on a small
// machine), all of them even after a failure, with telemetry and update checks off.
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'

const turbo = createRequire(import.meta.url).resolve('turbo/bin/turbo')
const flow = ['--concurrency=1', '--continue=dependencies-successful']
const output = ['--output-logs=full', '--log-order=stream', '--log-prefix=task']
const env = { ...process.env, TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1', TURBO_NO_UPDATE_NOTIFIER: '1' }

const { status } = spawnSync(process.execPath, [turbo, 'run', ...process.argv.slice(2), ...flow, ...output], {
  stdio: 'inherit',
  env,
})
process.exit(status ?? 1)
