/** The examples of the documentation, as modules: each compiles as it stands. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, it } from 'vitest'

const here = fileURLToPath(new URL('..', import.meta.url))
const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc')
let folder: string

afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** What the compiler says of modules, with the settings of this package. */
function check(modules: Record<string, string>): string {
  const cache = join(here, 'node_modules/.cache')
  mkdirSync(cache, { recursive: true })
  folder = mkdtempSync(join(cache, 'readme-'))
  for (const [name, code] of Object.entries(modules)) writeFileSync(join(folder, name), code)
  // An example need not use all that it shows.
  const compilerOptions = { types: ['node'], declaration: false, isolatedDeclarations: false, noUnusedLocals: false }
  const config = { extends: join(here, '../../tsconfig.base.json'), compilerOptions, include: ['.'] }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
  const { stdout } = spawnSync(process.execPath, [tsc, '--noEmit', '-p', folder], { encoding: 'utf8' })
  // What is wrong in the sources themselves is told elsewhere.
  return stdout
    .split('\n')
    .filter((line) => Object.keys(modules).some((name) => line.includes(name)))
    .join('\n')
}

function examples(file: string): string[] {
  const text = readFileSync(join(here, file), 'utf8')
  return [...text.matchAll(/^```tsx\n(.*?)^```/gms)].map(([, code]) => code!)
}

it('compiles every example of the documentation of the hooks', () => {
  const own = examples('README.md')
  const atRoot = examples('../../README.md')
  expect(own.length).toBeGreaterThan(8)
  expect(atRoot.length).toBeGreaterThan(1)
  const named = [
    ...own.map((code, i) => [`react-readme-${i + 1}.tsx`, code]),
    ...atRoot.map((code, i) => [`root-readme-${i + 1}.tsx`, code]),
  ]
  expect(check(Object.fromEntries(named))).toBe('')
}, 60_000)

it('would tell of an example that does not', () => {
  const wrong = `import { useChat } from '@completion-stream/react'\nexport const chat = () => useChat({ model: 1, provider: '/api' })\n`
  expect(check({ 'wrong.tsx': wrong })).toContain('wrong.tsx(2,')
}, 60_000)
