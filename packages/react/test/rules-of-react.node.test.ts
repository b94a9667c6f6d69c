/** The rules of React: its linter finds nothing here, and its compiler compiles every hook. */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import parser from '@babel/eslint-parser'
import { ESLint } from 'eslint'
import reactHooks from 'eslint-plugin-react-hooks'
import { describe, expect, it } from 'vitest'
import { compile } from './react-compiler.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const hooks = ['useChat', 'useCompletionStream', 'useShared', 'useSmoothText', 'useStore', 'useStreamAnnouncer']

const eslint = new ESLint({
  cwd: root,
  overrideConfigFile: true,
  // What is wrong stays wrong, whatever a comment says.
  allowInlineConfig: false,
  overrideConfig: [
    {
      files: ['**/*.{ts,tsx}'],
      ...reactHooks.configs.flat['recommended-latest'],
      languageOptions: {
        parser,
        parserOptions: {
          requireConfigFile: false,
          babelOptions: { babelrc: false, configFile: false, parserOpts: { plugins: ['typescript', 'jsx'] } },
        },
      },
    },
  ],
})

/** What the linter says, one line each. */
function said(results: ESLint.LintResult[]): string[] {
  return results.flatMap(({ filePath, messages }) =>
    messages.map(({ line, ruleId, message }) => `${filePath.slice(root.length)}:${line} ${ruleId} ${message}`),
  )
}

function sources(): { file: string; code: string }[] {
  const files = readdirSync(`${root}packages/react/src`, { recursive: true, encoding: 'utf8' })
  return files
    .filter((file) => /\.tsx?$/.test(file))
    .map((file) => `${root}packages/react/src/${file}`)
    .map((file) => ({ file, code: readFileSync(file, 'utf8') }))
}

describe("React's linter", () => {
  it('has nothing to say, with all rules of the compiler', async () => {
    const results = await eslint.lintFiles(['packages/react/src/**/*.{ts,tsx}', 'apps/demo/src/**/*.{ts,tsx}'])
    expect(results.length).toBeGreaterThan(10)
    expect(said(results)).toEqual([])
  }, 30_000)

  it.each([
    ['refs', 'const box = useRef(0); box.current = value; return box.current'],
    ['set-state-in-effect', 'const [, set] = useState(0); useEffect(() => set(value), [value]); return value'],
    ['exhaustive-deps', 'useEffect(() => console.log(value), []); return value'],
    ['rules-of-hooks', 'if (value) useState(0); return value'],
  ])('would find what is wrong: %s', async (rule, body) => {
    const code = `import { useEffect, useRef, useState } from 'react'\nexport function useIt(value: number): number {\n${body}\n}\n`
    const found = said(await eslint.lintText(code, { filePath: 'packages/react/src/wrong.ts' }))
    expect(found.join('\n')).toContain(`react-hooks/${rule}`)
  })
})

describe("React's compiler", () => {
  it('compiles every hook', async () => {
    const all = await Promise.all(sources().map(({ file, code }) => compile(code, file)))
    const events = all.flatMap(({ events: some }) => some)
    expect(events.filter(({ kind }) => kind !== 'CompileSuccess')).toEqual([])
    const compiled = events.map(({ fnName }) => fnName)
    expect(compiled).toEqual(expect.arrayContaining(hooks))
    const written = sources().flatMap(({ code }) =>
      [...code.matchAll(/^(?:export )?function (use[A-Z]\w*)/gm)].map(([, name]) => name),
    )
    expect([...new Set(written)].toSorted()).toEqual(compiled.toSorted())
  }, 30_000)

  it('would tell of one that it cannot compile', async () => {
    const code = `export function useIt(value: { a: number }) {\n  const [x] = useState(0)\n  value.a = x\n  return value\n}\n`
    await expect(compile(code, '/wrong.ts')).rejects.toThrow(/modif/i)
  })
})
