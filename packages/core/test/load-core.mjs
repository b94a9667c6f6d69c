// Loads the core's source on any Node from 20 on: directly where Node reads TypeScript, else bundled in memory.
export async function loadCore() {
  const source = new URL('../src/index.ts', import.meta.url)
  try {
    return await import(source.href)
  } catch (error) {
    if (error.code !== 'ERR_UNKNOWN_FILE_EXTENSION') throw error
  }
  const { build } = await import('vite')
  const { output } = await build({
    configFile: false,
    logLevel: 'silent',
    build: { lib: { entry: source.pathname, formats: ['es'] }, write: false, minify: false },
  }).then((built) => built[0] ?? built)
  return import(`data:text/javascript;base64,${Buffer.from(output[0].code).toString('base64')}`)
}
