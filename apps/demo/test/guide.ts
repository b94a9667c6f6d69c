/** A small documentation for the tests, so that they do not depend on how the real one is worded. */
import type { Page } from '../docs/sections.ts'

export const pages: Page[] = [
  {
    path: 'README.md',
    markdown: `# completion-stream

Any provider's stream in, one chunk shape out.

## Quick start

### React

\`useChat\` streams a conversation into a component.

\`\`\`tsx
const { messages, sendMessage } = useChat({ model, provider: '/api' })

// as it arrives
\`\`\`

### Plain page

\`streamCompletion\` gives an async iterable.

## Errors

A stream that closes early is \`interrupted\`; what had arrived is kept.
`,
  },
  {
    path: 'packages/relay/README.md',
    markdown: `# @completion-stream/relay

An endpoint in a handler.

## Keys

The keys stay on the server.
`,
  },
]
