/**
 * The vocabulary of completion-stream on one page: what goes out (request), what comes in (chunk), what it adds up to
 * (completion), and what a provider is. What travels on the wire keeps its wire name; what is computed is camelCase.
 */

// ── request ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** One part of a message's content, in OpenAI's shapes. A URL may be a data URL. Unknown part types are passed through. */
export type ContentPart = (
  | { type: 'text'; text: string }
  | { type: 'refusal'; refusal: string }
  | { type: 'image_url'; image_url: { url: string; detail?: 'auto' | 'low' | 'high' } }
  | { type: 'input_audio'; input_audio: { data: string; format: string } }
  | { type: 'file'; file: { file_id?: string; filename?: string; file_data?: string } }
) & {
  /** Marks the end of what the provider is to keep in its cache, in the provider's words. */
  cache_control?: object
}

/** A call of a function, as it stands in an assistant message. `arguments` is the JSON text that the model wrote. */
export interface FunctionToolCall {
  id: string
  type: 'function'
  function: { name: string; arguments: string }
  /** What the provider wants back with the call, such as a signature of the reasoning that led to it. */
  extra_content?: unknown
}

/** A call of a tool whose input is free text, as it stands in an assistant message. */
export interface CustomToolCall {
  id: string
  type: 'custom'
  custom: { name: string; input: string }
}

/** A tool call as it stands in an assistant message. */
export type MessageToolCall = FunctionToolCall | CustomToolCall

/**
 * A piece of the model's reasoning as the provider wants it back in the next request: readable text, and with it (or
 * instead of it) something opaque that proves where it came from. The shape is OpenRouter's.
 */
export interface ReasoningDetail {
  /** Which of the fields counts: `reasoning.text`, `reasoning.summary`, `reasoning.encrypted`. */
  type: string
  /** The wire that it belongs to, such as `anthropic-claude-v1`: only that one takes it back. */
  format?: string | null
  /** Pieces with the same index and type belong together. */
  index?: number
  id?: string | null
  text?: string | null
  summary?: string | null
  /** Encrypted reasoning. */
  data?: string
  signature?: string | null
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
      reasoning_details?: ReasoningDetail[]
      /** What the provider wants back with the message. */
      extra_content?: unknown
      /** Pictures that the model made earlier. */
      images?: Image[]
      /** An earlier spoken answer, by its id. */
      audio?: { id: string } | null
      name?: string
    }
  | { role: 'tool'; content: string | ContentPart[]; tool_call_id: string }

/** A function that the model may call. `parameters` is a JSON Schema object. */
export interface FunctionTool {
  type: 'function'
  function: { name: string; description?: string; parameters?: Record<string, unknown>; strict?: boolean | null }
}

/** A tool that the provider runs itself, in the provider's own words: sent as it is. */
export interface ProviderTool {
  type?: string
  function?: undefined
  [field: string]: unknown
}

/** How the model may use the tools. */
export type ToolChoice = 'none' | 'auto' | 'required' | { type: 'function'; function: { name: string } }

/**
 * The shape that the answer must have. `schema` stays here: it validates the answer where the JSON Schema beside it, or
 * none, is what the provider gets.
 */
export type ResponseFormat<Parsed = unknown, Written = unknown> =
  | { type: 'text' }
  | { type: 'json_object'; schema?: StandardSchema<Parsed, Written> }
  | {
      type: 'json_schema'
      json_schema: { name: string; description?: string; schema?: Record<string, unknown>; strict?: boolean | null }
      schema?: StandardSchema<Parsed, Written>
    }

/**
 * What to complete: the body of OpenAI's chat completions endpoint, without `stream` (always true here). Fields not
 * listed are sent as they are, so a provider's own options need no release of this library.
 */
export interface CompletionRequest<Parsed = unknown, Written = unknown> {
  /** The model's name as the provider knows it. */
  model: string
  /** The conversation so far. Either this or `prompt`. */
  messages?: readonly Message[]
  /** Shorthand for a conversation of one user message; the whole input of a legacy completions endpoint. */
  prompt?: string
  tools?: readonly (FunctionTool | ProviderTool)[]
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
  /**
   * The shape of the answer: OpenAI's own form, or a schema of zod, valibot, arktype … With a schema, the value so far is
   * in `snapshot.parsed` while it arrives, and the answer is validated at its end.
   */
  response_format?: ResponseFormat<Parsed, Written> | StandardSchema<Parsed, Written>
  reasoning_effort?: 'none' | 'minimal' | 'low' | 'medium' | 'high' | 'xhigh' | null
  /** How much the model may think, in tokens, where the provider counts it so. The shape is Anthropic's and LiteLLM's. */
  thinking?: { type: 'enabled' | 'disabled' | 'adaptive'; budget_tokens?: number }
  stream_options?: { include_usage?: boolean; include_obfuscation?: boolean } | null
  user?: string
  [extra: string]: unknown
}

/** A schema of any library that follows the Standard Schema (zod, valibot, arktype …): https://standardschema.dev */
export interface StandardSchema<Output = unknown, Input = Output> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
    /** How it looks as JSON Schema, where the library tells. */
    readonly jsonSchema?: { readonly input: (options: { readonly target: string }) => Record<string, unknown> }
  }
}

/** What a schema says of a value. A path is where in the value the issue is. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | {
      readonly issues: readonly {
        readonly message: string
        readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
      }[]
    }

// ── chunk: the one currency ────────────────────────────────────────────────────────────────────────────────────────

/** Why a choice ended, in OpenAI's words. `function_call` is the deprecated form of `tool_calls`. */
export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter' | 'function_call'

/** A piece of a tool call. Pieces with the same `index` belong to one call. */
export interface ToolCallDelta {
  index: number
  id?: string
  type?: 'function' | 'custom'
  function?: { name?: string; arguments?: string }
  custom?: { name?: string; input?: string }
  /** What the provider wants back with the call. */
  extra_content?: unknown
}

/** A spoken answer. `data` is base64, and a piece of it in a delta. */
export interface Audio {
  id: string
  data: string
  transcript: string
  /** Unix time in seconds until when the provider knows the id. */
  expires_at: number
}

/** A picture that the model made. */
export interface Image {
  type: 'image_url'
  /** Usually a data URL. */
  image_url: { url: string }
  extra_content?: unknown
}

/**
 * A tool that the provider ran itself, such as a web search. Pieces with the same id belong to one call: later fields
 * replace earlier ones.
 */
export interface ServerToolCall {
  id: string
  name: string
  input?: unknown
  output?: unknown
  extra_content?: unknown
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
  audio?: Partial<Audio>
  /** From here on not part of OpenAI's own wire. Reasoning as the provider wants it back. */
  reasoning_details?: ReasoningDetail[]
  annotations?: Annotation[]
  images?: Image[]
  server_tool_calls?: ServerToolCall[]
  /** What the provider wants back with the message. */
  extra_content?: unknown
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

/**
 * Token counts of one request. `prompt_tokens` includes cached tokens, those read and those written;
 * `completion_tokens` includes reasoning.
 */
export interface Usage {
  prompt_tokens: number
  completion_tokens: number
  total_tokens: number
  /** The provider did not tell, or not to the end (the answer was stopped): counted here, from the text. */
  estimated?: true
  prompt_tokens_details?: {
    cached_tokens?: number
    cache_write_tokens?: number
    audio_tokens?: number
    image_tokens?: number
    text_tokens?: number
  }
  completion_tokens_details?: {
    reasoning_tokens?: number
    audio_tokens?: number
    text_tokens?: number
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

/** A function call that the model asks for. */
export interface ToolCall {
  id: string
  name: string
  /** The JSON text so far; it parses once the call is complete. */
  arguments: string
  /**
   * The value that `arguments` shows so far; undefined while it shows none. Immutable: what did not change since an
   * earlier snapshot is the same object.
   */
  input?: unknown
  state: ToolCallState
  /** A tool whose input is free text: `arguments` and `input` are that text. */
  type?: 'custom'
}

/** A piece of the answer. `parts` holds them in the order in which the model wrote them. */
export type Part =
  | { type: 'text'; text: string }
  | { type: 'reasoning'; text: string }
  | { type: 'refusal'; text: string }
  | { type: 'tool-call'; toolCall: ToolCall }
  | { type: 'server-tool'; toolCall: ServerToolCall }
  | { type: 'image'; image: Image }
  | { type: 'audio'; audio: Audio }

/**
 * The message of one choice, in the wire's shape, with what some providers add to it. Sent back as it is, it continues
 * the conversation, reasoning included.
 */
export interface CompletionMessage {
  role: 'assistant'
  content: string | null
  refusal: string | null
  tool_calls?: MessageToolCall[]
  annotations?: Annotation[]
  audio?: Audio | null
  reasoning_content?: string
  reasoning_details?: ReasoningDetail[]
  images?: Image[]
  server_tool_calls?: ServerToolCall[]
  extra_content?: unknown
}

/** One choice of an answer. `finish_reason` is null as long as the provider has not said why the choice ended. */
export interface CompletionChoice<Finish = FinishReason | null> {
  index: number
  message: CompletionMessage
  finish_reason: Finish
  native_finish_reason?: string | null
  logprobs: Logprobs | null
}

/** An answer in OpenAI's shape alone. */
export interface ChatCompletion<Finish = FinishReason> {
  id: string
  object: 'chat.completion'
  /** Unix time in seconds. */
  created: number
  model: string
  system_fingerprint?: string
  service_tier?: CompletionChunk['service_tier']
  choices: CompletionChoice<Finish>[]
  usage?: Usage
}

/**
 * An answer, whole or as far as it has come: OpenAI's `chat.completion`, and beside it the first choice in the form
 * that a page needs. Immutable; what did not change since an earlier snapshot is the same object.
 */
export interface Completion<Parsed = unknown> extends ChatCompletion<FinishReason | null> {
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
  /**
   * The value of an answer that was asked to be JSON (`response_format`): what the text shows so far, and once it is
   * whole, what it parses to, or what the schema made of that. Missing while there is none.
   */
  parsed?: Parsed
}

/** An answer that was cut, as far as its rest depends on it: any completion is one. */
export type Beginning = Pick<Completion, 'text' | 'parts' | 'toolCalls' | 'choices' | 'usage'>

/** A value of which some may be missing yet. */
export type PartialDeep<T> = T extends (infer Item)[]
  ? PartialDeep<Item>[]
  : T extends object
    ? { [Key in keyof T]?: PartialDeep<T[Key]> }
    : T

// ── provider: one wire format ──────────────────────────────────────────────────────────────────────────────────────

/** One server-sent event. */
export interface ServerSentEvent {
  event?: string
  /** What was said of an id since the event before. */
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

/** A request as a provider gets it: a schema is JSON Schema by then. */
export interface ProviderRequest extends CompletionRequest {
  response_format?: ResponseFormat
}

/** A request as it goes out on the wire. `body` is sent as JSON. */
export interface WireRequest {
  url: string
  headers: Record<string, string>
  body: unknown
}

/** The key, or a function that gets a fresh one for each request. */
export type ApiKey = string | (() => string | Promise<string>)

/** Where and as whom to talk to a provider. */
export interface ProviderOptions {
  /**
   * The key, or a function that gets a fresh one for each request. A key in a page can be read by everyone who opens
   * the page: in a browser, use a relay instead, or short-lived keys.
   */
  apiKey?: ApiKey
  /** Another address than the provider's own: everything before the path of the wire. */
  baseURL?: string
  /** Further request headers. */
  headers?: Record<string, string>
  /** For messages to people. Default: the provider's own. */
  name?: string
  /** Sends the requests instead of the global `fetch`. */
  fetch?: typeof fetch
}

/**
 * Turns a request into one for the rest of an answer that was cut.
 *
 * @param text what the answer says so far, without blanks at its end
 */
export type Continuation = (request: ProviderRequest, text: string) => ProviderRequest

/** One wire format at one address: how a request is written and how the answer is read. */
export interface Provider {
  /** For messages to people, such as "openai". */
  name: string
  /**
   * Called before anything else where one provider stands for several: who answers this request, and what is asked of
   * them. May throw with a sentence about why nobody does.
   */
  resolve?(request: ProviderRequest): [Provider, ProviderRequest]
  /** The request to send. May throw with a sentence about what the provider cannot take. */
  request(request: ProviderRequest): WireRequest | Promise<WireRequest>
  /**
   * The request for the rest of an answer that begins with `text`, where the provider can go on with one: missing where it
   * cannot. The answer to it is the rest alone, without `text`.
   */
  continuation?: Continuation
  /** A fresh decoder for one response. */
  decoder(): Decoder
  /** The body is no event stream but JSON lines, each of which the decoder gets as one event. */
  lines?: boolean
  /** It answers inside the page: there is no connection that sleep or a change of networks could break. */
  local?: boolean
  /** Sends the request instead of the global `fetch` (a proxy, a test, a scripted provider). */
  fetch?: typeof fetch
}
