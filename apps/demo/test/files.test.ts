/** Files in a question: picked, dropped, pasted, shown, told to the model. In Chromium, with the sandbox. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { ChatPage } from './chat-page.ts'
import { holdAnswers } from './hold-answers.ts'
import { chatForTests } from './in-chat.ts'

const inChat = chatForTests()

const picture = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)

function pick({ page }: ChatPage, ...files: [name: string, mimeType: string, content: Buffer][]): Promise<void> {
  const payload = files.map(([name, mimeType, buffer]) => ({ name, mimeType, buffer }))
  return page.getByLabel('Files to attach').setInputFiles(payload)
}

/** Picks a file that is gone before it is sent. */
async function pickFleeting({ page }: ChatPage): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'demo-'))
  const path = join(folder, 'fleeting.txt')
  await writeFile(path, 'Now you see it.')
  await page.getByLabel('Files to attach').setInputFiles(path)
  await page.getByRole('button', { name: 'Remove fleeting.txt' }).waitFor()
  await rm(folder, { recursive: true })
}

/** Drops or pastes a text file, as far as a script can do that. */
function give({ page }: ChatPage, how: 'drop' | 'paste', name: string): Promise<void> {
  return page.evaluate(
    ([event, fileName]) => {
      const data = new DataTransfer()
      data.items.add(new File(['Some words.'], fileName!, { type: 'text/plain' }))
      const init = { bubbles: true, cancelable: true }
      if (event === 'drop') {
        document.querySelector('.messages')!.dispatchEvent(new DragEvent('dragover', { ...init, dataTransfer: data }))
        document.querySelector('.messages')!.dispatchEvent(new DragEvent('drop', { ...init, dataTransfer: data }))
      } else document.activeElement!.dispatchEvent(new ClipboardEvent('paste', { ...init, clipboardData: data }))
    },
    [how, name],
  )
}

describe.concurrent('files', () => {
  it('are shown before and after they are sent, and the answer tells what came', () =>
    inChat(async (chat) => {
      const { page } = chat
      const chooser = page.waitForEvent('filechooser')
      await page.getByRole('button', { name: 'Attach files' }).click()
      expect((await chooser).isMultiple()).toBe(true)
      await pick(
        chat,
        ['sunset.png', 'image/png', picture],
        ['notes.md', 'text/markdown', Buffer.from('# Notes\n\nTokens arrive, schön.')],
        ['report.pdf', 'application/pdf', Buffer.alloc(12_345)],
      )
      const list = page.getByRole('list', { name: 'Attached files' })
      expect(await list.getByRole('img', { name: 'sunset.png' }).getAttribute('src')).toMatch(/^blob:/)
      expect(await list.getByRole('listitem').allTextContents()).toEqual(['', 'notes.md 31 bytes', 'report.pdf 12 kB'])
      await chat.ask('What is in these?')
      const { text } = await chat.untilEnded()
      expect(await list.count()).toBe(0)
      expect(text).toContain('Your question came with 3 files')
      expect(text).toMatch(/a picture, image\/png, \d+ bytes/)
      expect(text).toMatch(/notes\.md, a text of 30 characters/)
      expect(text).toContain('Tokens arrive, schön.')
      expect(text).toContain('report.pdf, application/pdf, 12 kB')
      const question = page.locator('.message.user')
      expect(await question.getByRole('img', { name: 'sunset.png' }).getAttribute('src')).toMatch(/^data:image\/png/)
      expect(await question.locator('.file').allTextContents()).toEqual([
        'notes.md text/markdown, 31 bytes',
        'report.pdf application/pdf, 12 kB',
      ])
    }))

  it('are dropped anywhere, pasted, and taken away again', () =>
    inChat(async (chat) => {
      await give(chat, 'drop', 'dropped.txt')
      await chat.page.getByText('dropped.txt').waitFor()
      await give(chat, 'paste', 'pasted.txt')
      await chat.page.getByText('pasted.txt').waitFor()
      await chat.page.getByRole('button', { name: 'Remove dropped.txt' }).click()
      expect(await chat.page.locator('.picked .file-name').allTextContents()).toEqual(['pasted.txt'])
      expect(await chat.page.evaluate(() => document.activeElement?.id)).toBe('prompt')
      // A file says enough without words.
      await chat.page.getByRole('button', { name: 'Send' }).click()
      const { text } = await chat.untilEnded()
      expect(text).toContain('one file')
      expect(text).toContain('pasted.txt, a text of 11 characters')
    }))

  it('that are too large are not taken, and the page says so', () =>
    inChat(async (chat) => {
      await pick(
        chat,
        ['film.mp4', 'video/mp4', Buffer.alloc(5_100_000)],
        ['small.txt', 'text/plain', Buffer.from('x')],
      )
      await chat.page.getByText('“film.mp4” has 5.1 MB; a file may have 5 MB at most.').waitFor()
      expect(await chat.page.locator('.picked .file-name').allTextContents()).toEqual(['small.txt'])
      await chat.ask('And now?')
      expect((await chat.untilEnded()).text).toContain('one file')
      expect(await chat.page.getByRole('alert').count()).toBe(0)
    }))

  it('that can no longer be read once they are sent: the question stands there, and can be asked without them', () =>
    inChat(async (chat) => {
      const { page } = chat
      await pickFleeting(chat)
      await chat.ask('Refuse, politely')
      const alert = page.getByRole('alert')
      expect(await alert.locator('p').textContent()).toBe('An attached file could not be read.')
      expect(await page.locator('.question > p').allTextContents()).toEqual(['Refuse, politely'])
      expect(await page.locator('.answer').count()).toBe(0)
      await alert.getByRole('button', { name: 'Ask without it' }).click()
      await page.locator('.refusal').waitFor()
      expect((await chat.untilEnded()).badge).toBe('Finished: declined to answer')
      expect(await alert.count()).toBe(0)
      expect(await page.evaluate(() => document.activeElement?.id)).toBe('prompt')
    }))

  it('that were all there was to the question, and cannot be read, leave one to be written', () =>
    inChat(async (chat) => {
      const { page } = chat
      await pickFleeting(chat)
      await page.getByRole('button', { name: 'Send' }).click()
      await page.getByRole('alert').getByRole('button', { name: 'Edit the question' }).click()
      await page.getByLabel('What to ask instead').fill('Refuse, politely')
      await page.keyboard.press('Enter')
      await page.locator('.refusal').waitFor()
      expect(await page.locator('.question > p').allTextContents()).toEqual(['Refuse, politely'])
      await chat.untilEnded()
    }))

  it('stay with a question that is edited; one too large to be kept is named after a reload', () =>
    inChat(async (chat) => {
      const { page } = chat
      await pick(
        chat,
        ['big.bin', 'application/octet-stream', Buffer.alloc(900_000)],
        ['a.txt', 'text/plain', Buffer.from('a')],
      )
      await chat.ask('One')
      await chat.untilEnded()
      await page.locator('.message.user').hover()
      await page.getByRole('button', { name: 'Edit and ask again' }).click()
      await page.keyboard.press('Enter')
      await page.locator('.answer').waitFor()
      expect((await chat.untilEnded()).text).toContain('2 files')

      await page.reload()
      await page.locator('.file').first().waitFor()
      expect(await page.locator('.file').allTextContents()).toEqual([
        'big.bin was not kept',
        'a.txt text/plain, 1 byte',
      ])
      const held = await holdAnswers(page, 20)
      await page.getByRole('button', { name: 'Regenerate' }).click()
      await page.locator('.badge[data-tone=live]').waitFor()
      await held.letGo()
      expect((await chat.untilEnded()).text).toContain('This file was not kept when the page was reloaded.')
    }))
})
