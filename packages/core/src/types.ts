/**
 * The vocabulary of completion-stream on one page: what goes out (request), what comes in (chunk), what it adds up to
 * (completion), and what a provider is. What travels on the wire keeps its wire name; what is computed is camelCase.
 */

// ── request ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** One part of a message's content, in OpenAI's shapes. Unknown part types are passed through. */
export type ContentPart =
  | { type: 'text'; text: string }
  | { type: 'image_url'; image_url: { url: string; detail?: 'auto' | 'low' | 'high' } }
  | { type: 'input_audio'; input_audio: { data: string; format: string } }
  | { type: 'file'; file: { file_id?: string; filename?: string; file_data?: string } }

/** A call of a function, as it stands in an assistant message. `arguments` is the JSON text that the model wrote. */
export interface MessageToolCall {
  id: string
  type: 'function'
  function: { name: string; arguments: string }
}

/** One message of the conversation that a request sends. */
export type Message =
  | { role: 'system' | 'developer'; content: string | ContentPart[]; name?: string }
  | { role: 'user'; content: string | ContentPart[]; name?: string }
  | {
      role: 'assistant'
      content?: string | ContentPart[] | null
      tool_calls?: MessageToolCall[]
      refusal?: string | null
      reasoning_content?: string | null
      name?: string
    }
  | { role: 'tool'; content: string | ContentPart[]; tool_call_id: string }

/** A function that the model may call. `parameters` is a JSON Schema object. */
export interface FunctionTool {
  type: 'function'
  function: { name: string; description?: string; parameters?: Record<string, unknown>; strict?: boolean | null }
}

/** How the model may use the tools. */
export type ToolChoice = 'none' | 'auto' | 'required' | { type: 'function'; function: { name: string } }

/** The shape that the answer must have. */
export type ResponseFormat =
  | { type: 'text' }
  | { type: 'json_object' }
  | {
      type: 'json_schema'
      json_schema: { name: string; description?: string; schema?: Record<string, unknown>; strict?: boolean | null }
    }

/**
 * What to complete: the body of OpenAI's chat completions endpoint, without `stream` (always true here). Fields not
 * listed are sent as they are, so a provider's own options need no release of this library.
 */
export interface CompletionRequest {
  /** The model's name as the provider knows it. */
  model: string
  /** The conversation so far. Either this or `prompt`. */
  messages?: readonly Message[]
  /** Shorthand for a conversation of one user message; the whole input of a legacy completions endpoint. */
  prompt?: string
  tools?: readonly FunctionTool[]
  tool_choice?: ToolChoice
  parallel_tool_calls?: boolean
  max_tokens?: number | null
  max_completion_tokens?: number | null
  temperature?: number | null
  top_p?: number | null
  n?: number | null
  stop?: string | readonly string[] | null
  seed?: number | null
  logprobs?: boolean | null
  top_logprobs?: number | null
  response_format?: ResponseFormat
  reasoning_effort?: 'none' | 'minimal' | 'low' | 'medium' | 'high' | 'xhigh' | null
  stream_options?: { include_usage?: boolean; include_obfuscation?: boolean } | null
  user?: string
  [extra: string]: unknown
}

// ── chunk: the one currency ────────────────────────────────────────────────────────────────────────────────────────

/** Why a choice ended, in OpenAI's words. `function_call` is the deprecated form of `tool_calls`. */
export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter' | 'function_call'

/** A piece of a tool call. Pieces with the same `index` belong to one call. */
export interface ToolCallDelta {
  index: number
  id?: string
  type?: 'function'
  function?: { name?: string; arguments?: string }
}

/** What a chunk adds to one choice. */
export interface Delta {
  role?: 'developer' | 'system' | 'user' | 'assistant' | 'tool'
  content?: string | null
  /** The model's thinking, where the provider shows it. Not part of OpenAI's own wire. */
  reasoning_content?: string | null
  refusal?: string | null
  tool_calls?: ToolCallDelta[]
  function_call?: { name?: string; arguments?: string }
  annotations?: Annotation[]
}

/** Log-probability of one token. */
export interface TokenLogprob {
  token: string
  bytes: number[] | null
  logprob: number
  top_logprobs: { token: string; bytes: number[] | null; logprob: number }[]
}

/** Log-probabilities of a choice's tokens, in order. */
export interface Logprobs {
  content: TokenLogprob[] | null
  refusal: TokenLogprob[] | null
}

/** A source that the answer cites, at character positions of the text. */
export interface Annotation {
  type: 'url_citation'
  url_citation: { url: string; title: string; start_index: number; end_index: number }
}

/** What a chunk says of one choice. */
export interface ChunkChoice {
  index: number
  delta: Delta
  finish_reason: FinishReason | null
  /** The provider's own word for why the choice ended, as it stood on the wire. */
  native_finish_reason?: string | null
  logprobs?: Logprobs | null
}

/** One piece of a streamed answer: OpenAI's `chat.completion.chunk`, whatever the provider's own wire looks like. */
export interface CompletionChunk {
  id: string
  object: 'chat.completion.chunk'
  /** Unix time in seconds. */
  created: number
  model: string
  system_fingerprint?: string
  service_tier?: 'auto' | 'default' | 'flex' | 'scale' | 'priority' | 'fast' | null
  choices: ChunkChoice[]
  /** On the chunk that carries it (usually the last one). */
  usage?: Usage | null
}

/** Token counts of one request. `prompt_tokens` includes cached tokens, `completion_tokens` includes reasoning. */
export interface Usage {
  prompt_tokens: number
  completion_tokens: number
  total_tokens: number
  prompt_tokens_details?: { cached_tokens?: number; audio_tokens?: number }
  completion_tokens_details?: {
    reasoning_tokens?: number
    audio_tokens?: number
    accepted_prediction_tokens?: number
    rejected_prediction_tokens?: number
  }
}

// ── completion: what the chunks add up to ──────────────────────────────────────────────────────────────────────────

/**
 * Where a tool call stands. From the stream: `input-streaming` while its arguments arrive, `input-complete` once the
 * provider said that it is over and the arguments parse, `incomplete` when they never will. From running it: `running`,
 * `output`, `error`. Only an `input-complete` call may be run.
 */
export type ToolCallState = 'input-streaming' | 'input-complete' | 'incomplete' | 'running' | 'output' | 'error'

/** A function call that the model asks for. `arguments` is the JSON text so far; it parses once the call is complete. */
export interface ToolCall {
  id: string
  name: string
  arguments: string
  state: ToolCallState
}

/** A piece of the answer. `parts` holds them in the order in which the model wrote them. */
export type Part =
  | { type: 'text'; text: string }
  | { type: 'reasoning'; text: string }
  | { type: 'refusal'; text: string }
  | { type: 'tool-call'; toolCall: ToolCall }

/** The message of one choice, in the wire's shape, with what some providers add to it (`reasoning_content`). */
export interface CompletionMessage {
  role: 'assistant'
  content: string | null
  refusal: string | null
  reasoning_content?: string
  tool_calls?: MessageToolCall[]
  annotations?: Annotation[]
}

/** One choice of an answer. `finish_reason` is null as long as the provider has not said why the choice ended. */
export interface CompletionChoice {
  index: number
  message: CompletionMessage
  finish_reason: FinishReason | null
  native_finish_reason?: string | null
  logprobs: Logprobs | null
}

/**
 * An answer, whole or as far as it has come: OpenAI's `chat.completion`, and beside it the first choice in the form
 * that a page needs. Immutable; what did not change since an earlier snapshot is the same object.
 */
export interface Completion {
  id: string
  object: 'chat.completion'
  /** Unix time in seconds. */
  created: number
  model: string
  system_fingerprint?: string
  service_tier?: CompletionChunk['service_tier']
  choices: CompletionChoice[]
  usage?: Usage
  /** The first choice's visible text; `''` while there is none. */
  text: string
  /** The first choice's reasoning, where the provider shows it. */
  reasoning: string
  /** The first choice's refusal. */
  refusal: string
  /** The first choice's tool calls, in order. */
  toolCalls: readonly ToolCall[]
  /** The first choice's pieces, in the order in which they were written. */
  parts: readonly Part[]
  /** Why the first choice ended; null while it has not, or when the provider never said. */
  finishReason: FinishReason | null
  /** The provider's own word for it. */
  nativeFinishReason: string | null
}

// ── provider: one wire format ──────────────────────────────────────────────────────────────────────────────────────

/** One server-sent event. */
export interface ServerSentEvent {
  event?: string
  id?: string
  data: string
}

/** Where a decoder puts what it reads. */
export interface ChunkSink {
  chunk(chunk: CompletionChunk): void
  /** The format's own end marker was read: whatever follows is not part of the answer. */
  done(): void
  /** The provider reports an error, which ends the answer. `said` is what stood on the wire: JSON, parsed or not, or text. */
  error(said: unknown): void
}

/**
 * Reads the events of one response, in order. A decoder may throw on an event that it cannot read: the stream ends in
 * `invalid_response`, with what came before kept.
 */
export type Decoder = (event: ServerSentEvent, sink: ChunkSink) => void

/** A request as it goes out on the wire. `body` is sent as JSON. */
export interface WireRequest {
  url: string
  headers: Record<string, string>
  body: unknown
}

/** One wire format at one address: how a request is written and how the answer is read. */
export interface Provider {
  /** For messages to people, such as "openai". */
  name: string
  /** The request to send. May throw with a sentence about what the provider cannot take. */
  request(request: CompletionRequest): WireRequest | Promise<WireRequest>
  /** A fresh decoder for one response. */
  decoder(): Decoder
  /** Sends the request instead of the global `fetch` (a proxy, a test, a scripted provider). */
  fetch?: typeof fetch
}
