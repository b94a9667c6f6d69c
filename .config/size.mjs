// What an import costs a page: bundles each entry of the package's "sizes" as Vite ships it, minified and gzipped, with
// every dependency but the peers in it, prints what it is made of, and fails when it is over its limit. "from" is a path
// of the package's other than its root. An entry with "onTopOf" is what it adds to that import, and "brings" the files that it may add.
// With `--files`, a table says what each file is to each entry that stands by itself: how much less it would be without its code.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'

const require = createRequire(`${process.cwd()}/package.json`)
const { build } = await import(pathToFileURL(require.resolve('vite')).href)
const { name, sizes, peerDependencies = {} } = JSON.parse(readFileSync('package.json', 'utf8'))
const external = (id) => Object.keys(peerDependencies).some((peer) => id === peer || id.startsWith(`${peer}/`))

/** The bundle of one entry: its gzipped size in bytes, its files, and how much of the minified code each package brings. */
async function measure(imports, from = '') {
  const entry = {
    name: 'entry',
    resolveId: (id) => (id === 'entry' ? '\0entry' : null),
    load: (id) => (id === '\0entry' ? `export ${imports} from '${name}${from}'` : null),
  }
  const { output } = await build({
    configFile: false,
    logLevel: 'silent',
    plugins: [entry],
    build: {
      write: false,
      rolldownOptions: {
        input: 'entry',
        external,
        preserveEntrySignatures: 'strict',
        output: { format: 'es', minify: true },
      },
    },
  })
  const { code, modules } = output[0]
  const parts = new Map()
  for (const [id, { code: part }] of Object.entries(modules)) {
    const owner =
      /node_modules\/((?:@[^/]+\/)?[^/]+)(?!.*node_modules)/.exec(id)?.[1] ?? /packages\/([^/]+)/.exec(id)?.[1]
    if (owner && part) parts.set(owner, (parts.get(owner) ?? 0) + part.length)
  }
  const codes = Object.fromEntries(
    Object.entries(modules).flatMap(([id, { code: part }]) => (part ? [[id, part]] : [])),
  )
  return { bytes: gzipped(code), parts, codes, files: Object.keys(codes) }
}

const gzipped = (text) => gzipSync(text, { level: 9 }).length

/** What each file is of a bundle, in gzipped bytes: the files as they are before they are minified, scaled to the whole. */
function filesOf({ bytes, codes }) {
  const all = gzipped(Object.values(codes).join('\n'))
  const without = (file) =>
    gzipped(
      Object.keys(codes)
        .map((id) => (id === file ? '' : codes[id]))
        .join('\n'),
    )
  const saved = Object.keys(codes).map((id) => [id, all - without(id)])
  const sum = saved.reduce((total, [, part]) => total + part, 0)
  return saved
    .map(([id, part]) => [
      /([^/]+)\/(?:src|dist)\/(.*)$/.exec(id)?.slice(1).join('/') ?? id,
      Math.round((part * bytes) / sum),
    ])
    .sort((a, b) => b[1] - a[1])
}

const bases = new Map()
/** The bundle that others are measured on top of. */
async function baseOf(imports) {
  if (!bases.has(imports)) bases.set(imports, await measure(imports))
  return bases.get(imports)
}

let failed = false
for (const { import: imports, from, limit, onTopOf, brings } of sizes) {
  const measured = await measure(onTopOf ? [onTopOf, imports].join().replace(/\s*}\s*,\s*{/, ',') : imports, from)
  const { parts } = measured
  const base = onTopOf && (await baseOf(onTopOf))
  const bytes = measured.bytes - (base?.bytes ?? 0)
  const added = measured.files.filter((id) => !base?.files.includes(id)).map((id) => id.split('/').at(-1))
  const strangers = brings ? added.filter((file) => file !== '\0entry' && !brings.includes(file)) : []
  const whole = [...parts.values()].reduce((sum, part) => sum + part, 0)
  const made = base
    ? `on top of ${onTopOf}${strangers.length > 0 ? `; also brings ${strangers.join(', ')}` : ''}`
    : [...parts].map(([owner, part]) => `${owner} ${Math.round((100 * part) / whole)} %`).join(', ')
  const over = bytes > limit || strangers.length > 0
  failed ||= over
  if (process.argv.includes('--files') && !base) for (const row of filesOf(measured)) console.log(row.join('  '))
  console.log(`${over ? 'OVER' : 'ok  '} ${imports.padEnd(24)} ${bytes} B of ${limit} B gzipped (${made})`)
}
process.exitCode = failed ? 1 : 0
