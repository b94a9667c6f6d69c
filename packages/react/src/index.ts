'use client'
/** The public list. The types that the hooks speak are the core's, passed on for convenience. */
export type {
  AssistantMessage,
  ChatMessage,
  ChatPart,
  ChatTool,
  ChatTools,
  ChatToolCall,
  CompletionInput,
  CompletionState,
  CompletionStatus,
  Store,
  UserMessage,
} from 'completion-stream'
export { useChat } from './use-chat.ts'
export type { ChatResult, UseChatOptions } from './use-chat.ts'
export { useCompletionStream } from './use-completion-stream.ts'
export type { CompletionStreamResult, UseCompletionStreamOptions } from './use-completion-stream.ts'
export { useSmoothText } from './use-smooth-text.ts'
export type { SmoothTextOptions } from './use-smooth-text.ts'
export { useStore } from './use-store.ts'
export { useStreamAnnouncer } from './use-stream-announcer.ts'
export type { StreamAnnouncerProps, StreamSentences } from './use-stream-announcer.ts'
