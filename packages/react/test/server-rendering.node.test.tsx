/** On a server: no window, no request, the initial state, and nothing that one request leaves for the next. */
import { renderToString } from 'react-dom/server'
import { expect, it } from 'vitest'
import type { ChatMessage } from 'completion-stream'
import { useChat, useCompletionStream, useSmoothText, useStreamAnnouncer } from '../src/index.ts'

it('renders the initial state where there is no window', () => {
  expect(typeof window).toBe('undefined')
  function Page() {
    const { status } = useCompletionStream({ model: 'm', provider: '/api' })
    const { messages } = useChat({ model: 'm', provider: '/api', resume: true })
    return (
      <p>
        {status} {messages.length}
      </p>
    )
  }
  expect(renderToString(<Page />)).toBe('<p>idle<!-- --> <!-- -->0</p>')
})

it('shows each visitor their own conversation, whatever the id', () => {
  function Page({ text }: { text: string }) {
    const initialMessages: ChatMessage[] = [{ id: 'q', role: 'user', text, parts: [{ type: 'text', text }] }]
    const { messages } = useChat({ id: 'chat', model: 'm', provider: '/api', initialMessages })
    return <p>{messages.map((message) => message.text)}</p>
  }
  expect(renderToString(<Page text="mine" />)).toBe('<p>mine</p>')
  expect(renderToString(<Page text="yours" />)).toBe('<p>yours</p>')
})

it('renders the whole of a smoothed text, and a live region without a word', () => {
  function Page() {
    const stream = useCompletionStream({ model: 'm', provider: '/api' })
    return (
      <>
        <b>{useSmoothText('All of it', { live: true })}</b>
        <p {...useStreamAnnouncer(stream)} />
      </>
    )
  }
  expect(renderToString(<Page />)).toMatch(/^<b>All of it<\/b><p role="status" aria-live="polite"[^>]*><\/p>$/)
})
