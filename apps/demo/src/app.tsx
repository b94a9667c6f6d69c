/** The chat: one conversation over `useChat`, with the page around it. */
import { useChat } from '@completion-stream/react'
import { chrome, route } from 'completion-stream'
import { useCallback, useEffect, useRef, useState, type ReactNode } from 'react'
import { system, tools } from './docs-tool.ts'
import { Message } from './message/message.tsx'
import { useModels } from './models.ts'
import { Announcer } from './page/announcer.tsx'
import { Composer, type ComposerHandle } from './page/composer.tsx'
import { EmptyState } from './page/empty-state.tsx'
import { Header } from './page/header.tsx'
import { useStickToBottom } from './page/stick-to-bottom.ts'

const RELAY = '/api'
/** The relay answers for all models but the browser's own, `chrome/…`, which needs no server at all. */
const provider = route({ relay: RELAY, chrome: chrome() })

/** The page. */
export function App(): ReactNode {
  const models = useModels(`${RELAY}/models`)
  const [chosen, setChosen] = useState<string>()
  const [maxTokens, setMaxTokens] = useState<number>()
  const model = chosen ?? models.ids[0] ?? ''
  const isBuiltIn = model.startsWith('chrome/')
  const chat = useChat({
    provider,
    model,
    system,
    // The built-in model calls no tools, has a limit of its own, and wants to know in which language it is to answer.
    tools: isBuiltIn ? undefined : tools,
    request: isBuiltIn ? { expectedOutputs: [{ type: 'text', languages: ['en'] }] } : { max_tokens: maxTokens },
  })
  const { messages, status, sendMessage, regenerate, stop, reset } = chat

  const busy = status === 'submitted' || status === 'streaming'
  const ready = models.status === 'success' && !busy
  const { scroller, content, atBottom, jump, release } = useStickToBottom()
  const composer = useRef<ComposerHandle>(null)

  useEffect(() => {
    if (!busy) return
    function onKey(event: KeyboardEvent): void {
      if (event.key === 'Escape') stop()
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [busy, stop])

  const ask = useCallback(
    (text: string) => {
      jump()
      void sendMessage(text)
      composer.current?.focus()
    },
    [jump, sendMessage],
  )

  const retry = useCallback(() => {
    jump()
    void regenerate()
    composer.current?.focus()
  }, [jump, regenerate])

  function startOver(): void {
    reset()
    release()
    composer.current?.focus()
  }

  const sandboxed = model.startsWith('sandbox/')
  const last = messages.at(-1)
  return (
    <div className="page">
      <Header models={models} model={model} onModel={setChosen} onReset={messages.length > 0 ? startOver : undefined} />
      <main>
        <div ref={scroller} className="scroller">
          <div ref={content} className="column">
            {messages.length === 0 && <EmptyState sandboxed={sandboxed} onAsk={ask} />}
            <ol className="messages">
              {messages.map((message) => (
                <Message key={message.id} message={message} onRetry={message === last && ready ? retry : undefined} />
              ))}
            </ol>
          </div>
        </div>
        <div className="dock">
          {!atBottom && messages.length > 0 && (
            <button type="button" className="jump" onClick={jump}>
              Jump to latest
            </button>
          )}
          {models.status === 'error' && (
            <p className="trouble" role="alert">
              The relay at {RELAY} gave no models. Is the dev server still running? Reload this page once it is.
            </p>
          )}
          <Composer
            ref={composer}
            busy={busy}
            onSend={ready ? ask : undefined}
            onStop={stop}
            maxTokens={maxTokens}
            onMaxTokens={setMaxTokens}
          />
        </div>
      </main>
      <Announcer last={last} />
    </div>
  )
}
