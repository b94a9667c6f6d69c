/**
 * A corpus of recorded streams, where there is one: every recording of a format that this library decodes must come to
 * its expected result. COMPLETION_STREAM_CORPUS names the folder; without it, a `shared/corpus` beside the repository.
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
// @ts-expect-error -- plain JavaScript, for the corpus' own checker
import { formats } from './corpus-adapter.mjs'

const repository = new URL('../../../', import.meta.url)
const folder = process.env.COMPLETION_STREAM_CORPUS ?? fileURLToPath(new URL('../shared/corpus', repository))
const checker = `${folder}/check.mjs`
const recorded = (formats as string[]).filter((format) => existsSync(`${folder}/streams/${format}`))
const adapter = fileURLToPath(new URL('corpus-adapter.mjs', import.meta.url))

describe.skipIf(!existsSync(checker))('the corpus of recorded streams', () => {
  it.each(recorded)(
    '%s: every recording comes to its expected result in every framing',
    (format) => {
      const run = spawnSync(process.execPath, [checker, adapter, '--format', format, '--quiet'], { encoding: 'utf8' })
      expect(run.stderr).toBe('')
      expect(run.stdout).toMatch(new RegExp(`^total +[1-9]\\d* +0 `, 'm'))
      expect(run.status).toBe(0)
    },
    120_000,
  )
})

if (!existsSync(checker)) console.log('Skipped: the corpus of recorded streams is not here (COMPLETION_STREAM_CORPUS).')
