/** The same documentation for the browser: Vite puts the markdown files into the bundle. */
import type { Page } from './sections.ts'

const files = import.meta.glob<string>(['../../../README.md', '../../../packages/*/README.md'], {
  query: '?raw',
  import: 'default',
  eager: true,
})

/** All pages there are, the root's first. */
export const pages: Page[] = Object.entries(files)
  .map(([file, markdown]) => ({ path: file.replace(/^(\.\.\/)+/, ''), markdown }))
  .sort((a, b) => Number(b.path === 'README.md') - Number(a.path === 'README.md') || a.path.localeCompare(b.path))
