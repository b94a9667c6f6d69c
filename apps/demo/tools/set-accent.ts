/** The `set_accent` tool as the model sees it: it changes the page, so a person is asked first. */

/** The tool's name on the wire. */
export const SET_ACCENT = 'set_accent'

/** The colours that the page has; the first is its own. */
export const accents = ['teal', 'plum', 'blue', 'rust'] as const

/** One of them. */
export type Accent = (typeof accents)[number]

/** What the tool gives back. */
export interface AccentChange {
  accent: Accent
  before: Accent
}

/** For the model: when to use it. */
export const description: string =
  'Changes the accent colour of the page that the person looks at. The person is asked whether it may.'

/** Its input as JSON Schema. */
export const parameters: Record<string, unknown> = {
  type: 'object',
  properties: { accent: { type: 'string', enum: accents } },
  required: ['accent'],
  additionalProperties: false,
}

/** Whether it is one of the page's colours. */
export function isAccent(value: unknown): value is Accent {
  return accents.some((accent) => accent === value)
}
