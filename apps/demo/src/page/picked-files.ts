/** The files that go with the next question: picked, dropped or pasted, looked at, and taken away again. */
import { useCallback, useState } from 'react'
import { sizeInWords } from '../size.ts'

/** The largest file, in bytes. */
const MAX_BYTES = 5_000_000

/** One file. */
export interface Picked {
  id: number
  file: File
  /** The address of a picture. */
  preview: string | undefined
}

/** The files, and what can be done with them. */
export interface PickedFiles {
  picked: readonly Picked[]
  /** Why some were not taken, as sentences. */
  problem: string
  /** Takes those that can be sent. */
  add: (files: Iterable<File>) => Promise<void>
  remove: (id: number) => void
  /** None, once they are sent. */
  clear: () => void
}

let ids = 0

/** The hook. */
export function usePickedFiles(): PickedFiles {
  const [picked, setPicked] = useState<readonly Picked[]>([])
  const [problem, setProblem] = useState('')

  const add = useCallback(async (files: Iterable<File>) => {
    const looked = await Promise.all([...files].map(look))
    setProblem(looked.filter((one) => typeof one === 'string').join(' '))
    const taken = looked.filter((one) => typeof one !== 'string')
    setPicked((before) => [...before, ...taken])
  }, [])

  function remove(id: number): void {
    release(picked.filter((one) => one.id === id))
    setPicked((before) => before.filter((one) => one.id !== id))
    setProblem('')
  }

  function clear(): void {
    release(picked)
    setPicked([])
    setProblem('')
  }

  return { picked, problem, add, remove, clear }
}

/** The file, or why it is not taken. */
async function look(file: File): Promise<Picked | string> {
  if (file.size > MAX_BYTES) {
    return `“${file.name}” has ${sizeInWords(file.size)}; a file may have ${sizeInWords(MAX_BYTES)} at most.`
  }
  try {
    // A folder looks like a file until it is read.
    await file.slice(0, 1).arrayBuffer()
  } catch {
    return `“${file.name}” cannot be read.`
  }
  return { id: ++ids, file, preview: file.type.startsWith('image/') ? URL.createObjectURL(file) : undefined }
}

function release(files: readonly Picked[]): void {
  for (const { preview } of files) if (preview) URL.revokeObjectURL(preview)
}
