/** Every fixture, raw bytes as a server sends them, becomes the completion beside it, however the bytes are cut. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import * as core from '../src/index.ts'
import { buildCompletion, streamCompletion } from '../src/index.ts'
import type { CompletionChunk } from '../src/index.ts'
import { fetchOf } from './http.ts'
import { wiresOf } from './wires.mjs'

const wires = wiresOf(core)
const folder = new URL('fixtures/', import.meta.url)
const fixtures = Object.keys(wires).flatMap((wire) =>
  (existsSync(new URL(wire, folder)) ? readdirSync(new URL(wire, folder)) : [])
    .filter((file) => !file.endsWith('.json'))
    .map((file) => [wire, file] as const),
)

function* cut(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

describe.each(fixtures)('%s fixture %s', (wire, file) => {
  const bytes = new Uint8Array(readFileSync(new URL(`${wire}/${file}`, folder)))
  // `error`: the code of the error that the stream ends in; all else is what arrived.
  const { error: code, ...expected } = JSON.parse(
    readFileSync(new URL(`${wire}/${file.replace(/\.\w+$/, '.json')}`, folder), 'utf8'),
  )
  const request = { model: 'm', prompt: 'p' }
  const stream = (parts: Iterable<Uint8Array>) =>
    streamCompletion(request, { provider: wires[wire]!({ apiKey: 'k', fetch: fetchOf(parts) }), maxRetries: 0 })

  it.each([
    ['one byte', 1],
    ['7 bytes', 7],
    ['the whole', bytes.length],
  ])('comes to the same completion in reads of %s', async (_, size) => {
    const running = stream(cut(bytes, size))
    const error = await running.finalCompletion().then(
      () => undefined,
      (failure) => failure,
    )
    expect(error?.code).toBe(code)
    expect(running.snapshot).toMatchObject(expected)
    // Nothing but data: what is kept, sent or stored is the same.
    expect(JSON.parse(JSON.stringify(running.snapshot))).toEqual(running.snapshot)
  })

  it.skipIf(code)('comes to the same completion when its chunks are added up later', async () => {
    const chunks: CompletionChunk[] = []
    const running = stream([bytes])
    for await (const chunk of running) chunks.push(chunk)
    expect(buildCompletion(JSON.parse(JSON.stringify(chunks)), request)).toEqual(running.snapshot)
  })
})

it('adds up chunks that another client parsed, with their gaps', () => {
  const choice = (delta: unknown, finish_reason: string | null = null) => ({
    choices: [{ index: 0, delta, finish_reason }],
  })
  const chunks = [choice({ content: 'a' }), choice(null), { choices: [] }, choice(undefined, 'stop')]
  expect(buildCompletion(chunks as unknown as CompletionChunk[])).toMatchObject({ text: 'a', finishReason: 'stop' })
})
