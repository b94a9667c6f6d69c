import { describe, expect, it } from 'vitest'
import { scriptedProvider, type Script, type ScriptedProvider } from '../src/index.ts'
import { chunks, finishReasons, pieces, post, user } from './client.ts'

const fast = (script: Script): ScriptedProvider =>
  scriptedProvider(script, { tokensPerSecond: Infinity, firstTokenMs: 0 })

describe('a streamed answer', () => {
  it('has the headers of an event stream and of OpenAI', async () => {
    const response = await post(fast(['Hello']), { model: 'm', messages: user('hi'), stream: true })
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    expect(response.headers.get('cache-control')).toBe('no-cache')
    expect(response.headers.get('x-request-id')).toMatch(/^req_\w{32}$/)
    expect(response.headers.get('openai-processing-ms')).toMatch(/^\d+$/)
  })

  it('opens with the role, carries the text and closes with the finish reason and [DONE]', async () => {
    const list = await chunks(fast(['Hello there']), { model: 'gpt-4o-mini' })
    const choice = { index: 0, logprobs: null, finish_reason: null }
    expect(list.map((chunk) => chunk.choices)).toEqual([
      [{ ...choice, delta: { role: 'assistant', content: '', refusal: null } }],
      [{ ...choice, delta: { content: 'Hello' } }],
      [{ ...choice, delta: { content: ' there' } }],
      [{ ...choice, delta: {}, finish_reason: 'stop' }],
    ])
    const now = Date.now() / 1000
    for (const chunk of list) {
      expect(chunk.id).toMatch(/^chatcmpl-\w{29}$/)
      expect(chunk.id).toBe(list[0]?.id)
      expect(chunk.object).toBe('chat.completion.chunk')
      expect(chunk.model).toBe('gpt-4o-mini')
      expect(Math.abs(now - chunk.created)).toBeLessThan(5)
      expect(chunk.system_fingerprint).toMatch(/^fp_/)
      expect(chunk).not.toHaveProperty('usage')
    }
  })

  it('cuts any text into pieces of token size without losing a character', async () => {
    const text =
      'Streaming internationalization, 3.14159!\n\n  - über naïve façades\t👩‍👩‍👧 日本語のテキスト\r\n    indented\n\n\n\n\n' +
      'https://example.org/a_b?c=d \u0301 e\u0301 \ud83d trailing   '
    const content = pieces(await chunks(fast([text])), 'content')
    // A lone surrogate cannot travel as UTF-8 and JSON escapes it, so the text comes back as it was.
    expect(content.join('')).toBe(text)
    expect(Math.max(...content.map((piece) => piece.length))).toBeLessThanOrEqual(8)
    expect(content.length).toBeLessThan(text.length / 2)
    expect(pieces(await chunks(fast(['a few words'])), 'content')).toEqual(['a', ' few', ' words'])
  })

  it('sends reasoning and refusals in their own fields, in the order of the script', async () => {
    const list = await chunks(fast([{ reasoning: 'Let me think' }, { text: 'Well' }, { refusal: 'I will not' }]))
    expect(pieces(list, 'reasoning_content').join('')).toBe('Let me think')
    expect(pieces(list, 'content').join('')).toBe('Well')
    expect(pieces(list, 'refusal').join('')).toBe('I will not')
    const fields = list.map((chunk) => Object.keys(chunk.choices[0]?.delta ?? {})[0])
    expect([...new Set(fields)]).toEqual(['role', 'reasoning_content', 'content', 'refusal', undefined])
  })

  it('makes parallel tool calls whose arguments arrive in small interleaved pieces', async () => {
    const weather = { city: 'Reykjavík', units: 'metric' }
    const list = await chunks(
      fast([
        {
          toolCalls: [
            { name: 'get_weather', arguments: weather },
            { name: 'get_time', arguments: '{"zone": not json', id: 'call_mine' },
          ],
        },
        { toolCalls: [{ name: 'ping', arguments: undefined }] },
      ]),
    )
    const deltas = list.flatMap((chunk) => chunk.choices[0]?.delta.tool_calls ?? [])
    const opening = { type: 'function' }
    expect(deltas.slice(0, 2)).toEqual([
      {
        index: 0,
        id: expect.stringMatching(/^call_\w{24}$/),
        ...opening,
        function: { name: 'get_weather', arguments: '' },
      },
      { index: 1, id: 'call_mine', ...opening, function: { name: 'get_time', arguments: '' } },
    ])
    expect(deltas.slice(2, 6).map((delta) => delta.index)).toEqual([0, 1, 0, 1])
    expect(deltas.slice(2, 6).every((delta) => Object.keys(delta).length === 2)).toBe(true)
    const args = (index: number): string =>
      deltas.flatMap((delta) => (delta.index === index ? (delta.function?.arguments ?? []) : [])).join('')
    expect(JSON.parse(args(0))).toEqual(weather)
    expect(args(1)).toBe('{"zone": not json')
    expect(deltas.at(-1)).toMatchObject({ index: 2, function: { name: 'ping', arguments: '' } })
    expect(finishReasons(list)).toEqual(['tool_calls'])
  })

  it.each(['stop', 'length', 'tool_calls', 'content_filter'] as const)(
    'finishes with %s when told to',
    async (finish) => {
      expect(finishReasons(await chunks(fast(['So', { finish }])))).toEqual([finish])
    },
  )

  it('sends the usage, in a chunk of its own, only when it is asked for', async () => {
    const script: Script = [{ reasoning: 'hmm well' }, 'one two three']
    const list = await chunks(fast(script), { stream_options: { include_usage: true } })
    expect(list.slice(0, -1).every((chunk) => chunk.usage === null)).toBe(true)
    const last = list.at(-1)
    expect(last?.choices).toEqual([])
    expect(last?.usage).toMatchObject({ completion_tokens: 5, completion_tokens_details: { reasoning_tokens: 2 } })
    expect(last?.usage?.total_tokens).toBe((last?.usage?.prompt_tokens ?? 0) + 5)
  })

  it('counts a longer prompt, and tools, as more prompt tokens', async () => {
    const count = async (extra: object): Promise<number> => {
      const list = await chunks(fast(['ok']), { stream_options: { include_usage: true }, ...extra })
      return list.at(-1)?.usage?.prompt_tokens ?? 0
    }
    const short = await count({ messages: user('hi') })
    const parts = [{ type: 'text' as const, text: 'hi' }]
    expect(short).toBe(7)
    expect(await count({ messages: [{ role: 'user', content: parts }] })).toBe(short)
    expect(await count({ messages: user('hi and a good day to you') })).toBe(short + 6)
    const tools = [{ type: 'function', function: { name: 'get_weather', parameters: { type: 'object' } } }]
    expect(await count({ messages: user('hi'), tools })).toBeGreaterThan(short + 10)
  })

  it('ends in length after exactly as many pieces as max_tokens allows', async () => {
    const script: Script = [{ reasoning: 'one two' }, ' three four five']
    for (const limit of [{ max_tokens: 3 }, { max_completion_tokens: 3, max_tokens: 9 }]) {
      const list = await chunks(fast(script), { ...limit, stream_options: { include_usage: true } })
      expect(pieces(list, 'reasoning_content')).toEqual(['one', ' two'])
      expect(pieces(list, 'content')).toEqual([' three'])
      expect(finishReasons(list)).toEqual(['length'])
      expect(list.at(-1)?.usage?.completion_tokens).toBe(3)
    }
    expect(finishReasons(await chunks(fast(script), { max_tokens: 6 }))).toEqual(['stop'])
  })

  it('cuts a tool call off in the middle of its arguments at max_tokens', async () => {
    const list = await chunks(fast([{ toolCalls: [{ name: 'f', arguments: { a: 'long enough' } }] }]), {
      max_tokens: 3,
    })
    expect(list.filter((chunk) => chunk.choices[0]?.delta.tool_calls)).toHaveLength(3)
    expect(finishReasons(list)).toEqual(['length'])
  })

  it('ends before a stop sequence, even one that spans several steps', async () => {
    const list = await chunks(fast(['The end', ' is ne', 'ar, my friend']), { stop: ['never', ' near'] })
    expect(pieces(list, 'content').join('')).toBe('The end is')
    expect(finishReasons(list)).toEqual(['stop'])
    const whole = await chunks(fast(['what a ne', { reasoning: 'x' }, 'at ending n']), { stop: 'never' })
    expect(pieces(whole, 'content').join('')).toBe('what a neat ending n')
  })

  it('is an empty message when the script is empty', async () => {
    const list = await chunks(fast([]))
    expect(list).toHaveLength(2)
    expect(finishReasons(list)).toEqual(['stop'])
  })
})

describe('an answer that is not streamed', () => {
  it('is one chat.completion', async () => {
    const script: Script = [
      { reasoning: 'Thinking' },
      'Let me see',
      { toolCalls: [{ name: 'look', arguments: { at: 'it' }, id: 'call_1' }] },
    ]
    const response = await post(scriptedProvider(script), { model: 'm', messages: user('hi') })
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(await response.json()).toMatchObject({
      id: expect.stringMatching(/^chatcmpl-/),
      object: 'chat.completion',
      model: 'm',
      choices: [
        {
          index: 0,
          finish_reason: 'tool_calls',
          message: {
            role: 'assistant',
            content: 'Let me see',
            refusal: null,
            reasoning_content: 'Thinking',
            tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'look', arguments: '{"at":"it"}' } }],
          },
        },
      ],
      usage: { completion_tokens_details: { reasoning_tokens: 2 } },
    })
  })

  it('has no content, rather than an empty one, when there was no text', async () => {
    const response = await post(fast([{ refusal: 'No' }]), { model: 'm', messages: user('hi'), stream: false })
    const { choices } = (await response.json()) as { choices: unknown[] }
    expect(choices).toMatchObject([{ message: { content: null, refusal: 'No' }, finish_reason: 'stop' }])
  })
})
