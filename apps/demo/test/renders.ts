/** Counts how often each message of the page renders, by what React tells its developer tools. */
import type { Page } from 'playwright-core'

declare global {
  interface Window {
    /** How often each message has rendered, in the order of the messages. */
    renders: number[]
  }
}

/** What is read of React's tree. */
interface Fiber {
  alternate: Fiber | null
  child: Fiber | null
  sibling: Fiber | null
  flags: number
  index: number
  type: unknown
}

/** From the next load of the page on. */
export async function countRenders(page: Page): Promise<void> {
  await page.addInitScript(() => {
    window.renders = []
    /** Set where a component's function has run. */
    const performedWork = 1
    function look(fiber: Fiber): void {
      const { name } = Object(fiber.type) as { name?: string }
      if (name === 'Message' && fiber.flags & performedWork) {
        window.renders[fiber.index] = (window.renders[fiber.index] ?? 0) + 1
      }
      // Where nothing below has changed, it is the same tree as before.
      if (fiber.child === fiber.alternate?.child) return
      for (let child = fiber.child; child; child = child.sibling) if (child !== child.alternate) look(child)
    }
    const hook = {
      renderers: new Map(),
      supportsFiber: true,
      checkDCE: () => {},
      inject: () => 1,
      onScheduleFiberRoot: () => {},
      onCommitFiberUnmount: () => {},
      onPostCommitFiberRoot: () => {},
      onCommitFiberRoot: (_id: number, root: { current: Fiber }) => look(root.current),
    }
    Object.assign(window, { __REACT_DEVTOOLS_GLOBAL_HOOK__: hook })
  })
}
