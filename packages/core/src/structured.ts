/** Answers of a given shape: what a schema asks of the provider, and what it says of the answer in the end. */
import { parse } from './tool-call.ts'
import type { Completion, CompletionRequest, ResponseFormat, SchemaResult, StandardSchema } from './types.ts'

type Format = CompletionRequest['response_format']

function isSchema(value: unknown): value is StandardSchema {
  return '~standard' in Object(value)
}

/** The schema that an answer is validated with, where there is one. */
export function schemaOf(format: Format): StandardSchema | undefined {
  const schema: unknown = isSchema(format) ? format : Object(format).schema
  // Some servers take a JSON Schema under the same name: that one is theirs.
  return isSchema(schema) ? schema : undefined
}

/** The format as it goes out on the wire. Throws when a schema cannot tell how it looks as JSON Schema. */
export function wireFormat(format: Format): ResponseFormat | undefined {
  if (!isSchema(format)) {
    if (!schemaOf(format)) return format
    const { schema: _, ...wire } = format as ResponseFormat & { schema: unknown }
    return wire
  }
  const { jsonSchema, vendor } = format['~standard']
  if (!jsonSchema) {
    throw new Error(
      `This schema (${vendor}) does not tell its JSON Schema: set { type: 'json_schema', json_schema, schema }.`,
    )
  }
  const text = JSON.stringify(jsonSchema.input({ target: 'draft-2020-12' }))
  // Providers hold a model to a schema word by word only where each object is closed and has no optional properties.
  let strict = !/"(allOf|prefixItems)":/.test(text)
  // What is put together of several must stay open for each of them.
  const isClosed = !text.includes('"allOf":')
  const schema = JSON.parse(text, (_, value) => {
    if ([value?.type].flat().includes('object')) {
      const { properties, required = [] } = value
      if (properties && isClosed) value.additionalProperties ??= false
      strict &&= value.additionalProperties === false && Object.keys(properties ?? {}).length === required.length
    }
    // The word that providers know.
    if (value?.oneOf) {
      value.anyOf = value.oneOf
      delete value.oneOf
    }
    return value
  })
  delete schema.$schema
  strict &&= schema.type === 'object'
  return { type: 'json_schema', json_schema: { name: 'response', schema, strict } }
}

/** What the schema makes of a whole answer, or why it is none; undefined when there is nothing to validate. */
export async function validate(
  format: Format,
  { text, refusal, toolCalls, finishReason }: Completion,
): Promise<{ value: unknown; problem?: undefined } | { problem: string; issues?: unknown } | undefined> {
  const schema = schemaOf(format)
  // A model that calls tools first answers later.
  if (!schema || (toolCalls.length && (!text || finishReason !== 'stop'))) return undefined
  if (refusal) return { problem: `The model refused: ${refusal}` }
  const value = parse(text)
  if (value === undefined) {
    const isCut = finishReason && finishReason !== 'stop'
    const what = isCut
      ? `was cut off (${finishReason}) before its JSON was whole`
      : 'is not the JSON that was asked for'
    return { problem: `The answer ${what}.` }
  }
  const result = await schema['~standard'].validate(value)
  if (!result.issues) return result
  return { problem: `The answer does not fit the schema. ${problemsOf(result.issues)}`, issues: result.issues }
}

/** What a schema finds wrong, in words. */
export function problemsOf(issues: NonNullable<SchemaResult<unknown>['issues']>): string {
  const problems = issues.map(({ path = [], message }) => {
    const place = path.map((step) => String(typeof step === 'object' ? step.key : step)).join('.')
    return place ? `${place}: ${message}` : message
  })
  return problems.join('; ')
}
