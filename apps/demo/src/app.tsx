/** The chat: one conversation over `useChat`, with the page around it. */
import { useChat } from '@completion-stream/react'
import { askToContinue, chrome, openai, route } from 'completion-stream'
import { useCallback, useEffect, useMemo, useRef, useState, type ReactNode } from 'react'
import { flushSync } from 'react-dom'
import { UNDERSTUDY } from '../sandbox/models.ts'
import { system, tools } from './docs-tool.ts'
import { Message } from './message/message.tsx'
import { useNotice } from './message/notice.ts'
import type { Remedies } from './message/remedies.ts'
import { useModels } from './models.ts'
import { Announcer } from './page/announcer.tsx'
import { Composer, type ComposerHandle } from './page/composer.tsx'
import { EmptyState } from './page/empty-state.tsx'
import { Header } from './page/header.tsx'
import { useStickToBottom } from './page/stick-to-bottom.ts'
import type { Suggestion } from './suggestions.ts'

const RELAY = '/api'
/** The relay answers for all models but the browser's own, `chrome/…`, which needs no server at all. */
const provider = route({ relay: openai({ baseURL: RELAY, name: 'The relay' }), chrome: chrome() })

const MAX_RETRIES = 2
/** How long an answer may pause: a model may think in silence, and the sandbox does not think. */
const PAUSE_MS = { model: 60_000, sandbox: 3000 }

/** Who may be asked instead of `model`: for the built-in model nobody, nor it for others, as its requests differ. */
function fallbacksOf(model: string, ids: readonly string[]): string[] {
  if (model.startsWith('chrome/')) return []
  if (model.startsWith('sandbox/')) return [`sandbox/${UNDERSTUDY}`]
  return ids.filter((id) => id !== model && !id.startsWith('chrome/'))
}

/** The page. */
export function App(): ReactNode {
  const models = useModels(`${RELAY}/models`)
  const [chosen, setChosen] = useState<string>()
  const [maxTokens, setMaxTokens] = useState<number>()
  const [wantedFallback, setFallback] = useState<string>()
  const model = chosen ?? models.ids[0] ?? ''
  const isBuiltIn = model.startsWith('chrome/')
  const sandboxed = model.startsWith('sandbox/')
  const fallbacks = fallbacksOf(model, models.ids)
  const fallback = fallbacks.find((id) => id === wantedFallback)
  const chat = useChat({
    provider,
    model,
    system,
    // The built-in model calls no tools, has a limit of its own, and wants to know in which language it is to answer.
    tools: isBuiltIn ? undefined : tools,
    maxRetries: MAX_RETRIES,
    fallbacks: fallback ? [{ provider, model: fallback }] : [],
    timeout: { chunkMs: sandboxed ? PAUSE_MS.sandbox : PAUSE_MS.model },
    // The built-in model goes on with an answer by itself; all others are asked to in words.
    continuation: isBuiltIn ? undefined : askToContinue,
    request: isBuiltIn ? { expectedOutputs: [{ type: 'text', languages: ['en'] }] } : { max_tokens: maxTokens },
  })
  const { messages, status, sendMessage, regenerate, stop, reset } = chat
  const last = messages.at(-1)
  const notice = useNotice(last, { maxRetries: MAX_RETRIES, fallback })

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

  const [firstFallback] = fallbacks
  const askSuggestion = useCallback(
    ({ prompt, needsFallback }: Suggestion) => {
      // At once: the chat reads its options when it sends.
      if (needsFallback) flushSync(() => setFallback(firstFallback))
      ask(prompt)
    },
    [ask, firstFallback],
  )

  const question = messages.findLast((message) => message.role === 'user')?.text ?? ''
  const goOn = chat.continue
  const remedies = useMemo((): Remedies => {
    function send(verb: () => Promise<void>): () => void {
      return () => {
        jump()
        void verb()
        composer.current?.focus()
      }
    }
    return {
      continue: send(goOn),
      again: send(regenerate),
      regenerate: send(regenerate),
      edit: () => composer.current?.edit(question),
      newChat: send(() => {
        reset()
        return sendMessage(question)
      }),
    }
  }, [goOn, jump, question, regenerate, reset, sendMessage])

  function startOver(): void {
    reset()
    release()
    composer.current?.focus()
  }

  return (
    <div className="page">
      <Header models={models} model={model} onModel={setChosen} onReset={messages.length > 0 ? startOver : undefined} />
      <main>
        <div ref={scroller} className="scroller">
          <div ref={content} className="column">
            {messages.length === 0 && <EmptyState sandboxed={sandboxed} onAsk={askSuggestion} />}
            <ol className="messages">
              {messages.map((message, index) => (
                <Message
                  key={message.id}
                  message={message}
                  isFollowUp={index > 1}
                  notice={message === last ? notice : undefined}
                  remedies={message === last && ready ? remedies : undefined}
                />
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
            fallbacks={fallbacks}
            fallback={fallback}
            onFallback={setFallback}
          />
        </div>
      </main>
      <Announcer last={last} notice={notice} />
    </div>
  )
}
