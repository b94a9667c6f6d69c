/** What a contestant is: one way to read a streamed completion. */
export interface Contestant {
  /** The name in the table. */
  name: string
  /** Reads the response to its end; resolves to the text of the completion, or to its calls' arguments, a line each. */
  read(response: Response): Promise<string>
}
