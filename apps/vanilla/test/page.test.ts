/** The plain page in Chromium, on its real dev server with the sandbox. */
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { chromium, type Browser, type Page } from 'playwright-core'
import { build, createServer, type ViteDevServer } from 'vite'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { launchOptions } from '../../../.config/chromium.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))

let server: ViteDevServer
let browser: Browser
let page: Page
let complaints: string[]

beforeAll(async () => {
  for (const name of Object.keys(process.env)) if (name.startsWith('OPENAI_')) delete process.env[name]
  server = await (await createServer({ root, logLevel: 'error', server: { port: 0, watch: null } })).listen()
  browser = await chromium.launch(launchOptions())
})

afterAll(async () => {
  await browser?.close()
  await server?.close()
})

beforeEach(async () => {
  complaints = []
  page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error' && !/status of (500|429)|ERR_INCOMPLETE_CHUNKED_ENCODING/.test(message.text()))
      complaints.push(message.text())
  })
  await page.goto(server.resolvedUrls!.local[0]!)
  await page.getByText('a scripted sandbox answers').waitFor()
})

afterEach(async () => {
  await page.close()
  if (complaints.length > 0) throw new Error(`The page complained:\n${complaints.join('\n')}`)
})

async function ask(prompt: string): Promise<void> {
  await page.getByLabel('Your question').fill(prompt)
  await page.keyboard.press('Enter')
}

/** The page at one moment. */
function shown(): Promise<{ text: string; ending: string; running: boolean }> {
  return page.evaluate(() => ({
    text: document.querySelector('#answer')!.textContent!,
    ending: document.querySelector('#ending')!.textContent!,
    running: !document.querySelector<HTMLButtonElement>('#stop')!.disabled,
  }))
}

async function untilText(length: number): Promise<ReturnType<typeof shown>> {
  await page.waitForFunction((wanted) => document.querySelector('#answer')!.textContent!.length >= wanted, length)
  return shown()
}

async function untilEnded(): Promise<ReturnType<typeof shown>> {
  await page.waitForFunction(() => document.querySelector<HTMLButtonElement>('#stop')!.disabled)
  return shown()
}

/** Collects what the page says of its answer. */
async function recordEnding(): Promise<() => Promise<string[]>> {
  await page.evaluate(() => {
    const said: string[] = ((window as never)['said'] = [] as never)
    const ending = document.querySelector('#ending')!
    new MutationObserver(() => said.push(ending.textContent!)).observe(ending, { subtree: true, childList: true })
  })
  return () => page.evaluate(() => (window as never)['said'] as string[])
}

it('shows text before the answer has ended, then why it ended and what it took', async () => {
  await ask('How do I stop a stream?')
  const early = await untilText(30)
  expect(early).toMatchObject({ running: true, ending: 'The answer is arriving …' })
  const final = await untilEnded()
  expect(final.text.startsWith(early.text)).toBe(true)
  expect(final.text.length).toBeGreaterThan(early.text.length)
  expect(final.ending).toBe('Finished')
  expect(await page.locator('#numbers').textContent()).toMatch(/^\d+ tokens in, \d+ out · first token after \d+ ms$/)
})

it('keeps the text when it is stopped', async () => {
  await page.getByRole('button', { name: 'Tell me a long story' }).click()
  const early = await untilText(80)
  await page.getByRole('button', { name: 'Stop' }).click()
  const stopped = await untilEnded()
  expect(stopped.ending).toBe('Stopped by you')
  expect(stopped.text.startsWith(early.text)).toBe(true)
  await page.waitForTimeout(300)
  expect(await shown()).toEqual(stopped)
  await ask('Who are you?')
  expect((await untilEnded()).ending).toBe('Finished')
})

it('says in a sentence what went wrong, and keeps what arrived', async () => {
  await page.getByRole('button', { name: 'Cut the connection half-way' }).click()
  const cut = await untilEnded()
  expect(cut.text).toContain('first half of an answer')
  expect(cut.ending).toMatch(
    /closed the connection before the answer was finished\. What arrived is kept; try again\.$/,
  )
  await page.getByRole('button', { name: 'Fail with a server error' }).click()
  expect((await untilEnded()).ending).toContain('The sandbox fell over, as you asked.')
  expect(await page.getByRole('button', { name: 'Continue' }).count()).toBe(0)
  await page.getByRole('button', { name: 'Try again' }).waitFor()
})

it('goes on with an answer that was cut', async () => {
  await page.getByRole('button', { name: 'Cut the connection half-way' }).click()
  await untilEnded()
  await page.getByRole('button', { name: 'Continue' }).press('Enter')
  // The button is gone, the keyboard's place is not.
  await page.locator('#stop:focus').waitFor()
  const whole = await untilEnded()
  await page.locator('#prompt:focus').waitFor()
  expect(whole.ending).toBe('Finished')
  expect(whole.text).toMatch(/^Here is the first half.*never going to come by itself\..*as the first\.$/)
  expect(await page.getByRole('button', { name: 'Try again' }).count()).toBe(0)
})

it('asks again by itself, and says so', async () => {
  const said = await recordEnding()
  await page.getByRole('button', { name: 'Be overloaded for a moment' }).click()
  expect((await untilEnded()).text).toContain('Here I am.')
  expect(await said()).toContain('No answer yet (rate_limit). Trying again in 2 s …')
})

it('takes a connection up again that broke', async () => {
  const said = await recordEnding()
  await page.getByRole('button', { name: 'Lose the connection on the way' }).click()
  expect(await untilEnded()).toMatchObject({
    ending: 'Finished',
    text: expect.stringMatching(/^This answer loses (?!.*This answer).*that was the point\.$/),
  })
  expect(await said()).toContain('The connection broke. Taking it up again …')
})

it('shows a tool call as its arguments arrive', async () => {
  await page.evaluate(() => {
    const seen: string[] = ((window as never)['seen'] = [] as never)
    const calls = document.querySelector('#calls')!
    new MutationObserver(() => seen.push(calls.textContent!)).observe(calls, { subtree: true, childList: true })
  })
  await page.getByRole('button', { name: 'Call a tool' }).click()
  expect((await untilEnded()).ending).toBe('Asked for a tool, which this page does not run')
  const seen = (await page.evaluate(() => (window as never)['seen'])) as string[]
  expect(seen.length).toBeGreaterThan(2)
  expect(seen.at(-1)).toMatch(/^search_docs \{"query":.*\}$/)
})

it.each([1280, 390])('fits a window %i pixels wide', async (width) => {
  await page.setViewportSize({ width, height: 844 })
  await page.getByRole('button', { name: 'Call a tool' }).click()
  await untilEnded()
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0)
})

it('shows the code that it runs', async () => {
  const html = await readFile(`${root}/index.html`, 'utf8')
  const script = html
    .slice(html.indexOf('<script type="module">'))
    .split('\n')
    .map((line) => line.trim())
  const code = (await page.locator('#code').textContent())!.trim().split('\n')
  expect(code.filter((line) => !script.includes(line.trim()))).toEqual([])
  expect(code.length).toBeLessThan(18)
})

it('builds', async () => {
  const output = await build({ root, logLevel: 'error', build: { write: false } })
  expect(output).toMatchObject({ output: expect.arrayContaining([expect.objectContaining({ type: 'chunk' })]) })
})
