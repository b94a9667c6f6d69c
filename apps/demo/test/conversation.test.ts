/** A conversation that is worked on: edited, queued, kept over a reload. In Chromium, with the sandbox. */
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import type { ChatPage } from './chat-page.ts'
import { chatForTests } from './in-chat.ts'
import { holdAnswers } from './hold-answers.ts'
import { countRenders } from './renders.ts'

declare global {
  interface Window {
    /** What the badges have said, in order. */
    badges: string[]
  }
}

const inChat = chatForTests()

const questions = ({ page }: ChatPage): Promise<string[]> => page.locator('.question > p').allTextContents()
const waiting = ({ page }: ChatPage): Promise<string[]> => page.locator('.queue li span').allTextContents()
const focused = ({ page }: ChatPage): Promise<string | null | undefined> =>
  page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.id)

/** Collects what the badges say from the next load of the page on. */
async function recordBadges(page: Page): Promise<void> {
  await page.addInitScript(() => {
    window.badges = []
    const look = (): void => {
      for (const { textContent } of document.querySelectorAll('.badge'))
        if (textContent !== window.badges.at(-1)) window.badges.push(textContent ?? '')
    }
    new MutationObserver(look).observe(document, { subtree: true, childList: true, characterData: true })
  })
}

/** The next load of the page does not know where a relay keeps the answer, as if none did. */
async function forgetPlace(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const key = 'completion-stream demo chat'
    const kept = sessionStorage.getItem(key)
    if (kept) sessionStorage.setItem(key, kept.replace(/"url":"[^"]*\/streams\/[^"]*"/, '"parts":0'))
  })
}

describe.concurrent('a question', () => {
  it('is edited in its place and asked again, without what came after it', () =>
    inChat(async (chat) => {
      const { page } = chat
      await chat.ask('Refuse, politely')
      await chat.untilEnded()
      await chat.ask('End in the content filter')
      await chat.untilEnded()
      const edit = page.getByRole('button', { name: 'Edit and ask again' })
      expect(await edit.count()).toBe(2)

      await edit.first().focus()
      await page.keyboard.press('Enter')
      const field = page.getByLabel('What to ask instead')
      expect(await field.inputValue()).toBe('Refuse, politely')
      expect(await field.evaluate((element) => element === document.activeElement)).toBe(true)
      await page.keyboard.type(', or not')
      await page.keyboard.press('Escape')
      expect(await questions(chat)).toEqual(['Refuse, politely', 'End in the content filter'])
      expect(await focused(chat)).toBe('Edit and ask again')

      await page.keyboard.press('Enter')
      await field.fill('   ')
      expect(await page.getByRole('button', { name: 'Save' }).isDisabled()).toBe(true)
      await field.fill('Who are you?')
      await page.keyboard.press('Enter')
      expect(await questions(chat)).toEqual(['Who are you?'])
      expect(await focused(chat)).toBe('Edit and ask again')
      await page.getByText('I am the sandbox').waitFor()
      expect((await chat.untilEnded()).badge).toBe('Finished')
      expect(await page.locator('.answer').count()).toBe(1)
    }))

  it('is edited while its answer arrives: Escape ends the editing, and not the answer', () =>
    inChat(
      async (chat) => {
        const held = await holdAnswers(chat.page, 60)
        await chat.ask('Tell me a long story')
        await chat.untilText(40)
        // Always there where nothing hovers.
        expect(await chat.page.locator('.edit').evaluate((button) => getComputedStyle(button).opacity)).toBe('1')
        await chat.page.getByRole('button', { name: 'Edit and ask again' }).tap()
        await chat.page.keyboard.press('Escape')
        expect((await chat.shown()).running).toBe(true)
        await chat.page.getByRole('button', { name: 'Edit and ask again' }).tap()
        await held.letGo()
        await chat.page.getByLabel('What to ask instead').fill('Refuse, politely')
        await chat.page.getByRole('button', { name: 'Save' }).tap()
        await chat.page.locator('.refusal').waitFor()
        expect((await chat.untilEnded()).badge).toBe('Finished: declined to answer')
      },
      { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
    ))

  it('waits for its turn while an answer arrives, and goes out by itself', () =>
    inChat(async (chat) => {
      const { page } = chat
      const said = await chat.record('.queue [role=status]')
      const buttons = await chat.record('.queue button')
      const held = await holdAnswers(page, 20)
      await chat.ask('Tell me a long story')
      await chat.untilText(10)
      await page.getByLabel('Your question').fill('Refuse, politely')
      // Both can be done: to queue this one, and to stop that one.
      await page.getByRole('button', { name: 'Stop', exact: true }).waitFor()
      await page.getByRole('button', { name: 'Queue', exact: true }).click()
      await chat.ask('Who are you?')
      expect(await waiting(chat)).toEqual(['Refuse, politely', 'Who are you?'])
      expect(await questions(chat)).toHaveLength(1)
      expect((await chat.shown()).running).toBe(true)
      await page.getByRole('button', { name: 'Do not ask: Who are you?' }).click()
      expect(await focused(chat)).toBe('prompt')
      expect(await waiting(chat)).toEqual(['Refuse, politely'])
      await held.letGo()
      await page.locator('.refusal').waitFor()
      expect((await chat.untilEnded()).badge).toBe('Finished: declined to answer')
      expect(await questions(chat)).toEqual(['Tell me a long story', 'Refuse, politely'])
      expect(await waiting(chat)).toEqual([])
      expect(await page.locator('.badge').first().textContent()).toBe('Finished')
      expect(await buttons()).not.toContain('Send now')
      expect(await said()).toEqual([
        '',
        'One question waits for the end of this answer.',
        '2 questions wait for the end of this answer.',
      ])
    }))

  it.for([
    ['was stopped', 'Tell me a long story'],
    ['failed', 'Go quiet after a few words'],
  ])('waits where the answer before %s, until it is sent', ([why, prompt = '']) =>
    inChat(async (chat) => {
      const held = await holdAnswers(chat.page, 20)
      await chat.ask(prompt)
      await chat.untilText(10)
      await chat.ask('Refuse, politely')
      await chat.page.getByRole('button', { name: 'Do not ask' }).waitFor()
      if (why === 'was stopped') await chat.page.keyboard.press('Escape')
      await held.letGo()
      await chat.untilEnded()
      await chat.page.getByText(`One question waits: the answer before ${why}.`).waitFor()
      expect(await questions(chat)).toEqual([prompt])
      await chat.page.getByRole('button', { name: 'Send now' }).click()
      await chat.page.locator('.refusal').waitFor()
      expect(await waiting(chat)).toEqual([])
      expect(await focused(chat)).toBe('prompt')
      await chat.untilEnded()
    }),
  )
})

describe.concurrent('after a reload', () => {
  it('the answer that was running is there at once, and goes on to its end', () =>
    inChat(async (chat) => {
      const { page } = chat
      // Also after the reload.
      const held = await holdAnswers(page, 250)
      await chat.ask('Tell me a long story')
      const early = await chat.untilText(200)
      const asked: string[] = []
      await recordBadges(page)
      page.on('request', (request) => asked.push(`${request.method()} ${new URL(request.url()).pathname}`))
      await page.reload()
      await page.locator('.answer').waitFor()
      const back = await chat.shown()
      expect(back.text.length).toBeGreaterThanOrEqual(early.text.length)
      expect(back.badge).toBe('Writing…')
      await held.letGo()
      const final = await chat.untilEnded()
      expect(final.badge).toBe('Finished')
      expect(final.text.startsWith(back.text)).toBe(true)
      expect(final.text).toMatch(
        /^From the sandbox(?![^]*From the sandbox)[^]*For a drop, there is no better ending\.$/,
      )
      // From the first paint on it looks like what it is: an answer that is being written.
      expect(await page.evaluate(() => window.badges)).toEqual(['Writing…', 'Finished'])
      expect(await questions(chat)).toEqual(['Tell me a long story'])
      // Taken up where the relay keeps it, and not asked again.
      const answers = asked.filter((request) => /\/api\/(chat|streams)/.test(request))
      expect(answers).toEqual([expect.stringMatching(/^GET \/api\/streams\/[\w-]+$/)])
    }))

  it.for([
    ['has begun', 'Tell me a long story', 150, ['Continue', 'Try again']],
    ['has not', 'Be overloaded for a day', 0, ['Try again']],
  ] as const)('an answer that %s and is kept nowhere is one that was interrupted', ([, prompt, length, offers]) =>
    inChat(async (chat) => {
      const { page } = chat
      const held = await holdAnswers(page, length)
      await chat.ask(prompt)
      await (length ? chat.untilText(length - 30) : page.locator('.notice').waitFor())
      const before = await chat.shown()
      await forgetPlace(page)
      await page.reload()
      await page.locator('.answer').waitFor()
      const back = await chat.shown()
      expect(back.badge).toBe('Interrupted')
      expect(back.running).toBe(false)
      expect(back.text.startsWith(before.text)).toBe(true)
      expect(await page.locator('.answer-detail > p').textContent()).toBe(
        'The page was left before the answer was finished. What arrived is kept.',
      )
      // Copying it is on offer as well, where there is something to copy.
      await page.getByRole('button', { name: offers[0] }).waitFor()
      const buttons = await page.locator('.answer-actions button').allTextContents()
      expect(buttons.filter((words) => words !== 'Copy')).toEqual(offers)
      if (!length) return
      await held.letGo()
      await page.getByRole('button', { name: 'Continue' }).click()
      const final = await chat.untilEnded()
      expect(final.badge).toBe('Finished')
      expect(final.text.startsWith(back.text.trimEnd())).toBe(true)
      expect(final.text).toMatch(/For a drop, there is no better ending\.$/)
      expect(await page.locator('.answer').count()).toBe(1)
    }),
  )

  it('an answer that failed says why it did', () =>
    inChat(async (chat) => {
      await chat.ask('Fail with a server error')
      const before = await chat.untilEnded()
      const why = await chat.page.locator('.answer-detail > p').textContent()
      await chat.page.reload()
      await chat.page.locator('.answer').waitFor()
      expect(await chat.shown()).toEqual(before)
      expect(await chat.page.locator('.answer-detail > p').textContent()).toBe(why)
    }))

  it('a finished conversation is there, goes on, and is forgotten with a new chat', () =>
    inChat(async (chat) => {
      const { page } = chat
      await chat.ask('Refuse, politely')
      const before = await chat.untilEnded()
      await page.reload()
      await page.locator('.answer').waitFor()
      expect(await chat.shown()).toEqual(before)
      const sent = page.waitForRequest(/chat\/completions/)
      await chat.ask('Who are you?')
      const { messages } = (await sent).postDataJSON() as { messages: { role: string }[] }
      expect(messages.map(({ role }) => role)).toEqual(['system', 'user', 'assistant', 'user'])
      await chat.untilText(10)
      await page.getByRole('button', { name: 'New chat' }).click()
      await page.reload()
      await page.getByRole('heading', { name: 'Watch an answer arrive.' }).waitFor()
      expect(await page.locator('.message').count()).toBe(0)
    }))

  it('a question that waited is back in the field', () =>
    inChat(async (chat) => {
      await holdAnswers(chat.page, 60)
      await chat.ask('Tell me a long story')
      await chat.untilText(10)
      await chat.ask('Who are you?')
      await chat.page.getByRole('button', { name: 'Do not ask' }).waitFor()
      await chat.page.reload()
      expect(await chat.page.getByLabel('Your question').inputValue()).toBe('Who are you?')
      await chat.untilText(40)
      await chat.page.keyboard.press('Escape')
      await chat.untilEnded()
    }))

  it.for([
    '{"version":1,',
    '{"version":0,"messages":[{}]}',
    '{"version":1,"model":"","messages":[7],"queued":[]}',
    '7',
  ])('what cannot be read is nothing: %s', (text) =>
    inChat(async ({ page }) => {
      await page.evaluate((kept) => sessionStorage.setItem('completion-stream demo chat', kept), text)
      await page.reload()
      await page.getByRole('heading', { name: 'Watch an answer arrive.' }).waitFor()
      expect(await page.locator('.message').count()).toBe(0)
    }),
  )
})

it('finished messages do not render while another answer streams', () =>
  inChat(async (chat) => {
    await countRenders(chat.page)
    await chat.page.reload()
    await chat.ask('Who are you?')
    await chat.untilEnded()
    const held = await holdAnswers(chat.page, 470)
    await chat.ask('Think first: how fast should tokens arrive?')
    await chat.untilText(10)
    const before = await chat.page.evaluate(() => [...window.renders])
    // Each piece is waited for, as a busy machine shows several at once.
    for (let piece = 1; piece <= 12; piece++) {
      const renders = await chat.page.evaluate(() => window.renders[3]!)
      await held.to(470 + 10 * piece)
      await chat.page.waitForFunction((earlier) => window.renders[3]! > earlier, renders)
    }
    await held.letGo()
    const { badge } = await chat.untilEnded()
    const after = await chat.page.evaluate(() => [...window.renders])
    expect(badge).toBe('Finished')
    expect(after.slice(0, 3)).toEqual(before.slice(0, 3))
    expect(after[3]! - before[3]!).toBeGreaterThan(10)
  }))
