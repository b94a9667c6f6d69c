/** Reads the documentation from disk: the repository's README and those of its packages. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Page } from './sections.ts'

/** The repository's root. */
const ROOT: string = fileURLToPath(new URL('../../../', import.meta.url))

/** All pages there are, the root's first. */
export function readPages(root: string = ROOT): Page[] {
  const packages = join(root, 'packages')
  const names = existsSync(packages) ? readdirSync(packages).sort() : []
  return ['README.md', ...names.map((name) => `packages/${name}/README.md`)]
    .filter((path) => existsSync(join(root, path)))
    .map((path) => ({ path, markdown: readFileSync(join(root, path), 'utf8') }))
}
