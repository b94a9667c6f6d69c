/** Server rendering and hydration, in a real browser. */
import { act, cleanup, screen, waitFor } from '@testing-library/react'
import { StrictMode } from 'react'
import { hydrateRoot } from 'react-dom/client'
import { renderToString } from 'react-dom/server.browser'
import { afterEach, expect, it, vi } from 'vitest'
import { createCompletionStore } from 'completion-stream'
import type { ChatMessage, CompletionStore } from 'completion-stream'
import { useChat, useCompletionStream, useSmoothText, useStore, useStreamAnnouncer } from '../src/index.ts'
import { scripted } from './scripted.ts'

afterEach(cleanup)

const question: ChatMessage = { id: 'q', role: 'user', text: 'Hi', parts: [{ type: 'text', text: 'Hi' }] }

it('hydrates what the server rendered without a mismatch, also with a store that has gone on, and works then', async () => {
  const { provider } = scripted(['Hello'])
  function Page({ store }: { store: CompletionStore }) {
    const stream = useCompletionStream({ id: 'page', model: 'm', provider })
    const { messages } = useChat({ id: 'page', model: 'm', provider, initialMessages: [question] })
    const text = useStore(store, (state) => state.text)
    const shown = useSmoothText(`${stream.status} ${stream.text}`, { live: true })
    return (
      <main>
        <button onClick={() => void stream.start('Hi')}>Ask</button>
        <b>{messages.map((message) => message.text).join()}</b>
        <i>{text}</i>
        <u>{shown}</u>
        <p {...useStreamAnnouncer(stream)} />
      </main>
    )
  }
  const idle = createCompletionStore({ model: 'm', provider })
  const container = document.body.appendChild(document.createElement('div'))
  container.innerHTML = renderToString(<Page store={idle} />)
  expect(container.querySelector('u')?.textContent).toBe('idle ')
  const button = screen.getByRole('button')

  const store = createCompletionStore({ model: 'm', provider })
  await store.start('Hi')
  const onRecoverableError = vi.fn()
  const complained = vi.spyOn(console, 'error')
  const page = (
    <StrictMode>
      <Page store={store} />
    </StrictMode>
  )
  const root = await act(() => hydrateRoot(container, page, { onRecoverableError }))
  expect(onRecoverableError).not.toHaveBeenCalled()
  expect(complained).not.toHaveBeenCalled()
  expect(screen.getByRole('button')).toBe(button)
  expect(container.querySelector('i')?.textContent).toBe('Hello')
  expect(container.querySelector('b')?.textContent).toBe('Hi')

  act(() => button.click())
  await waitFor(() => expect(container.querySelector('u')?.textContent).toBe('ready Hello'))
  act(() => root.unmount())
})
