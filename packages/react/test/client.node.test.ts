/** Where the package may be imported: its hooks are for the client, which React's bundlers are told by a directive. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'

const here = fileURLToPath(new URL('..', import.meta.url))
const typescript = dirname(createRequire(import.meta.url).resolve('typescript/package.json'))
let dist: string

beforeAll(() => {
  dist = mkdtempSync(join(here, 'node_modules/.dist-'))
  const flags = [
    '-p',
    'tsconfig.build.json',
    '--outDir',
    dist,
    '--noCheck',
    '--declaration',
    'false',
    '--isolatedDeclarations',
    'false',
  ]
  try {
    execFileSync(process.execPath, [join(typescript, 'bin/tsc'), ...flags], { cwd: here, encoding: 'utf8' })
  } catch (error) {
    throw new Error((error as { stdout: string }).stdout, { cause: error })
  }
}, 60_000)
afterAll(() => rmSync(dist, { recursive: true, force: true }))

it("begins the built file with 'use client'", () => {
  expect(readFileSync(join(dist, 'index.js'), 'utf8')).toMatch(/^'use client';?\n/)
})

it('ships no import that only the sources have', () => {
  expect(readFileSync(join(dist, 'index.js'), 'utf8')).not.toMatch(/\.ts'/)
})
