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
/** What may pass: 409 and 425 say that somebody else was first, or that it came too early. */
const mayPass = /409|425|network|timeout|interrupted|rate_limit|server|overloaded/

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
    Object.assign(this, { name: 'CompletionError', code, retryable: mayPass.test(code), attempts: 1 })
    for (const [key, value] of Object.entries(details))
      if (value !== undefined) (this as Record<string, unknown>)[key] = value
    Object.defineProperty(this, brand, { value: true })
    // V8 holds everything that the calls of a stack could see, the request and its body too, until the stack is read.
    Object.defineProperty(this, 'stack', { value: this.stack, writable: true, configurable: true })
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

/**
 * By what each kind of error is known: its status, the codes and types of the providers, the names of LiteLLM's exceptions.
 * The first that fits is it.
 */
const signs: Record<CompletionErrorCode, RegExp> = {
  content_policy: /content.?(policy|filter)|rejectedrequest|guardrail|blockedpii/i,
  context_window_exceeded: /context.?(length|window)|prompt is too long|too many tokens/i,
  rate_limit: /^429|rate.?limit|throttl|too many requests/i,
  authentication: /^401|authenticat|api.?key/i,
  permission: /^403|permission/i,
  not_found: /^404|not.?found/i,
  timeout: /^408|^504|timed? ?out|deadline/i,
  interrupted: /interrupted|midstream/i,
  overloaded: /^503|^529|overloaded|unavailable/i,
  network: /network/i,
  limit_exceeded: /limit_exceeded/i,
  invalid_response: /(response|schema)validation/i,
  bad_request:
    /^4\d\d\b|bad.?request|invalid.?(request|argument)|unsupported|unprocessable|imagefetch|unknownprovider/i,
  server: /^5\d\d\b|server|gateway|internal|api_error|apiconnection/i,
  provider: /provider/i,
}
const codes = Object.keys(signs) as CompletionErrorCode[]

/** Nothing is left to pay with. Asked to wait a while, a request that was made too early says "quota" as well. */
const spent =
  /^402|insufficient.(quota|balance|credit|fund)|credit balance|available credits|current.quota(?![^]*retry)|billing_|budget.?(has been )?exceeded|exceeded.?budget/i

const advice: Partial<Record<CompletionErrorCode, string>> = {
  authentication: 'Check the API key.',
  permission: 'Check the rights of the API key.',
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
  const { provider, status, retryAfterMs } = details
  const kind = [status, ...kinds].join(' ').trim()
  const number = /\b[45]\d\d\b/.exec(kind)?.[0]
  const words = `${kind} ${message}`
  const exceptions = /^(litellm\.\w+: ?)+/.exec(message)?.[0]
  const named = (text = '', among = codes) => among.find((code) => signs[code].test(text))
  // An error that was a CompletionError already, where a relay passes it on, keeps its code and its words.
  const passedOn = codes.find((code) => code === kinds[0])
  const isSpent = !passedOn && spent.test(words)
  const isTooFast = signs.rate_limit.test(kind)
  const code =
    passedOn ??
    (isSpent || isTooFast ? 'rate_limit' : undefined) ??
    named(words, codes.slice(0, 2)) ??
    named(exceptions) ??
    named(number) ??
    named(kind || message) ??
    'provider'
  const retryable = details.retryable ?? (!isSpent && mayPass.test(`${number} ${code}`))
  const report = [
    `${provider} answered ${status ?? 'with an error'}: ${asSentence(message || 'no explanation')}`,
    isSpent ? 'Check the plan and the billing of the account.' : advice[code],
    retryable && `Try again ${inWords(retryAfterMs)}.`,
  ]
    .filter(Boolean)
    .join(' ')
  return new CompletionError(code, (passedOn && message) || report, {
    ...details,
    retryable,
    providerCode: kinds.find((word) => word !== `${status}`),
    providerMessage: message || undefined,
  })
}

/** What an error says of itself. `kinds`: its code and its type, as far as they are there. */
function readError(said: unknown): { message: string; kinds: string[] } {
  // eslint-disable-next-line typescript/no-explicit-any -- the JSON edge: whatever a server sends
  let json = said as any
  if (typeof said === 'string') {
    try {
      json = JSON.parse(said)
    } catch {
      json = cut(said.replace(/(<[^<>]*>|\s)+/g, ' '), 200)
    }
  }
  if (Array.isArray(json)) json = json[0]
  // OpenAI's `{ error: { message, type, code } }` and its common variations.
  const error = json?.error ?? json?.detail ?? json
  const told = error?.message ?? json?.message ?? error
  const message = typeof told === 'string' ? told : (JSON.stringify(told) ?? '')
  return {
    message: cut(message.trim(), 2000),
    // Python's None is how LiteLLM says that there is none.
    kinds: [error?.code, error?.type ?? error?.status]
      .filter((kind) => kind && kind !== 'None')
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
  if (ms <= 1000) return 'in a moment'
  return ms < 120_000 ? `in ${Math.ceil(ms / 1000)} seconds` : `in ${Math.ceil(ms / 60_000)} minutes`
}

// ── what a response's headers say ──────────────────────────────────────────────────────────────────────────────────

/** What the headers of any response tell an error. In a browser, a server has to expose them to the page. */
export function responseDetails(
  headers: Headers,
): Pick<CompletionErrorDetails, 'requestId' | 'retryAfterMs' | 'rateLimits' | 'retryable'> {
  const shouldRetry = headers.get('x-should-retry')
  let rateLimits: RateLimits | undefined
  headers.forEach((value, name) => {
    // For example `x-ratelimit-reset-tokens`, `anthropic-ratelimit-input-tokens-limit`, `ratelimit-remaining`.
    const [, before, field, what = before ?? 'requests'] =
      /ratelimit-(?:(.+)-)?(limit|remaining|reset)(?:-(.+))?$/.exec(name) ?? []
    const amount = field === 'reset' ? waitOf(value) : parseInt(value)
    if (!field || !isSane(amount)) return
    // Without a prototype, no name can reach into anything else.
    rateLimits ??= Object.create(null) as RateLimits
    const about = (rateLimits[what] ??= {})
    about[field === 'reset' ? 'resetMs' : (field as 'limit' | 'remaining')] = amount
  })
  return {
    // Whose support will ask for it first.
    requestId: ['x-request-id', 'request-id', 'x-litellm-call-id', 'mistral-correlation-id']
      .map((name) => headers.get(name))
      .find(Boolean) as string | undefined,
    // `Retry-After` is in seconds or a date.
    retryAfterMs: [`${headers.get('retry-after-ms')}ms`, `${headers.get('retry-after')}`].map(waitOf).find(isSane),
    rateLimits,
    retryable: shouldRetry ? shouldRetry === 'true' : undefined,
  }
}

/** A wait as headers have it ("20", "6m0s", "120ms", a date), in milliseconds from now, or NaN. */
function waitOf(text: string): number {
  if (text.includes(':')) return Date.parse(text) - Date.now()
  const [, hours = 0, minutes = 0, rest, unit] = /^(?:(\d+)h)?(?:(\d+)m)?([\d.]+)(m?s)?$/.exec(text) ?? []
  return (Number(hours) * 60 + Number(minutes)) * 60_000 + Number(rest) * (unit === 'ms' ? 1 : 1000)
}

/** Whether an amount can be meant: no time in the past, and none since 1970. */
function isSane(amount: number): boolean {
  return amount >= 0 && amount < 1e12
}

// ── what a rejected fetch means ────────────────────────────────────────────────────────────────────────────────────

/** How the engines say that the caller made a mistake. All other words, translated ones too, mean the network. */
const mistake =
  /failed to (execute|construct|parse)|(valid|unsupported) url|url (is|with|that)|valid.* header|header.* invalid|bytestring|expected pattern|is not an? |undefined|(of|is) null|referenceerror/i

/**
 * The error for a fetch that was rejected: the network's, or the caller's own where no request could be made of it.
 *
 * @param place the URL as it may be shown
 */
export function fetchError(cause: unknown, place: string, details: CompletionErrorDetails): CompletionError {
  if (isCompletionError(cause)) return cause
  const { name = '', message = '' } = Object(cause) as Error
  return mistake.test(`${name} ${message}`)
    ? new CompletionError(
        'bad_request',
        `The request to ${place} could not be made: ${asSentence(message)} Check the URL, the headers and \`fetch\`.`,
        { ...details, cause },
      )
    : new CompletionError(
        'network',
        `${place} could not be reached. Check the URL, the connection and, in a browser, that the server allows this page (CORS).`,
        { ...details, cause },
      )
}

// ── what must not be said ──────────────────────────────────────────────────────────────────────────────────────────

/** Where an error, or what caused it, may quote a secret. */
const texts = /* @__PURE__ */ 'name message stack code provider providerCode providerMessage requestId cause'.split(' ')
type Fields = Record<string, unknown>

/**
 * Takes secrets out of all texts of an error, in place: some servers and engines quote the key that they refuse. What is
 * its cause may hold them anywhere, so that a plain error with the same texts takes its place.
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
  const clean = (said: unknown): unknown => {
    if (typeof said === 'string') return hidden.reduce((rest, secret) => rest.replaceAll(secret, '…'), said)
    // A list is what a schema says of an answer.
    return Object(said) !== said || Array.isArray(said) ? said : cleanFields(said as Fields, new Error() as never)
  }
  const cleanFields = (from: Fields, to: Fields): Fields => {
    for (const key of texts) if (from[key]) to[key] = clean(from[key])
    return to
  }
  // A code is a word to branch on, whatever was sent.
  const { code } = error
  try {
    Object.assign(cleanFields(error as never, error as never), { code })
  } catch {
    // That cause cannot be read, or has no end.
    error.cause = undefined
  }
  return error
}
