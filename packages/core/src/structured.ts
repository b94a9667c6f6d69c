/** Answers of a given shape: what a schema asks of the provider, and what it says of the answer in the end. */
import type { Completion, CompletionRequest, ResponseFormat, StandardSchema } from './types.ts'

type Format = CompletionRequest['response_format']

/** The schema that an answer is validated with, where there is one. */
export function schemaOf(format: Format): StandardSchema | undefined {
  const schema = format && ('~standard' in format ? format : 'schema' in format && format.schema)
  return schema || undefined
}

/** The format as it goes out on the wire. Throws when a schema cannot tell how it looks as JSON Schema. */
export function wireFormat(format: Format): ResponseFormat | undefined {
  if (!format || !('~standard' in format)) {
    const { schema: _, ...wire } = { schema: undefined, ...format }
    return format && (wire as ResponseFormat)
  }
  const { jsonSchema, vendor } = format['~standard']
  if (!jsonSchema) {
    throw new Error(
      `This schema (${vendor}) does not tell its JSON Schema: set { type: 'json_schema', json_schema, schema }.`,
    )
  }
  // Providers hold a model to a schema word by word only where each object is closed and has no optional properties.
  let strict = true
  const schema = JSON.parse(JSON.stringify(jsonSchema.input({ target: 'draft-2020-12' })), (_, value) => {
    if ([value?.type].flat().includes('object')) {
      const { properties, required = [] } = value
      if (properties) value.additionalProperties ??= false
      strict &&= value.additionalProperties === false && Object.keys(properties ?? {}).length === required.length
    }
    return value
  })
  delete schema.$schema
  return { type: 'json_schema', json_schema: { name: 'response', schema, strict } }
}

/** What the schema makes of a whole answer, or why it is none; undefined when there is nothing to validate. */
export async function validate(
  format: Format,
  { text, refusal, toolCalls, finishReason }: Completion,
): Promise<{ value: unknown; problem?: undefined } | { problem: string; issues?: unknown } | undefined> {
  const schema = schemaOf(format)
  // A model that calls tools first answers later.
  if (!schema || (toolCalls.length && !text)) return undefined
  if (refusal) return { problem: `The model refused: ${refusal}` }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    const isCut = finishReason && finishReason !== 'stop'
    const what = isCut
      ? `was cut off (${finishReason}) before its JSON was whole`
      : 'is not the JSON that was asked for'
    return { problem: `The answer ${what}.` }
  }
  const result = await schema['~standard'].validate(value)
  if (!result.issues) return result
  const problems = result.issues.map(({ path = [], message }) => {
    const place = path.map((step) => String(typeof step === 'object' ? step.key : step)).join('.')
    return place ? `${place}: ${message}` : message
  })
  return { problem: `The answer does not fit the schema. ${problems.join('; ')}`, issues: result.issues }
}
