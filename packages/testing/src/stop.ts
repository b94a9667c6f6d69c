/** Stop sequences: where the answer's text has to end, even when a sequence spans several steps. */

/** Lets text through up to the first stop sequence. */
export interface StopFilter {
  /** True once a stop sequence was met; nothing is let through after it. */
  readonly stopped: boolean
  /** Takes more text and returns what may be sent; an end that could begin a stop sequence is held back. */
  push(text: string): string
  /** What was held back, because no more text comes that could complete it. */
  flush(): string
}

/** A filter for a request's `stop`. */
export function stopFilter(stop: string | readonly string[] | null | undefined): StopFilter {
  const sequences = (typeof stop === 'string' ? [stop] : (stop ?? [])).filter((sequence) => sequence !== '')
  let held = ''
  let stopped = false
  return {
    get stopped() {
      return stopped
    },
    push(text) {
      if (stopped) return ''
      const all = held + text
      const at = Math.min(...sequences.map((sequence) => all.indexOf(sequence)).filter((index) => index >= 0))
      stopped = at < Infinity
      const send = stopped ? at : all.length - openEnd(all, sequences)
      held = stopped ? '' : all.slice(send)
      return all.slice(0, send)
    },
    flush() {
      const rest = held
      held = ''
      return rest
    },
  }
}

/** The length of the longest end of `text` with which one of the sequences begins. */
function openEnd(text: string, sequences: readonly string[]): number {
  let longest = 0
  for (const sequence of sequences) {
    for (let length = Math.min(sequence.length - 1, text.length); length > longest; length -= 1) {
      if (text.endsWith(sequence.slice(0, length))) longest = length
    }
  }
  return longest
}
