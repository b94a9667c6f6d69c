/** JSON text that is still arriving → the value that it shows so far, in time proportional to the text. */

/** One JSON text while it is read. Invalid JSON never throws: the value stays what it was before the first error. */
export interface PartialJson {
  /** Takes the next piece of the text, cut anywhere. */
  push(delta: string): void
  /**
   * The value so far; undefined while there is none. It grows in place: strings and numbers as far as they have come,
   * keys once their value begins, `true`, `false` and `null` when they are whole.
   */
  readonly value: unknown
  /**
   * Whether the value was read to its end and nothing but blanks behind it, so that it is what `JSON.parse` says. The end
   * of a bare number or word is only seen with something behind it.
   */
  readonly complete: boolean
  /** The value so far, immutable: what did not change since an earlier snapshot is the same object. */
  snapshot(): unknown
}

type Box = Record<string | number, unknown>

/** An object or list that is still open. */
interface Frame {
  box: Box
  /** Where in it the text is. */
  key: string | number
  /** What one of its items begins with. */
  item: string
  /** What may follow a value in it. */
  after: string
  /** How the last snapshot shows it. */
  copy?: Box
}

/** Nothing deeper is read: whoever walks the value by recursion would overflow the stack. */
const maxDepth = 1000

/** Whether JSON text is nested more than 1000 levels deep. Fast for what is not; anything else than JSON may be either. */
export function isTooDeep(json: string): boolean {
  // So few brackets cannot be, and are counted without looking at each character.
  const few = maxDepth + 2
  if (json.split('[', few).length + json.split('{', few).length <= few) return false
  let depth = 0
  let isString = false
  for (let i = 0; i < json.length && depth <= maxDepth; i++) {
    const sign = json[i]!
    if (sign === '\\') i++
    else if (sign === '"') isString = !isString
    else if (isString) continue
    else if (sign === '[' || sign === '{') depth++
    else if (sign === ']' || sign === '}') depth--
  }
  return depth > maxDepth
}

/** Blanks, then the end of the text, a sign, or a word: all of it, and as much of it as is a value. */
const token = /[ \t\n\r]*(?:($|["{}[\]:,])|((-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?|true|false|null)?[-+.\w]*))/y

/** Characters of a string, an escape sequence, or half a character, once it is clear what follows it. */
const piece =
  /[ !#-[\]-\ud7ff\udc00-\uffff]+|\\([^u]|u(?![dD][89abAB])....)|([\ud800-\udbff]|\\u[dD][89abAB]..)(?=[^\\]|\\[^u]|\\u....)/y

const aValue = '"{['

function put(box: Box, key: string | number, value: unknown): void {
  if (key !== '__proto__') box[key] = value
  // Assigned, this one would become the prototype.
  else Object.defineProperty(box, key, { value, writable: true, enumerable: true, configurable: true })
}

/** A reader for one JSON text. */
export function createPartialJson(): PartialJson {
  let frame: Frame = { box: [] as unknown as Box, key: 0, item: '', after: '' }
  /** From the root to where the text is. */
  const path = [frame]
  /** Which signs may come next or, while a string is open, behind it; a word may where an object may. */
  let next = aValue
  /** What the text is made of here: of pieces, while a string is open. */
  let pattern = token
  let string = ''
  /** What cannot be told yet: a piece of a string or a word that may go on. */
  let rest = ''
  /** The number that may go on, as it is shown. */
  let shown: unknown
  let changed = false

  const set = (value: unknown): void => {
    changed = true
    put(frame.box, frame.key, value)
  }

  /** Strings grow by `+=` alone: to look into one would make the engine copy it, at each delta. */
  const say = (more: string): void => {
    string += more
    if (next === ':') frame.key = string
    else set(string)
  }

  return {
    push(delta) {
      const text = rest + delta
      let at = 0
      rest = ''
      try {
        while (at < text.length) {
          pattern.lastIndex = at
          if (pattern === piece) {
            // Most of a text is strings: nothing is made here but what they say.
            if (piece.test(text)) {
              const all = text.slice(at, (at = piece.lastIndex))
              say(all[0] === '\\' ? (JSON.parse(`"${all}"`) as string) : all)
            } else if (text[at] === '"') {
              pattern = token
              at++
            } else {
              rest = text.slice(at)
              break
            }
            continue
          }
          const [all, sign, word, known] = pattern.exec(text)!
          at += all.length
          if (!next.includes(sign ?? '{')) throw sign
          else if (!sign) {
            if (known && shown !== (shown = JSON.parse(known))) set(shown)
            if (at === text.length) rest = word ?? ''
            else if (known === word) {
              next = frame.after
              shown = undefined
            } else throw word
          } else if (sign === '"') {
            pattern = piece
            string = ''
            next = next.includes('{') ? frame.after : ':'
            say('')
          } else if (sign === ':') next = aValue
          else if (sign === ',') {
            ;(frame.key as number)++
            next = frame.item
          } else if ('[{'.includes(sign)) {
            if (path.length > maxDepth) throw sign
            const [box, item, end] = sign === '[' ? [[], aValue, ']'] : [{}, '"', '}']
            set(box)
            path.push((frame = { box: box as Box, key: 0, item, after: `,${end}` }))
            next = item + end
          } else {
            const { copy } = path.pop()!
            frame = path.at(-1)!
            next = frame.after
            // What was shown of it is all of it, and goes on being shown.
            if (!changed) put(frame.box, frame.key, copy)
          }
        }
        // It is read anew with each delta, so it must not become long. (No number that means something is.)
        if (rest[999]) throw rest
      } catch {
        next = '!'
        pattern = token
      }
    },
    get value() {
      return path[0]!.box[0]
    },
    get complete() {
      return !next && pattern === token
    },
    snapshot() {
      if (changed) {
        changed = false
        let above: Frame | undefined
        for (const each of path) {
          each.copy = Array.isArray(each.box) ? ([...each.box] as unknown as Box) : { ...each.box }
          if (above) put(above.copy!, above.key, each.copy)
          above = each
        }
      }
      return path[0]!.copy?.[0]
    },
  }
}

/** The value that the beginning of a JSON text shows. */
export function parsePartialJson(text: string): unknown {
  const json = createPartialJson()
  json.push(text)
  return json.value
}
