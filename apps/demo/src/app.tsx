/** The chat: one conversation over `useChat`, with the page around it. */
import { useChat } from '@completion-stream/react'
import { askToContinue, type ChatInput } from 'completion-stream'
import { useCallback, useEffect, useMemo, useRef, useState, type ReactNode } from 'react'
import { flushSync } from 'react-dom'
import { resetAccent } from './accent.ts'
import { fallbacksOf, MAX_RETRIES, PAUSE_MS, provider, RELAY } from './answerers.ts'
import { readKept, useKeeping } from './kept-chat.ts'
import { Message } from './message/message.tsx'
import { useNotice } from './message/notice.ts'
import type { Remedies } from './message/remedies.ts'
import { useModels } from './models.ts'
import { Announcer } from './page/announcer.tsx'
import { Composer, type ComposerHandle } from './page/composer.tsx'
import { EmptyState } from './page/empty-state.tsx'
import { Header } from './page/header.tsx'
import { Queue } from './page/queue.tsx'
import { useStickToBottom } from './page/stick-to-bottom.ts'
import { Unasked } from './page/unasked.tsx'
import type { Suggestion } from './suggestions.ts'
import { system, tools } from './tools.ts'
import { useCallAnswers, useEditing } from './verbs.ts'

/** What this tab showed before it was reloaded. */
const kept = readKept()
/** Questions that waited then are not asked behind anybody's back: they are back in the field. */
const draft = kept.queued.map(({ text }) => text).join('\n\n')

/** The page. */
export function App(): ReactNode {
  const models = useModels(`${RELAY}/models`)
  const [wantedModel, setModel] = useState(kept.model)
  const [maxTokens, setMaxTokens] = useState<number>()
  const [wantedFallback, setFallback] = useState<string>()
  const isKnown = wantedModel !== '' && (models.status !== 'success' || models.ids.includes(wantedModel))
  const model = isKnown ? wantedModel : (models.ids[0] ?? '')
  const isBuiltIn = model.startsWith('chrome/')
  const sandboxed = model.startsWith('sandbox/')
  const fallbacks = fallbacksOf(model, models.ids)
  const fallback = fallbacks.find((id) => id === wantedFallback)
  const chat = useChat({
    provider,
    model,
    system,
    initialMessages: kept.messages,
    resume: true,
    whenBusy: 'queue',
    // The built-in model calls no tools, has a limit of its own, and wants to know in which language it is to answer.
    tools: isBuiltIn ? undefined : tools,
    maxRetries: MAX_RETRIES,
    fallbacks: fallback ? [{ provider, model: fallback }] : [],
    timeout: { chunkMs: sandboxed ? PAUSE_MS.sandbox : PAUSE_MS.model },
    // The built-in model goes on with an answer by itself; all others are asked to in words.
    continuation: isBuiltIn ? undefined : askToContinue,
    request: isBuiltIn ? { expectedOutputs: [{ type: 'text', languages: ['en'] }] } : { max_tokens: maxTokens },
  })
  const { messages, queued, status, error } = chat
  const { sendMessage, regenerate, continue: goOn, stop, reset, setMessages, unqueue } = chat
  useKeeping({ model, messages, queued })
  const last = messages.at(-1)
  const lastQuestion = messages.findLast((message) => message.role === 'user')
  const notice = useNotice(last, { maxRetries: MAX_RETRIES, fallback })

  const busy = status === 'submitted' || status === 'streaming'
  const hasModels = models.status === 'success'
  const { scroller, content, atBottom, jump, release } = useStickToBottom(messages.length > 0)
  const composer = useRef<ComposerHandle>(null)
  const { editedId, setEditedId, editor } = useEditing(chat, jump)

  useEffect(() => {
    if (!busy) return
    function onKey(event: KeyboardEvent): void {
      if (event.key === 'Escape') stop()
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [busy, stop])

  const ask = useCallback(
    (input: ChatInput) => {
      jump()
      void sendMessage(input)
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

  const remedies = useMemo((): Remedies => {
    function send(verb: () => unknown): () => void {
      return () => {
        jump()
        verb()
        composer.current?.focus()
      }
    }
    return {
      continue: send(goOn),
      again: send(regenerate),
      regenerate: send(regenerate),
      edit: () => setEditedId(lastQuestion?.id),
      newChat: send(() => {
        setMessages(lastQuestion ? [lastQuestion] : [])
        void regenerate()
      }),
    }
  }, [goOn, jump, lastQuestion, regenerate, setEditedId, setMessages])

  const answers = useCallAnswers(chat, jump)

  function startOver(): void {
    reset()
    resetAccent()
    setEditedId(undefined)
    release()
    composer.current?.focus()
  }

  return (
    <div className="page">
      <Header models={models} model={model} onModel={setModel} onReset={messages.length > 0 ? startOver : undefined} />
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
                  remedies={message === last && hasModels && !busy ? remedies : undefined}
                  answers={message === last ? answers : undefined}
                  isEdited={message.id === editedId}
                  editor={editor}
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
          {last?.role === 'user' && !busy && (
            <Unasked question={last} error={error} remedies={hasModels ? remedies : undefined} />
          )}
          <Queue
            queued={queued}
            busy={busy}
            last={last}
            onRemove={(id) => {
              unqueue(id)
              composer.current?.focus()
            }}
            onSend={() => {
              jump()
              void sendMessage()
              composer.current?.focus()
            }}
          />
          <Composer
            ref={composer}
            draft={draft}
            busy={busy}
            onSend={hasModels ? ask : undefined}
            onStop={stop}
            maxTokens={maxTokens}
            onMaxTokens={setMaxTokens}
            fallbacks={fallbacks}
            fallback={fallback}
            onFallback={setFallback}
          />
        </div>
      </main>
      <Announcer chat={chat} notice={notice} />
    </div>
  )
}
