/** What chunks add up to while they arrive: live values, immutable snapshots, and what is kept of everything else. */
import { describe, expect, it } from 'vitest'
import { openai, source, streamCompletion } from '../src/index.ts'
import type { Completion, Delta } from '../src/index.ts'

const event = (data: object): string => `data: ${JSON.stringify(data)}\n\n`

const chunk = (delta: Delta, finish_reason: string | null = null, more: object = {}): object => ({
  id: 'c',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'm',
  choices: [{ index: 0, delta, finish_reason, ...more }],
})
const args = (index: number, text: string, id?: string): Delta => ({
  tool_calls: [{ index, ...(id && { id, type: 'function' as const }), function: { name: id && 'f', arguments: text } }],
})

/** The snapshot after each chunk, and the final one. */
async function snapshots(chunks: object[], request: object = {}): Promise<Completion[]> {
  const seen: Completion[] = []
  const each = async function* () {
    yield* chunks
  }
  const stream = streamCompletion({ model: 'm', prompt: 'p', ...request }, { provider: source(each()) })
  stream.subscribe(() => seen.push(stream.snapshot))
  const last = await stream.finalCompletion()
  expect(seen.length).toBeGreaterThanOrEqual(chunks.length)
  return [...seen.slice(0, chunks.length), last]
}

describe('the input of a tool call', () => {
  it('shows its value at every delta, for calls that arrive side by side', async () => {
    const all = await snapshots([
      chunk(args(0, '', 'a')),
      chunk(args(1, '{"q":"', 'b')),
      chunk(args(0, '{"city":"Par')),
      chunk(args(1, 'rain"')),
      chunk(args(0, 'is","days":[1,')),
      chunk(args(1, '}')),
      chunk(args(0, '2]}'), 'tool_calls'),
    ])
    expect(all.map(({ toolCalls }) => toolCalls.map((call) => call.input))).toEqual([
      [undefined],
      [undefined, { q: '' }],
      [{ city: 'Par' }, { q: '' }],
      [{ city: 'Par' }, { q: 'rain' }],
      [{ city: 'Paris', days: [1] }, { q: 'rain' }],
      [{ city: 'Paris', days: [1] }, { q: 'rain' }],
      [{ city: 'Paris', days: [1, 2] }, { q: 'rain' }],
      [{ city: 'Paris', days: [1, 2] }, { q: 'rain' }],
    ])
  })

  it('is what strict parsing says at the end, and else what had arrived', async () => {
    const finished = await snapshots([chunk(args(0, '{"a":1}', 'a')), chunk({}, 'tool_calls')])
    expect(finished.at(-1)!.toolCalls).toEqual([
      { id: 'a', name: 'f', arguments: '{"a":1}', input: { a: 1 }, state: 'input-complete' },
    ])
    const broken = await snapshots([chunk(args(0, '{"a":1,}', 'a')), chunk({}, 'tool_calls')])
    expect(broken.at(-1)!.toolCalls).toMatchObject([{ input: { a: 1 }, state: 'incomplete' }])
    const cut = await snapshots([chunk(args(0, '{"a":[1,2', 'a')), chunk({}, 'length')])
    expect(cut.at(-1)!.toolCalls).toMatchObject([{ input: { a: [1, 2] }, state: 'incomplete' }])
  })

  it('holds keys such as __proto__ as data', async () => {
    const [first] = await snapshots([chunk(args(0, '{"__proto__":{"admin":true},"constructor":1', 'a'))])
    const input = first!.toolCalls[0]!.input as object
    expect(Object.keys(input)).toEqual(['__proto__', 'constructor'])
    expect(Object.getPrototypeOf(input)).toBe(Object.prototype)
    expect((input as { admin?: boolean }).admin).toBeUndefined()
  })
})

describe('a snapshot', () => {
  it('never changes, and keeps the identity of what did not', async () => {
    const all = await snapshots(
      [
        chunk({ reasoning_content: 'Hm. ' }),
        chunk(args(0, '{"list":[{"id":1},', 'a')),
        chunk(args(1, '{"q":"x', 'b')),
        chunk(args(1, 'y')),
        chunk(args(0, '{"id":2}')),
        chunk({ content: 'So.' }),
        chunk({ content: ' There.' }),
      ].concat(chunk({}, 'stop')),
    )
    const copies = all.map((snapshot) => structuredClone(snapshot))
    expect(all).toEqual(copies)
    const [, a, b, c, d, e, f] = all as Required<Completion>[]
    const items = (snapshot: Completion) => (snapshot.toolCalls[0]!.input as { list: object[] }).list
    expect(b!.parts[0]).toBe(a!.parts[0])
    expect(c!.toolCalls[0]).toBe(b!.toolCalls[0])
    expect(c!.toolCalls[1]).not.toBe(b!.toolCalls[1])
    expect(items(d!)).not.toBe(items(c!))
    expect(items(d!)[0]).toBe(items(c!)[0])
    expect(e!.toolCalls).toBe(d!.toolCalls)
    expect(f!.parts.slice(0, 3)).toEqual(e!.parts.slice(0, 3))
    expect(f!.parts.map((part, i) => part === e!.parts[i])).toEqual([true, true, true, false])
  })

  it('is the same object as long as nothing arrives', async () => {
    const stream = streamCompletion({ model: 'm', prompt: 'p' }, { provider: source(endless()) })
    stream.subscribe(() => stream.abort())
    await stream.finalCompletion()
    expect(stream.snapshot).toBe(stream.snapshot)
    expect(stream.snapshot.text).not.toBe('')
  })
})

async function* endless(): AsyncGenerator<object> {
  for (;;) yield chunk({ content: 'a' })
}

describe('an answer', () => {
  it.each([-1, 5000, 'x'])('whose only choice has the index %s is none, and so not finished', async (index) => {
    const choices = [{ index, delta: { content: 'hi' }, finish_reason: 'stop' }]
    const stream = streamCompletion(
      { model: 'm', prompt: 'p' },
      {
        maxRetries: 0,
        provider: {
          ...openai({ apiKey: 'k' }),
          fetch: async () => new Response(event({ choices }), { headers: { 'content-type': 'text/event-stream' } }),
        },
      },
    )
    await expect(stream.finalCompletion()).rejects.toMatchObject({ code: 'interrupted' })
  })

  it('that goes on after an end is over at the next one, and a repeated end changes nothing', async () => {
    const last = (chunks: object[]) => snapshots(chunks).then((all) => all.at(-1)!.finishReason)
    expect(await last([chunk({ content: 'a' }, 'stop'), chunk({}, 'length')])).toBe('stop')
    expect(await last([chunk({ content: 'a' }, 'stop'), chunk(args(0, '{}', 'a'), 'tool_calls')])).toBe('tool_calls')
  })

  it('keeps what a provider’s tool gave, as it is', async () => {
    const output = [
      { type: 'text', text: 'one' },
      { type: 'text', text: 'two' },
    ]
    const all = await snapshots([
      chunk({ server_tool_calls: [{ id: 's', name: 'search', input: { q: 'x' } }] }),
      chunk({ server_tool_calls: [{ id: 's', name: 'search', output }] }),
      chunk({ server_tool_calls: [{ id: 's', name: 'search', output }] }),
      chunk({ content: 'Done.' }, 'stop'),
    ])
    expect(all.at(-1)!.parts).toEqual([
      { type: 'server-tool', toolCall: { id: 's', name: 'search', input: { q: 'x' }, output } },
      { type: 'text', text: 'Done.' },
    ])
  })

  it('keeps every picture, also where their servers number each of them alike', async () => {
    const image = (name: string) => ({ type: 'image_url', image_url: { url: `data:,${name}` }, index: 0 }) as const
    const all = await snapshots([chunk({ images: [image('a')] }), chunk({ images: [image('b')] }, 'stop')])
    expect(all.at(-1)!.choices[0]!.message.images?.map(({ image_url }) => image_url.url)).toEqual([
      'data:,a',
      'data:,b',
    ])
  })

  it('keeps every source, and every thought with its own signature', async () => {
    const cite = (url: string) => ({
      type: 'url_citation' as const,
      url_citation: { url, title: '', start_index: 0, end_index: 0 },
      text: url,
      index: 0,
    })
    const thought = (text: string | null, signature: string | null) => ({ type: 'reasoning.text', text, signature })
    const all = await snapshots([
      chunk({ annotations: [cite('a')], reasoning_details: [thought('one', null)] }),
      chunk({ annotations: [cite('b')], reasoning_details: [thought(null, 's1')] }),
      chunk({ reasoning_details: [thought('two', null)] }),
      chunk({ reasoning_details: [thought('', 's2')] }, 'stop'),
    ])
    const { annotations, reasoning_details: details } = all.at(-1)!.choices[0]!.message
    expect(annotations).toEqual([cite('a'), cite('b')])
    expect(details?.map(({ text, signature }) => text + signature!)).toEqual(['ones1', 'twos2'])
  })

  it('joins speech and encrypted reasoning, also where they are no base64', async () => {
    const secret = (data: string) => ({ type: 'reasoning.encrypted', index: 0, data })
    const all = await snapshots([
      chunk({ audio: { id: 'a', data: 'YQ==' }, reasoning_details: [secret('gAAA==')] }),
      chunk({ audio: { data: 'Yg==' }, reasoning_details: [secret('ab-_==')] }),
      chunk({ audio: { data: '-_-_' } }, 'stop'),
    ])
    const { audio, reasoning_details: details } = all.at(-1)!.choices[0]!.message
    expect(audio).toMatchObject({ id: 'a', data: 'YWI=-_-_' })
    expect(details).toEqual([secret('gAAA==ab-_==')])
  })

  it('keeps the value of a call or an answer that was shown when it turns out to be whole', async () => {
    const json = { response_format: { type: 'json_object' } }
    const calls = await snapshots([chunk(args(0, '{"a":[{"b":1}]}', 'a')), chunk({}, 'tool_calls')])
    expect(calls.at(-1)!.toolCalls[0]!.input).toBe(calls[0]!.toolCalls[0]!.input)
    const answers = await snapshots([chunk({ content: '{"a":[{"b":1}]}' }), chunk({}, 'stop')], json)
    expect(answers.at(-1)!.parsed).toBe(answers[0]!.parsed)
  })

  it('does not add up lists that stand in the usage', async () => {
    const usage = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3, iterations: [{ input_tokens: 1 }] }
    const all = await snapshots([
      { ...chunk({ content: 'a' }), usage },
      { ...chunk({}, 'stop'), usage },
    ])
    expect(all.at(-1)!.usage).toEqual(usage)
  })

  it('adds log-probabilities up, and later ones leave earlier snapshots alone', async () => {
    const logprobs = (token: string) => ({
      logprobs: { content: [{ token, logprob: -1, bytes: null, top_logprobs: [] }], refusal: null },
    })
    const all = await snapshots([
      chunk({ content: 'a' }, null, logprobs('a')),
      chunk({ content: 'b' }, 'stop', logprobs('b')),
    ])
    const tokens = all.map(({ choices }) => choices[0]!.logprobs?.content?.map(({ token }) => token))
    expect(tokens).toEqual([['a'], ['a', 'b'], ['a', 'b']])
  })

  it('may be sent back as it is', async () => {
    const all = await snapshots([
      chunk({ reasoning_content: 'Hm.', reasoning_details: [{ type: 'reasoning.text', text: 'Hm.', signature: 's' }] }),
      chunk(args(0, '{}', 'a'), 'tool_calls'),
    ])
    expect(all.at(-1)!.choices[0]!.message).toEqual({
      role: 'assistant',
      content: null,
      refusal: null,
      reasoning_content: 'Hm.',
      reasoning_details: [{ type: 'reasoning.text', text: 'Hm.', signature: 's' }],
      tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } }],
    })
  })
})
