/** Garbage collection when it is asked for, also where Node was started without `--expose-gc`. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const gc = (globalThis.gc ?? runInNewContext('gc')) as (options?: { type: 'minor' }) => void

/** Collects all garbage now. */
export function collect(): void {
  gc()
}

/**
 * Collects the young garbage: what the one before left behind, so that nobody pays for it. A whole collection would also
 * make V8 forget the shapes of parsed events, of which there is none just now, and throw away the code that was made for
 * them: every measurement would be one of the compiler.
 */
export function collectYoung(): void {
  gc({ type: 'minor' })
}
