/** The chat in Chromium, on the real dev server with the sandbox: what arrives, how it ends, and how it is worked. */
import { describe, expect, it } from 'vitest'
import { chatForTests } from './in-chat.ts'
import { holdAnswers } from './hold-answers.ts'
import { holdArguments } from './hold-arguments.ts'

const inChat = chatForTests()

describe.concurrent('an answer', () => {
  it('is on the page before it has ended', () =>
    inChat(async (chat) => {
      const held = await holdAnswers(chat.page, 60)
      await chat.ask('Write until the token limit')
      const early = await chat.untilText(40)
      expect(early.running).toBe(true)
      await held.letGo()
      const final = await chat.untilEnded()
      expect(final.text.length).toBeGreaterThan(early.text.length)
      expect(final.text.startsWith(early.text)).toBe(true)
      expect(final.running).toBe(false)
    }))

  it('comes by way of a tool: its name, its arguments as they are written, its result', () =>
    inChat(async (chat) => {
      const argumentsSeen = await chat.record('.tool-arguments code')
      const statesSeen = await chat.record('.tool-state')
      await holdArguments(chat.page)
      await chat.ask('How does the relay keep API keys on the server?')
      await chat.page.getByRole('region', { name: 'Tool call search_docs' }).waitFor()
      const final = await chat.untilEnded()

      const seen = await argumentsSeen()
      const whole = seen.at(-1)!
      expect(JSON.parse(whole)).toMatchObject({ query: expect.stringContaining('relay'), limit: 3 })
      expect(seen.length).toBeGreaterThan(3)
      for (const [index, text] of seen.entries()) {
        expect(whole.startsWith(text)).toBe(true)
        expect(text.length).toBeGreaterThan(seen[index - 1]?.length ?? -1)
      }
      expect(await statesSeen()).toEqual(expect.arrayContaining(['Writing arguments…', 'Done']))

      const result = chat.page.getByText(/^Result: \d sections? found$/)
      await result.click()
      expect(await chat.page.locator('.tool-output li').count()).toBeGreaterThan(0)
      expect(final.text).toContain('packages/relay/README.md')
      expect(final.badge).toBe('Finished')
    }))

  it('says how many tokens it took and how fast it was', () =>
    inChat(async (chat) => {
      // What comes in one read has no pace.
      const held = await holdAnswers(chat.page, 20)
      await chat.ask('Refuse, politely')
      await chat.page.locator('.refusal').waitFor()
      await held.letGo()
      await chat.untilEnded()
      const facts = await chat.page.locator('.facts li').allTextContents()
      expect(facts).toEqual([
        expect.stringMatching(/^[\d,]+ in · [\d,]+ out$/),
        expect.stringMatching(/^first token (\d+ ms|\d+\.\d s)$/),
        expect.stringMatching(/^\d+ tokens\/s$/),
      ])
    }))

  it('looks two things up at once when two are compared', () =>
    inChat(async (chat) => {
      await chat.ask('Compare useChat and useCompletionStream')
      await chat.page.locator('.tool').nth(1).waitFor()
      await chat.untilEnded()
      expect(await chat.page.locator('.tool').count()).toBe(2)
    }))

  it('that is a story can be stopped midway, and is kept', () =>
    inChat(async (chat) => {
      await chat.ask('Who are you?')
      await chat.untilEnded()
      const held = await holdAnswers(chat.page, 150)
      await chat.ask('Tell me a long story')
      const early = await chat.untilText(120)
      await chat.page.getByRole('button', { name: 'Stop' }).click()
      const stopped = await chat.untilEnded()
      expect(stopped.badge).toBe('Stopped by you')
      expect(stopped.text.startsWith(early.text.slice(0, 100))).toBe(true)
      await held.letGo()
      await chat.page.waitForTimeout(500)
      expect(await chat.shown()).toEqual(stopped)
      // Nobody counted to the end, so the page says that it estimates.
      expect(await chat.page.locator('.answer').last().locator('.facts li').first().textContent()).toMatch(
        /^≈ \d+ in · ≈ \d+ out$/,
      )
      await held.to(40)
      await chat.page.getByRole('button', { name: 'Try again' }).click()
      expect((await chat.untilText(20)).running).toBe(true)
    }))

  it('folds its thinking away once it begins', () =>
    inChat(async (chat) => {
      const held = await holdAnswers(chat.page, 200)
      await chat.ask('Think first: how fast should tokens arrive?')
      const thinking = chat.page.locator('.reasoning')
      await chat.page.getByText('240 words a minute').waitFor({ state: 'visible' })
      expect(await thinking.getAttribute('open')).not.toBeNull()
      await held.letGo()
      await chat.untilEnded()
      expect(await thinking.getAttribute('open')).toBeNull()
      await chat.page.getByText('Thoughts').click()
      await chat.page.getByText('240 words a minute').waitFor({ state: 'visible' })
    }))

  it('is markdown, and never HTML', () =>
    inChat(async (chat) => {
      await chat.ask('Show me all your markdown')
      const { text } = await chat.untilEnded()
      expect(text).toContain('<img src="x" onerror="alert(1)">')
      expect(await chat.page.locator('.prose :is(img, script, [onclick], a[href^="javascript"])').count()).toBe(0)
      expect(
        await chat.page.locator('.prose :is(table, ol ul, blockquote, strong, a[href="https://example.com/"])').count(),
      ).toBe(5)
      await chat.page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
      await chat.page.getByRole('button', { name: 'Copy code' }).click()
      await chat.page.getByRole('button', { name: 'Copied' }).waitFor()
      expect(await chat.page.evaluate(() => navigator.clipboard.readText())).toMatch(/^for await/)
    }))
})

describe.concurrent('the end of an answer', () => {
  it.for([
    ['Write until the token limit', 'Reached the length limit', 'drop 5'],
    ['End in the content filter', 'Blocked by the content filter', 'takes the pen away'],
    ['Refuse, politely', 'Finished: declined to answer', 'I cannot help'],
    ['Cut the connection half-way', 'Interrupted', 'first half of an answer'],
  ])('%s → %s', ([prompt = '', badge, kept]) =>
    inChat(async (chat) => {
      await chat.ask(prompt)
      const shown = await chat.untilEnded()
      expect(shown.badge).toBe(badge)
      expect(shown.text).toContain(kept)
    }),
  )

  it.for([
    ['Fail with a server error', 'Server error', 'The sandbox fell over, as you asked.'],
    ['Answer with a rate limit', 'Rate limited', 'You asked the sandbox for a rate limit'],
  ])('%s → %s, with a sentence and a retry', ([prompt = '', badge, sentence]) =>
    inChat(async (chat) => {
      await chat.ask('Refuse, politely')
      const before = await chat.untilEnded()
      await chat.ask(prompt)
      expect((await chat.untilEnded()).badge).toBe(badge)
      expect(await chat.page.locator('.answer-detail').textContent()).toContain(sentence)
      await chat.page.getByText(before.text.slice(0, 40)).waitFor()
      const asked = chat.page.waitForResponse(/chat\/completions/)
      await chat.page.getByRole('button', { name: 'Try again' }).click()
      await asked
      expect((await chat.untilEnded()).badge).toBe(badge)
      expect(await chat.page.locator('.answer').count()).toBe(2)
    }),
  )

  it('comes at the limit that the page sets', () =>
    inChat(async (chat) => {
      await chat.page.getByLabel('Length limit').selectOption('60 tokens')
      await chat.ask('Tell me a long story')
      expect((await chat.untilEnded()).badge).toBe('Reached the length limit')
      expect(await chat.page.locator('.facts').textContent()).toContain('60 out')
    }))
})

describe.concurrent('without a mouse', () => {
  it('Shift+Enter breaks the line, Enter sends, Escape stops, and focus stays in the field', () =>
    inChat(async (chat) => {
      await holdAnswers(chat.page, 80)
      const field = chat.page.getByLabel('Your question')
      expect(await field.evaluate((element) => element === document.activeElement)).toBe(true)
      const { height } = (await field.boundingBox())!
      await chat.page.keyboard.type('Tell me')
      await chat.page.keyboard.press('Shift+Enter')
      await chat.page.keyboard.type('a long story')
      expect((await field.boundingBox())!.height).toBeGreaterThan(height)
      await chat.page.keyboard.press('Enter')
      expect(await field.inputValue()).toBe('')
      await chat.untilText(50)
      await chat.page.keyboard.press('Escape')
      expect((await chat.untilEnded()).badge).toBe('Stopped by you')
      expect(await field.evaluate((element) => element === document.activeElement)).toBe(true)
    }))

  it('a suggestion is reached with Tab and asked with Enter', () =>
    inChat(async (chat) => {
      await holdAnswers(chat.page, 40)
      await chat.page.getByRole('button', { name: 'New chat' }).isDisabled()
      // Past the button that attaches files.
      await chat.page.keyboard.press('Shift+Tab')
      await chat.page.keyboard.press('Shift+Tab')
      expect(await chat.page.evaluate(() => document.activeElement?.textContent)).toBe('Silence')
      await chat.page.keyboard.press('Enter')
      expect((await chat.untilText(20)).text).toContain('I say this much')
      await chat.page.keyboard.press('Escape')
      await chat.untilEnded()
      await chat.page.getByRole('button', { name: 'New chat' }).click()
      await chat.page.getByRole('heading', { name: 'Watch an answer arrive.' }).waitFor()
    }))

  it('a screen reader is told of states, not of tokens', () =>
    inChat(async (chat) => {
      const said = await chat.record('[role=status]')
      const held = await holdAnswers(chat.page, 20)
      await chat.ask('End in the content filter')
      await chat.untilText(10)
      await held.letGo()
      await chat.untilEnded()
      expect(await said()).toEqual([
        '',
        'Waiting for the answer.',
        'The answer is arriving.',
        'Blocked by the content filter.',
      ])
    }))
})
