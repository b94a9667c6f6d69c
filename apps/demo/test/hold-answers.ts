/** Lets answers arrive only as far as a test wants them to, however slow the machine is. */
import type { Page } from 'playwright-core'

declare global {
  interface Window {
    /** How many characters of each answer come through. */
    heldAt: number
  }
}

/** The answers that are held. */
export interface HeldAnswers {
  /** Holds each answer after that many characters from now on. */
  to(chars: number): Promise<void>
  /** Nothing is held any more. */
  letGo(): Promise<void>
}

/**
 * Each answer that is asked for from now on, also after the page was loaded again, is held after that many characters of
 * thinking, text and refusal. One that has begun may not fall silent, as the page would give it up: it goes on with a word
 * or so a second. One that is held after none does not begin.
 */
export async function holdAnswers(page: Page, chars: number): Promise<HeldAnswers> {
  await page.addInitScript(install, chars)
  await page.evaluate(install, chars)
  const to = (at: number): Promise<void> => page.evaluate((heldAt) => void (window.heldAt = heldAt), at)
  return { to, letGo: () => to(Infinity) }
}

/** Each answer that is asked for from now on comes whole, in one read, as out of a proxy that collects it first. */
export async function collectAnswers(page: Page): Promise<void> {
  await page.evaluate(() => {
    const send = window.fetch
    window.fetch = async (...request) => {
      const response = await send(...request)
      if (!response.headers.get('content-type')?.includes('event-stream')) return response
      const bytes = new Uint8Array(await response.arrayBuffer())
      const body = new ReadableStream({
        start(controller) {
          controller.enqueue(bytes)
          controller.close()
        },
      })
      return new Response(body, response)
    }
  })
}

/** Runs in the page. */
function install(chars: number): void {
  window.heldAt = chars

  /** How much an event says. */
  function charsIn(event: string): number {
    const texts = event.matchAll(/"(?:content|reasoning_content|reasoning|refusal)":("(?:[^"\\]|\\.)*")/g)
    return [...texts].reduce((sum, [, text]) => sum + (JSON.parse(text!) as string).length, 0)
  }

  function held(): TransformStream<string, string> {
    let rest = ''
    let passed = 0

    async function turn(): Promise<void> {
      const due = passed > 0 ? performance.now() + 1000 : Infinity
      while (passed >= window.heldAt && performance.now() < due) await new Promise((resolve) => setTimeout(resolve, 20))
    }

    return new TransformStream({
      async transform(text, controller) {
        const events = (rest + text).split(/(?<=\n\n)/)
        rest = events.at(-1)!.endsWith('\n\n') ? '' : events.pop()!
        for (const event of events) {
          const count = charsIn(event)
          if (count > 0) await turn()
          passed += count
          controller.enqueue(event)
        }
      },
      flush: (controller) => controller.enqueue(rest),
    })
  }

  const send = window.fetch
  window.fetch = async (...request) => {
    const response = await send(...request)
    if (!response.body || !response.headers.get('content-type')?.includes('event-stream')) return response
    const body = response.body
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(held())
      .pipeThrough(new TextEncoderStream())
    return new Response(body, response)
  }
}
