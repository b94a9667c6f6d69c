/** The browser's own model in the chat: a stand-in for it, as the Chromium of the tests has none. */
import { expect, it } from 'vitest'
import { chatForTests } from './in-chat.ts'

const inChat = chatForTests()

/** Runs in the page before its own scripts: what Chrome calls `LanguageModel`, with an answer of its own. */
function installBuiltInModel(): void {
  const session = {
    promptStreaming: (turn: { content: { value: string }[] }[]) =>
      new ReadableStream<string>({
        start(controller) {
          const asked = turn
            .at(-1)!
            .content.map((part) => part.value)
            .join('')
          for (const piece of ['You said: ', asked, ' **Here.**']) controller.enqueue(piece)
          controller.close()
        },
      }),
    destroy: () => {},
  }
  Object.assign(globalThis, { LanguageModel: { availability: async () => 'available', create: async () => session } })
}

it('answers without a server when the page is opened for it', () =>
  inChat(async (chat) => {
    await chat.page.addInitScript(installBuiltInModel)
    await chat.page.goto(`${chat.page.url()}?model=chrome/built-in`)
    expect(await chat.page.getByLabel('Model').inputValue()).toBe('chrome/built-in')
    // Also where the bar is narrow, one can read which model answers.
    await chat.page.setViewportSize({ width: 390, height: 844 })
    expect((await chat.page.getByLabel('Model').boundingBox())!.width).toBeGreaterThan(120)
    expect(await chat.sidewaysOverflow()).toBe(0)
    const asked: string[] = []
    chat.page.on('request', (request) => asked.push(request.url()))
    await chat.ask('Good morning')
    const final = await chat.untilEnded()
    expect(final).toMatchObject({ text: 'You said: Good morning Here.', badge: 'Finished' })
    expect(asked).toEqual([])
  }))

it('stands in for no other model, nor another one for it', () =>
  inChat(async ({ page }) => {
    await page.route('**/api/models', (route) => route.fulfill({ json: { data: [{ id: 'one' }, { id: 'two' }] } }))
    await page.goto(`${page.url()}?model=chrome/built-in`)
    const model = page.getByLabel('Model')
    await model.locator('option', { hasText: 'two' }).waitFor({ state: 'attached' })
    expect(await model.inputValue()).toBe('chrome/built-in')
    expect(await page.getByLabel('Fallback').count()).toBe(0)
    await model.selectOption('one')
    expect(await page.getByLabel('Fallback').locator('option').allTextContents()).toEqual(['none', 'two'])
  }))
