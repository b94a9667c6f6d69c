/** OpenAI's error responses, word for word where a client may look at the words. */

/** The inside of OpenAI's `{ "error": … }` body and error frame. */
export interface ErrorBody {
  message: string
  type: string
  param: string | null
  code: string | number | null
}

/** An HTTP error in OpenAI's shape. */
export interface HttpError {
  status: number
  error: ErrorBody
}

/** An error body; what is not given gets OpenAI's defaults for the status. */
export function errorBody(status: number, error: { message: string } & Partial<ErrorBody>): ErrorBody {
  const type = status >= 500 ? 'server_error' : 'invalid_request_error'
  return { message: error.message, type: error.type ?? type, param: error.param ?? null, code: error.code ?? null }
}

/** 400: the request cannot be taken, because of `param`. */
export function badRequest(message: string, param?: string, code?: string): HttpError {
  return httpError(400, { message, param, code })
}

/** 401: no key, or the wrong one, which is echoed in part as OpenAI does. */
export function unauthorized(authorization: string | null): HttpError {
  const key = /^Bearer\s+(.+)$/i.exec(authorization ?? '')?.[1]
  if (!key) {
    const message =
      "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth " +
      '(i.e. Authorization: Bearer YOUR_KEY).'
    return httpError(401, { message })
  }
  const masked = key.length > 12 ? `${key.slice(0, 8)}${'*'.repeat(key.length - 12)}${key.slice(-4)}` : '*'.repeat(8)
  return httpError(401, { message: `Incorrect API key provided: ${masked}.`, code: 'invalid_api_key' })
}

/** 404: a model that is not served here. */
export function modelNotFound(model: string): HttpError {
  const message = `The model \`${model}\` does not exist or you do not have access to it.`
  return httpError(404, { message, code: 'model_not_found' })
}

/** 404: a path, or a method on it, that OpenAI's API does not have. */
export function unknownRoute(method: string, path: string): HttpError {
  return httpError(404, { message: `Invalid URL (${method} ${path})`, code: 'unknown_url' })
}

function httpError(status: number, error: { message: string; param?: string; code?: string }): HttpError {
  return { status, error: errorBody(status, error) }
}
