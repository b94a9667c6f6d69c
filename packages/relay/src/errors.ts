/** How a failure is told to the client: its HTTP status, and OpenAI's error body. */
import { isCompletionError, type CompletionError, type CompletionErrorCode } from 'completion-stream'

/** A failure as the client sees it. Holds no address, header or key of the upstream. */
export interface Failure {
  status: number
  message: string
  /** One of core's error codes, or OpenAI's own code where a client looks for it. */
  code: string
  /** How long to wait before the next attempt, in ms. */
  retryAfterMs?: number
  /** Whether the same request may succeed later. Default: no. */
  retryable?: boolean
  /** The provider's id of the request, for its support. */
  requestId?: string
}

const STATUS: Record<CompletionErrorCode, number> = {
  authentication: 502,
  bad_request: 400,
  content_policy: 400,
  context_window_exceeded: 400,
  permission: 403,
  not_found: 404,
  rate_limit: 429,
  overloaded: 503,
  timeout: 504,
  interrupted: 502,
  invalid_response: 502,
  limit_exceeded: 502,
  network: 502,
  provider: 502,
  server: 502,
}

// These messages would tell the client about the inside of the server: an address, a part of the key.
const OWN_WORDS: Partial<Record<CompletionErrorCode, string>> = {
  authentication: "The provider refused this server's API key. Whoever runs the server has to check it.",
  network: 'The provider could not be reached from this server. Try again in a moment.',
  invalid_response: 'The provider sent this server an answer that is not a completion.',
}

/** What to tell the client of an error that came out of a completion stream. */
export function failureOf(error: unknown): Failure {
  if (!isCompletionError(error)) {
    return { status: 500, message: 'The relay failed to answer.', code: 'server', retryable: true }
  }
  const { status, retryAfterMs, requestId, phase } = error
  // A provider that is still at it would only do the work twice.
  const retryable = error.retryable && phase !== 'firstChunk'
  const rest = { retryAfterMs, retryable, requestId }
  const code = status === 401 ? 'authentication' : error.code
  const own = OWN_WORDS[code]
  if (own) {
    // It is this server's key that was refused: the client must not take it for its own.
    return { status: STATUS[code], message: own, code: code === 'authentication' ? 'provider' : code, ...rest }
  }
  const known = status !== undefined && status >= 400 && status <= 599
  return { status: known ? status : STATUS[code], message: withoutAddresses(error), code, ...rest }
}

/** The sentence of an error without the addresses that the core names in it. What the provider said itself stays. */
function withoutAddresses({ message, providerMessage }: CompletionError): string {
  const said = providerMessage ? message.indexOf(providerMessage) : -1
  const end = said < 0 ? message.length : said
  const ours = message.slice(0, end).replace(/\bhttps?:\/\/\S+?(?=[.,:]?(\s|$))/g, 'the provider')
  return ours.slice(0, 1).toUpperCase() + ours.slice(1) + message.slice(end)
}

/** OpenAI's error object, as a response body or as a frame in a stream. */
export function errorBody(failure: Failure): string {
  const { status, message, code } = failure
  const type = status === 429 ? 'rate_limit_error' : status >= 500 ? 'server_error' : 'invalid_request_error'
  return JSON.stringify({ error: { message, type, code, param: null } })
}

/** The HTTP response for a failure. */
export function errorResponse(failure: Failure, headers: Record<string, string> = {}): Response {
  const { status, retryAfterMs, retryable = false, requestId } = failure
  const known: Record<string, string> = {
    ...(retryAfterMs !== undefined && {
      'retry-after': String(Math.ceil(retryAfterMs / 1000)),
      'retry-after-ms': String(Math.ceil(retryAfterMs)),
    }),
    ...(requestId && { 'x-request-id': requestId }),
  }
  return new Response(errorBody(failure), {
    status,
    headers: { 'content-type': 'application/json', 'x-should-retry': String(retryable), ...known, ...headers },
  })
}
