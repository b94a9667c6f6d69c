/** What a contestant is: one way to read a streamed completion. */
export interface Contestant {
  /** The name in the table. */
  name: string
  /** Reads the response to its end; resolves to the text of the completion. */
  read(response: Response): Promise<string>
}
