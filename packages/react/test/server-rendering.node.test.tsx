/** On a server: no window, no request, the initial state. */
import { renderToString } from 'react-dom/server'
import { expect, it } from 'vitest'
import { useChat, useCompletionStream } from '../src/index.ts'

it('renders the initial state where there is no window', () => {
  expect(typeof window).toBe('undefined')
  function Page() {
    const { status } = useCompletionStream({ model: 'm', provider: '/api' })
    const { messages } = useChat({ model: 'm', provider: '/api' })
    return (
      <p>
        {status} {messages.length}
      </p>
    )
  }
  expect(renderToString(<Page />)).toBe('<p>idle<!-- --> <!-- -->0</p>')
})
