/** What the chat shows when things go wrong, and what a person can do about it: in Chromium, on the real dev server. */
import type { Browser, Locator } from 'playwright-core'
import { createServer } from 'vite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { brokenWire, type BrokenWire } from './broken-wire.ts'
import { ChatPage, openBrowser } from './chat-page.ts'
import { collectAnswers, holdAnswers } from './hold-answers.ts'
import { chatForTests } from './in-chat.ts'
import { devServer } from './servers.ts'

const inChat = chatForTests()

function button({ page }: ChatPage, name: string): Locator {
  return page.locator('.answer').last().getByRole('button', { name, exact: true })
}

/** The buttons under the last answer, in their order. */
async function offered({ page }: ChatPage): Promise<string[]> {
  const names = await page.locator('.answer').last().locator('.answer-actions button').allTextContents()
  return names.filter((name) => name !== 'Copy')
}

/** The last error's details, as an object. */
function details({ page }: ChatPage): Promise<Record<string, string>> {
  return page
    .locator('.error-details dl')
    .last()
    .evaluate((list) => {
      const textsOf = (tag: string) => [...list.querySelectorAll(tag)].map((element) => element.textContent)
      const values = textsOf('dd')
      return Object.fromEntries(textsOf('dt').map((term, index) => [term, values[index]!]))
    })
}

/** Counts the requests for answers from now on. */
function countRequests({ page }: ChatPage): () => number {
  let requests = 0
  page.on('request', (request) => {
    if (request.url().endsWith('/chat/completions')) requests++
  })
  return () => requests
}

describe.concurrent('while it tries again', () => {
  it('the page says why, when and for which time, until the first token', () =>
    inChat(async (chat) => {
      const seen = await chat.record('.notice')
      const said = await chat.record('[role=status]')
      const held = await holdAnswers(chat.page, 20)
      await chat.page.getByRole('button', { name: 'An overloaded server' }).click()
      const notice = chat.page.locator('.notice')
      await notice.waitFor()
      await chat.untilText(10)
      await held.letGo()
      const { text, badge } = await chat.untilEnded()
      expect(text).toContain('Here I am.')
      expect(badge).toBe('Finished')
      expect(await notice.count()).toBe(0)
      expect(await chat.page.locator('.facts').textContent()).toContain('3 requests')

      const notices = await seen()
      for (const attempt of ['(attempt 2 of 3)', '(attempt 3 of 3)']) {
        const waits = notices.filter((one) => one.endsWith(attempt))
        expect(waits[0]).toBe(`Too many requests. Trying again in 2 s ${attempt}`)
        // On a busy machine a second may pass unseen.
        expect(waits.slice(1)).toEqual(expect.arrayContaining([expect.stringMatching(/again (in 1 s|…) /)]))
      }
      // Read aloud once for each request: what counts down is for the eyes.
      expect(await said()).toEqual([
        '',
        'Waiting for the answer.',
        'Too many requests. Trying again in 2 seconds (attempt 2 of 3).',
        'Too many requests. Trying again in 2 seconds (attempt 3 of 3).',
        'The answer is arriving.',
        'Finished.',
      ])
    }))

  it('Stop ends it, and nothing more is sent', () =>
    inChat(async (chat) => {
      const requests = countRequests(chat)
      // The next request is sent when the clock says so.
      const { clock } = chat.page
      await clock.install()
      await clock.pauseAt(Date.now() + 1000)
      await chat.ask('Be overloaded for an hour')
      await chat.page.locator('.notice').waitFor()
      await chat.page.keyboard.press('Escape')
      expect((await chat.untilEnded()).badge).toBe('Stopped by you')
      expect(await chat.page.locator('.notice').count()).toBe(0)
      expect(await offered(chat)).toEqual(['Try again'])
      await clock.runFor(10_000)
      // A request that had been sent before this one would have been seen before it.
      await chat.page.evaluate(() => fetch('/api/models').then((response) => response.text()))
      expect(requests()).toBe(1)
    }))

  it('another model is asked where there is one, and is named', () =>
    inChat(async (chat) => {
      const seen = await chat.record('.notice')
      await chat.ask('Be out of order')
      expect((await chat.untilEnded()).badge).toBe('Provider overloaded')
      expect(await seen()).toEqual([])
      await chat.page.getByRole('button', { name: 'New chat' }).click()

      await chat.page.getByRole('button', { name: 'A model that is down' }).click()
      const { badge, text } = await chat.untilEnded()
      expect(badge).toBe('Finished')
      expect(text).toContain('I am understudy, the understudy.')
      expect(await seen()).toEqual(['Provider overloaded. Asking sandbox/understudy instead …'])
      expect(await chat.page.getByLabel('Fallback').inputValue()).toBe('sandbox/understudy')
    }))

  it('without a network it says so, and goes on as soon as there is one', () =>
    inChat(async (chat) => {
      const seen = await chat.record('.notice')
      const said = await chat.record('[role=status]')
      const held = await holdAnswers(chat.page, 0)
      const context = chat.page.context()
      await context.setOffline(true)
      await chat.ask('Who are you?')
      await chat.page
        .getByText('You are offline. It goes on as soon as there is a connection.', { exact: true })
        .filter({ visible: true })
        .first()
        .waitFor()
      await chat.page.waitForTimeout(1500)
      expect((await chat.shown()).running).toBe(true)
      await context.setOffline(false)
      await chat.page.locator('.notice', { hasText: 'Back online.' }).waitFor()
      await held.letGo()
      expect((await chat.untilEnded()).text).toContain('I am the sandbox')
      const offline = 'You are offline. It goes on as soon as there is a connection.'
      expect((await seen()).slice(0, 2)).toEqual([offline, 'Back online. Trying again …'])
      expect((await said()).slice(2, 4)).toEqual([offline, 'Back online. Trying again.'])
    }))
})

describe.concurrent('an answer that breaks off', () => {
  it('is continued in the same message', () =>
    inChat(async (chat) => {
      await chat.page.getByRole('button', { name: 'An answer cut half-way' }).click()
      const cut = await chat.untilEnded()
      expect(cut.text).toMatch(/never going to$/)
      expect(await offered(chat)).toEqual(['Continue', 'Try again'])
      await button(chat, 'Continue').click()
      const joined = await chat.untilEnded()
      expect(joined.badge).toBe('Finished')
      expect(joined.text).toMatch(/^Here is the first half[^]*never going to come by itself\.[^]*as the first\.$/)
      expect(await chat.page.locator('.answer').count()).toBe(1)
      expect(await chat.page.locator('.answer-detail').count()).toBe(0)
      expect(await offered(chat)).toEqual(['Regenerate'])
      // What follows in the conversation is sent the whole of it.
      const sent = chat.page.waitForRequest(/chat\/completions/)
      await chat.ask('Who are you?')
      const { messages } = (await sent).postDataJSON() as { messages: { role: string; content: string }[] }
      expect(messages.map(({ role }) => role)).toEqual(['system', 'user', 'assistant', 'user'])
      expect(messages[2]!.content).toMatch(/never going to come by itself\./)
      await chat.untilEnded()
    }))

  it('at its length limit is continued to the next one, or from the start', () =>
    inChat(async (chat) => {
      await chat.page.getByLabel('Length limit').selectOption('60 tokens')
      await chat.ask('Write until the token limit')
      const first = await chat.untilEnded()
      expect(first.badge).toBe('Reached the length limit')
      expect(await offered(chat)).toEqual(['Continue', 'Regenerate'])
      await button(chat, 'Continue').click()
      const second = await chat.untilEnded()
      expect(second.badge).toBe('Reached the length limit')
      expect(second.text.length).toBeGreaterThan(first.text.length + 60)
      expect(second.text.startsWith(first.text.trimEnd())).toBe(true)
      expect(second.text).not.toMatch(/drop (\d+), drop \1,/)
    }))

  it('because it was stopped can be gone on with', () =>
    inChat(async (chat) => {
      // It says some 430 characters to itself first.
      const held = await holdAnswers(chat.page, 500)
      await chat.ask('Think first: how fast should tokens arrive?')
      await chat.untilText(40)
      const told = chat.page.waitForResponse((response) => response.request().method() === 'DELETE')
      await chat.page.keyboard.press('Escape')
      // The relay keeps answers for whoever comes back, so it is told that nobody will.
      expect((await told).status()).toBe(204)
      const stopped = await chat.untilEnded()
      expect(await offered(chat)).toEqual(['Continue', 'Try again'])
      await held.letGo()
      await button(chat, 'Continue').click()
      const whole = await chat.untilEnded()
      // Half of a mark is no mark yet, and shows.
      expect(whole.text.startsWith(stopped.text.replaceAll('*', '').trimEnd())).toBe(true)
      expect(whole.text).toMatch(/^About 5 tokens a second[^]*fold a model’s thinking away from its answer\.$/)
      expect(await chat.page.locator('.reasoning').count()).toBe(1)
    }))

  it('in a tool call leaves the call incomplete and does not run it', () =>
    inChat(async (chat) => {
      const requests = countRequests(chat)
      await chat.page.getByRole('button', { name: 'A tool call cut in its arguments' }).click()
      expect((await chat.untilEnded()).badge).toBe('Interrupted')
      const call = chat.page.getByRole('region', { name: 'Tool call search_docs' })
      expect(await call.locator('.tool-state').textContent()).toBe('Cut off before the arguments were complete')
      expect(await call.locator('.tool-output').count()).toBe(0)
      expect(await call.locator('.tool-arguments').textContent()).toBe('{"query":"arguments cut tool c')
      expect(requests()).toBe(1)
      expect(await offered(chat)).toEqual(['Try again'])
      await button(chat, 'Try again').click()
      const whole = await chat.untilEnded()
      expect(whole.badge).toBe('Finished')
      expect(await call.locator('.tool-state').textContent()).toBe('Done')
      expect(requests()).toBe(3)
    }))

  it('because nothing more came ends in an error, with its text kept, and can be gone on with', () =>
    inChat(async (chat) => {
      const seen = await chat.record('.notice')
      await chat.page.getByRole('button', { name: 'Silence' }).click()
      const { text, badge } = await chat.untilEnded()
      expect(badge).toBe('Timed out')
      expect(text).toContain('I say this much')
      expect(await chat.page.locator('.answer-detail > p').textContent()).toBe(
        'The relay sent no more of its answer within 3 s. What arrived is kept.',
      )
      expect(await details(chat)).toMatchObject({ Code: 'timeout, between two pieces', 'Requests made': '2' })
      expect(await seen()).toContain('Nothing more came. Taking it up again …')
      await button(chat, 'Continue').click()
      expect((await chat.untilEnded()).text).toMatch(/^I say this much[^]*\(or press Stop\) … and here I am again\./)
    }))
})

describe.concurrent('an error', () => {
  it('is a sentence, with its details for whoever asks', () =>
    inChat(async (chat) => {
      await chat.ask('Answer with a rate limit')
      expect((await chat.untilEnded()).badge).toBe('Rate limited')
      const shown = chat.page.locator('.answer-detail')
      expect(await shown.locator('> p').textContent()).toBe(
        'The sandbox answered 429: You asked the sandbox for a rate limit, and here it is. Try again in 30 minutes.',
      )
      expect(await shown.locator('dl').isVisible()).toBe(false)
      await shown.getByText('Details').focus()
      await chat.page.keyboard.press('Enter')
      expect(await shown.locator('dl').isVisible()).toBe(true)
      expect(await details(chat)).toEqual({
        Code: 'rate_limit',
        'HTTP status': '429',
        Provider: 'The relay',
        'Request id': expect.stringMatching(/^req_\w+$/),
        'Requests made': '1',
        'Asked to wait': '30 min',
      })
    }))

  it('about a conversation that is too long offers to shorten it', () =>
    inChat(async (chat) => {
      await chat.ask('Refuse, politely')
      await chat.untilEnded()
      await chat.ask('Overflow the context window')
      expect((await chat.untilEnded()).badge).toBe('Conversation too long')
      expect(await offered(chat)).toEqual(['Ask in a new chat', 'Edit the question'])
      await button(chat, 'Ask in a new chat').click()
      await chat.page.locator('.message').nth(2).waitFor({ state: 'detached' })
      await chat.untilEnded()
      expect(await chat.page.locator('.message.user').allTextContents()).toEqual(['YouOverflow the context window'])
      expect(await offered(chat)).toEqual(['Edit the question'])
      await button(chat, 'Edit the question').click()
      expect(await chat.page.getByLabel('What to ask instead').inputValue()).toBe('Overflow the context window')
    }))

  it('is none when an answer was held back on its way, but is told of', () =>
    inChat(async (chat) => {
      await collectAnswers(chat.page)
      await chat.page.getByRole('button', { name: 'A proxy that holds everything back' }).click()
      expect((await chat.untilEnded()).badge).toBe('Finished')
      const facts = await chat.page.locator('.facts li').allTextContents()
      expect(facts).toContain('came in one burst')
      expect(facts.join()).not.toContain('tokens/s')
    }))
})

describe('a connection that breaks', () => {
  let dev: Awaited<ReturnType<typeof devServer>>
  let browser: Browser
  let wire: BrokenWire | undefined

  beforeAll(async () => {
    dev = await devServer(createServer)
    browser = await openBrowser()
  })

  afterAll(async () => {
    wire?.close()
    await browser?.close()
    await dev?.server.close()
  })

  it('is taken up again twice: the answer is whole, and nothing in it stands twice', async () => {
    const whole = await ChatPage.open(browser, dev.url)
    await whole.ask('Who are you?')
    const expected = await whole.untilEnded()
    await whole.close()

    wire = await brokenWire(dev.url, [10_000, 12_000])
    const chat = await ChatPage.open(browser, wire.url)
    chat.page.on('response', (response) => {
      if (/\/(chat\/completions|streams\/[\w-]+)$/.test(response.url())) wire!.begun()
    })
    const seen = await chat.record('.notice')
    await chat.ask('Who are you?')
    const { text, badge } = await chat.untilEnded()
    expect(badge).toBe('Finished')
    expect(text).toBe(expected.text)
    expect(wire.resets).toBe(2)
    expect(wire.requests).toEqual([
      'POST /api/chat/completions',
      expect.stringMatching(/^GET \/api\/streams\/[\w-]+$/),
      expect.stringMatching(/^GET \/api\/streams\/[\w-]+$/),
    ])
    expect((await seen())[0]).toMatch(/^The connection broke\. Taking it up again (in 1 s|…)$/)
    expect(await chat.page.locator('.facts').textContent()).toContain('3 requests')
    expect(chat.complaints).toEqual([])
    await chat.close()
  })

  it('on purpose, in the sandbox, is taken up again as well', () =>
    inChat(async (chat) => {
      const seen = await chat.record('.notice')
      await chat.page.getByRole('button', { name: 'A lost connection, taken up again' }).click()
      const { text, badge } = await chat.untilEnded()
      expect(badge).toBe('Finished')
      expect(text).toMatch(/^This answer loses(?![^]*This answer)[^]*that was the point\.$/)
      expect((await seen()).length).toBeGreaterThan(0)
    }))
})
