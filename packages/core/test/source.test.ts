/** Chunks from anywhere but a server. */
import { describe, expect, it, vi } from 'vitest'
import { CompletionError, source, streamCompletion } from '../src/index.ts'
import type { ChunkSource, CompletionRequest } from '../src/index.ts'

const said = (content: string, finish_reason: string | null = null) => ({
  choices: [{ index: 0, delta: { content }, finish_reason }],
})
const ask = (chunks: Parameters<typeof source>[0], request: Partial<CompletionRequest> = {}) =>
  streamCompletion({ model: 'm', prompt: 'Hi', ...request }, { provider: source(chunks) })
const failureOf = (chunks: Parameters<typeof source>[0]) =>
  ask(chunks)
    .finalCompletion()
    .then(
      () => expect.unreachable('it was to fail'),
      (error: CompletionError) => error,
    )
const soon = () => new Promise((resolve) => setTimeout(resolve, 10))

async function* of(...chunks: object[]) {
  for (const chunk of chunks) yield chunk
}

describe('an iterable', () => {
  it('is the answer', async () => {
    const completion = await ask(of(said('Hel'), said('lo', 'stop'))).finalCompletion()
    expect(completion).toMatchObject({ text: 'Hello', finishReason: 'stop' })
  })

  it('is over when it ends, whether or not it says why', async () => {
    const completion = await ask(of(said('a'))).finalCompletion()
    expect(completion).toMatchObject({ text: 'a', finishReason: null })
  })

  it('may speak any dialect', async () => {
    const delta = { reasoning: 'Hm.', content: [{ type: 'text', text: 'line 1\nline 2 \u2028 😀 \ud83d' }] }
    const completion = await ask(of({ choices: [{ delta, finish_reason: 'EOS' }] })).finalCompletion()
    expect(completion).toMatchObject({
      text: 'line 1\nline 2 \u2028 😀 \ud83d',
      reasoning: 'Hm.',
      finishReason: 'stop',
      nativeFinishReason: 'EOS',
    })
  })

  it('can be read once, and says so', async () => {
    const provider = source(of(said('a', 'stop')))
    const request = { model: 'm', prompt: 'Hi' }
    await streamCompletion(request, { provider }).finalCompletion()
    await expect(streamCompletion(request, { provider }).finalCompletion()).rejects.toMatchObject({
      code: 'bad_request',
      message: 'This source was read already: give it a function to answer more than one request.',
    })
  })
})

describe('a function', () => {
  it('answers each request, which it gets as a server would', async () => {
    const answer = vi.fn<ChunkSource>(async ({ model }) => of(said(`I am ${model}`, 'stop')))
    const provider = source(answer)
    const texts = ['a', 'b'].map(
      async (model) =>
        (await streamCompletion({ model, prompt: 'Hi', max_tokens: 5 }, { provider }).finalCompletion()).text,
    )
    await expect(Promise.all(texts)).resolves.toEqual(['I am a', 'I am b'])
    expect(answer.mock.calls[0]).toEqual([
      {
        model: 'a',
        messages: [{ role: 'user', content: 'Hi' }],
        max_tokens: 5,
        stream: true,
        stream_options: { include_usage: true },
      },
      { signal: expect.any(AbortSignal) },
    ])
  })
})

describe('a failure', () => {
  it.each<[string, Parameters<typeof source>[0]]>([
    [
      'by a function that throws',
      () => {
        throw new Error('No GPU')
      },
    ],
    ['by a function that rejects', () => Promise.reject(new Error('No GPU'))],
    ['by the first chunk', { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error('No GPU')) }) }],
  ])('before the first chunk, %s, keeps its words', async (_, chunks) => {
    const error = await failureOf(chunks)
    expect(error).toBeInstanceOf(CompletionError)
    expect(error).toMatchObject({ code: 'provider', provider: 'source', message: expect.stringContaining('No GPU') })
  })

  it('after chunks keeps what arrived', async () => {
    const error = await failureOf(
      (async function* () {
        yield said('Hel')
        throw Object.assign(new Error('Worker gone'), { code: 'ECONNRESET' })
      })(),
    )
    expect(error).toMatchObject({ providerCode: 'ECONNRESET', partial: { text: 'Hel' } })
    expect(error.message).toContain('Worker gone')
  })

  it.each([0, 1])('that is one of ours keeps code and message after %s chunks', async (count) => {
    const error = await failureOf(
      (async function* () {
        if (count) yield said('a')
        throw new CompletionError('rate_limit', 'Slow down, please.')
      })(),
    )
    // What was read once cannot be asked again.
    expect(error).toMatchObject({ code: 'rate_limit', message: 'Slow down, please.', retryable: false })
  })

  it('reads the status of another client’s error', async () => {
    const error = await failureOf(() => Promise.reject(Object.assign(new Error('Too many'), { status: 429 })))
    expect(error).toMatchObject({ code: 'rate_limit', message: expect.stringContaining('Too many') })
  })

  it('may be anything that was thrown', async () => {
    // eslint-disable-next-line typescript/only-throw-error -- some do
    expect(
      (
        await failureOf(() => {
          throw 'just words'
        })
      ).message,
    ).toContain('just words')
    expect(
      (
        await failureOf(() => {
          throw null
        })
      ).message,
    ).toContain('null')
  })

  it('by a chunk that is no JSON lets go of the iterator', async () => {
    const back = vi.fn()
    const loop: Record<string, unknown> = { choices: [] }
    loop.self = loop
    const chunks = {
      [Symbol.asyncIterator]: () => ({ next: async () => ({ done: false, value: loop }), return: back }),
    }
    expect((await failureOf(chunks as unknown as AsyncIterable<object>)).code).toBe('provider')
    expect(back).toHaveBeenCalledOnce()
  })
})

describe('reading', () => {
  it('goes no faster than the consumer', async () => {
    let made = 0
    const chunks = ask(async function* () {
      for (;;) yield ((made++, said('x')))
    })[Symbol.asyncIterator]()
    await chunks.next()
    await soon()
    expect(made).toBeLessThan(5)
    await chunks.return!()
  })

  it('stops at once: the iterator is told and the signal aborted, also while a chunk is awaited', async () => {
    const back = vi.fn(async () => ({ done: true as const, value: undefined }))
    let signal: AbortSignal | undefined
    const stream = ask((_, options) => {
      signal = options.signal
      let first = true
      const next = (): Promise<IteratorResult<object>> => {
        const wait = first ? Promise.resolve({ done: false, value: said('a') }) : new Promise<never>(() => {})
        first = false
        return wait
      }
      return { [Symbol.asyncIterator]: () => ({ next, return: back }) }
    })
    for await (const _ of stream) {
      await soon()
      expect(back).not.toHaveBeenCalled()
      stream.abort()
      expect(back).toHaveBeenCalledOnce()
      expect(signal?.aborted).toBe(true)
    }
  })

  it('stops a generator that listens to its signal', async () => {
    const ended = vi.fn()
    const stream = ask(async function* (_, { signal }) {
      try {
        yield said('a')
        await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
      } finally {
        ended()
      }
    })
    for await (const _ of stream) stream.abort()
    await soon()
    expect(ended).toHaveBeenCalledOnce()
  })

  it('lets go of an iterable that comes after the end', async () => {
    const back = vi.fn(async () => ({ done: true as const, value: undefined }))
    const late = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}), return: back }) }
    const stream = ask(async () => {
      await soon()
      await soon()
      return late
    })
    const whole = stream.finalCompletion()
    await soon()
    stream.abort()
    await expect(whole).resolves.toMatchObject({ text: '' })
    expect(back).not.toHaveBeenCalled()
    await vi.waitFor(() => expect(back).toHaveBeenCalledOnce())
  })
})
