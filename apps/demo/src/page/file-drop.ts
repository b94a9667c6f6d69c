/** Files that are dragged onto the page, wherever they are dropped. */
import { useEffect, useState } from 'react'

/** Whether files are over the page now. `onFiles` takes those that are dropped. */
export function useFileDrop(onFiles: (files: FileList) => unknown): boolean {
  const [isOver, setOver] = useState(false)
  useEffect(() => {
    function over(event: DragEvent): void {
      if (!event.dataTransfer?.types.includes('Files')) return
      // Else the browser opens them in the place of the page.
      event.preventDefault()
      setOver(true)
    }
    function leave(event: DragEvent): void {
      // Of the window, not from one element to the next.
      if (!event.relatedTarget) setOver(false)
    }
    function drop(event: DragEvent): void {
      setOver(false)
      if (!event.dataTransfer?.files.length) return
      event.preventDefault()
      onFiles(event.dataTransfer.files)
    }
    addEventListener('dragover', over)
    addEventListener('dragleave', leave)
    addEventListener('drop', drop)
    return () => {
      removeEventListener('dragover', over)
      removeEventListener('dragleave', leave)
      removeEventListener('drop', drop)
    }
  }, [onFiles])
  return isOver
}
