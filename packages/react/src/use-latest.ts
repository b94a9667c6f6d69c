/** The options of the last committed render, for code that runs later: no stale closures, nothing for callers to memoise. */
import { useInsertionEffect, useState } from 'react'

/** Returns a function that stays the same and gives the value of the last committed render. */
export function useLatest<T>(value: T): () => T {
  const [box] = useState(() => {
    let latest = value
    return { get: () => latest, set: (next: T) => void (latest = next) }
  })
  useInsertionEffect(() => box.set(value))
  return box.get
}
