/** One error class with a code, and how a response, an error frame or a failed fetch becomes one. */
import type { Completion } from './types.ts'

/**
 * What went wrong, for a program to branch on:
 * - `network`: no response could be had (unreachable, blocked by CORS, offline)
 * - `timeout`: the server did not answer in time
 * - `interrupted`: the stream closed before the answer was finished
 * - `invalid_response`: the answer is not a completion stream (a web page, unreadable JSON), or not what was asked for
 * - `limit_exceeded`: the answer outgrew a limit of this client
 * - `authentication`, `permission`, `not_found`, `bad_request`: HTTP 401, 403, 404, other 4xx, or it could not be sent
 * - `rate_limit`: HTTP 429, and 402: nothing is left to pay with
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

/** What took too long: the response, the first piece of the answer, the next one, or all of it. */
export type TimeoutPhase = 'connect' | 'firstChunk' | 'chunk' | 'total'

/** How much of something may be used, how much of that is left, and in how many milliseconds all of it is there again. */
export interface RateLimit {
  limit?: number
  remaining?: number
  resetMs?: number
}

/** Limits by what they count: `requests`, `tokens`, `input-tokens`, `output-tokens`, and what else a provider names. */
export type RateLimits = Record<string, RateLimit>

/** Everything a {@link CompletionError} tells beside its message. */
export interface CompletionErrorDetails {
  /** HTTP status of the response, and nothing else: a number inside an answer is a `providerCode`. */
  status?: number
  /** The provider's name, such as "openai". */
  provider?: string
  /** The provider's own error code or type, as it stood on the wire. */
  providerCode?: string
  /** The provider's own sentence, at most 2000 characters of it. */
  providerMessage?: string
  /** The provider's id of the request, for its support. */
  requestId?: string
  /** How long the server asks to wait, in milliseconds. */
  retryAfterMs?: number
  /** What the provider says of its limits. */
  rateLimits?: RateLimits
  /** Of a `timeout`: what took too long. */
  phase?: TimeoutPhase
  /** Whether the same request may succeed later. Default: as the code says. */
  retryable?: boolean
  /** How many requests were made. */
  attempts?: number
  /** What had arrived before the failure. */
  partial?: Completion
  cause?: unknown
}

const brand = Symbol.for('completion-stream.error')
const mayPass = /network|timeout|interrupted|rate_limit|server|overloaded/

/** The one error that this library rejects with. `message` is a sentence that a person can act on. */
export class CompletionError extends Error {
  declare readonly code: CompletionErrorCode
  /** Whether the same request may succeed later. */
  declare readonly retryable: boolean
  declare readonly status?: number
  declare readonly provider?: string
  declare readonly providerCode?: string
  declare readonly providerMessage?: string
  declare readonly requestId?: string
  declare readonly retryAfterMs?: number
  declare readonly rateLimits?: RateLimits
  declare readonly phase?: TimeoutPhase
  /** How many requests were made. Whoever makes them sets it in the end. */
  declare attempts: number
  /** What had arrived before the failure. Whoever collects it sets it in the end. */
  declare partial?: Completion

  constructor(code: CompletionErrorCode, message: string, { cause, ...details }: CompletionErrorDetails = {}) {
    super(message, { cause })
    const told = Object.entries(details).filter(([, value]) => value !== undefined)
    const retryable = mayPass.test(code)
    Object.assign(this, { name: 'CompletionError', code, retryable, attempts: 1 }, Object.fromEntries(told))
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

// ── what a provider says ───────────────────────────────────────────────────────────────────────────────────────────

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

/**
 * By which words each kind of error is known: the codes and types of the providers, and the names of LiteLLM's exceptions.
 * The first that fits is it.
 */
const signs: Record<CompletionErrorCode, RegExp> = {
  content_policy:
    /content.?(policy|filter|management)|responsible.?ai|rejectedrequest|guardrail.?raised|blocked.?(entity|pii)|violated .{0,40}policy/i,
  context_window_exceeded: /context.?(length|window)|maximum context|prompt is too long|too many tokens/i,
  invalid_response: /invalid_response|(response|schema)validation/i,
  interrupted: /interrupted|midstream/i,
  rate_limit: /rate.?limit|throttl|too many requests|exhausted/i,
  authentication: /authenticat|auth_error|api.?key/i,
  permission: /permission|access_denied/i,
  not_found: /not.?found/i,
  timeout: /time.?out|timed out|deadline/i,
  overloaded: /overloaded|unavailable/i,
  network: /network/i,
  limit_exceeded: /limit_exceeded/i,
  bad_request: /bad.?request|invalid.?(request|argument)|unsupported|unprocessable|imagefetch|unknown.?provider/i,
  server: /server|gateway|internal|api_error|apiconnection/i,
  provider: /provider/i,
}
const codes = Object.keys(signs) as CompletionErrorCode[]

/** Nothing is left to pay with. Asked to wait a while, a request that was made too early says "quota" as well. */
const spent =
  /insufficient.(quota|balance|credit|fund)|credit balance|available credits|spend\w* limit|current_quota|your current quota(?![^]*retry)|billing_|budget.?exceeded|budget has been exceeded|(exceeded|crossed) ?budget/i

const advice: Partial<Record<CompletionErrorCode, string>> = {
  authentication: 'Check the API key.',
  permission: 'Check what the API key may be used for.',
  not_found: 'Check the URL and the model.',
  context_window_exceeded: 'Send a shorter conversation.',
}

/**
 * The error for a failure that the provider described, in an error response or inside a stream.
 *
 * @param said what stood on the wire: JSON, parsed or not, or text
 * @param details `status` is that of an error response, and missing for what stood inside a stream
 */
export function providerError(said: unknown, details: CompletionErrorDetails & { provider: string }): CompletionError {
  const { message, kinds } = readError(said)
  const { provider, status, retryAfterMs: waitMs } = details
  const kind = kinds.join(' ')
  const words = `${kind} ${message}`
  const number = [status, ...kinds].map(Number).find((code) => code >= 400 && code < 600) ?? 0
  const known = codeOfStatus[number]
  const exceptions = /^(litellm\.\w+:\s*)+/.exec(message)?.[0]
  const named = (text: string, among = codes) => among.find((code) => signs[code].test(text))
  // An error that was a CompletionError already, where a relay passes it on, keeps its code and its words.
  const passedOn = codes.find((code) => code === kinds[0])
  const isSpent = !passedOn && (number === 402 || spent.test(words))
  const isTooFast = known === 'rate_limit' || signs.rate_limit.test(kind)
  const code =
    passedOn ??
    (isSpent ? 'rate_limit' : undefined) ??
    (isTooFast ? undefined : named(words, codes.slice(0, 2))) ??
    // LiteLLM says more by the exception's name than by 400, 500 and 503.
    (known && number !== 503 ? known : named(exceptions ?? (number ? '' : kind || message))) ??
    known ??
    (number ? (number < 500 ? 'bad_request' : 'server') : 'provider')
  // 409 and 425: somebody else was first, or it came too early.
  const retryable = details.retryable ?? (!isSpent && (number === 409 || number === 425 || mayPass.test(code)))
  const hints = [
    isSpent ? 'Check the plan and the billing of the account.' : advice[code],
    retryable || waitMs !== undefined ? `Try again ${inWords(waitMs)}.` : '',
  ]
  const report = [
    `${provider} answered ${status ?? 'with an error'}: ${asSentence(message || 'no explanation')}`,
    ...hints,
  ]
    .filter(Boolean)
    .join(' ')
  return new CompletionError(code, (passedOn && message) || report, {
    ...details,
    retryable,
    providerCode: kinds.find((word) => word !== `${status}`) ?? kinds[0],
    providerMessage: message || undefined,
  })
}

/** What an error says of itself. `kinds`: its code and its type, as far as they are there. */
function readError(said: unknown): { message: string; kinds: string[] } {
  if (typeof said === 'string') {
    try {
      return readError(JSON.parse(said))
    } catch {
      const text = cut(said, 4000)
        .replace(/<[^>]*>/g, ' ')
        .replace(/\s+/g, ' ')
      return { message: cut(text.trim(), 200), kinds: [] }
    }
  }
  // OpenAI's `{ error: { message, type, code } }` and its common variations.
  // eslint-disable-next-line typescript/no-explicit-any -- the JSON edge: whatever a server sends
  const json = (Array.isArray(said) ? said[0] : said) as any
  const error = json?.error ?? json?.detail ?? json
  const told = typeof error === 'string' ? error : (error?.message ?? json?.message ?? said)
  const message = typeof told === 'string' ? told : (JSON.stringify(told) ?? '')
  return {
    message: cut(message.trim(), 2000),
    // Python's None is how LiteLLM says that there is none.
    kinds: [error?.code, error?.type ?? error?.status]
      .filter((kind) => kind && kind !== 'None' && typeof kind !== 'object')
      .map((kind) => cut(String(kind), 100)),
  }
}

/** The beginning of a text, without the half of a word at its end: half a key cannot be told from a word any more. */
function cut(text: string, maxChars: number): string {
  return text.length > maxChars ? text.slice(0, maxChars).replace(/[^\s"',:;<>]*$/, '…') : text
}

function asSentence(text: string): string {
  return text.replace(/[^.!?…]$/, '$&.')
}

/** A wait for people. */
function inWords(ms = 0): string {
  const seconds = Math.ceil(ms / 1000)
  if (ms < 1000) return 'in a moment'
  if (seconds < 120) return `in ${seconds} second${seconds > 1 ? 's' : ''}`
  return seconds < 7200 ? `in ${Math.ceil(seconds / 60)} minutes` : `in ${Math.ceil(seconds / 3600)} hours`
}

// ── what a response's headers say ──────────────────────────────────────────────────────────────────────────────────

/** Where the request's id stands: whose support will ask for it first. */
const idHeaders = [
  'x-request-id',
  'request-id',
  'x-litellm-call-id',
  'x-amzn-requestid',
  'mistral-correlation-id',
  'cf-ray',
]

/** What the headers of any response tell an error. In a browser, a server has to expose them to the page. */
export function responseDetails(
  headers: Headers,
): Pick<CompletionErrorDetails, 'requestId' | 'retryAfterMs' | 'rateLimits' | 'retryable'> {
  const shouldRetry = headers.get('x-should-retry')
  let rateLimits: RateLimits | undefined
  // For example `x-ratelimit-reset-tokens`, `anthropic-ratelimit-input-tokens-limit`, `ratelimit-remaining`.
  const named = /^(?:x-|anthropic-)?ratelimit-(?:([\w-]+)-)??(limit|remaining|reset)(?:-([\w-]+))?$/
  headers.forEach((value, name) => {
    const [, before, field, what = before ?? 'requests'] = named.exec(name) ?? []
    const amount = field === 'reset' ? Math.max(0, waitOf(value)) : /^\d+($|[,;])/.test(value) ? parseInt(value) : NaN
    if (field && isSane(amount) && /req|token/.test(what))
      ((rateLimits ??= {})[what] ??= {})[field === 'reset' ? 'resetMs' : (field as 'limit' | 'remaining')] = amount
  })
  return {
    requestId: idHeaders.map((name) => headers.get(name)).find(Boolean) ?? undefined,
    retryAfterMs: retryAfterMs(headers),
    rateLimits,
    retryable: shouldRetry === 'true' || (shouldRetry === 'false' ? false : undefined),
  }
}

/** `retry-after-ms`, or `Retry-After` in seconds or as a date, in milliseconds from now. */
export function retryAfterMs(headers: Headers): number | undefined {
  return [waitOf(`${headers.get('retry-after-ms')}ms`), waitOf(headers.get('retry-after') ?? '')].find(isSane)
}

const unitMs: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** A wait as headers have it ("20", "6m0s", "120ms", a date, the time since 1970), in milliseconds from now, or NaN. */
function waitOf(text: string): number {
  if (/^\d+(\.\d+)?$/.test(text)) {
    const seconds = Number(text)
    if (seconds < 1e9) return seconds * 1000
    return (seconds < 1e11 ? seconds * 1000 : seconds) - Date.now()
  }
  let ms = 0
  const rest = text.slice(0, 99).replace(/(\d+(?:\.\d+)?)(ms|[smhd])/g, (_, count, unit) => {
    ms += count * unitMs[unit]!
    return ''
  })
  if (text && !rest) return ms
  return /^(\d{4}-|\w+, )/.test(text) ? Date.parse(text) - Date.now() : NaN
}

function isSane(amount: number): boolean {
  return amount >= 0 && amount < 1e12
}

// ── what a rejected fetch means ────────────────────────────────────────────────────────────────────────────────────

/** How the engines say that the caller made a mistake. All other words, translated ones too, mean the network. */
const mistake =
  /failed to (execute(?!.*abort)|construct|parse)|window\.fetch: |(valid|unsupported|absolute) url|url is (not|in)|(includes|embedded|user) credentials|header.*(invalid|illegal)|invalid (header|character)|legal http|bytestring|expected pattern|not a (function|constructor)|not (an object|iterable|defined)|find variable|(of|is|convert) (undefined|null)\b|has no properties|property .* doesn't exist|illegal invocation|not implement|instances of/i

/** The error for a fetch that was rejected: the network's, or the caller's own where no request could be made of it. */
export function fetchError(cause: unknown, url: string, details: CompletionErrorDetails = {}): CompletionError {
  if (isCompletionError(cause)) return cause
  const place = url.replace(/[?#].*$/, '').replace(/\/\/[^/]*@/, '//')
  const told = messageOf(cause)
  const [code, message] = mistake.test(told)
    ? ([
        'bad_request',
        `The request to ${place} could not be made: ${asSentence(told)} Check the URL, the headers and \`fetch\`.`,
      ] as const)
    : ([
        'network',
        `${place} could not be reached. Check the URL, the connection and, in a browser, that the server allows this page (CORS).`,
      ] as const)
  // Some engines quote the whole URL, and what stands before the host or after the path is not for everybody.
  return withoutSecrets(
    new CompletionError(code, message, { ...details, cause }),
    url.match(/\/\/[^/?#]*@|[?#].+/g) ?? [],
  )
}

// ── what must not be said ──────────────────────────────────────────────────────────────────────────────────────────

/**
 * Takes secrets out of all texts of an error, in place: some servers and engines quote the key that they refuse. What is
 * its cause may hold them anywhere, so that a plain error with its name, message and code takes its place.
 *
 * @param secrets header values, with or without the scheme, and query values, decoded. Shorter ones than 8 characters are
 * no secrets but names, and such words stand in any message.
 */
export function withoutSecrets(error: CompletionError, secrets: readonly string[]): CompletionError {
  const hidden = secrets
    .flatMap((secret) => [secret.trim(), secret.trim().replace(/^\w+ /, '')])
    .flatMap((secret) => [secret, `${new URLSearchParams([['', secret]])}`.slice(1)])
    .filter((secret) => secret.length > 7)
    .sort((a, b) => b.length - a.length)
  if (!hidden.length) return error
  const clean = (text: string): string => hidden.reduce((rest, secret) => rest.replaceAll(secret, '…'), text)
  for (const key of ['message', 'stack', 'provider', 'providerCode', 'providerMessage', 'requestId'] as const) {
    const text = error[key]
    if (typeof text === 'string') (error as Record<typeof key, unknown>)[key] = clean(text)
  }
  const plain = (cause: unknown, depth = 9): unknown => {
    if (typeof cause === 'string') return clean(cause)
    // What a schema says of an answer.
    if (Object(cause) !== cause || Array.isArray(cause)) return cause
    const { name, message, code, cause: below } = cause as Error & { code?: unknown }
    const copy = new Error(clean(`${message}`), below && depth ? { cause: plain(below, depth - 1) } : {})
    return Object.assign(copy, { name: clean(`${name}`) }, typeof code === 'string' && { code: clean(code) })
  }
  try {
    error.cause = plain(error.cause)
  } catch {
    error.cause = undefined
  }
  return error
}

/** What a thing that was thrown says, whatever it is. */
function messageOf(thrown: unknown): string {
  try {
    return `${(thrown as Error | undefined)?.message ?? thrown}`
  } catch {
    return ''
  }
}
