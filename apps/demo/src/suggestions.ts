/** What the empty page proposes: questions to the documentation, and one prompt for every way an answer can go. */

/** A prompt behind a short label. */
export interface Suggestion {
  label: string
  prompt: string
  /** Shows what a second model is for, so there has to be one. */
  needsFallback?: true
}

/** Answered from the documentation, by way of a tool call. */
export const questions: readonly Suggestion[] = [
  { label: 'Quick start with React', prompt: 'Show me the quick start with React' },
  { label: 'Two hooks compared', prompt: 'Compare useChat and useCompletionStream' },
  { label: 'Where API keys stay', prompt: 'How does the relay keep API keys on the server?' },
  { label: 'Stopping a stream', prompt: 'How do I stop a stream?' },
  { label: 'Who are you?', prompt: 'Who are you?' },
]

/** Answered in part by whoever asks: a call that waits for leave, and one that waits for a choice. */
export const asking: readonly Suggestion[] = [
  { label: 'A tool that may not run unasked', prompt: 'Change the accent colour to plum' },
  { label: 'A question back', prompt: 'Ask me what to show' },
]

/** Played by the sandbox, so that every outcome can be seen without waiting for one. */
export const endings: readonly Suggestion[] = [
  { label: 'A long story, to stop midway', prompt: 'Tell me a long story' },
  { label: 'Thinking first', prompt: 'Think first: how fast should tokens arrive?' },
  { label: 'Markdown', prompt: 'Show me all your markdown' },
  { label: 'The length limit', prompt: 'Write until the token limit' },
  { label: 'The content filter', prompt: 'End in the content filter' },
  { label: 'A refusal', prompt: 'Refuse, politely' },
]

/** Faults, played by the sandbox: what the page does about each, and what it leaves to the reader. */
export const faults: readonly Suggestion[] = [
  { label: 'A lost connection, taken up again', prompt: 'Lose the connection on the way' },
  { label: 'An overloaded server', prompt: 'Be overloaded for a moment' },
  { label: 'A model that is down', prompt: 'Be out of order', needsFallback: true },
  { label: 'An answer cut half-way', prompt: 'Cut the connection half-way' },
  { label: 'A tool call cut in its arguments', prompt: 'Cut a tool call' },
  { label: 'A proxy that holds everything back', prompt: 'Send everything in one burst' },
  { label: 'A server error', prompt: 'Fail with a server error' },
  { label: 'A rate limit', prompt: 'Answer with a rate limit' },
  { label: 'Too long a conversation', prompt: 'Overflow the context window' },
  { label: 'Silence', prompt: 'Go quiet after a few words' },
]
