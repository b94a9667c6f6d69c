/** Compiles components and hooks with React's compiler, and tells what became of each. */
import { transformAsync } from '@babel/core'
import compiler from 'babel-plugin-react-compiler'
import type { Plugin } from 'vite'

/** What the compiler says of one function. */
export interface CompilerEvent {
  kind: string
  fnName?: string | null
  detail?: unknown
}

/**
 * The code with its components and hooks compiled.
 *
 * @param panicThreshold `all_errors`: throws when the compiler has anything to say against one of them, which `none` leaves
 *   as it is
 */
export async function compile(
  code: string,
  filename: string,
  panicThreshold: 'all_errors' | 'none' = 'all_errors',
): Promise<{ code: string; events: CompilerEvent[] }> {
  const events: CompilerEvent[] = []
  const logger = { logEvent: (_file: string | null, event: CompilerEvent) => void events.push(event) }
  const result = await transformAsync(code, {
    filename,
    configFile: false,
    babelrc: false,
    sourceMaps: 'inline',
    plugins: [[compiler, { panicThreshold, logger }]],
    parserOpts: { plugins: ['typescript', 'jsx'] },
  })
  return { code: result?.code ?? '', events }
}

/** Compiles this package's hooks, and its tests' components, before anything else sees them. */
export function reactCompiler(): Plugin {
  return {
    name: 'react-compiler',
    enforce: 'pre',
    async transform(code, id) {
      const [file = ''] = id.split('?')
      const [, folder] = /packages\/react\/(src|test)\/.+\.tsx?$/.exec(file.replaceAll('\\', '/')) ?? []
      if (!folder) return null
      // Components that count their own renders cannot be compiled.
      return { code: (await compile(code, file, folder === 'src' ? 'all_errors' : 'none')).code }
    },
  }
}
