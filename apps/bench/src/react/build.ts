/** The page as it would be shipped: bundled by Vite for production, kept in memory. */
import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { build } from 'vite'

/** A built page: its files by name. */
export type PageFiles = ReadonlyMap<string, { type: string; body: string | Uint8Array }>

/**
 * Builds the page.
 *
 * @param isReadable keeps names as they are written, for profiles
 */
export async function buildPage(isReadable = false): Promise<PageFiles> {
  // Vite goes by the process's own when it has one, and a test's would make it build for development.
  const { NODE_ENV } = process.env
  process.env.NODE_ENV = 'production'
  const built = await build({
    configFile: false,
    root: fileURLToPath(new URL('page', import.meta.url)),
    mode: 'production',
    logLevel: 'error',
    define: { 'process.env.NODE_ENV': '"production"' },
    plugins: [react()],
    resolve: { dedupe: ['react', 'react-dom'] },
    build: { write: false, minify: !isReadable, target: 'es2022', chunkSizeWarningLimit: Infinity },
  }).finally(() => {
    if (NODE_ENV === undefined) delete process.env.NODE_ENV
    else process.env.NODE_ENV = NODE_ENV
  })
  if (!('output' in built)) throw new Error('Vite built something else than one bundle.')
  const { output } = built
  return new Map(
    output.map((file) => [
      file.fileName,
      {
        type: file.fileName.endsWith('.html') ? 'text/html; charset=utf-8' : 'text/javascript; charset=utf-8',
        body: file.type === 'chunk' ? file.code : file.source,
      },
    ]),
  )
}
