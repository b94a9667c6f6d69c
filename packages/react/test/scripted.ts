/** What the tests of the hooks have in common: a scripted model, gates in its answers, and renders that nobody flushes. */
import { openai } from 'completion-stream'
import type { Provider } from 'completion-stream'
import { scriptedProvider } from '@completion-stream/testing'
import type { Script, ScriptedProvider } from '@completion-stream/testing'

/** A provider that answers by a script, and the model behind it, which has the requests. */
export function scripted(
  script: Script,
  tokensPerSecond: number = Number.POSITIVE_INFINITY,
): { provider: Provider; model: ScriptedProvider } {
  const model = scriptedProvider(script, { tokensPerSecond, firstTokenMs: 0 })
  return { model, provider: openai({ baseURL: 'http://model.test/v1', fetch: model }) }
}

/** A promise that is resolved from outside, for scripts that wait for the test. */
export function gate(): { passed: Promise<void>; open(): void } {
  let open!: () => void
  const passed = new Promise<void>((resolve) => (open = resolve))
  return { passed, open }
}

/** A model that says `Hello` to the question `Hi` (each its own) and then waits until it is left. */
export function stalling(): { provider: Provider; model: ScriptedProvider; left: () => string[] } {
  const left: string[] = []
  const made = scripted(async function* ({ signal, prompt }) {
    signal.addEventListener('abort', () => left.push(prompt))
    yield 'Hello'
    yield { stall: true }
  })
  return { ...made, left: () => left }
}

/** Runs something whose renders are React's own: `act` would gather them or flush some before their time. */
export async function withoutAct<T>(run: () => Promise<T>): Promise<T> {
  globalThis.IS_REACT_ACT_ENVIRONMENT = false
  try {
    return await run()
  } finally {
    globalThis.IS_REACT_ACT_ENVIRONMENT = true
  }
}

/** The next animation frame, and what React does in it. */
export function nextFrame(): Promise<void> {
  return new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)))
}

/** Long enough for what should not happen. */
export function aWhile(ms: number = 100): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
