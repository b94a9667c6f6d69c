/** Who takes part in the React bench: which hook, on which wire, with which setting. Read by the bench and by its page. */

/** The hooks that the page has a file for. */
export type Hook =
  | 'idle'
  | 'floor'
  | 'ours-completion'
  | 'ours-chat'
  | 'ai-sdk-completion'
  | 'ai-sdk-chat'
  | 'tanstack-chat'

/** What the server speaks: OpenAI's chunks, the AI SDK's UI message stream, or AG-UI's events. */
export type WireName = 'openai' | 'ui-message' | 'ag-ui'

/** One row of a table. */
export interface Entrant {
  name: string
  hook: Hook
  wire: WireName
  /** Milliseconds between two renders; without it, what the hook does by itself. */
  throttle?: number
  /** Whether the targets are for it. */
  isOurs?: true
}

/** The page without a stream: how many frames are dropped when nothing happens. */
export const idle: Entrant = { name: 'idle page', hook: 'idle', wire: 'openai' }
/** What everybody is measured against. */
export const floor: Entrant = { name: 'floor: plain reader, one render', hook: 'floor', wire: 'openai' }
/** The same, but shown while it arrives: what of the cost is the page's own, whoever reads. */
export const liveFloor: Entrant = { name: 'floor, shown once per frame', hook: 'floor', wire: 'openai', throttle: 0 }
export const ourCompletion: Entrant = {
  name: 'ours: useCompletionStream',
  hook: 'ours-completion',
  wire: 'openai',
  isOurs: true,
}
export const ourChat: Entrant = { name: 'ours: useChat', hook: 'ours-chat', wire: 'openai', isOurs: true }
export const aiSdkCompletion: Entrant = {
  name: '@ai-sdk/react: useCompletion',
  hook: 'ai-sdk-completion',
  wire: 'ui-message',
}
export const aiSdkChat: Entrant = { name: '@ai-sdk/react: useChat', hook: 'ai-sdk-chat', wire: 'ui-message' }
export const tanstackChat: Entrant = { name: '@tanstack/ai-react: useChat', hook: 'tanstack-chat', wire: 'ag-ui' }

/** The same entrant, told to render at most once in so many milliseconds. */
export function throttled(entrant: Entrant, ms: number): Entrant {
  return { ...entrant, name: `${entrant.name}, throttle ${ms}`, throttle: ms }
}
