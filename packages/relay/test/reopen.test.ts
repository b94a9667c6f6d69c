/** A page that was left, and its answer: another one reads it from its beginning, over real HTTP. */
import { streamCompletion } from 'completion-stream'
import type { CompletionStream } from 'completion-stream'
import { afterEach, describe, expect, it } from 'vitest'
import { memoryStore } from '../src/index.ts'
import { closeAll, listenBefore } from './server.ts'

afterEach(closeAll)

const request = { model: 'm', prompt: 'hi' }

/** A page: its streams, and how it is left, which closes its connections without a word. */
function openPage(url: string, headers: Record<string, string> = {}) {
  const left = new AbortController()
  const leavable: typeof fetch = (input, init) =>
    fetch(input, { ...init, signal: AbortSignal.any([init?.signal ?? left.signal, left.signal]) })
  const provider = url.replace('/chat/completions', '')
  return {
    ask: (resumeUrl?: string): CompletionStream =>
      streamCompletion(request, { provider, fetch: leavable, headers, resumeUrl, maxRetries: 0 }),
    leave: () => left.abort(new TypeError('terminated')),
  }
}

const read = (stream: CompletionStream) => stream.finalCompletion().catch((error) => error)

describe('an answer that is read again', () => {
  it('comes whole while it is made, and the provider is asked once', async () => {
    const { url, upstream, crashed } = await listenBefore({ store: memoryStore() })
    const page = openPage(url)
    const stream = page.ask()
    const lost = read(stream)
    await expect.poll(() => upstream.count).toBe(1)
    upstream.say('one ')
    await expect.poll(() => stream.snapshot.text).toBe('one ')
    const { resumeUrl } = stream
    expect(resumeUrl).toMatch(/^http:.+\/api\/streams\/[\w-]{22,}$/)
    page.leave()
    expect(await lost).toMatchObject({ code: 'interrupted', partial: { text: 'one ' } })
    upstream.say('two ')

    const again = openPage(url).ask(resumeUrl)
    const final = again.finalCompletion()
    await expect.poll(() => again.snapshot.text).toBe('one two ')
    upstream.say('three')
    upstream.finish()
    const answer = await final
    expect(answer).toMatchObject({ text: 'one two three', finishReason: 'stop' })
    expect(again).toMatchObject({ resumeUrl, attempts: [] })
    // And once more, now that it is over.
    expect(await openPage(url).ask(resumeUrl).finalCompletion()).toEqual(answer)
    expect(upstream.count).toBe(1)
    expect(upstream.isLeft).toBe(false)
    expect(crashed).toEqual([])
  })

  it('can be stopped by who reads it: the connection to the provider closes', async () => {
    const { url, upstream } = await listenBefore({ store: memoryStore() })
    const page = openPage(url)
    const stream = page.ask()
    const lost = read(stream)
    await expect.poll(() => upstream.count).toBe(1)
    upstream.say('one ')
    await expect.poll(() => stream.snapshot.text).toBe('one ')
    page.leave()
    await lost
    const again = openPage(url).ask(stream.resumeUrl)
    const final = again.finalCompletion()
    await expect.poll(() => again.snapshot.text).toBe('one ')
    expect(upstream.isLeft).toBe(false)
    again.abort()
    expect(await final).toMatchObject({ text: 'one ' })
    await expect.poll(() => upstream.isLeft).toBe(true)
  })

  it('is gone when it is kept no more, or is somebody else’s, and nobody asks the provider for it', async () => {
    const identify = (asked: Request): string => asked.headers.get('x-user') ?? ''
    const { url, upstream } = await listenBefore({ store: memoryStore(), identify })
    const stream = openPage(url, { 'x-user': 'me' }).ask()
    const final = stream.finalCompletion()
    await expect.poll(() => upstream.count).toBe(1)
    upstream.say('Hello')
    upstream.finish()
    await final
    const others = openPage(url, { 'x-user': 'you' })
    for (const resumeUrl of [stream.resumeUrl!, `${stream.resumeUrl}x`]) {
      const error = await read(others.ask(resumeUrl))
      expect(error).toMatchObject({ code: 'not_found', status: 404, retryable: false, attempts: 1 })
      expect(error.message).toContain('no longer keeps this answer')
    }
    expect(upstream.count).toBe(1)
  })

  it('is gone when its beginning is', async () => {
    const { url, upstream } = await listenBefore({ store: memoryStore({ maxStreamBytes: 1000 }) })
    const stream = openPage(url).ask()
    const final = stream.finalCompletion()
    await expect.poll(() => upstream.count).toBe(1)
    for (let i = 0; i < 20; i++) upstream.say(`${i} and some more words, so that it is long `)
    upstream.finish()
    await final
    expect(await read(openPage(url).ask(stream.resumeUrl))).toMatchObject({ code: 'not_found', status: 410 })
    expect(upstream.count).toBe(1)
  })
})
