/** The public list. */
export { buildCompletion } from './accumulate.ts'
export { createChat } from './chat.ts'
export type { Chat, ChatMessage, ChatOptions, ChatState, UserMessage } from './chat.ts'
export { streamCompletion } from './completion-stream.ts'
export type { CompletionStream } from './completion-stream.ts'
export { CompletionError, isCompletionError } from './errors.ts'
export type { CompletionErrorCode, CompletionErrorDetails } from './errors.ts'
export { endpoint, openai, openaiCompletions } from './providers/openai.ts'
export type { OpenAIOptions } from './providers/openai.ts'
export { createCompletionStore } from './store.ts'
export type {
  CompletionInput,
  CompletionState,
  CompletionStatus,
  CompletionStore,
  CompletionStoreOptions,
  Store,
} from './store.ts'
export type { ResponseInfo, StreamOptions } from './stream.ts'
export type { StreamTiming } from './timing.ts'
export type { ChatTool, ChatTools } from './tools.ts'
export type { AssistantMessage, ChatPart, ChatToolCall } from './turn.ts'
export type * from './types.ts'
