'use client'
/** The public list. */
export { useChat } from './use-chat.ts'
export type { ChatResult, UseChatOptions } from './use-chat.ts'
export { useCompletionStream } from './use-completion-stream.ts'
export type { CompletionStreamResult, UseCompletionStreamOptions } from './use-completion-stream.ts'
export { useStore } from './use-store.ts'
