/** What the bench tells its page, in the address, and what the page tells the bench. */
import type { Hook } from './entrants.ts'

/** What to show, and how. */
export interface Settings {
  hook: Hook
  /** Where the hook's requests go. */
  url: string
  throttle?: number
  kind: 'text' | 'arguments'
  shows: 'answer' | 'messages'
  history: number
  hooks: number
  /** What is on screen at the end: how many paragraphs, and how many characters in the last one. */
  paragraphs: number
  lastLength: number
  /** How long an idle page waits, in milliseconds. */
  idleMs: number
  /** When to give up, in milliseconds from the start. */
  limitMs: number
}

/** What the page saw. Times in milliseconds. */
export interface Seen {
  /** What is on screen, for each hook. */
  texts: string[]
  /** How often the component with the hook was committed. */
  commits: number
  /** Animation frames from start to end, and the time from each to the next. */
  frames: number
  gaps: number[]
  /** How often messages that were there before rendered. */
  finishedRenders: number
  /** From start to the last text on screen. */
  wallMs: number
  /** From the last byte to the last text on screen, to within a frame. */
  lagMs: number
}

/** Text as a page shows it: each paragraph with the blank line that ends it. */
export function paragraphsOf(text: string): string[] {
  return text.split(/(?<=\n\n)/)
}
