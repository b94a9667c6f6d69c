/** What the empty page proposes: questions to the documentation, and one prompt for every way a stream can end. */

/** A prompt behind a short label. */
export interface Suggestion {
  label: string
  prompt: string
}

/** Answered from the documentation, by way of a tool call. */
export const questions: readonly Suggestion[] = [
  { label: 'Quick start with React', prompt: 'Show me the quick start with React' },
  { label: 'Two hooks compared', prompt: 'Compare useChat and useCompletionStream' },
  { label: 'Where API keys stay', prompt: 'How does the relay keep API keys on the server?' },
  { label: 'Stopping a stream', prompt: 'How do I stop a stream?' },
  { label: 'Who are you?', prompt: 'Who are you?' },
]

/** Played by the sandbox, so that every outcome can be seen without waiting for one. */
export const endings: readonly Suggestion[] = [
  { label: 'A long story, to stop midway', prompt: 'Tell me a long story' },
  { label: 'Thinking first', prompt: 'Think first: how fast should tokens arrive?' },
  { label: 'Markdown', prompt: 'Show me all your markdown' },
  { label: 'The length limit', prompt: 'Write until the token limit' },
  { label: 'A cut connection', prompt: 'Cut the connection half-way' },
  { label: 'A server error', prompt: 'Fail with a server error' },
  { label: 'A rate limit', prompt: 'Answer with a rate limit' },
  { label: 'The content filter', prompt: 'End in the content filter' },
  { label: 'A refusal', prompt: 'Refuse, politely' },
  { label: 'Silence', prompt: 'Go quiet after a few words' },
]
