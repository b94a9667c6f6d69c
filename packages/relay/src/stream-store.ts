/** Where a relay keeps answers while they are made, so that a client whose connection broke can come back to them. */

/** What a store is told of a new stream. */
export interface NewStream {
  /** Who started it, where the relay knows. */
  owner?: string
  /** To be called when the stream is to end early; calling it again does nothing. */
  stop(): void
}

/** What a store tells of a stream. The events are numbered from 1. */
export interface StreamInfo {
  owner?: string
  /** The oldest event that is kept; `last + 1` when there is none. */
  first: number
  /** The newest event; 0 when there was none. */
  last: number
}

/**
 * Streams of events, each with an id. The process that opened a stream writes it; any process may read or stop it.
 *
 * Small enough for Redis: `append` is XADD with the number as the id, `read` is XREAD BLOCK, `find` reads the first and
 * the last entry and the owner beside them, `close` adds an end mark and sets EXPIRE, `stop` is PUBLISH to the channel
 * that `open` listens on, and a key that readers refresh, with the time of grace as its expiry, tells that they are there.
 */
export interface StreamStore {
  /**
   * Begins a stream. Its `stop` is called when somebody asks for that, or when nobody has read it for the store's time of
   * grace. False when there is no room: the answer is sent all the same, but cannot be come back to.
   */
  open(id: string, stream: NewStream): Promise<boolean>
  /** Adds events. Resolves once more may follow: readers that lag behind hold up the writer here. */
  append(id: string, events: readonly string[]): Promise<void>
  /** That was all. What is kept stays readable for as long as the store keeps it. */
  close(id: string): Promise<void>
  /** Undefined when there is no such stream, or not any more. */
  find(id: string): Promise<StreamInfo | undefined>
  /**
   * The events after number `after`: those that are there, then those that come, until the stream is closed or the signal
   * aborts. Throws when the next event is no longer kept, or when whoever wrote the stream has died.
   */
  read(id: string, after: number, signal: AbortSignal): AsyncIterable<readonly string[]>
  /** Has the writer stop. Does nothing when the stream is closed already. */
  stop(id: string): Promise<void>
}
