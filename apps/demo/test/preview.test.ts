/** The built chat: `vite build`, served by `vite preview` with the relay in it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build, preview } from 'vite'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ChatPage, openBrowser } from './chat-page.ts'
import { holdAnswers } from './hold-answers.ts'
import { forgetKeys, quiet } from './servers.ts'

let outDir: string
let browser: Awaited<ReturnType<typeof openBrowser>>
let server: Awaited<ReturnType<typeof preview>>

beforeAll(async () => {
  forgetKeys()
  outDir = await mkdtemp(join(tmpdir(), 'completion-stream-demo-'))
  await build({ ...quiet, build: { outDir, emptyOutDir: true } })
  server = await preview({ ...quiet, build: { outDir }, preview: { port: 0 } })
  browser = await openBrowser()
})

afterAll(async () => {
  await browser?.close()
  await server?.close()
  await rm(outDir, { recursive: true, force: true })
})

it('streams, calls its tool and stops, as in development', async () => {
  const chat = await ChatPage.open(browser, server.resolvedUrls!.local[0]!)
  await chat.ask('How does the relay keep API keys on the server?')
  const final = await chat.untilEnded()
  expect(final.badge).toBe('Finished')
  expect(final.text).toContain('packages/relay/README.md')

  await holdAnswers(chat.page, 90)
  await chat.ask('Tell me a long story')
  const early = await chat.untilText(60)
  expect(early.running).toBe(true)
  await chat.page.keyboard.press('Escape')
  const stopped = await chat.untilEnded()
  expect(stopped.badge).toBe('Stopped by you')
  expect(stopped.text.length).toBeGreaterThanOrEqual(early.text.length)
  expect(chat.complaints).toEqual([])
  await chat.close()
})
