// Packs the package it is called in, as it would be published, and checks the tarball as a user meets it: its contents,
// publint, attw, and a small project that imports every export under Node and under both module resolutions.
import { spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const here = process.cwd()
const work = mkdtempSync(join(tmpdir(), 'check-package-'))
process.on('exit', () => rmSync(work, { recursive: true, force: true }))

const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'))

/** Prints one finding and makes the check fail. */
function problem(text) {
  console.error(`✗ ${text}`)
  process.exitCode = 1
}

/** Runs a command; shows its output and notes a problem when it fails. */
function run(what, command, args, cwd = here) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8' })
  if (status === 0) console.log(`✓ ${what}`)
  else problem(`${what}\n${stdout ?? ''}${stderr ?? ''}${error?.message ?? ''}`)
  return status === 0
}

/** Runs a tool that this repository has installed, by its name in node_modules/.bin. */
function tool(what, name, args, cwd) {
  const manifest = join(root, 'node_modules', name, 'package.json')
  const { bin } = readJson(manifest)
  const file = typeof bin === 'string' ? bin : Object.values(bin)[0]
  return run(what, process.execPath, [join(dirname(manifest), file), ...args], cwd)
}

/** Packs the package in `folder` and unpacks it as a dependency of the consumer project; returns the tarball's path. */
function pack(folder) {
  const { name } = readJson(join(folder, 'package.json'))
  const tarballs = join(work, 'tarballs', name)
  mkdirSync(tarballs, { recursive: true })
  const pnpm = process.env.npm_execpath ?? 'pnpm'
  const [command, ...first] = /\.[cm]?js$/.test(pnpm) ? [process.execPath, pnpm] : [pnpm]
  if (!run(`pack ${name}`, command, [...first, 'pack', '--pack-destination', tarballs], folder)) process.exit(1)
  const tarball = join(tarballs, readdirSync(tarballs)[0])
  const target = join(work, 'node_modules', name)
  mkdirSync(target, { recursive: true })
  if (!run(`unpack ${name}`, 'tar', ['-xzf', tarball, '--strip-components=1', '-C', target])) process.exit(1)
  return tarball
}

/** Makes what the package imports reachable for the consumer: workspace packages packed too, the rest linked. */
function link(folder) {
  const { dependencies, peerDependencies, devDependencies } = readJson(join(folder, 'package.json'))
  const types = Object.keys(devDependencies ?? {}).filter((name) => name.startsWith('@types/'))
  for (const name of [...Object.keys({ ...dependencies, ...peerDependencies }), ...types]) {
    const source = join(folder, 'node_modules', name)
    const target = join(work, 'node_modules', name)
    if (!existsSync(source) || existsSync(target)) continue
    mkdirSync(dirname(target), { recursive: true })
    if (existsSync(join(source, 'src/index.ts')) && dependencies?.[name]?.startsWith('workspace:')) {
      pack(source)
      link(source)
    } else symlinkSync(source, target, 'junction')
  }
}

const { name } = readJson('package.json')
const tarball = pack(here)
const packed = join(work, 'node_modules', name)

const files = readdirSync(packed, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
for (const entry of files) {
  const path = join(entry.parentPath, entry.name)
    .slice(packed.length + 1)
    .replaceAll('\\', '/')
  if (!/^(dist\/.+\.(js|d\.ts)(\.map)?|package\.json|README\.md|LICENSE|CHANGELOG\.md)$/.test(path))
    problem(`${path} should not be published`)
}
const manifest = readFileSync(join(packed, 'package.json'), 'utf8')
for (const word of ['workspace:', 'catalog:', './src/']) {
  if (manifest.includes(word)) problem(`the published package.json says ${word}`)
}
for (const file of ['LICENSE', 'README.md']) if (!existsSync(join(packed, file))) problem(`the tarball has no ${file}`)

tool('publint --strict', 'publint', ['run', '--strict', tarball])
tool('attw --profile esm-only', '@arethetypeswrong/cli', ['--profile', 'esm-only', tarball])

link(here)
const entries = Object.keys(readJson(join(packed, 'package.json')).exports)
  .filter((entry) => !entry.endsWith('.json'))
  .map((entry) => name + entry.slice(1))
writeFileSync(join(work, 'package.json'), JSON.stringify({ type: 'module', private: true }))
writeFileSync(join(work, 'index.ts'), entries.map((entry, i) => `export * as all${i} from '${entry}'\n`).join(''))
cpSync(join(work, 'index.ts'), join(work, 'index.mjs'))
run(`import ${entries.join(', ')} under Node`, process.execPath, ['index.mjs'], work)
for (const [module, resolution] of [
  ['esnext', 'bundler'],
  ['nodenext', 'nodenext'],
]) {
  const flags = ['--noEmit', '--strict', '--target', 'es2022', '--lib', 'es2023,dom,dom.iterable,dom.asynciterable']
  const where = ['--module', module, '--moduleResolution', resolution, '--types', '']
  tool(`types under moduleResolution ${resolution}`, 'typescript', [...flags, ...where, 'index.ts'], work)
}
