/** What a person says while an answer is made: whether a tool may run, which option it is. In Chromium, with the sandbox. */
import { describe, expect, it } from 'vitest'
import type { ChatPage } from './chat-page.ts'
import { chatForTests } from './in-chat.ts'

const inChat = chatForTests()

const stateOf = ({ page }: ChatPage, tool: string): Promise<string | null> =>
  page
    .getByRole('region', { name: `Tool call ${tool}` })
    .last()
    .locator('.tool-state')
    .textContent()

const accentOf = ({ page }: ChatPage): Promise<string> =>
  page.evaluate(() => getComputedStyle(document.documentElement).getPropertyValue('--accent'))

const focused = ({ page }: ChatPage): Promise<string> =>
  page.evaluate(() => document.activeElement?.getAttribute('id') ?? document.activeElement?.textContent ?? '')

describe.concurrent('a tool that may not run unasked', () => {
  it('runs once it is allowed, and changes the page; the model is told', () =>
    inChat(async (chat) => {
      const said = await chat.record('[role=status]')
      const own = await accentOf(chat)
      await chat.page.getByRole('button', { name: 'A tool that may not run unasked' }).click()
      expect((await chat.untilEnded()).badge).toBe('Waits for you')
      expect(await stateOf(chat, 'set_accent')).toBe('Waits for your approval')
      expect(await said()).toContain('A tool waits for your approval.')
      await chat.page.getByText('May the accent colour of this page become plum?').waitFor()
      expect(await accentOf(chat)).toBe(own)

      await chat.page.getByRole('button', { name: 'Allow' }).focus()
      await chat.page.keyboard.press('Enter')
      await chat.page.getByText('is plum now, and was teal').waitFor()
      const { text, badge } = await chat.untilEnded()
      expect(badge).toBe('Finished')
      expect(text).toContain('after you had allowed it')
      expect(await stateOf(chat, 'set_accent')).toBe('Allowed by you, done')
      expect(await chat.page.getByRole('button', { name: 'Allow' }).count()).toBe(0)
      expect(await accentOf(chat)).not.toBe(own)
      expect(await focused(chat)).toBe('prompt')
      // One answer, with both steps in it.
      expect(await chat.page.locator('.answer').count()).toBe(1)

      await chat.page.getByRole('button', { name: 'New chat' }).click()
      expect(await accentOf(chat)).toBe(own)
    }))

  it('does not run when it is denied, and the model goes on without it', () =>
    inChat(async (chat) => {
      const own = await accentOf(chat)
      await chat.ask('Change the accent colour to blue')
      await chat.page.getByRole('button', { name: 'Deny' }).click()
      await chat.page.getByText('the page stays as it is').waitFor()
      expect((await chat.untilEnded()).badge).toBe('Finished')
      expect(await stateOf(chat, 'set_accent')).toBe('Denied, not run')
      expect(await accentOf(chat)).toBe(own)
    }))

  it('that is allowed and fails says why', () =>
    inChat(async (chat) => {
      await chat.ask('Change the accent colour to pink')
      await chat.page.getByRole('button', { name: 'Allow' }).click()
      await chat.page.getByText('You allowed it, but the tool failed.').waitFor()
      expect(await stateOf(chat, 'set_accent')).toBe('Allowed by you, failed')
      expect(await chat.page.locator('.tool-error').textContent()).toBe(
        'This page has no such colour. It has teal, plum, blue, rust.',
      )
    }))

  it('is passed over by the next question, and can be allowed no more', () =>
    inChat(async (chat) => {
      await chat.ask('Change the accent colour to blue')
      await chat.page.getByRole('button', { name: 'Allow' }).waitFor()
      await chat.ask('Refuse, politely')
      await chat.page.locator('.refusal').waitFor()
      expect((await chat.untilEnded()).badge).toBe('Finished: declined to answer')
      expect(await chat.page.getByRole('button', { name: 'Allow' }).count()).toBe(0)
      expect(await stateOf(chat, 'set_accent')).toBe('Never answered')
    }))
})

describe.concurrent('a question back', () => {
  it.for([
    ['A table', 'Who gives it'],
    ['A short poem', 'had picked a word and opened doors.'],
    ['Some code', 'addToolOutput'],
    ['None of these', 'Then I show nothing'],
  ])('is answered with a click: %s', ([option = '', answer = '']) =>
    inChat(async (chat) => {
      const said = await chat.record('[role=status]')
      await chat.page.getByRole('button', { name: 'A question back' }).click()
      expect((await chat.untilEnded()).badge).toBe('Waits for you')
      expect(await said()).toContain('The answer waits for what you choose.')
      const group = chat.page.getByRole('group', { name: 'What shall I show you?' })
      await group.getByRole('button', { name: option }).click()
      await chat.page.locator('.prose', { hasText: answer }).waitFor()
      const { badge, text } = await chat.untilEnded()
      expect(badge).toBe('Finished')
      expect(text).toContain(answer)
      expect(await group.count()).toBe(0)
      const isSkipped = option === 'None of these'
      expect(await stateOf(chat, 'choose')).toBe(isSkipped ? 'Not answered' : 'Answered by you')
      const shown = await chat.page.locator('.tool-choice').textContent()
      expect(shown?.trim()).toBe(`What shall I show you? ${isSkipped ? '' : option}`.trim())
    }),
  )

  it('beside another call: focus goes from one to the next, and the model waits for both', () =>
    inChat(async (chat) => {
      await chat.ask('Change the accent colour to rust and ask me what to show')
      await chat.page.getByRole('button', { name: 'A table' }).waitFor()
      await chat.page.getByRole('button', { name: 'Allow' }).focus()
      await chat.page.keyboard.press('Enter')
      expect(await focused(chat)).toBe('A table')
      await chat.page.getByText('Allowed by you, done').waitFor()
      expect(await chat.page.locator('.answer .prose').count()).toBe(1)
      await chat.page.keyboard.press('Enter')
      expect(await focused(chat)).toBe('prompt')
      await chat.page.getByText('Who gives it').waitFor()
      expect((await chat.untilEnded()).text).toContain('is rust now')
    }))

  it('is still there after a reload, and can be answered then', () =>
    inChat(async (chat) => {
      await chat.ask('Ask me what to show')
      await chat.page.getByRole('button', { name: 'A short poem' }).waitFor()
      await chat.untilEnded()
      await chat.page.reload()
      await chat.page.getByRole('button', { name: 'A short poem' }).click()
      await chat.page.getByText('had picked a word').waitFor()
      expect((await chat.untilEnded()).badge).toBe('Finished')
    }))
})
