/** What a contestant is: one way to read a streamed answer. */
import type { Workload, WorkloadId } from './workload.ts'

/**
 * How far a contestant goes. `chunks`: it gives out pieces, and the bench itself puts them together. `completion`: it puts
 * them together. `live`: the value of the arguments is there after every read as well, or even after every delta.
 */
export type Reach = 'chunks' | 'completion' | 'live'

/** Reads the response to its end; resolves to the text, or to the arguments of all calls, a line each. */
export type Read = (response: Response, workload: Workload) => Promise<string>

/** One row of the tables. */
export interface Contestant {
  /** Whose it is: the name of an npm package, or `floor`. */
  package: string
  /** Its name in the tables. */
  name: string
  isOurs?: true
  reach: Reach
  /** The same answer in the package's own words, for those that read nobody else's. */
  wire?: 'ag-ui'
  /** How it reads each workload that it can read. */
  reads: Partial<Record<WorkloadId, Read>>
}
