/** The `choose` tool as the model sees it: a question to the person, who answers it with a click. Nothing runs. */

/** The tool's name on the wire. */
export const CHOOSE = 'choose'

/** What the model writes to call it. */
export interface Choice {
  question: string
  options: readonly string[]
}

/** For the model: when to use it. */
export const description: string =
  'Asks the person to choose one of a few options, and returns the one that was chosen. Use it when you cannot know what is wanted.'

/** Its input as JSON Schema. */
export const parameters: Record<string, unknown> = {
  type: 'object',
  properties: {
    question: { type: 'string', description: 'What is asked, as a short question' },
    options: { type: 'array', items: { type: 'string' }, minItems: 2, maxItems: 5, description: 'In a few words each' },
  },
  required: ['question', 'options'],
  additionalProperties: false,
}

/** Reads a call's input, in which a model may have written anything; undefined when nothing can be chosen from it. */
export function choiceOf(input: unknown): Choice | undefined {
  const { question, options } = Object(input) as Partial<Choice>
  if (typeof question !== 'string' || !Array.isArray(options)) return undefined
  const words = [...new Set(options.filter((option): option is string => typeof option === 'string' && option !== ''))]
  return words.length > 0 ? { question, options: words } : undefined
}
