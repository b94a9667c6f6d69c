/** A piece of an answer's text: shown at an even pace while it arrives in bursts. */
import { useSmoothText } from '@completion-stream/react'
import type { ReactNode } from 'react'
import { MarkdownText } from './markdown.tsx'

/** The text so far; `live` while it is being written. */
export function Text({ text, live }: { text: string; live: boolean }): ReactNode {
  const shown = useSmoothText(text, { live })
  return <MarkdownText text={shown} live={live || shown !== text} />
}
