/** Token counts of answers that the provider did not count, or not to the end. */
import { countTokens } from 'gpt-tokenizer'
import { describe, expect, it } from 'vitest'
import { buildCompletion, createCompletionStore, estimateTokens, openai, streamCompletion } from '../src/index.ts'
import type { StreamOptions } from '../src/index.ts'
import { chunk, event, fetchOf } from './http.ts'

const messages = [
  { role: 'system' as const, content: 'You are a lighthouse keeper. Answer in the words of one.' },
  { role: 'user' as const, content: [{ type: 'text' as const, text: 'How was the storm last night?' }] },
]
const answer = 'The wind came from the north, and by midnight the lamp room shook with every wave that hit the rocks.'
const usage = { prompt_tokens: 30, completion_tokens: 25, total_tokens: 55 }

function ask(parts: Iterable<string>, options: Partial<StreamOptions> = {}) {
  return streamCompletion({ model: 'm', messages }, { provider: openai({ fetch: fetchOf(parts) }), ...options })
}

describe('the usage', () => {
  it('is the real one where the provider sends it', async () => {
    const stream = ask([chunk({ content: answer }, 'stop'), event({ choices: [], usage }), event('[DONE]')])
    expect((await stream.finalCompletion()).usage).toEqual(usage)
  })

  it('is estimated and marked when the provider stays silent', async () => {
    const { usage: counted } = await ask([chunk({ content: answer }, 'stop'), event('[DONE]')]).finalCompletion()
    expect(counted?.estimated).toBe(true)
    expect(counted!.completion_tokens / countTokens(answer)).toBeGreaterThan(0.75)
    expect(counted!.completion_tokens / countTokens(answer)).toBeLessThan(1.25)
    expect(counted!.prompt_tokens).toBeGreaterThan(15)
    expect(counted!.total_tokens).toBe(counted!.prompt_tokens + counted!.completion_tokens)
  })

  it('is estimated and marked when the stream was stopped', async () => {
    const stream = ask([chunk({ content: answer }), chunk({ content: answer })])
    stream.subscribe(() => stream.abort())
    expect((await stream.finalCompletion()).usage).toMatchObject({ estimated: true })
    const estimated = stream.snapshot.usage!.completion_tokens / countTokens(answer)
    expect(estimated).toBeGreaterThan(0.75)
    expect(estimated).toBeLessThan(1.25)
  })

  it('of an answer that was cut is on the error', async () => {
    const error = await ask([chunk({ content: answer })])
      .finalCompletion()
      .catch((failure) => failure)
    expect(error).toMatchObject({ code: 'interrupted', partial: { usage: { estimated: true } } })
  })

  it('keeps what the provider said of the question when it had only begun to count the answer', async () => {
    const begun = { ...usage, completion_tokens: 1, prompt_tokens_details: { cached_tokens: 7 } }
    const stream = ask([event({ choices: [], usage: begun }), chunk({ content: answer }), chunk({ content: '.' })])
    for await (const piece of stream.textStream) if (piece === '.') break
    expect(stream.snapshot.usage).toMatchObject({
      prompt_tokens: 30,
      prompt_tokens_details: { cached_tokens: 7 },
      estimated: true,
    })
    expect(stream.snapshot.usage!.completion_tokens).toBeGreaterThan(15)
  })

  it('of a provider that counts along needs no estimate when the stream is stopped', async () => {
    const stream = ask([chunk({ content: answer }, null, { usage }), chunk({ content: 'x' })])
    for await (const _ of stream.textStream) break
    expect(stream.snapshot.usage).toEqual(usage)
  })

  it('is estimated where the provider counted the question alone', async () => {
    const begun = { prompt_tokens: 30, completion_tokens: 0, total_tokens: 30 }
    const stream = ask([event({ choices: [], usage: begun }), chunk({ content: answer }, 'stop'), event('[DONE]')])
    const { usage: counted } = await stream.finalCompletion()
    expect(counted).toMatchObject({ prompt_tokens: 30, estimated: true })
    expect(counted!.completion_tokens).toBeGreaterThan(10)
  })

  it('of an odd request keeps nothing from ending', async () => {
    const odd = [
      { role: 'user', content: [null] },
      { role: 'user', content: { type: 'text', text: 'a' } },
    ] as never
    const provider = openai({ fetch: fetchOf([chunk({ content: answer }, 'stop'), event('[DONE]')]) })
    const completion = await streamCompletion({ model: 'm', messages: odd }, { provider }).finalCompletion()
    expect(completion.text).toBe(answer)
  })

  it('is unknown when nothing arrived', async () => {
    const stream = ask([])
    await stream.finalCompletion().catch(() => undefined)
    expect(stream.snapshot.usage).toBeUndefined()
  })

  it('counts reasoning and the arguments of tool calls', async () => {
    const call = { index: 0, id: 'c', function: { name: 'log', arguments: JSON.stringify({ entry: answer }) } }
    const parts = [chunk({ reasoning_content: answer }), chunk({ tool_calls: [call] }, 'tool_calls'), event('[DONE]')]
    const { usage: counted } = await ask(parts).finalCompletion()
    expect(counted!.completion_tokens).toBeGreaterThan(1.5 * countTokens(answer))
  })

  it('of chunks that are added up is estimated when the request is known', () => {
    const chunks = [{ choices: [{ index: 0, delta: { content: answer }, finish_reason: 'stop' as const }] }] as never[]
    expect(buildCompletion(chunks).usage).toBeUndefined()
    expect(buildCompletion(chunks, { model: 'm', messages }).usage).toMatchObject({ estimated: true })
  })
})

it('counts what is added to a very long text, wherever it is added', async () => {
  const long = Array.from({ length: 5000 }, (_, i) => (i % 3 ? `${answer} ` : `f(${i}); `)).join('')
  const begun = buildCompletion([
    {
      id: 'a',
      object: 'chat.completion.chunk',
      created: 1,
      model: 'm',
      choices: [{ index: 0, delta: { content: long }, finish_reason: null }],
    },
  ])
  const thought = { reasoning_content: 'and now on. '.repeat(200) }
  const body = chunk(thought) + chunk({}, 'stop') + event('[DONE]')
  const stream = streamCompletion(
    { model: 'm', messages },
    { provider: openai({ fetch: fetchOf(body) }), continues: begun, continuation: (request) => request },
  )
  const { usage: counted } = await stream.finalCompletion()
  const added = estimateTokens(thought.reasoning_content)
  expect(counted!.completion_tokens).toBeGreaterThan(added * 0.9)
  expect(counted!.completion_tokens).toBeLessThan(added * 1.1)
})

describe('a tokenizer of choice', () => {
  const exact = async (text: string) => (await import('gpt-tokenizer')).countTokens(text)

  it('counts exactly, and is only loaded when it is needed', async () => {
    let asked = 0
    const count = (text: string) => {
      asked++
      return exact(text)
    }
    await ask([chunk({ content: answer }, 'stop'), event({ choices: [], usage })], {
      countTokens: count,
    }).finalCompletion()
    expect(asked).toBe(0)
    const stream = ask([chunk({ content: answer }, 'stop'), event('[DONE]')], { countTokens: count })
    expect((await stream.finalCompletion()).usage).toMatchObject({
      completion_tokens: countTokens(answer),
      estimated: true,
    })
  })

  it('that fails leaves the estimate', async () => {
    const stream = ask([chunk({ content: answer }, 'stop'), event('[DONE]')], {
      countTokens: () => Promise.reject(new Error('no such file')),
    })
    expect((await stream.finalCompletion()).usage).toMatchObject({ estimated: true })
    const sync = ask([chunk({ content: answer }, 'stop'), event('[DONE]')], {
      countTokens: () => {
        throw new Error('no')
      },
    })
    expect((await sync.finalCompletion()).usage).toMatchObject({ estimated: true })
  })

  it('tells a store after a stop, once it is loaded', async () => {
    const endless = function* () {
      for (;;) yield chunk({ content: answer })
    }
    const store = createCompletionStore({
      model: 'm',
      provider: openai({ fetch: fetchOf(endless()) }),
      countTokens: async (text) => 1000 + (await exact(text)),
    })
    const done = new Promise<void>((resolve) =>
      store.subscribe(() => {
        const { status, text, usage: counted } = store.getState()
        if (status === 'streaming' && text) store.stop()
        if (status === 'ready' && (counted?.completion_tokens ?? 0) > 1000) resolve()
      }),
    )
    void store.start('Go on.')
    await done
    expect(store.getState()).toMatchObject({ status: 'ready', stopped: true, usage: { estimated: true } })
  })
})

it('estimates the tokens of a text in any script', () => {
  const texts = {
    english: answer,
    german: 'Der Wind kam aus dem Norden, und um Mitternacht bebte der Lampenraum bei jeder Welle an den Felsen.',
    russian: 'Ветер пришёл с севера, и к полуночи комната с лампой дрожала от каждой волны, бившей в скалы.',
    chinese: '风从北方吹来,到了午夜,每一个撞上岩石的浪头都让灯室颤抖不已。',
    code: 'export function add(a: number, b: number): number {\n  return a + b // both finite\n}\n'.repeat(5),
    json: JSON.stringify({
      list: Array.from({ length: 20 }, (_, id) => ({ id, price: id * 12.5, name: `item ${id}` })),
    }),
  }
  for (const [name, text] of Object.entries(texts)) {
    const ratio = estimateTokens(text) / countTokens(text)
    expect(ratio, name).toBeGreaterThan(0.7)
    expect(ratio, name).toBeLessThan(1.3)
  }
  expect(estimateTokens('')).toBe(0)
})
