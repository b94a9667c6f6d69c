/** The public list. */
export { buildCompletion } from './accumulate.ts'
export { createChat } from './chat.ts'
export type { Chat, ChatMessage, ChatOptions, ChatState, UserMessage } from './chat.ts'
export { streamCompletion } from './completion-stream.ts'
export type { CompletionStream } from './completion-stream.ts'
export { CompletionError, isCompletionError } from './errors.ts'
export type { CompletionErrorCode, CompletionErrorDetails } from './errors.ts'
export { anthropic } from './providers/anthropic.ts'
export { chrome } from './providers/chrome.ts'
export type { BuiltInModel, BuiltInSession, ChromeOptions } from './providers/chrome.ts'
export { cohere } from './providers/cohere.ts'
export { compatible, compatibleNames } from './providers/compatible.ts'
export type { CompatibleName, CompatibleOptions } from './providers/compatible.ts'
export { gemini } from './providers/gemini.ts'
export { ollama } from './providers/ollama.ts'
export { endpoint, openai, openaiCompletions } from './providers/openai.ts'
export type { OpenAIOptions } from './providers/openai.ts'
export { openaiResponses } from './providers/openai-responses.ts'
export type { OpenAIResponsesOptions } from './providers/openai-responses.ts'
export { route } from './providers/route.ts'
export type { RouteOptions } from './providers/route.ts'
export { source } from './providers/source.ts'
export type { Chunks, ChunkSource, SourceRequest } from './providers/source.ts'
export { createCompletionStore } from './store.ts'
export type {
  CompletionInput,
  CompletionState,
  CompletionStatus,
  CompletionStore,
  CompletionStoreOptions,
  Store,
} from './store.ts'
export { createPartialJson, parsePartialJson } from './partial-json.ts'
export type { PartialJson } from './partial-json.ts'
export type { ResponseInfo, StreamOptions } from './stream.ts'
export type { StreamTiming } from './timing.ts'
export { estimateTokens } from './tokens.ts'
export type { CountTokens } from './tokens.ts'
export type { ChatTool, ChatTools } from './tools.ts'
export type { AssistantMessage, ChatPart, ChatToolCall } from './turn.ts'
export type * from './types.ts'
