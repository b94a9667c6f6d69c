/** Runs tests in tabs of one Chromium, on one dev server for the whole file. */
import type { Browser, BrowserContextOptions } from 'playwright-core'
import { createServer } from 'vite'
import { afterAll, beforeAll } from 'vitest'
import { ChatPage, openBrowser } from './chat-page.ts'
import { devServer } from './servers.ts'

/** Opens a tab, does something in it, and closes it; fails when the page complained of anything. */
export type InChat = (act: (chat: ChatPage) => Promise<void>, options?: BrowserContextOptions) => Promise<void>

/** Starts both before the file's tests and ends them afterwards. */
export function chatForTests(): InChat {
  let dev: Awaited<ReturnType<typeof devServer>>
  let browser: Browser

  beforeAll(async () => {
    dev = await devServer(createServer)
    browser = await openBrowser()
  })

  afterAll(async () => {
    await browser?.close()
    await dev?.server.close()
  })

  return async (act, options) => {
    const chat = await ChatPage.open(browser, dev.url, options)
    try {
      await act(chat)
    } finally {
      await chat.close()
    }
    if (chat.complaints.length > 0) throw new Error(`The page complained:\n${chat.complaints.join('\n')}`)
  }
}
