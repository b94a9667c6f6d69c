/** Keeps a scrolling box at its end while its content grows: from the first jump there until the reader scrolls up. */
import { useCallback, useEffect, useRef, useState, type RefObject } from 'react'

/** What the hook gives: refs for the box and its content, whether the end is in view, and a way back to it. */
export interface StickToBottom {
  scroller: RefObject<HTMLDivElement | null>
  content: RefObject<HTMLDivElement | null>
  atBottom: boolean
  jump: () => void
  /** Back to the beginning, and no longer sticking. */
  release: () => void
}

/** How near the end counts as being there, in pixels. */
const NEAR = 24

/**
 * The hook.
 *
 * @param beginsAtEnd whether the end is what is to be seen first
 */
export function useStickToBottom(beginsAtEnd: boolean): StickToBottom {
  const scroller = useRef<HTMLDivElement>(null)
  const content = useRef<HTMLDivElement>(null)
  const sticking = useRef(beginsAtEnd)
  const [atBottom, setAtBottom] = useState(true)

  useEffect(() => {
    const box = scroller.current!
    let lastTop = box.scrollTop

    function onScroll(): void {
      const near = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR
      // Only a movement upwards lets go: content growing below the view is not the reader's doing.
      if (near) sticking.current = true
      else if (box.scrollTop < lastTop) sticking.current = false
      lastTop = box.scrollTop
      setAtBottom(near || sticking.current)
    }

    const observer = new ResizeObserver(() => {
      if (sticking.current) box.scrollTop = box.scrollHeight
      else setAtBottom(box.scrollHeight - box.scrollTop - box.clientHeight < NEAR)
    })
    observer.observe(box)
    observer.observe(content.current!)
    box.addEventListener('scroll', onScroll, { passive: true })
    return () => {
      observer.disconnect()
      box.removeEventListener('scroll', onScroll)
    }
  }, [])

  const jump = useCallback(() => {
    sticking.current = true
    setAtBottom(true)
    const box = scroller.current!
    box.scrollTop = box.scrollHeight
  }, [])

  const release = useCallback(() => {
    sticking.current = false
    scroller.current!.scrollTop = 0
  }, [])

  return { scroller, content, atBottom, jump, release }
}
