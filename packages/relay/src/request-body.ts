/** Reads the body of a request, up to a limit, as the JSON object that it has to be. */
import type { Failure } from './errors.ts'

/** The object in the body, or why there is none. Reads no more than `maxBytes`. */
export async function readJsonObject(
  request: Request,
  maxBytes: number,
): Promise<{ body: Record<string, unknown> } | Failure> {
  const bytes = await readBytes(request, maxBytes)
  if (!bytes) {
    return { status: 413, message: `The request is larger than ${maxBytes} bytes. Send less.`, code: 'bad_request' }
  }
  try {
    const body: unknown = JSON.parse(new TextDecoder().decode(bytes))
    if (typeof body === 'object' && body !== null && !Array.isArray(body)) return { body: { ...body } }
  } catch {
    // Told below, as any other body that is no object.
  }
  return { status: 400, message: 'The body of the request is not a JSON object.', code: 'bad_request' }
}

async function readBytes(request: Request, maxBytes: number): Promise<Uint8Array | undefined> {
  if (Number(request.headers.get('content-length')) > maxBytes) return undefined
  const reader = request.body?.getReader()
  const parts: Uint8Array[] = []
  let length = 0
  for (let next = await reader?.read(); next && !next.done; next = await reader?.read()) {
    length += next.value.byteLength
    if (length > maxBytes) {
      void reader?.cancel().catch(() => {})
      return undefined
    }
    parts.push(next.value)
  }
  const bytes = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.byteLength
  }
  return bytes
}
