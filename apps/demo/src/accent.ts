/** The accent colour of the page. It lasts as long as the tab, and its conversation. */
import { accents, isAccent, type Accent } from '../tools/set-accent.ts'

const KEY = 'completion-stream demo accent'
const [own] = accents

/** The colour that the page has now. */
export function currentAccent(): Accent {
  const { accent } = document.documentElement.dataset
  return isAccent(accent) ? accent : own
}

/** Gives the page another colour. */
export function setAccent(accent: Accent): void {
  document.documentElement.dataset.accent = accent
  try {
    sessionStorage.setItem(KEY, accent)
  } catch {
    // Then it is lost with the page.
  }
}

/** The page's own colour again. */
export function resetAccent(): void {
  setAccent(own)
}

/** The colour that the page had before it was reloaded. */
export function restoreAccent(): void {
  try {
    const accent = sessionStorage.getItem(KEY)
    if (isAccent(accent)) setAccent(accent)
  } catch {
    // There is no storage.
  }
}
