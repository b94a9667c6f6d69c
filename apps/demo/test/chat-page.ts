/** The chat in a real Chromium, as a person sees and works it. */
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core'
import { vi } from 'vitest'
import { launchOptions } from '../../../.config/chromium.mjs'

/** How long the page may take for one thing, in milliseconds: on a busy machine that is long. */
const PATIENCE_MS = 90_000
vi.setConfig({ testTimeout: 3 * PATIENCE_MS, hookTimeout: 3 * PATIENCE_MS })

/** What the page shows of its last answer. */
export interface Shown {
  text: string
  badge: string
  /** Stop is on offer: the answer is still coming. */
  running: boolean
}

/** A Chromium. */
export function openBrowser(): Promise<Browser> {
  return chromium.launch(launchOptions())
}

/** What the browser itself, or the library in development, says of faults that tests ask for. */
const EXPECTED = /responded with a status of [45]\d\d|net::ERR_|arrived in one burst/

/** One tab with the chat in it. */
export class ChatPage {
  readonly page: Page
  /** What the page complained about, except for faults that a test asks for. */
  readonly complaints: string[] = []

  private constructor(page: Page) {
    this.page = page
    page.on('pageerror', (error) => this.complaints.push(error.message))
    page.on('console', (message) => {
      if (!['error', 'warning'].includes(message.type())) return
      if (!EXPECTED.test(message.text())) this.complaints.push(message.text())
    })
  }

  static async open(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<ChatPage> {
    const chat = new ChatPage(await browser.newPage({ viewport: { width: 1280, height: 800 }, ...options }))
    chat.page.setDefaultTimeout(PATIENCE_MS)
    await chat.page.goto(url)
    await chat.page.getByRole('heading', { name: 'Watch an answer arrive.' }).waitFor()
    await chat.untilItCanAsk()
    return chat
  }

  /** Resolves once the page knows who answers: before that it sends nothing. */
  async untilItCanAsk(): Promise<void> {
    await this.page.getByText('sandbox/docs-guide').waitFor({ state: 'attached' })
  }

  /** Types a prompt and sends it with Enter. */
  async ask(prompt: string): Promise<void> {
    await this.untilItCanAsk()
    await this.page.getByLabel('Your question').fill(prompt)
    await this.page.keyboard.press('Enter')
  }

  /** The last answer, all read at the same moment. */
  shown(): Promise<Shown> {
    return this.page.evaluate(() => {
      const answer = [...document.querySelectorAll('.answer')].at(-1)
      const text = [...(answer?.querySelectorAll('.prose, .refusal') ?? [])].map((part) => part.textContent).join('\n')
      const badge = answer?.querySelector('.badge')?.textContent ?? ''
      return { text, badge, running: [...document.querySelectorAll('button')].some((b) => b.textContent === 'Stop') }
    })
  }

  /** Resolves once the last answer shows that much text. */
  async untilText(length: number): Promise<Shown> {
    await this.page.waitForFunction((wanted) => {
      const parts = [...document.querySelectorAll('.answer')].at(-1)?.querySelectorAll('.prose') ?? []
      return [...parts].map((part) => part.textContent).join('\n').length >= wanted
    }, length)
    return this.shown()
  }

  /** Resolves once the last answer has ended, however it ended, and all of its text is shown. */
  async untilEnded(): Promise<Shown> {
    await this.page.waitForFunction(() => {
      const answer = [...document.querySelectorAll('.answer')].at(-1)
      const badge = answer?.querySelector('.badge')
      return badge && badge.getAttribute('data-tone') !== 'live' && !answer?.querySelector('[aria-busy=true]')
    })
    return this.shown()
  }

  /** Collects, from now on, every text that elements matching `selector` have. */
  async record(selector: string): Promise<() => Promise<string[]>> {
    const key = `record ${selector}`
    await this.page.evaluate(
      ([query, name]) => {
        const texts: string[] = ((window as never)[name!] = [] as never)
        const look = (): void => {
          for (const element of document.querySelectorAll(query!)) {
            const text = element.textContent ?? ''
            if (!texts.includes(text)) texts.push(text)
          }
        }
        new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true })
        look()
      },
      [selector, key],
    )
    return () => this.page.evaluate((name) => (window as never)[name] as string[], key)
  }

  /** How far anything on the page reaches over the right edge of its window, in pixels; code scrolls in its own box. */
  sidewaysOverflow(): Promise<number> {
    return this.page.evaluate(() => {
      const boxes = [...document.body.querySelectorAll('*')].filter((box) => !box.parentElement?.closest('pre, table'))
      const { scrollWidth, clientWidth } = document.querySelector('.scroller')!
      const edges = boxes.map((box) => box.getBoundingClientRect().right - innerWidth)
      return Math.max(0, scrollWidth - clientWidth, ...edges)
    })
  }

  async close(): Promise<void> {
    await this.page.close()
  }
}
