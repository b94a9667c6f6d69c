/** The key of a completion in the query cache: what is asked, as JSON, and never where and as whom. */
import type { CompletionRequest, StandardSchema } from 'completion-stream'

const described = new WeakMap<object, unknown>()
let unknowns = 0

/**
 * `['completion', { model, system, prompt, messages, … }]`. The provider is no part of it: the server that asks ahead
 * reaches the model in another way than the page, and what the page knows of the provider may hold secrets.
 */
export function keyOf(request: Partial<CompletionRequest> & { system?: string }): readonly unknown[] {
  const { response_format: format } = request
  return ['completion', format ? { ...request, response_format: formatOf(format) } : request]
}

function formatOf(format: object): unknown {
  const { schema } = format as { schema?: unknown }
  if (isSchema(format)) return jsonSchemaOf(format)
  return isSchema(schema) ? { ...format, schema: jsonSchemaOf(schema, !('json_schema' in format)) } : format
}

function isSchema(value: unknown): value is StandardSchema {
  return '~standard' in Object(value)
}

/**
 * A schema is a web of objects and functions; its JSON Schema can stand in a key. It is worked out once.
 *
 * @param isAlone nothing else tells two of them apart: without a JSON Schema each is its own
 */
function jsonSchemaOf(schema: StandardSchema, isAlone?: boolean): unknown {
  const { jsonSchema, vendor } = schema['~standard']
  if (!described.has(schema)) {
    let description: unknown
    try {
      description = jsonSchema?.input({ target: 'draft-2020-12' })
    } catch {
      // It has none: a JSON Schema stands beside it, or the request is going to say so.
    }
    described.set(schema, description ?? (isAlone ? `${vendor} ${++unknowns}` : vendor))
  }
  return described.get(schema)
}
