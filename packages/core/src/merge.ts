/** What two pieces make together: token counts, and the fields that few answers have. */

// A piece of JSON of which nothing is known.
// eslint-disable-next-line typescript/no-explicit-any
export type Json = any

/** No object that means something has more fields: one that gets another with each event would take ever longer to copy. */
function isFull(fields: Json): boolean {
  return Object.keys(Object(fields)).length > 100
}

/**
 * Later counts replace earlier ones, unless they are zero or missing; details are kept. Nothing is ever summed twice. What
 * did not change is the same object: some servers count with every event.
 */
export function mergeCounts(old: Json, said: Json): Json {
  if (!isGroup(said) || isFull(old)) return old
  let merged = old
  for (const name in said) {
    const value = said[name]
    const before = merged?.[name]
    const isCount = value || (value != null && before == null)
    const now = isGroup(value) ? mergeCounts(before, value) : isCount ? value : before
    // A count by such a name would take the place of what every object has.
    if (now === before || name in Object.prototype) continue
    if (merged === old) merged = { ...old }
    merged[name] = now
  }
  return merged ?? {}
}

function isGroup(value: Json): boolean | null {
  return typeof value === 'object' && value && !Array.isArray(value)
}

/** What a later piece says replaces what an earlier one said, unless it says nothing. */
export function replace(old: Json, said: Json): Json {
  if (isFull(old)) return old
  return { ...old, ...Object.fromEntries(Object.entries(said).filter(([, value]) => value != null)) }
}

/** The same, but text is joined. */
export function join(old: Json, said: Json): Json {
  const joined = replace(old, said)
  for (const name of ['text', 'summary', 'transcript', 'data'])
    if (typeof old?.[name] === 'string' && typeof said[name] === 'string') joined[name] = old[name] + said[name]
  return joined
}

/** Joins base64 that comes in pieces, each of which may be padded. Looks at the last few characters alone. */
export function createBase64(): (piece: string) => string {
  let body = ''
  let tail = ''
  return (piece) => {
    let more = tail + piece
    try {
      if (tail.endsWith('=')) more = btoa(atob(tail) + atob(piece))
    } catch {
      // No base64: kept as it came.
    }
    body += more.slice(0, -4)
    tail = more.slice(-4)
    return body + tail
  }
}
