/** What a caller may say of how to stream, and what a response says beside its body. */
import type { RateLimits } from './errors.ts'
import type { CountTokens } from './tokens.ts'
import type { Beginning, Continuation, Provider } from './types.ts'

/** How long things may take, in milliseconds. Each that is exceeded ends in the error `timeout`, whose `phase` says which. */
export interface StreamTimeouts {
  /** From a request to the response's headers. Default 5 minutes: some servers load the model first. */
  connectMs?: number
  /** From a request to the first piece of the answer. Off by default. Who is too slow is not asked again, but fallbacks are. */
  firstChunkMs?: number
  /** From one piece of the answer (text, reasoning, a tool call) to the next; comments and pings do not count. Off by default. */
  chunkMs?: number
  /** For everything, retries and waits included. Off by default. */
  totalMs?: number
}

/** How much may arrive. What exceeds it ends in the error `limit_exceeded`. */
export interface StreamLimits {
  /** Bytes between two pieces of the answer: one event, and all that carries nothing. Default 16 MiB. */
  maxEventBytes?: number
  /** Bytes of the whole answer, as it comes over the wire. Default 64 MiB. */
  maxCompletionBytes?: number
  /** How often the same piece of at least three characters may come in a row, before the model counts as stuck. Off by default. */
  maxRepeatedChunks?: number
}

/** What a response says beside its body. */
export interface ResponseInfo {
  status: number
  headers: Headers
  /** The provider's id of the request, for its support. */
  requestId?: string
  /** What the provider says of its limits: how many requests, tokens and so on it takes, and how many are left. */
  rateLimits?: RateLimits
}

/** Somebody else to ask. */
export interface Fallback {
  provider: Provider | string
  /** Default: the request's own. */
  model?: string
  /** Further request headers. Those of the stream's options are for its own provider alone: they may hold its key. */
  headers?: Record<string, string>
}

/** How to stream one request. */
export interface StreamOptions {
  /** Who answers: a provider, or the URL of an OpenAI-compatible endpoint (a relay, LiteLLM, vLLM, Ollama …). */
  provider: Provider | string
  /** Stops the stream as `abort()` does. */
  signal?: AbortSignal
  /** Sends the requests instead of the provider's own or the global `fetch`. */
  fetch?: typeof fetch
  /** Further request headers. In a browser, each that is not CORS-safelisted must be allowed by the server. */
  headers?: Record<string, string>
  /**
   * How often a request that failed before the first token is sent again, and a connection that broke after it is taken up
   * again where the endpoint can do that (a relay with a store). Waits as long as the server asks, up to a minute, else
   * 0.5 s, doubled each time up to 8 s. Without a network it waits until there is one. Default 2.
   */
  maxRetries?: number
  timeout?: StreamTimeouts
  limits?: StreamLimits
  /** Whom to ask, in this order, when the provider fails for good before the first token. */
  fallbacks?: readonly Fallback[]
  /** An answer that was cut: its rest is asked for, and the stream's completion is both. Text only. */
  continues?: Beginning
  /**
   * Where a relay keeps an answer (an earlier stream's `resumeUrl`): it is read from there, from its beginning, and nothing
   * is asked. Must be at the provider's own origin. An answer that is no longer kept ends in `not_found`.
   */
  resumeUrl?: string
  /** How to ask for the rest of an answer, instead of the provider's own way or where it has none. */
  continuation?: Continuation
  /**
   * Counts the tokens of an answer whose usage the provider did not tell, or not to the end, instead of the built-in
   * estimate. Asked once, at the end.
   */
  countTokens?: CountTokens
}
