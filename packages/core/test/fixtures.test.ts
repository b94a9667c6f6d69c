/** Every fixture, raw bytes as a server sends them, becomes the completion beside it, however the bytes are cut. */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { buildCompletion, openai, openaiCompletions, streamCompletion } from '../src/index.ts'
import type { CompletionChunk } from '../src/index.ts'
import { fetchOf } from './http.ts'

const folder = new URL('fixtures/', import.meta.url)
const names = readdirSync(folder)
  .filter((file) => file.endsWith('.sse'))
  .map((file) => file.slice(0, -4))

function* cut(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

describe.each(names)('fixture %s', (name) => {
  const bytes = new Uint8Array(readFileSync(new URL(`${name}.sse`, folder)))
  const expected = JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8'))
  const provider = (parts: Iterable<Uint8Array>) =>
    (name.startsWith('legacy') ? openaiCompletions : openai)({ fetch: fetchOf(parts) })

  it.each([
    ['one byte', 1],
    ['7 bytes', 7],
    ['the whole', bytes.length],
  ])('comes to the same completion in reads of %s', async (_, size) => {
    const stream = streamCompletion({ model: 'm', prompt: 'p' }, { provider: provider(cut(bytes, size)) })
    const completion = await stream.finalCompletion()
    expect(completion).toMatchObject(expected)
    // Nothing but data: what is kept, sent or stored is the same.
    expect(JSON.parse(JSON.stringify(completion))).toEqual(completion)
  })

  it('comes to the same completion when its chunks are added up later', async () => {
    const chunks: CompletionChunk[] = []
    const stream = streamCompletion({ model: 'm', prompt: 'p' }, { provider: provider([bytes]) })
    for await (const chunk of stream) chunks.push(chunk)
    expect(buildCompletion(JSON.parse(JSON.stringify(chunks)))).toEqual(stream.snapshot)
  })
})

it('adds up chunks that another client parsed, with their gaps', () => {
  const choice = (delta: unknown, finish_reason: string | null = null) => ({
    choices: [{ index: 0, delta, finish_reason }],
  })
  const chunks = [choice({ content: 'a' }), choice(null), { choices: [] }, choice(undefined, 'stop')]
  expect(buildCompletion(chunks as unknown as CompletionChunk[])).toMatchObject({ text: 'a', finishReason: 'stop' })
})
