/** A store for streams in the memory of one process, with bounds on time and on memory. */
import type { NewStream, StreamStore } from './stream-store.ts'

/** For how long, and how much, a {@link memoryStore} keeps. Times in ms. A character counts as two bytes. */
export interface MemoryStoreOptions {
  /** How long an answer is made for nobody: since the last reader went away, or has read anything. Default 60 s. */
  graceMs?: number
  /** How long an answer is kept, since it ended or was last read. Default 5 min. */
  keepMs?: number
  /** The most answers that are kept or made at a time. Default 1000. */
  maxStreams?: number
  /** The most that is kept of one answer. What was read before that much can no longer be read again. Default 16 MB. */
  maxStreamBytes?: number
  /** The most that is kept of all answers. Default 128 MB. */
  maxBytes?: number
}

/** How far the writer may be ahead of a reader. */
const LEAD_BYTES = 1_000_000
/** The least that a reader gets at once when there is more. */
const BATCH_BYTES = 64_000
const LONGEST_TIMER_MS = 2 ** 31 - 1

interface Kept extends NewStream {
  /** By their numbers, without a gap. */
  events: Map<number, string>
  last: number
  bytes: number
  /** The newest event that any reader has got, and how many bytes come after it. */
  read: number
  unreadBytes: number
  readers: number
  /** How many of the readers have got everything there is. */
  upToDate: number
  isStopped: boolean
  isOver: boolean
  /** Until it is stopped, or when it is over, removed. */
  timer?: ReturnType<typeof setTimeout>
  waiting: (() => void)[]
}

const bytesOf = (data: string): number => 2 * data.length

/**
 * Keeps streams in this process: what needs one process that lives as long as the answers do. When there is too much,
 * the answers that ended first go first; then, of the ones that are still being made, what was read already. What nobody
 * has read yet is never dropped: the provider has to wait instead.
 */
export function memoryStore({
  graceMs = 60_000,
  keepMs = 300_000,
  maxStreams = 1000,
  maxStreamBytes = 16_000_000,
  maxBytes = 128_000_000,
}: MemoryStoreOptions = {}): StreamStore {
  const streams = new Map<string, Kept>()
  /** The ids of those that are over, in the order in which they ended. */
  const ended = new Set<string>()
  let bytes = 0

  const changed = (kept: Kept): void => {
    for (const resolve of kept.waiting.splice(0)) resolve()
  }
  const change = (kept: Kept): Promise<void> => new Promise((resolve) => kept.waiting.push(resolve))

  /** Writers that were held up for want of room go on. */
  const free = (size: number): void => {
    const wasFull = bytes > maxBytes
    bytes -= size
    if (wasFull && bytes <= maxBytes) for (const kept of streams.values()) changed(kept)
  }

  /** Drops the oldest event. */
  const drop = (kept: Kept): void => {
    const n = kept.last - kept.events.size + 1
    const size = bytesOf(kept.events.get(n)!)
    kept.events.delete(n)
    kept.bytes -= size
    free(size)
  }

  const remove = (id: string): void => {
    const kept = streams.get(id)!
    clearTimeout(kept.timer)
    streams.delete(id)
    ended.delete(id)
    free(kept.bytes)
    // Who still reads it finds nothing.
    kept.events.clear()
  }

  /** Whether there was a stream to remove: one that is over, and that nobody reads. */
  const removeOldest = (): boolean => {
    const id = [...ended].find((one) => !streams.get(one)!.readers)
    if (id !== undefined) remove(id)
    return id !== undefined
  }

  const stop = (kept: Kept): void => {
    if (kept.isOver) return
    kept.isStopped = true
    kept.stop()
    // A writer that was held up goes on to its end.
    changed(kept)
  }

  /** Time counts from now, unless somebody waits for the next event. */
  const touch = (id: string, kept: Kept): void => {
    clearTimeout(kept.timer)
    if (!streams.has(id) || kept.upToDate > 0) return
    const ms = kept.isOver ? keepMs : graceMs
    kept.timer = setTimeout(() => (kept.isOver ? remove(id) : stop(kept)), Math.min(ms, LONGEST_TIMER_MS))
    // Node only: nobody has to wait for this with the end of the process.
    ;(kept.timer as { unref?(): void }).unref?.()
  }

  const isFull = (kept: Kept): boolean => kept.bytes > maxStreamBytes || bytes > maxBytes

  const isAhead = ({ unreadBytes, readers, isStopped }: Kept): boolean => {
    const most = Math.min(maxStreamBytes, readers > 0 ? LEAD_BYTES : Infinity)
    return !isStopped && unreadBytes > (bytes > maxBytes ? 0 : most)
  }

  return {
    async open(id, stream) {
      if (streams.size >= maxStreams && !removeOldest()) return false
      const kept: Kept = {
        ...stream,
        events: new Map(),
        last: 0,
        bytes: 0,
        read: 0,
        unreadBytes: 0,
        readers: 0,
        upToDate: 0,
        isStopped: false,
        isOver: false,
        waiting: [],
      }
      streams.set(id, kept)
      touch(id, kept)
      return true
    },

    async append(id, events) {
      const kept = streams.get(id)!
      for (const data of events) {
        const size = bytesOf(data)
        kept.events.set(++kept.last, data)
        kept.bytes += size
        kept.unreadBytes += size
        bytes += size
      }
      changed(kept)
      while (bytes > maxBytes && removeOldest());
      while (isFull(kept) && kept.last - kept.events.size < kept.read) drop(kept)
      while (isAhead(kept)) await change(kept)
    },

    async close(id) {
      const kept = streams.get(id)!
      kept.isOver = true
      ended.add(id)
      changed(kept)
      touch(id, kept)
    },

    async find(id) {
      const kept = streams.get(id)
      return kept && { owner: kept.owner, first: kept.last - kept.events.size + 1, last: kept.last }
    },

    async *read(id, after, signal) {
      const kept = streams.get(id)
      if (!kept) throw new Error('There is no such stream.')
      let isThere = true
      const leave = (): void => {
        if (isThere) kept.readers--
        isThere = false
        changed(kept)
        touch(id, kept)
      }
      // At once: nobody may ask for the next event, which is when the loop would see it.
      signal.addEventListener('abort', leave)
      kept.readers++
      try {
        while (!signal.aborted) {
          if (after < kept.last - kept.events.size) throw new Error('That part of the stream is no longer kept.')
          if (after < kept.last) {
            const batch: string[] = []
            for (let size = 0; after < kept.last && size < BATCH_BYTES;) {
              const data = kept.events.get(++after)!
              batch.push(data)
              size += bytesOf(data)
              if (after <= kept.read) continue
              kept.read = after
              kept.unreadBytes -= bytesOf(data)
            }
            changed(kept)
            touch(id, kept)
            yield batch
          } else if (kept.isOver) return
          else {
            kept.upToDate++
            touch(id, kept)
            await change(kept)
            kept.upToDate--
          }
        }
      } finally {
        signal.removeEventListener('abort', leave)
        leave()
      }
    },

    async stop(id) {
      const kept = streams.get(id)
      if (kept) stop(kept)
    },
  }
}
