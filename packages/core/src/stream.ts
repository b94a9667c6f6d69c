/** One request, start to end: send it, read the response, decode it, and decide how it ended. */
import type { Accumulator } from './accumulate.ts'
import { CompletionError, isCompletionError, providerError, retryAfterMs } from './errors.ts'
import type { CompletionErrorCode, CompletionErrorDetails } from './errors.ts'
import { endpoint } from './providers/openai.ts'
import { createBodyReader } from './sse.ts'
import { validate, wireFormat } from './structured.ts'
import type { CountTokens } from './tokens.ts'
import type { ChunkSink, CompletionChunk, CompletionRequest, Provider, ProviderRequest } from './types.ts'

/** How to stream one request. */
export interface StreamOptions {
  /** Who answers: a provider, or the URL of an OpenAI-compatible endpoint (a relay, LiteLLM, vLLM, Ollama …). */
  provider: Provider | string
  /** Stops the stream as `abort()` does. */
  signal?: AbortSignal
  /** Sends the request instead of the provider's own or the global `fetch`. */
  fetch?: typeof fetch
  /** Further request headers. In a browser, each that is not CORS-safelisted must be allowed by the server. */
  headers?: Record<string, string>
  /**
   * Counts the tokens of an answer whose usage the provider did not tell, or not to the end, instead of the built-in
   * estimate. Asked once, at the end.
   */
  countTokens?: CountTokens
  limits?: {
    /** The most that one server-sent event, or a body that is no event stream, may hold, in UTF-16 units. Default 16 Mi. */
    maxEventChars?: number
  }
}

/** What a response says beside its body. */
export interface ResponseInfo {
  status: number
  headers: Headers
  /** The provider's id of the request, for its support. */
  requestId?: string
}

/** Who reads the stream. The methods are called in this order: `responded`, then `chunk`s and `read`s, then `ended`. */
export interface StreamReader {
  responded(info: ResponseInfo): void
  /** `visible`: something arrived that a person can see. */
  chunk(chunk: CompletionChunk, visible: boolean): void
  /** One network read was decoded whole. */
  read(): void
  /** Whether to read on now; when not, reading goes on at the next `more()`. This is how backpressure reaches the socket. */
  wantsMore(): boolean
  ended(error?: CompletionError): void
}

/** The reader's end of a running request. */
export interface StreamControl {
  /** The reader wants more now. */
  more(): void
  /** Closes the connection at once, also when `fetch` ignores its signal. No method of the reader is called any more. */
  cancel(reason?: unknown): void
}

const defaultMaxEventChars = 16 * 1024 * 1024

/** Starts a request and reads it as fast as the reader wants. Every chunk is in `accumulator` before the reader sees it. */
export function openStream(
  request: CompletionRequest,
  options: StreamOptions,
  accumulator: Accumulator,
  reader: StreamReader,
): StreamControl {
  const controller = new AbortController()
  const limit = options.limits?.maxEventChars ?? defaultMaxEventChars
  let provider = typeof options.provider === 'string' ? endpoint(options.provider) : options.provider
  const details: CompletionErrorDetails & { provider: string } = { provider: provider?.name }
  let headers: Record<string, string> = {}
  let url = ''
  let closed = false
  let body: ReadableStreamDefaultReader<Uint8Array> | undefined
  let wake = (): void => {}
  /** What it means when something throws that is no CompletionError. */
  let stage: 'bad_request' | 'network' | 'limit_exceeded' | 'invalid_response' = 'bad_request'
  /** The format's own end, or an error, was read. */
  let over = false
  let failure: CompletionError | undefined

  const fail = (code: CompletionErrorCode, message: string, cause?: unknown) =>
    new CompletionError(code, message, { ...details, cause })

  const cancelBody = (reason?: unknown) => void body?.cancel(reason).catch(() => {})

  const sink: ChunkSink = {
    chunk(chunk) {
      if (!over) reader.chunk(chunk, accumulator.add(chunk))
    },
    done() {
      over = true
    },
    error(said) {
      failure ??= providerError(said, details)
      over = true
    },
  }

  const run = async (): Promise<void> => {
    if (!provider) throw new Error('Set `provider` to a URL or to a provider such as openai().')
    if (!request.model) throw new Error('Set `model`, for example "gpt-4o-mini".')
    let asked: ProviderRequest = { ...request, response_format: wireFormat(request.response_format) }
    if (provider.resolve) [provider, asked] = provider.resolve(asked)
    details.provider = provider.name
    const wire = await provider.request(asked)
    if (closed) return
    stage = 'network'
    url = wire.url.replace(/[?#].*$/, '') // for messages: a query may hold a key
    headers = { ...wire.headers, ...options.headers }
    const response = await (options.fetch ?? provider.fetch ?? fetch)(wire.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream', ...headers },
      body: JSON.stringify(wire.body),
      signal: controller.signal,
    })
    body = response.body?.getReader()
    if (closed) return cancelBody()
    const { status, ok, headers: said } = response
    const type = said.get('content-type') ?? 'nothing'
    details.requestId = said.get('x-request-id') ?? said.get('request-id') ?? undefined
    reader.responded({ status, headers: said, requestId: details.requestId })

    const isLines = provider.lines || /ndjson|jsonl/i.test(type)
    const isJson = !isLines && /\/(problem\+)?json/i.test(type)
    const isStream = ok && !isJson && !/html|xml/i.test(type)
    const decoder = provider.decoder()
    let done = !body
    let events = 0
    let text = ''
    const take = createBodyReader(
      isStream ? (isLines ? 'lines' : 'events') : 'whole',
      (event) => {
        if (over) return
        events++
        text = event.data
        if (!ok || !(isStream || isJson)) return
        try {
          decoder(event, sink)
        } catch (error) {
          // The last event of a connection that was cut is cut as well.
          if (done) return
          over = true
          failure = fail('invalid_response', `${provider.name} sent an unreadable event: ${excerpt(text)}`, error)
        }
      },
      limit,
    )
    let dropped: unknown
    while (!over && !done) {
      if (!reader.wantsMore()) await new Promise<void>((resolve) => (wake = resolve))
      if (closed) return
      let value: Uint8Array | undefined
      try {
        ;({ done, value } = await body!.read())
      } catch (error) {
        dropped = error
        done = true
      }
      if (closed) return
      stage = 'limit_exceeded'
      take(value)
      stage = 'invalid_response'
      reader.read()
    }

    if (!ok) throw providerError(text, { ...details, status, retryAfterMs: retryAfterMs(said) })
    if (failure) throw failure
    // An end marker or a finish reason is what tells a whole answer from one whose connection was cut.
    if (over || accumulator.finished) {
      const verdict = await validate(request.response_format, accumulator.snapshot)
      if (!verdict || closed) return
      if (verdict.problem !== undefined) throw fail('invalid_response', verdict.problem, verdict.issues)
      return accumulator.validated(verdict.value)
    }
    if (dropped || (isStream && events)) {
      const message = `${provider.name} closed the connection before the answer was finished. What arrived is kept; try again.`
      throw fail(events ? 'interrupted' : 'network', message, dropped)
    }
    throw fail(
      'invalid_response',
      `${url} answered with ${type}, not with a completion: ${excerpt(text)} Check the URL.`,
    )
  }

  const explain = (cause: Error): string => {
    if (stage === 'network') {
      const advice = 'Check the URL, the connection and, in a browser, that the server allows this page (CORS).'
      return `${url} could not be reached. ${advice}`
    }
    return stage === 'limit_exceeded'
      ? `${url} sent an event of more than ${limit} characters.`
      : String(cause?.message ?? cause)
  }

  /** Whatever comes after this is nobody's business any more. Returns whether it was still open. */
  const close = (reason?: unknown): boolean => {
    if (closed) return false
    closed = true
    cancelBody(reason)
    try {
      accumulator.close()
    } catch {
      // An estimate that trips over an odd request must not keep the stream from ending.
    }
    return true
  }

  run().then(
    () => close() && reader.ended(),
    (cause) => {
      if (!close()) return
      const error = isCompletionError(cause) ? cause : fail(stage, explain(cause), cause)
      error.message = redact(error.message, headers)
      error.partial = accumulator.snapshot
      reader.ended(error)
    },
  )

  return {
    more: () => wake(),
    cancel(reason) {
      if (!close(reason)) return
      controller.abort(reason)
      wake()
    },
  }
}

function excerpt(text: string): string {
  return JSON.stringify(text.trim().slice(0, 80))
}

/** Takes what was sent as a secret out of what came back: some servers quote the key that they refuse. */
function redact(text: string, headers: Record<string, string>): string {
  for (const value of Object.values(headers)) {
    const secret = value.replace(/^\w+ /, '')
    // Shorter ones are no secrets but names, and such words stand in any message.
    if (secret.length > 7) text = text.replaceAll(secret, '…')
  }
  return text
}
