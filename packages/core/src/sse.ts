/** Bytes → server-sent events, with a bound on memory. The only file that knows eventsource-parser. */
import { createParser } from 'eventsource-parser'
import type { ServerSentEvent } from './types.ts'

/** Takes one read of a response body, or nothing at its end. Throws when more was to be held than allowed. */
export type BodyReader = (bytes?: Uint8Array) => void

/**
 * A reader of one event stream, by the WHATWG rules: UTF-8 across reads (invalid bytes become U+FFFD), one leading
 * byte order mark dropped, LF, CR or CRLF line ends. A last event without its blank line is passed on at the end, as it
 * is: a provider that crashes leaves one behind, and it may be whole. A body of another type is one event, at the end.
 *
 * @param maxChars how much of an unfinished event is held, in UTF-16 units
 */
export function createBodyReader(
  isEventStream: boolean,
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
    if (isEventStream) return parser.feed(bytes ? piece : `${piece}\n\n`)
    text += piece
    if (text.length > maxChars) throw new RangeError('too large')
    if (!bytes) onEvent({ data: text.trim() })
  }
}
