/** Lets the arguments of a tool call arrive as fast as the page shows them, however slow the machine is. */
import type { Page } from 'playwright-core'

/** From now on each piece of a call's arguments comes only once the page shows all those before it. */
export async function holdArguments(page: Page): Promise<void> {
  await page.evaluate(() => {
    function isShown(text: string): boolean {
      return document.querySelector('.tool-arguments code')?.textContent === text
    }

    function shown(text: string): Promise<void> {
      return new Promise((resolve) => {
        const observer = new MutationObserver(look)
        function look(): void {
          if (!isShown(text)) return
          observer.disconnect()
          resolve()
        }
        observer.observe(document.body, { subtree: true, childList: true, characterData: true })
        look()
      })
    }

    function held(): TransformStream<string, string> {
      let rest = ''
      let written = ''
      return new TransformStream({
        async transform(text, controller) {
          const events = (rest + text).split(/(?<=\n\n)/)
          rest = events.at(-1)!.endsWith('\n\n') ? '' : events.pop()!
          for (const event of events) {
            const piece = /"arguments":("(?:[^"\\]|\\.)*")/.exec(event)?.[1]
            if (piece && written) await shown(written)
            if (piece) written += JSON.parse(piece) as string
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
  })
}
