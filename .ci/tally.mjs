// Sums the vitest summaries in the output of `pnpm test` into one line, "N passed, N failed", after the names of the
// failed tests with the first lines of their errors. Says why and exits 1 when a test failed, when none ran, or when a
// package that has tests gave no summary.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { stripVTControlCharacters } from 'node:util'

const [, , logFile, ok] = process.argv
const lines = stripVTControlCharacters(readFileSync(logFile, 'utf8')).split('\n')

/** The packages whose tests must have run. */
const expected = ['packages', 'apps'].flatMap((folder) =>
  readdirSync(folder)
    .map((name) => `${folder}/${name}/package.json`)
    .filter((path) => existsSync(path))
    .map((path) => JSON.parse(readFileSync(path, 'utf8')))
    .filter((manifest) => manifest.scripts?.test)
    .map((manifest) => manifest.name),
)

/** Reads "2 failed | 10 passed | 1 skipped (13)". */
const count = (text, word) => Number(new RegExp(`(\\d+) ${word}`).exec(text)?.[1] ?? 0)

/** Each package's own lines: turbo puts "package:test: " before them. */
const outputOf = (name) =>
  lines.filter((line) => line.startsWith(`${name}:test:`)).map((line) => line.slice(name.length + 6))
const summary = (output, label) => output.map((line) => new RegExp(`^\\s*${label}  (.+)`).exec(line)?.[1]).find(Boolean)

/** The failures that vitest tells of: " FAIL  file > name", what went wrong, and where that stands in the code. */
function failuresOf(name, output) {
  const failures = []
  for (const [index, line] of output.entries()) {
    if (!/^\s*(FAIL  |⎯+ Unhandled (?!Errors))/.test(line)) continue
    const after = output.slice(index + 1)
    const end = after.findIndex((text) => /^\s*(❯|FAIL  |⎯)/.test(text))
    const error = after.slice(0, end < 0 ? most.error : end).filter((text) => text.trim() !== '')
    const place = after[end]?.includes('❯') ? [after[end]] : []
    failures.push([`${name}: ${line.trim()}`, ...error.slice(0, most.error), ...place])
  }
  return failures
}

/** What may be printed: lines in all, lines of one error, characters of one line. */
const most = { lines: 40, error: 4, width: 240 }

/** All of them, if need be with less about each. */
function print(failures) {
  const each = Math.max(1, Math.floor(most.lines / failures.length))
  const shown = failures.slice(0, most.lines)
  for (const [title, ...about] of shown)
    for (const line of [title, ...about.slice(0, each - 1).map((text) => `  ${text.trim()}`)])
      console.log(line.length > most.width ? `${line.slice(0, most.width)}…` : line)
  if (failures.length > shown.length) console.log(`… and ${failures.length - shown.length} more.`)
}

let passed = 0
let failed = 0
const failures = []
for (const name of expected) {
  const output = outputOf(name)
  const tests = summary(output, 'Tests')
  const here = count(tests, 'passed')
  // A file that does not load and an error outside of any test are failures too, though no test counts them.
  const others = count(summary(output, 'Test Files'), 'failed') + count(summary(output, 'Errors'), 'error')
  const bad = count(tests, 'failed') || others || (here === 0 ? 1 : 0)
  if (bad > 0) console.log(`${name}: ${here + count(tests, 'failed') > 0 ? `${bad} failed` : 'no test ran'}`)
  failures.push(...failuresOf(name, output))
  passed += here
  failed += bad
}
if (ok !== 'true' && failed === 0) {
  console.log('The test command failed outside of the tests.')
  failed = 1
}
print(failures)
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed === 0 && passed > 0 ? 0 : 1)
