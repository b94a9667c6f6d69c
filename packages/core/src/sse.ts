/** Bytes → events (or lines, or the whole), with a bound on memory. The only file that knows eventsource-parser. */
import { createParser } from 'eventsource-parser'
import type { ServerSentEvent } from './types.ts'

/** Takes one read of a response body, or nothing at its end. Throws a RangeError when more comes for one event than allowed. */
export type BodyReader = (bytes?: Uint8Array) => void

/** What a body is made of: server-sent events, lines, or one text. */
export type BodyFormat = 'events' | 'lines' | 'whole'

/**
 * A reader of one body. Event streams are read by the WHATWG rules: UTF-8 across reads (invalid bytes become U+FFFD), one
 * leading byte order mark dropped, LF, CR or CRLF line ends. What stands last without its blank line or line end is
 * passed on at the end, as it is: a provider that crashes leaves it behind, and it may be whole. Lines and whole bodies
 * come as events without a name. The `id` of an event is what was said since the event before; without one, the last id
 * still stands.
 *
 * @param maxChars how much may come for one event, in UTF-16 units, with all that is skipped before it
 */
export function createBodyReader(
  format: BodyFormat,
  onEvent: (event: ServerSentEvent) => void,
  maxChars: number,
): BodyReader {
  // The parser drops the byte order mark itself; if the decoder did so too, a second one would be eaten.
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  let text = ''
  let id: string | undefined
  /** How much has come since the last event: also what the parser skips must not go on forever. */
  let held = 0
  const check = (chars: number): void => {
    if (chars > maxChars) throw new RangeError('too large')
  }
  // Without callbacks for errors and comments the parser skips junk cheaply.
  const parser = createParser({
    // An id may also stand in a block without data, which is no event.
    onId: (said) => (id = said),
    onEvent(event) {
      held = 0
      check(event.data.length)
      event.id = id
      id = undefined
      onEvent(event)
    },
  })
  return (bytes) => {
    const piece = decoder.decode(bytes, { stream: !!bytes })
    if (format === 'events') {
      held += piece.length
      parser.feed(bytes ? piece : `${piece}\n\n`)
      return check(held)
    }
    // Only what is new is searched for line ends, however long the line is already.
    const lines = format === 'lines' ? piece.split('\n') : [piece]
    for (const [i, line] of lines.entries()) {
      text += line
      check(text.length)
      if (i === lines.length - 1 && bytes) return
      const data = text.trim()
      text = ''
      if (data || format === 'whole') onEvent({ data })
    }
  }
}
