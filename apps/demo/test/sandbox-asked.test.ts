/** The sandbox where a person has a say: calls that wait for one, and files. */
import type { ScriptTurn, Step } from '@completion-stream/testing'
import type { CompletionRequest, ContentPart } from 'completion-stream'
import { describe, expect, it } from 'vitest'
import { createDocsSearch } from '../docs/search.ts'
import { createSandboxScript } from '../sandbox/script.ts'
import { CHOOSE } from '../tools/choose.ts'
import { SET_ACCENT } from '../tools/set-accent.ts'

const script = createSandboxScript(createDocsSearch([]))

function play(prompt: string, more: Partial<CompletionRequest>, toolResults: ScriptTurn['toolResults'] = []): Step[] {
  const request: CompletionRequest = { model: 'docs-guide', messages: [{ role: 'user', content: prompt }], ...more }
  return [...script({ request, prompt, toolResults, turn: 0, signal: new AbortController().signal })]
}

function textOf(steps: Step[]): string {
  return steps.filter((step) => typeof step === 'string').join('')
}

describe('with tools that need a person', () => {
  const offered: CompletionRequest['tools'] = [SET_ACCENT, CHOOSE].map((name) => ({
    type: 'function',
    function: { name },
  }))
  interface Call {
    arguments: { options: string[] }
  }
  const told = (name: string, content: string): ScriptTurn['toolResults'] => [{ id: '1', name, content }]
  const said = (name: string, content: string): string => textOf(play('?', { tools: offered }, told(name, content)))

  it('the sandbox calls the tools that the page offers, with what was asked for', () => {
    const calls = (prompt: string) => play(prompt, { tools: offered }).filter((step) => typeof step !== 'string')
    expect(calls('Change the accent colour to rust')).toEqual([
      { toolCalls: [{ name: SET_ACCENT, arguments: { accent: 'rust' } }] },
    ])
    expect(calls('Ask me what to show')).toMatchObject([{ toolCalls: [{ name: CHOOSE }] }])
    expect(calls('Change the colours and ask me something')).toMatchObject([
      { toolCalls: [{ name: SET_ACCENT, arguments: { accent: 'plum' } }, { name: CHOOSE }] },
    ])
    expect(textOf(play('Change the accent colour', {}))).toContain('offers me no tool')
    expect(textOf(play('Ask me what to show', {}))).toContain('no way to ask you')
  })

  it('tells what became of each call', () => {
    expect(said(SET_ACCENT, '{"accent":"blue","before":"teal"}')).toMatch(/\*\*blue\*\* now, and was teal/)
    expect(said(SET_ACCENT, '{"error":"The user did not allow this call."}')).toContain('stays as it is')
    expect(said(SET_ACCENT, '{"error":"No such colour."}')).toContain('It says: “No such colour.”')
    const [call] = play('Ask me', { tools: offered }).flatMap((step) => (Object(step).toolCalls as Call[]) ?? [])
    const { options } = call!.arguments
    const replies = options.map((option) => said(CHOOSE, option))
    expect(new Set(replies).size).toBe(3)
    expect(replies.join()).not.toContain('know nothing')
    expect(said(CHOOSE, '{"error":"None."}')).toContain('None of them?')
    expect(said(CHOOSE, 'A song')).toContain('“A song”')
  })

  it('answers the next question, and not the results before it', () => {
    const messages: CompletionRequest['messages'] = [
      { role: 'user', content: 'Change the accent colour' },
      {
        role: 'assistant',
        tool_calls: [{ id: '1', type: 'function', function: { name: SET_ACCENT, arguments: '{}' } }],
      },
      { role: 'tool', tool_call_id: '1', content: '{"accent":"blue","before":"teal"}' },
      { role: 'user', content: 'Who are you?' },
    ]
    const results = told(SET_ACCENT, '{"accent":"blue","before":"teal"}')
    expect(textOf(play('Who are you?', { messages }, results))).toContain('I am **the sandbox**')
  })
})

describe('about files', () => {
  const about = (...content: ContentPart[]): string => {
    const messages: CompletionRequest['messages'] = [{ role: 'user', content }]
    return textOf(play('Tell me a long story', { messages }))
  }

  it('the sandbox says what the request says of each', () => {
    const text = about(
      { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
      { type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
      { type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } },
      { type: 'file', file: { filename: 'a.pdf', file_data: `data:application/pdf;base64,${'A'.repeat(4000)}` } },
      { type: 'text', text: '<document name="a &quot;b&quot;.md">\nUse ```` here\n</document>' },
      { type: 'text', text: '<document>\nshort\n</document>' },
      { type: 'text', text: 'Tell me a long story' },
    )
    expect(text).toContain('came with 6 files')
    expect(text).toContain('1. a picture, `image/png`, 3 bytes. Pictures travel without their names.')
    expect(text).toContain('2. a picture, by its address.')
    expect(text).toContain('3. a sound, `wav`, 3 bytes.')
    expect(text).toContain('4. `a.pdf`, `application/pdf`, 3 kB')
    expect(text).toContain('a text of 13 characters. It begins:\n\n   `````text\n   Use ```` here\n   `````')
    expect(text).toContain('6. a file without a name, a text of 5 characters.')
  })

  it('quotes no more than the beginning of a text', () => {
    const text = about({ type: 'text', text: `<document name="a.txt">\n${'word '.repeat(400)}end\n</document>` })
    expect(text).toContain('a text of 2,003 characters')
    expect(text).toMatch(/word …\n/)
    expect(text.length).toBeLessThan(700)
  })
})
