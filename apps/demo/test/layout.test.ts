/** How the chat looks and scrolls: wide and narrow, light and dark, and readable for everyone. */
import { createRequire } from 'node:module'
import type axe from 'axe-core'
import { describe, expect, it } from 'vitest'
import type { ChatPage } from './chat-page.ts'
import { holdAnswers } from './hold-answers.ts'
import { chatForTests } from './in-chat.ts'

const inChat = chatForTests()
const axePath = createRequire(import.meta.url).resolve('axe-core/axe.min.js')

/** What axe finds wrong by WCAG 2.2 AA, in words. */
async function accessibilityProblems({ page }: ChatPage): Promise<string[]> {
  await page.addScriptTag({ path: axePath })
  return page.evaluate(async () => {
    const { axe: checker } = window as unknown as { axe: typeof axe }
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
    // The levels of the headings inside an answer are the model's.
    const { violations } = await checker.run(document, {
      runOnly: tags,
      rules: { 'heading-order': { enabled: false } },
    })
    return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 120)}`))
  })
}

describe.concurrent.each(['light', 'dark'] as const)('in %s', (colorScheme) => {
  it.for([1280, 390])('at %i pixels: fits, and is accessible', (width) =>
    inChat(
      async (chat) => {
        expect(await chat.sidewaysOverflow()).toBe(0)
        expect(await accessibilityProblems(chat)).toEqual([])
        for (const prompt of [
          'How does the relay keep keys?',
          'Show me all your markdown',
          'Fail with a server error',
        ]) {
          await chat.ask(prompt)
          await chat.untilEnded()
          expect(await chat.sidewaysOverflow()).toBe(0)
        }
        await chat.page.locator('.tool-output summary').click()
        expect(await chat.sidewaysOverflow()).toBe(0)
        expect(await accessibilityProblems(chat)).toEqual([])
      },
      { viewport: { width, height: 844 }, colorScheme },
    ),
  )

  it.for([1280, 390])('at %i pixels: so it is while things go wrong', (width) =>
    inChat(
      async (chat) => {
        // What is said of a failed request stands there until the next one says something.
        const held = await holdAnswers(chat.page, 0)
        await chat.ask(`Be overloaded for a moment of ${width} in ${colorScheme}`)
        await chat.page.locator('.notice').waitFor()
        expect(await chat.sidewaysOverflow()).toBe(0)
        expect(await accessibilityProblems(chat)).toEqual([])
        await chat.page.keyboard.press('Escape')
        await held.letGo()
        for (const prompt of ['Answer with a rate limit', 'Cut a tool call', 'Cut the connection half-way']) {
          await chat.ask(prompt)
          await chat.untilEnded()
          await chat.page.getByText('Details').last().click()
          expect(await chat.sidewaysOverflow()).toBe(0)
        }
        await chat.page.getByRole('button', { name: 'Continue' }).waitFor()
        expect(await accessibilityProblems(chat)).toEqual([])
      },
      { viewport: { width, height: 844 }, colorScheme },
    ),
  )

  it.for([1280, 390])('at %i pixels: so it is while a person is asked, edits, attaches and queues', (width) =>
    inChat(
      async (chat) => {
        const { page } = chat
        const check = async (): Promise<void> => {
          expect(await chat.sidewaysOverflow()).toBe(0)
          expect(await accessibilityProblems(chat)).toEqual([])
        }
        await chat.ask('Change the accent colour to plum and ask me what to show')
        await page.getByRole('button', { name: 'Allow' }).waitFor()
        await chat.untilEnded()
        await check()
        await page.getByRole('button', { name: 'Allow' }).click()
        await page.getByText('Allowed by you, done').waitFor()
        await page.getByRole('button', { name: 'Edit and ask again' }).focus()
        await page.keyboard.press('Enter')
        await check()
        await page.keyboard.press('Escape')
        const files = ['a file with a name that is longer than most names of files are.txt', 'picture.svg']
        await page.getByLabel('Files to attach').setInputFiles(
          files.map((name) => ({
            name,
            mimeType: name.endsWith('svg') ? 'image/svg+xml' : 'text/plain',
            buffer: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="3000" height="900"/>'),
          })),
        )
        await page.getByRole('button', { name: 'Remove picture.svg' }).waitFor()
        await check()
        await chat.ask('What are these?')
        await page.getByText('Your question came with 2 files').waitFor()
        await chat.untilEnded()
        await holdAnswers(page, 60)
        await chat.ask('Tell me a long story')
        await chat.ask(`Tell me a ${'long '.repeat(40)}story`)
        await page.getByRole('button', { name: 'Do not ask' }).waitFor()
        await page.getByLabel('Your question').fill('And then?')
        await check()
        await page.keyboard.press('Escape')
        await page.getByRole('button', { name: 'Send now' }).waitFor()
        await check()
      },
      { viewport: { width, height: 844 }, colorScheme },
    ),
  )
})

describe.concurrent('the conversation', () => {
  /** After the next frame: what has been written by then is scrolled to in the same one. */
  const fromEnd = async () => {
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))
    const box = document.querySelector('.scroller')!
    return Math.round(box.scrollHeight - box.scrollTop - box.clientHeight)
  }

  it('stays at its end while it grows, until the reader scrolls up', () =>
    inChat(
      async (chat) => {
        const { page } = chat
        const held = await holdAnswers(page, 1000)
        await chat.ask('Tell me a long story')
        await chat.untilText(900)
        expect(await page.evaluate(fromEnd)).toBeLessThan(60)
        expect(await page.getByRole('button', { name: 'Jump to latest' }).count()).toBe(0)

        const end = await page.locator('.scroller').evaluate((box) => box.scrollTop)
        await page.mouse.move(400, 200)
        await page.mouse.wheel(0, -200)
        const jump = page.getByRole('button', { name: 'Jump to latest' })
        await jump.waitFor()
        // A wheel may turn for some frames.
        await page.waitForFunction((most) => document.querySelector('.scroller')!.scrollTop <= most, end - 200)
        const top = await page.locator('.scroller').evaluate((box) => box.scrollTop)
        await held.to(1400)
        await chat.untilText(1300)
        expect(await page.locator('.scroller').evaluate((box) => box.scrollTop)).toBe(top)

        await jump.click()
        await jump.waitFor({ state: 'detached' })
        await held.to(1800)
        await chat.untilText(1700)
        expect(await page.evaluate(fromEnd)).toBeLessThan(60)
      },
      { viewport: { width: 800, height: 500 } },
    ))

  it('begins at its beginning', () =>
    inChat(
      async (chat) => {
        expect(await chat.page.locator('.scroller').evaluate((box) => box.scrollTop)).toBe(0)
      },
      { viewport: { width: 390, height: 500 } },
    ))

  it('keeps still for those who ask for it', () =>
    inChat(
      async (chat) => {
        await holdAnswers(chat.page, 20)
        await chat.ask('Go quiet')
        await chat.untilText(10)
        const animation = await chat.page
          .locator('.badge')
          .evaluate((badge) => getComputedStyle(badge, '::before').animationName)
        expect(animation).toBe('none')
      },
      { reducedMotion: 'reduce' },
    ))

  it('does not touch finished messages while another one streams', () =>
    inChat(async (chat) => {
      await chat.ask('Refuse, politely')
      await chat.untilEnded()
      await chat.page.evaluate(() => {
        const seen: string[] = ((window as never)['touched'] = [] as never)
        new MutationObserver((changes) => seen.push(...changes.map((change) => change.type))).observe(
          document.querySelector('.answer .refusal')!,
          { subtree: true, childList: true, characterData: true, attributes: true },
        )
      })
      await chat.ask('Cut the connection half-way')
      await chat.untilEnded()
      expect(await chat.page.evaluate(() => (window as never)['touched'])).toEqual([])
    }))
})
