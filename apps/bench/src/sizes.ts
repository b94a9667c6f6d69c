/**
 * `pnpm bench:sizes`: what an import adds to a page, ours and what people would otherwise use, bundled as the size limits of
 * the packages are measured: by Vite for production, minified, gzipped, with all dependencies but React in it.
 *
 *     --out FILE   also writes the sizes as JSON
 */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { gzipSync } from 'node:zlib'
import { build } from 'vite'
import { markdown } from './table.ts'

/** What is imported, and what for: only imports for the same can be compared. */
export interface Import {
  name: string
  package: string
  isOurs?: true
  job: 'one request, streamed and put together' | 'a React hook for a chat' | 'a vendor’s wire'
  /** The module that a page would have; what it exports cannot be shaken off. */
  code: string
}

/** One of them measured, in bytes. */
export interface Size extends Omit<Import, 'code'> {
  minified: number
  gzipped: number
}

const request: Import['job'] = 'one request, streamed and put together'
const hook: Import['job'] = 'a React hook for a chat'
const vendor: Import['job'] = 'a vendor’s wire'

export const imports: readonly Import[] = [
  {
    name: 'completion-stream: streamCompletion',
    package: 'completion-stream',
    isOurs: true,
    job: request,
    code: `export { streamCompletion } from 'completion-stream'`,
  },
  { name: 'openai: client', package: 'openai', job: request, code: `export { default } from 'openai'` },
  {
    name: 'ai: streamText, OpenAI-compatible',
    package: 'ai',
    job: request,
    code: `export { streamText } from 'ai'\nexport { createOpenAICompatible } from '@ai-sdk/openai-compatible'`,
  },
  {
    name: '@tanstack/ai-client: ChatClient',
    package: '@tanstack/ai',
    job: request,
    code: `export { ChatClient, fetchServerSentEvents } from '@tanstack/ai-client'`,
  },
  {
    name: '@completion-stream/react: useCompletionStream',
    package: 'completion-stream',
    isOurs: true,
    job: hook,
    code: `export { useCompletionStream } from '@completion-stream/react'`,
  },
  {
    name: '@completion-stream/react: useChat',
    package: 'completion-stream',
    isOurs: true,
    job: hook,
    code: `export { useChat } from '@completion-stream/react'`,
  },
  {
    name: '@ai-sdk/react: useChat',
    package: 'ai',
    job: hook,
    code: `export { useChat } from '@ai-sdk/react'\nexport { DefaultChatTransport } from 'ai'`,
  },
  {
    name: '@tanstack/ai-react: useChat',
    package: '@tanstack/ai',
    job: hook,
    code: `export { useChat, fetchServerSentEvents } from '@tanstack/ai-react'`,
  },
  {
    name: 'completion-stream: streamCompletion, anthropic',
    package: 'completion-stream',
    isOurs: true,
    job: vendor,
    code: `export { streamCompletion, anthropic } from 'completion-stream'`,
  },
  {
    name: 'completion-stream: streamCompletion, gemini',
    package: 'completion-stream',
    isOurs: true,
    job: vendor,
    code: `export { streamCompletion, gemini } from 'completion-stream'`,
  },
  {
    name: '@anthropic-ai/sdk: client',
    package: '@anthropic-ai/sdk',
    job: vendor,
    code: `export { default } from '@anthropic-ai/sdk'`,
  },
  {
    name: '@google/genai: client',
    package: '@google/genai',
    job: vendor,
    code: `export { GoogleGenAI } from '@google/genai'`,
  },
]

/** Bundles one import. */
export async function sizeOf({ code, ...said }: Import): Promise<Size> {
  const built = await build({
    configFile: false,
    logLevel: 'silent',
    root: fileURLToPath(new URL('..', import.meta.url)),
    define: { 'process.env.NODE_ENV': '"production"' },
    plugins: [
      {
        name: 'entry',
        // As a file of this folder, whose dependencies it has.
        resolveId: (id) => (id === 'entry' ? fileURLToPath(new URL('entry.js', import.meta.url)) : null),
        load: (id) => (id.endsWith('/src/entry.js') ? code : null),
      },
    ],
    build: {
      write: false,
      rolldownOptions: {
        input: 'entry',
        external: /^react(-dom)?(\/|$)/,
        preserveEntrySignatures: 'strict',
        output: { format: 'es', minify: true, codeSplitting: false },
      },
    },
  })
  if (!('output' in built)) throw new Error('Vite built something else than one bundle.')
  const chunks = built.output.filter((file) => file.type === 'chunk')
  const [chunk] = chunks
  if (!chunk || chunks.length > 1) throw new Error(`${said.name} became ${chunks.length} files.`)
  return { ...said, minified: Buffer.byteLength(chunk.code), gzipped: gzipSync(chunk.code, { level: 9 }).length }
}

/** The sizes as a Markdown table, in kB of 1000 bytes. */
export function sizesTable(sizes: readonly Size[]): string {
  const kB = (bytes: number): string => `${(bytes / 1000).toFixed(1)} kB`
  return markdown([
    ['', 'for', 'minified', 'and gzipped'],
    ...sizes.map(({ name, job, minified, gzipped }) => [name, job, kB(minified), kB(gzipped)]),
  ])
}

if (import.meta.main) {
  const { values } = parseArgs({
    args: process.argv.slice(2).filter((arg) => arg !== '--'),
    options: { out: { type: 'string' } },
  })
  const sizes: Size[] = []
  for (const each of imports) sizes.push(await sizeOf(each))
  console.log(sizesTable(sizes))
  if (values.out) writeFileSync(values.out, `${JSON.stringify({ sizes }, undefined, 1)}\n`)
}
