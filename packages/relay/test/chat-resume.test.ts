/** A conversation whose page is left while an answer runs: the next page takes the answer up, over real HTTP. */
import { askToContinue, createChat } from 'completion-stream'
import type { AssistantMessage, Chat, ChatMessage, ChatOptions } from 'completion-stream'
import { afterEach, describe, expect, it } from 'vitest'
import { memoryStore } from '../src/index.ts'
import { closeAll, listen, listenBefore } from './server.ts'

afterEach(closeAll)

/** A page with a chat: what is kept of it, and how it is left, which closes its connections without a word. */
function openPage(url: string, initialMessages: readonly ChatMessage[] = [], options: Partial<ChatOptions> = {}) {
  const left = new AbortController()
  const leavable: typeof fetch = (input, init) =>
    fetch(input, { ...init, signal: AbortSignal.any([init?.signal ?? left.signal, left.signal]) })
  const provider = url.replace('/chat/completions', '')
  const chat = createChat({ model: 'm', provider, fetch: leavable, maxRetries: 0, initialMessages, ...options })
  const texts: string[] = []
  chat.subscribe(() => texts.push(lastOf(chat).text))
  return {
    chat,
    texts,
    leave(): ChatMessage[] {
      const kept = JSON.stringify(chat.getState().messages)
      left.abort(new TypeError('terminated'))
      return JSON.parse(kept)
    },
  }
}
const lastOf = (chat: Chat) => chat.getState().messages.at(-1) as AssistantMessage
const neverShrinks = (texts: string[], first = '') => {
  for (const [i, text] of texts.entries()) expect(text.startsWith(texts[i - 1] ?? first), texts.join('|')).toBe(true)
}
const wireOf = ({ wire }: AssistantMessage) => wire.map(({ role, content }) => [role, content])

describe('an answer that ran when its page was left', () => {
  const midway = async (options: Parameters<typeof listenBefore>[0] = { store: memoryStore() }) => {
    const server = await listenBefore(options)
    const first = openPage(server.url)
    void first.chat.sendMessage('Hi')
    await expect.poll(() => server.upstream.count).toBe(1)
    server.upstream.say('one ')
    await expect.poll(() => lastOf(first.chat).text).toBe('one ')
    return { ...server, first, kept: first.leave() }
  }

  it('is taken up: the same message, the whole text once, and the provider is asked once', async () => {
    const { url, upstream, kept, crashed } = await midway()
    upstream.say('two ')
    const { chat, texts } = openPage(url, kept)
    expect(lastOf(chat)).toMatchObject({ status: 'error', text: 'one ' })
    const resumed = chat.resume()
    expect(chat.getState().status).toBe('streaming')
    await expect.poll(() => lastOf(chat).text).toBe('one two ')
    expect(lastOf(chat)).toMatchObject({ id: kept[1]!.id, status: 'streaming' })
    upstream.say('three')
    upstream.finish()
    expect(await resumed).toBe(lastOf(chat))
    expect(lastOf(chat)).toMatchObject({ status: 'ready', text: 'one two three', finishReason: 'stop' })
    expect(lastOf(chat).parts).toEqual([{ type: 'text', text: 'one two three' }])
    expect(wireOf(lastOf(chat))).toEqual([['assistant', 'one two three']])
    expect(lastOf(chat)).not.toHaveProperty('running')
    neverShrinks(texts, 'one ')
    expect(upstream.count).toBe(1)
    expect(crashed).toEqual([])
  })

  it('may be over by then', async () => {
    const { url, upstream, kept } = await midway()
    upstream.say('two')
    upstream.finish()
    const { chat, texts } = openPage(url, kept)
    expect(await chat.resume()).toMatchObject({ status: 'ready', text: 'one two' })
    neverShrinks(texts, 'one ')
    // It is whole now.
    const state = chat.getState()
    expect(await chat.resume()).toBeUndefined()
    expect(chat.getState()).toBe(state)
  })

  it('is taken up again when the page is left again meanwhile', async () => {
    const { url, upstream, kept } = await midway()
    const second = openPage(url, kept)
    void second.chat.resume()
    upstream.say('two ')
    await expect.poll(() => lastOf(second.chat).text).toBe('one two ')
    const third = openPage(url, second.leave())
    expect(lastOf(third.chat)).toMatchObject({ status: 'error', text: 'one two ' })
    const resumed = third.chat.resume()
    upstream.say('three')
    upstream.finish()
    expect(await resumed).toMatchObject({ id: kept[1]!.id, text: 'one two three', status: 'ready' })
    expect(wireOf(lastOf(third.chat))).toEqual([['assistant', 'one two three']])
    expect(upstream.count).toBe(1)
  })

  it('can be stopped while it is taken up: the provider’s connection closes, the text stays', async () => {
    const { url, upstream, kept } = await midway()
    const { chat } = openPage(url, kept)
    const resumed = chat.resume()
    upstream.say('two ')
    await expect.poll(() => lastOf(chat).text).toBe('one two ')
    chat.stop()
    expect(await resumed).toMatchObject({ status: 'stopped', text: 'one two ' })
    await expect.poll(() => upstream.isLeft).toBe(true)
    expect(await chat.resume()).toBeUndefined()
  })

  it('that is kept no more ends in `not_found`: what was shown stays, and continue() asks for the rest', async () => {
    const { url, upstream, kept } = await midway()
    const last = kept[1] as { running: { url: string } }
    last.running.url += 'x'
    const { chat, texts } = openPage(url, kept, { continuation: askToContinue })
    expect(await chat.resume()).toMatchObject({ status: 'error', text: 'one ', error: { code: 'not_found' } })
    expect(chat.getState()).toMatchObject({ status: 'error', error: { code: 'not_found', retryable: false } })
    expect(upstream.count).toBe(1)
    // There is nothing left to take up.
    expect(await chat.resume()).toBeUndefined()
    const continued = chat.continue()
    await expect.poll(() => upstream.count).toBe(2)
    upstream.say('two')
    upstream.finish()
    expect(await continued).toMatchObject({ id: kept[1]!.id, status: 'ready' })
    expect(lastOf(chat).text).toBe('onetwo')
    expect(wireOf(lastOf(chat))).toEqual([['assistant', 'onetwo']])
    neverShrinks(texts.map((text) => text.trimEnd()))
  })

  it('is nowhere kept by a relay without a store: resume() does nothing', async () => {
    const { url, kept } = await midway({})
    const { chat } = openPage(url, kept)
    const state = chat.getState()
    expect(await chat.resume()).toBeUndefined()
    expect(chat.getState()).toBe(state)
  })
})

it('an answer in its second step keeps the first one when it is taken up', async () => {
  let say!: (text?: string) => void
  const said: string[] = []
  async function* pieces(): AsyncGenerator<{ text: string }> {
    for (;;) {
      const text = said.shift() ?? (await new Promise<string | undefined>((resolve) => (say = resolve)))
      if (text === undefined) return
      yield { text }
    }
  }
  let turns = 0
  const { url } = await listen(
    ({ toolResults }) => {
      turns++
      if (toolResults.length) return pieces()
      return [{ text: 'Look. ' }, { toolCalls: [{ name: 'f', arguments: { x: 1 } }] }]
    },
    { store: memoryStore() },
  )
  const tools = { f: { execute: () => 'done' } }
  const first = openPage(url, [], { tools })
  void first.chat.sendMessage('Hi')
  await expect.poll(() => turns).toBe(2)
  await expect.poll(() => say).toBeDefined()
  say('It is ')
  await expect.poll(() => lastOf(first.chat).text).toBe('Look. It is ')
  const kept = first.leave()
  const { chat, texts } = openPage(url, kept, { tools })
  const resumed = chat.resume()
  say('noon.')
  await expect.poll(() => lastOf(chat).text).toBe('Look. It is noon.')
  say()
  expect(await resumed).toMatchObject({ id: kept[1]!.id, status: 'ready', text: 'Look. It is noon.' })
  expect(lastOf(chat).parts).toMatchObject([
    { type: 'text', text: 'Look. ' },
    { type: 'tool-call', toolCall: { state: 'output', output: 'done' } },
    { type: 'text', text: 'It is noon.' },
  ])
  expect(wireOf(lastOf(chat))).toEqual([
    ['assistant', 'Look. '],
    ['tool', 'done'],
    ['assistant', 'It is noon.'],
  ])
  neverShrinks(texts, 'Look. It is ')
  expect(turns).toBe(2)
})
