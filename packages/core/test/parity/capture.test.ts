/** The comparison itself: it fails when it should, so that its silence means something. */
import { createOpenAI } from '@ai-sdk/openai'
import { describe, expect, it } from 'vitest'
import { openai } from '../../src/index.ts'
import { captureOurs, captureTheirs, expectSameMeaning } from './capture.ts'
import type { Captured, Comparison, Difference } from './capture.ts'

const sent = (body: object): Captured => ({ url: 'https://example.com', headers: { key: 'k' }, body })
const hi = (more: object = {}) => sent({ model: 'm', messages: [{ role: 'user', content: 'Hi' }], ...more })
const known: Difference = { path: 'seed', ours: 1, theirs: undefined, why: 'It is so.' }

describe('requests that mean the same', () => {
  it.each<[string, Captured, Captured, Partial<Comparison>]>([
    ['are equal, whatever the order of their fields', hi({ b: { c: 1, d: 2 } }), hi({ b: { d: 2, c: 1 } }), {}],
    ['may differ where that is listed', hi({ seed: 1 }), hi(), { differences: [known] }],
    [
      'may differ inside what is listed',
      hi({ tools: [{ name: 'a' }] }),
      hi({ tools: [{ name: 'b' }] }),
      { differences: [{ ...known, path: 'tools', ours: [{ name: 'a' }], theirs: [{ name: expect.any(String) }] }] },
    ],
    [
      'may be spelled differently where a rule says so',
      hi({ stop: 'x' }),
      hi({ stop: ['x'] }),
      { rules: [{ why: 'One is a list.', apply: (body) => void (body.stop = [body.stop].flat()) }] },
    ],
  ])('%s', (_, ours, theirs, comparison) => {
    expect(() => expectSameMeaning(ours, theirs, { landmarks: ['Hi'], ...comparison })).not.toThrow()
  })
})

describe('the comparison fails', () => {
  it.each<[string, Captured, Captured, Difference[], string]>([
    ['on an unlisted difference', hi({ seed: 1 }), hi(), [], "not listed:\n{ path: 'seed', ours: 1, theirs: undefined"],
    ['on a null that is nothing on the other side', hi({ seed: null }), hi(), [], 'not listed'],
    ['on another address', hi(), { ...hi(), url: 'https://example.org' }, [], "{ path: 'url'"],
    ['on another header', hi(), { ...hi(), headers: {} }, [], "{ path: 'headers.key'"],
    ['on lists of other lengths', hi({ stop: ['a'] }), hi({ stop: ['a', 'b'] }), [], "{ path: 'stop', ours: [ 'a' ]"],
    [
      'on a listed difference that is none any more',
      hi({ seed: 1 }),
      hi({ seed: 1 }),
      [known],
      'no difference any more: seed',
    ],
    [
      'on a listed difference without a reason',
      hi({ seed: 1 }),
      hi(),
      [{ ...known, why: '' }],
      'without a reason: seed',
    ],
    ['on a listed difference that became another', hi({ seed: 2 }), hi(), [known], 'listed, but another difference'],
    ['on two bodies that say nothing', sent({}), sent({}), [], "ours does not say 'Hi'"],
    [
      'on a body that leaves out what the user said',
      hi(),
      sent({ model: 'm', messages: [] }),
      [],
      "theirs does not say 'Hi'",
    ],
  ])('%s', (_, ours, theirs, differences, words) => {
    expect(() => expectSameMeaning(ours, theirs, { landmarks: ['Hi'], headers: ['key'], differences })).toThrow(words)
  })
})

describe('capturing', () => {
  it('takes what each side sends, and lets nothing through', async () => {
    const ours = await captureOurs(openai({ fetch: () => expect.unreachable() }), { model: 'm', prompt: 'Hi' })
    expect(ours).toMatchObject({
      url: 'https://api.openai.com/v1/chat/completions',
      body: { model: 'm', stream: true },
    })
    const theirs = await captureTheirs((fetch) => createOpenAI({ apiKey: 'k', fetch }).chat('m'), { prompt: 'Hi' })
    expect(theirs).toMatchObject({
      url: ours.url,
      headers: { authorization: 'Bearer k' },
      body: { model: 'm' },
      warnings: [],
    })
  })

  it('rejects with the reason when a side sends nothing', async () => {
    await expect(captureOurs(openai(), { model: 'm' })).rejects.toThrow('Set `messages` or `prompt`.')
    const model = (fetch: typeof globalThis.fetch) => createOpenAI({ apiKey: 'k', fetch }).chat('m')
    const video = { type: 'file' as const, mediaType: 'video/mp4', data: 'AAAA' }
    const call = { messages: [{ role: 'user' as const, content: [video] }] }
    await expect(captureTheirs(model, call)).rejects.toThrow('video/mp4')
  })

  it('tells what the AI SDK warns of', async () => {
    const model = (fetch: typeof globalThis.fetch) => createOpenAI({ apiKey: 'k', fetch }).chat('o4-mini')
    const { warnings } = await captureTheirs(model, { prompt: 'Hi', temperature: 0.5 })
    expect(warnings).toEqual([expect.stringContaining('unsupported: temperature')])
  })
})
