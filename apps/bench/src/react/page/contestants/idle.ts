/** Nothing: a page that waits as long as a paced answer takes. */
import { useState } from 'react'
import type { UseAnswer } from '../answer.ts'

export const useAnswer: UseAnswer = ({ idleMs }) => {
  const [isBusy, setBusy] = useState(false)
  const start = (): void => {
    setBusy(true)
    setTimeout(() => setBusy(false), idleMs)
  }
  return { start, isBusy, text: '' }
}
