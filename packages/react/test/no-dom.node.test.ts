/** The core where there is no DOM, as in React Native: nothing but the language, and what such an engine brings. */
import { createRequire } from 'node:module'
import { createContext, runInContext } from 'node:vm'
import { scriptedProvider } from '@completion-stream/testing'
import type { Script } from '@completion-stream/testing'
import { build } from 'vite'
import { beforeAll, expect, it } from 'vitest'

const missing = [
  'window',
  'self',
  'document',
  'navigator',
  'requestAnimationFrame',
  'MessageChannel',
  'DOMException',
  'structuredClone',
  'crypto',
  'addEventListener',
  'Headers',
  'Response',
]
let code: string

beforeAll(async () => {
  const entry = createRequire(import.meta.url).resolve('completion-stream')
  const built = await build({
    configFile: false,
    logLevel: 'silent',
    build: { write: false, minify: false, lib: { entry, formats: ['iife'], name: 'core' } },
  })
  const [output] = [built].flat()
  code = output && 'output' in output ? output.output[0].code : ''
}, 30_000)

/** Runs the body of an async function there. `core` is the package, `provider` answers by the script. */
async function runThere(script: Script, body: string): Promise<unknown> {
  const model = scriptedProvider(script, { tokensPerSecond: Number.POSITIVE_INFINITY, firstTokenMs: 0 })
  /** As an app's own `fetch` gives it: no Response, but what one has. */
  const streamingFetch = async (url: string, init: RequestInit) => {
    const response = await model(url, { ...init, signal: undefined })
    const { ok, status, headers, body: bytes } = response
    init.signal?.addEventListener('abort', () => (gone.aborted = true))
    return { ok, status, headers, url, body: bytes, text: () => response.text(), json: () => response.json() }
  }
  const gone = { aborted: false }
  const context = createContext({
    fetch: streamingFetch,
    gone,
    TextDecoder,
    TextEncoder,
    AbortController,
    AbortSignal,
    URL,
    URLSearchParams,
    setTimeout,
    clearTimeout,
    ReadableStream,
    performance,
  })
  const there = missing.filter((name) => runInContext(`typeof ${name}`, context) !== 'undefined')
  expect(there).toEqual([])
  runInContext(code, context)
  return runInContext(`(async () => { ${body} })()`, context)
}

const model = `model: 'm', provider: 'http://model.test/v1'`

it('streams an answer into a store, after a request that failed', async () => {
  const states = await runThere(
    ({ turn }) => {
      const headers = { 'retry-after-ms': '1' }
      return turn ? ['Hello', ' there'] : [{ error: { message: 'Too much to do.' }, status: 503, headers }]
    },
    `const store = core.createCompletionStore({ ${model} })
     const states = []
     store.subscribe(() => states.push(store.getState()))
     await store.start('Hi')
     return states`,
  )
  const all = states as { attempts: unknown[] }[]
  const waiting = all.find(({ attempts }) => attempts.length > 0)
  expect(waiting).toMatchObject({ status: 'submitted', text: '', attempts: [{ action: 'retry' }] })
  expect(all.at(-1)).toMatchObject({ status: 'ready', text: 'Hello there', finishReason: 'stop' })
})

it('stops midway, keeps the text, and leaves the server', async () => {
  const [state, aborted] = (await runThere(
    ['Hello', { stall: true }],
    `const store = core.createCompletionStore({ ${model} })
     const done = store.start('Hi')
     await new Promise((resolve) => store.subscribe(() => store.getState().text && resolve()))
     store.stop()
     await done
     return [store.getState(), gone.aborted]`,
  )) as [unknown, boolean]
  expect(state).toMatchObject({ status: 'ready', stopped: true, text: 'Hello', error: undefined })
  expect(aborted).toBe(true)
})

it('holds a conversation with a tool', async () => {
  const messages = await runThere(
    ({ toolResults }) =>
      toolResults.length > 0
        ? [`It is ${toolResults[0]!.content}.`]
        : [{ toolCalls: [{ name: 'weather', arguments: {} }] }],
    `const chat = core.createChat({ ${model}, tools: { weather: { execute: () => 'clear' } } })
     await chat.sendMessage('Weather?')
     return chat.getState().messages`,
  )
  expect(messages).toMatchObject([{ text: 'Weather?' }, { status: 'ready', text: 'It is clear.' }])
})

it('tells of a failure as of any other', async () => {
  const error = await runThere(
    ['Hel', { cut: true }],
    `const { error, text } = await (async () => {
       const store = core.createCompletionStore({ ${model}, maxRetries: 0 })
       await store.start('Hi')
       return store.getState()
     })()
     return { code: error.code, isOurs: core.isCompletionError(error), text }`,
  )
  expect(error).toEqual({ code: 'interrupted', isOurs: true, text: 'Hel' })
})
