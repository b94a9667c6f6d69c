/** One error class with a code, and how a response, an error frame or a failed fetch becomes one. */
import type { Completion } from './types.ts'

/**
 * What went wrong, for a program to branch on:
 * - `network`: no response could be had (unreachable, blocked by CORS, offline)
 * - `timeout`: the server did not answer in time
 * - `interrupted`: the stream closed before the answer was finished
 * - `invalid_response`: the answer is not a completion stream (a web page, unreadable JSON)
 * - `limit_exceeded`: the answer outgrew a limit of this client
 * - `authentication`, `permission`, `not_found`, `bad_request`, `rate_limit`: HTTP 401, 403, 404, other 4xx, 429
 * - `context_window_exceeded`, `content_policy`: the request was refused for its length or its content
 * - `server`, `overloaded`: HTTP 5xx; 503 and 529
 * - `provider`: an error that the provider reported inside the stream and that fits none of the above
 */
export type CompletionErrorCode =
  | 'network'
  | 'timeout'
  | 'interrupted'
  | 'invalid_response'
  | 'limit_exceeded'
  | 'authentication'
  | 'permission'
  | 'not_found'
  | 'bad_request'
  | 'context_window_exceeded'
  | 'content_policy'
  | 'rate_limit'
  | 'server'
  | 'overloaded'
  | 'provider'

/** Everything a {@link CompletionError} tells beside its message. */
export interface CompletionErrorDetails {
  /** HTTP status of the response. */
  status?: number
  /** The provider's name, such as "openai". */
  provider?: string
  /** The provider's own error code or type, as it stood on the wire. */
  providerCode?: string
  /** The provider's id of the request, for its support. */
  requestId?: string
  /** How long the server asks to wait, in milliseconds. */
  retryAfterMs?: number
  /** How many requests were made. */
  attempts?: number
  /** What had arrived before the failure. */
  partial?: Completion
  cause?: unknown
}

const brand = Symbol.for('completion-stream.error')
const mayPass = /network|timeout|rate_limit|server|overloaded/

/** The one error that this library rejects with. `message` is a sentence that a person can act on. */
export class CompletionError extends Error {
  declare readonly code: CompletionErrorCode
  /** Whether the same request may succeed later. */
  declare readonly retryable: boolean
  declare readonly attempts: number
  declare readonly status?: number
  declare readonly provider?: string
  declare readonly providerCode?: string
  declare readonly requestId?: string
  declare readonly retryAfterMs?: number
  declare partial?: Completion

  constructor(code: CompletionErrorCode, message: string, { cause, ...details }: CompletionErrorDetails = {}) {
    super(message, { cause })
    Object.assign(this, { name: 'CompletionError', code, retryable: mayPass.test(code), attempts: 1 }, details)
    Object.defineProperty(this, brand, { value: true })
  }

  /** All fields as plain data, without the cause and the stack. */
  toJSON(): Record<string, unknown> {
    return { ...(this as object), message: this.message }
  }
}

/** Whether a value is a {@link CompletionError}, also one of another copy of this library or another realm. */
export function isCompletionError(value: unknown): value is CompletionError {
  return brand in Object(value)
}

const codeOfStatus: Record<number, CompletionErrorCode> = {
  401: 'authentication',
  403: 'permission',
  404: 'not_found',
  408: 'timeout',
  429: 'rate_limit',
  503: 'overloaded',
  504: 'timeout',
  529: 'overloaded',
}

const tooLong = /context_length|context window|maximum context|prompt is too long|too many tokens/i
const refused = /content_(policy|filter)|responsible_?ai/i
/** Our codes, which are also what most providers call these errors, with `_error`, `_exceeded` and the like behind it. */
const named =
  /network|timeout|interrupted|invalid_response|limit_exceeded|authentication|permission|not_found|bad_request|context_window_exceeded|content_policy|rate_limit|server|overloaded|provider/

const advice: Partial<Record<CompletionErrorCode, string>> = {
  authentication: 'Check the API key.',
  not_found: 'Check the URL and the model.',
  context_window_exceeded: 'Send a shorter conversation.',
}

/**
 * The error for a failure that the provider described, in an error response or inside a stream.
 *
 * @param said what stood on the wire: JSON, parsed or not, or text
 */
export function providerError(said: unknown, details: CompletionErrorDetails & { provider: string }): CompletionError {
  const { message, kind } = readError(said)
  const words = `${kind} ${message}`
  const [providerCode] = kind.split(' ')
  const own = parseInt(kind)
  const status = details.status ?? (own >= 400 && own < 600 ? own : undefined)
  const name = named.exec(kind || message)?.[0] as CompletionErrorCode | undefined
  // An error that was a CompletionError already, where a relay passes it on, keeps its code and its words.
  const passedOn = name === providerCode && name
  const code =
    passedOn ||
    (name !== 'rate_limit' && tooLong.test(words) && 'context_window_exceeded') ||
    (refused.test(words) && 'content_policy') ||
    (status
      ? (codeOfStatus[status] ?? (status < 500 ? 'bad_request' : 'server'))
      : (name ?? (/invalid_request/.test(kind) ? 'bad_request' : 'provider')))
  const hint = advice[code] ?? (mayPass.test(code) ? 'Try again in a moment.' : '')
  return new CompletionError(
    code,
    passedOn
      ? message
      : `${details.provider} answered ${status ?? 'with an error'}: ${message.replace(/\.?$/, '.')} ${hint}`.trim(),
    { ...details, status, providerCode: providerCode || undefined },
  )
}

/** What an error says of itself. `kind`: its code and its type, the code first. */
function readError(said: unknown): { message: string; kind: string } {
  if (typeof said === 'string') {
    try {
      return readError(JSON.parse(said))
    } catch {
      const text = said.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ')
      return { message: text.trim().slice(0, 200) || 'no explanation', kind: '' }
    }
  }
  // OpenAI's `{ error: { message, type, code } }` and its common variations.
  // eslint-disable-next-line typescript/no-explicit-any -- the JSON edge: whatever a server sends
  const json = (Array.isArray(said) ? said[0] : said) as any
  const error = json?.error ?? json?.detail ?? json
  const message = typeof error === 'string' ? error : (error?.message ?? json?.message ?? JSON.stringify(said))
  return { message: String(message), kind: `${error?.code ?? ''} ${error?.type ?? error?.status ?? ''}`.trim() }
}

/** `retry-after-ms`, or `Retry-After` in seconds or as a date, in milliseconds from now. */
export function retryAfterMs(headers: Headers): number | undefined {
  const after = headers.get('retry-after') ?? ''
  const ms = parseFloat(headers.get('retry-after-ms') ?? '')
  return [ms, parseFloat(after) * 1000, Date.parse(after) - Date.now()].find((wait) => wait >= 0)
}
