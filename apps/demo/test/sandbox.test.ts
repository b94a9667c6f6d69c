/** The sandbox: what it says to which prompt, as a script and through the provider that speaks it. */
import { scriptedProvider, type ScriptTurn, type Step } from '@completion-stream/testing'
import {
  askToContinue,
  openai,
  streamCompletion,
  type Completion,
  type CompletionRequest,
  type StreamOptions,
} from 'completion-stream'
import { describe, expect, it } from 'vitest'
import { createDocsSearch } from '../docs/search.ts'
import { answerSearch, description, parameters, SEARCH_DOCS } from '../docs/search-tool.ts'
import { splitPages } from '../docs/sections.ts'
import { findScene } from '../sandbox/scenes.ts'
import { createSandboxScript, planSearches } from '../sandbox/script.ts'
import { asking, endings, faults, questions } from '../src/suggestions.ts'
import { pages } from './guide.ts'

const search = createDocsSearch(splitPages(pages))
const script = createSandboxScript(search)
const tools: CompletionRequest['tools'] = [
  { type: 'function', function: { name: SEARCH_DOCS, description, parameters } },
]

function play(prompt: string, more: Partial<CompletionRequest> = {}, results: ScriptTurn['toolResults'] = []): Step[] {
  const request: CompletionRequest = { model: 'docs-guide', messages: [{ role: 'user', content: prompt }], ...more }
  return [...script({ request, prompt, toolResults: results, turn: 0, signal: new AbortController().signal })]
}

function textOf(steps: Step[]): string {
  return steps.filter((step) => typeof step === 'string').join('')
}

function result(query: string): ScriptTurn['toolResults'][number] {
  return { id: query, name: SEARCH_DOCS, content: JSON.stringify(answerSearch(search, { query, limit: 2 })) }
}

function complete(
  prompt: string,
  more: Partial<CompletionRequest> = {},
  options: Partial<StreamOptions> = {},
): Promise<Completion> {
  const fetch = scriptedProvider(script, { tokensPerSecond: 1e6, firstTokenMs: 0 })
  const provider = openai({ baseURL: 'http://sandbox.local/v1', fetch })
  return streamCompletion(
    { model: 'docs-guide', prompt, ...more },
    { provider, maxRetries: 0, ...options },
  ).finalCompletion()
}

describe('a question', () => {
  it('is looked up with the tool when the page offers it', () => {
    const [thought, call] = play('How do I stream into a React component?', { tools })
    expect(thought).toMatchObject({ reasoning: expect.stringContaining('stream into a React component') })
    expect(call).toEqual({
      toolCalls: [{ name: SEARCH_DOCS, arguments: '{"query":"stream into a React component","limit":3}' }],
    })
  })

  it('is answered from what the tool found, with the code and the place', () => {
    const text = textOf(play('How do I stream into a React component?', { tools }, [result('react component')]))
    expect(text).toContain('**React**')
    expect(text).toContain("```tsx\nconst { messages, sendMessage } = useChat({ model, provider: '/api' })\n")
    expect(text).toContain('Found in `README.md` › React')
  })

  it('is looked up by the sandbox itself when there is no tool', () => {
    expect(textOf(play('Where do the keys stay?'))).toContain('The keys stay on the server.')
  })

  it('is answered without markdown when the request asks for plain text', () => {
    const messages: CompletionRequest['messages'] = [
      { role: 'system', content: 'Answer in plain text.' },
      { role: 'user', content: 'React component' },
    ]
    const text = textOf(play('React component', { messages }))
    expect(text).toContain('const { messages, sendMessage } = useChat(')
    expect(text).not.toMatch(/\*\*|`/)
  })

  it('is looked up twice at once when it compares', () => {
    const [, call] = play('Compare useChat and streamCompletion', { tools })
    expect(call).toMatchObject({ toolCalls: [{ name: SEARCH_DOCS }, { name: SEARCH_DOCS }] })
    const text = textOf(play('Compare', { tools }, [result('useChat'), result('streamCompletion')]))
    expect(text).toContain('### React')
    expect(text).toContain('### Plain page')
  })

  it('that the documentation does not answer is said to be so', () => {
    expect(textOf(play('What is the capital of France?'))).toContain('found nothing')
    expect(textOf(play('?', { tools }, [result('capital of France')]))).toContain('found nothing')
    expect(textOf(play('?', { tools }, [{ id: '1', name: SEARCH_DOCS, content: '{"error":"x"}' }]))).toContain(
      'nothing',
    )
  })

  it('is answered with the small print once, in the first answer', () => {
    expect(textOf(play('Where do the keys stay?'))).toContain('No model is involved')
    const messages: CompletionRequest['messages'] = [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'Hello!' },
      { role: 'user', content: 'Where do the keys stay?' },
    ]
    expect(textOf(play('Where do the keys stay?', { messages }))).not.toContain('No model is involved')
  })
})

describe('planSearches', () => {
  it.each([
    ['What is the difference between useChat and useStore?', ['useChat', 'useStore']],
    ['Should I use useChat or useCompletionStream?', ['useChat', 'useCompletionStream']],
    ['core vs relay', ['core', 'relay']],
    [
      'How do @completion-stream/react and @completion-stream/relay fit together?',
      ['@completion-stream/react package', '@completion-stream/relay package'],
    ],
    ['How do I stop a stream?', ['stop a stream']],
    ['What happens to the text after an error?', ['happens to the text after an error']],
    ['?', ['?']],
  ])('%s', (prompt, queries) => {
    expect(planSearches(prompt).map((input) => input.query)).toEqual(queries)
  })
})

describe('a wish', () => {
  it('is one for each suggested ending and fault, and none for a suggested question', () => {
    const played = [...asking, ...endings, ...faults]
    const names = played.map((suggestion) => findScene(suggestion.prompt)?.name)
    expect(new Set(names).size).toBe(played.length)
    expect(names).not.toContain(undefined)
    expect(questions.map((suggestion) => findScene(suggestion.prompt)?.name)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      'introduction',
    ])
  })

  it.each([
    'What happens when the connection is cut?',
    'How do I retry after a rate limit?',
    'Does it fail on a server error?',
    'How do I set a length limit?',
    'Show me how to use useChat',
    'What does the content filter do?',
    'What if a tool call is cut?',
    'Can a provider be overloaded?',
    'How are answers sent in one burst found out?',
    'What is the context window?',
    'How do I ask a person before a tool runs?',
    'Which colours does the demo have?',
  ])('is not seen in a question about the same thing: %s', (prompt) => {
    expect(findScene(prompt)).toBeUndefined()
  })

  it.each([
    ['Tell me a long story', 'stop'],
    ['Write until the token limit', 'length'],
    ['End in the content filter', 'content_filter'],
    ['Refuse, politely', 'stop'],
    ['Think first: how fast should tokens arrive?', 'stop'],
    ['Who are you?', 'stop'],
  ])('%s → %s', async (prompt, finishReason) => {
    expect(await complete(prompt)).toMatchObject({ finishReason })
  })

  it('is told with several hundred tokens when it is a story', async () => {
    expect((await complete('Tell me a long story')).usage?.completion_tokens).toBeGreaterThan(500)
  })

  it('keeps to the limit that the request sets', async () => {
    const { usage, finishReason } = await complete('Write until the token limit', { max_tokens: 33 })
    expect({ tokens: usage?.completion_tokens, finishReason }).toEqual({ tokens: 33, finishReason: 'length' })
  })

  it('shows reasoning and refusals in fields of their own', async () => {
    expect((await complete('Think first: how fast?')).reasoning).toContain('240 words')
    expect(await complete('Refuse, politely')).toMatchObject({ text: '', refusal: expect.stringContaining('cannot') })
  })

  it.each([
    ['Fail with a server error', 500],
    ['Answer with a rate limit', 429],
  ])('%s → %i', async (prompt, status) => {
    await expect(complete(prompt)).rejects.toMatchObject({ status })
  })

  it('for a cut keeps what arrived', async () => {
    await expect(complete('Cut the connection half-way')).rejects.toMatchObject({
      code: 'interrupted',
      partial: { text: expect.stringContaining('first half') },
    })
  })
})

describe('a fault', () => {
  it('of an overloaded server passes at the third try, and comes back after that', async () => {
    const once = () => complete('Be overloaded for a moment')
    for (let round = 0; round < 2; round++) {
      const refused = { status: 429, retryAfterMs: 2000, retryable: true }
      await expect(once()).rejects.toMatchObject(refused)
      await expect(once()).rejects.toMatchObject(refused)
      expect((await once()).text).toContain('Here I am.')
    }
  })

  it('of one model is none of its understudy', async () => {
    await expect(complete('Be out of order')).rejects.toMatchObject({ code: 'overloaded', retryable: false })
    expect((await complete('Be out of order', { model: 'understudy' })).text).toContain('the understudy')
  })

  it('cuts a tool call once, and is gone when the same is asked again', async () => {
    await expect(complete('Cut a tool call')).rejects.toMatchObject({
      code: 'interrupted',
      partial: { toolCalls: [{ name: SEARCH_DOCS, state: 'incomplete' }] },
    })
    expect((await complete('Cut a tool call')).toolCalls).toMatchObject([{ state: 'input-complete' }])
  })

  it('of a rate limit asks for longer than a page waits, and one of the context window is no use to repeat', async () => {
    await expect(complete('Answer with a rate limit')).rejects.toMatchObject({ retryAfterMs: 1_800_000 })
    await expect(complete('Overflow the context window')).rejects.toMatchObject({ code: 'context_window_exceeded' })
  })

  it('holds the whole answer back, and sends it in one piece', async () => {
    const [wait, burst] = play('Send everything in one burst')
    expect(wait).toEqual({ wait: expect.any(Number) })
    expect(burst).toHaveProperty('raw')
    const { text, finishReason } = await complete('Send everything in one burst')
    expect({ text, finishReason }).toEqual({ text: textOf(play('Tell me a long story')), finishReason: 'stop' })
  })
})

describe('asked to go on', () => {
  const goOn = { continuation: askToContinue }

  it.each(['Tell me a long story', 'Where do the keys stay?', 'Show me all your markdown'])(
    'with %s, the sandbox says the rest, wherever it was cut',
    async (prompt) => {
      const whole = (await complete(prompt)).text
      for (const max_tokens of [1, 7, 20]) {
        const continues = await complete(prompt, { max_tokens })
        expect(continues.finishReason).toBe('length')
        expect((await complete(prompt, {}, { ...goOn, continues })).text).toBe(whole)
      }
    },
  )

  it('after a fault, it goes on without it', async () => {
    const prompt = 'Cut the connection half-way'
    const cut = await complete(prompt).catch((error) => error.partial)
    const { text, finishReason } = await complete(prompt, {}, { ...goOn, continues: cut })
    expect(finishReason).toBe('stop')
    expect(text).toMatch(/never going to come by itself\..*the second half, in the same message as the first\.$/)
  })

  it('where its length limit cut it, it goes on to the next limit, or to its end', async () => {
    const prompt = 'Write until the token limit'
    let limited = await complete(prompt, { max_tokens: 40 })
    const before = limited.text
    limited = await complete(prompt, { max_tokens: 40 }, { ...goOn, continues: limited })
    expect(limited.finishReason).toBe('length')
    expect(limited.text).toMatch(/^(?!.*drop (\d+), drop \1,)/)
    expect(limited.text.startsWith(before.trimEnd())).toBe(true)
    const whole = await complete(prompt, {}, { ...goOn, continues: await complete(prompt) })
    expect(whole).toMatchObject({ finishReason: 'stop', text: expect.stringContaining('drop 24, drop 25, ') })
  })

  it('with what a tool found, or in plain text, it says the rest of that', () => {
    const results = [result('react component')]
    const system = { role: 'system' as const, content: 'Answer in plain text.' }
    const question = { role: 'user' as const, content: 'React component' }
    const tool_calls = [{ id: 'x', type: 'function' as const, function: { name: SEARCH_DOCS, arguments: '{}' } }]
    const asked: CompletionRequest['messages'] = [
      system,
      question,
      { role: 'assistant', tool_calls },
      { role: 'tool', tool_call_id: 'x', content: results[0]!.content },
    ]
    const whole = textOf(play('React component', { tools, messages: asked }, results))
    expect(whole).not.toMatch(/\*\*|`/)
    const said = whole.slice(0, 90)
    const again = askToContinue({ model: 'docs-guide', messages: asked }, said)
    const wording = again.messages!.at(-1)!.content as string
    expect(said + textOf(play(wording, { ...again, tools }))).toBe(whole)
  })

  it('by a person it does the same, and says so when it never said that', () => {
    const story = textOf(play('Tell me a long story'))
    const messages = (said: string): CompletionRequest['messages'] => [
      { role: 'user', content: 'Tell me a long story' },
      { role: 'assistant', content: said },
      { role: 'user', content: 'Please go on' },
    ]
    expect(textOf(play('Please go on', { messages: messages(story.slice(0, 50)) }))).toBe(story.slice(50))
    expect(textOf(play('Please go on', { messages: messages('Call me Ishmael.') }))).toContain('I cannot go on with it')
  })
})

describe('the sandbox', () => {
  it('says that it is a script when it is greeted or asked', () => {
    for (const prompt of ['Hello', 'hi!', 'Who are you?', 'What are you?', 'Are you a human?', 'help']) {
      expect(textOf(play(prompt))).toContain('a script that stands in for a language model')
    }
  })
})
