/** Conversations whose answers are written delta by delta. */

/** A conversation that is asked a question. Its answer is written by hand. */
export interface Talk {
  /** Asks; resolves when the request is made. */
  ask(text: string): Promise<void>
  /** Adds a delta to the answer; resolves when a state with it is published. */
  say(delta: string): Promise<void>
  /** Ends the answer; resolves when the conversation is ready. */
  end(): Promise<void>
  /** The text of the last message. */
  text(): string
  count(): number
}

export interface Talker {
  name: string
  open(messages: number): Talk
}

/** A question or an answer, in turn. */
export const textAt = (i: number): string =>
  i % 2 ? `Answer ${i}: ${'some words of it '.repeat(20)}` : `Question ${i}?`

/** A body that is written by hand. */
export function byHand<T>(): { stream: ReadableStream<T>; controller: ReadableStreamDefaultController<T> } {
  let controller!: ReadableStreamDefaultController<T>
  const stream = new ReadableStream<T>({ start: (given) => void (controller = given) })
  return { stream, controller }
}

/** A promise for what happens next, again and again. */
export function bell(): { next(): Promise<void>; ring(): void } {
  let resolve = (): void => {}
  return {
    next: () => new Promise((done) => (resolve = done)),
    ring: () => resolve(),
  }
}

/** When the delta is in a state. Some tell of states that have not changed yet. */
export async function shown(talk: Talk, published: ReturnType<typeof bell>, delta: string): Promise<void> {
  do await published.next()
  while (!talk.text().endsWith(delta))
}
