/**
 * `pnpm bench:charts`: draws what was measured, a light and a dark picture of each chart, for the README.
 *
 *     --from FOLDER   where node.json, react.json and sizes.json are, as far as there are: default results
 *     --to FOLDER     where the pictures go: default charts
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { chartsOf } from './charts.ts'
import { svgOf, themes } from './svg.ts'
import type { Theme } from './svg.ts'

const folder = (name: string): string => fileURLToPath(new URL(`../../${name}`, import.meta.url))
const { values } = parseArgs({
  args: process.argv.slice(2).filter((arg) => arg !== '--'),
  options: {
    from: { type: 'string', default: folder('results') },
    to: { type: 'string', default: folder('charts') },
  },
})

function measured<T>(name: string): T | undefined {
  const path = join(values.from, `${name}.json`)
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined
}

const charts = chartsOf({ node: measured('node'), react: measured('react'), sizes: measured('sizes') })
if (!charts.length) throw new Error(`There are no results in ${values.from}.`)
mkdirSync(values.to, { recursive: true })
for (const chart of charts) {
  for (const theme of Object.keys(themes) as Theme[])
    writeFileSync(join(values.to, `${chart.id}-${theme}.svg`), svgOf(chart, theme))
  console.log(`<picture>
  <source media="(prefers-color-scheme: dark)" srcset="apps/bench/charts/${chart.id}-dark.svg">
  <img alt="${chart.title}" src="apps/bench/charts/${chart.id}-light.svg">
</picture>`)
}
