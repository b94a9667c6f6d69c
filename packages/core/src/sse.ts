/** Bytes → events (or lines, or the whole), with a bound on memory. The only file that knows eventsource-parser. */
import { createParser } from 'eventsource-parser'
import type { ServerSentEvent } from './types.ts'

/** Takes one read of a response body, or nothing at its end. Throws when more was to be held than allowed. */
export type BodyReader = (bytes?: Uint8Array) => void

/** What a body is made of: server-sent events, lines, or one text. */
export type BodyFormat = 'events' | 'lines' | 'whole'

/**
 * A reader of one body. Event streams are read by the WHATWG rules: UTF-8 across reads (invalid bytes become U+FFFD), one
 * leading byte order mark dropped, LF, CR or CRLF line ends. What stands last without its blank line or line end is
 * passed on at the end, as it is: a provider that crashes leaves it behind, and it may be whole. Lines and whole bodies
 * come as events without a name.
 *
 * @param maxChars how much of an unfinished event is held, in UTF-16 units
 */
export function createBodyReader(
  format: BodyFormat,
  onEvent: (event: ServerSentEvent) => void,
  maxChars: number,
): BodyReader {
  // The parser drops the byte order mark itself; if the decoder did so too, a second one would be eaten.
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  // Without an error callback the parser skips junk lines cheaply; after an overflow it throws at the next feed.
  const parser = createParser({ onEvent: onEvent as (event: object) => void, maxBufferSize: maxChars })
  let text = ''
  return (bytes) => {
    const piece = decoder.decode(bytes, { stream: !!bytes })
    if (format === 'events') return parser.feed(bytes ? piece : `${piece}\n\n`)
    // Only what is new is searched for line ends, however long the line is already.
    const lines = format === 'lines' ? piece.split('\n') : [piece]
    for (const [i, line] of lines.entries()) {
      text += line
      if (text.length > maxChars) throw new RangeError('too large')
      if (i === lines.length - 1 && bytes) return
      const data = text.trim()
      text = ''
      if (data || format === 'whole') onEvent({ data })
    }
  }
}
