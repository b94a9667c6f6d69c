/** What a screen reader is told: one sentence per state. */
import { act, cleanup, render, renderHook, screen, waitFor } from '@testing-library/react'
import { StrictMode } from 'react'
import { afterEach, describe, expect, it } from 'vitest'
import { createChat } from 'completion-stream'
import type { Chat, ChatState, CompletionError, FailedAttempt } from 'completion-stream'
import { useChat, useCompletionStream, useStreamAnnouncer } from '../src/index.ts'
import type { StreamSentences } from '../src/index.ts'
import { gate, scripted, withoutAct } from './scripted.ts'

afterEach(cleanup)

/** All that the live region said, in order. */
function spoken(): string[] {
  const said: string[] = []
  const region = screen.getByRole('status')
  new MutationObserver(() => said.push(region.textContent)).observe(region, {
    childList: true,
    characterData: true,
    subtree: true,
  })
  return said
}

describe('useStreamAnnouncer', () => {
  it('says one sentence per state of a completion, however many tokens there are', async () => {
    const { provider } = scripted(['word '.repeat(100)], 1000)
    let stream!: ReturnType<typeof useCompletionStream>
    function Page() {
      stream = useCompletionStream({ model: 'm', provider })
      return <p {...useStreamAnnouncer(stream)} />
    }
    render(<Page />, { wrapper: StrictMode })
    expect(screen.getByRole('status').textContent).toBe('')
    const said = spoken()
    await withoutAct(async () => {
      await stream.start('Hi')
      await waitFor(() => expect(said).toHaveLength(3))
    })
    expect(said).toEqual(['Waiting for the answer.', 'The answer is arriving.', 'The answer is finished.'])
  })

  it('is polite, whole, and cannot be seen', () => {
    const { result } = renderHook(() => useStreamAnnouncer(useCompletionStream({ model: 'm', provider: '/api' })))
    expect(result.current).toMatchObject({ role: 'status', 'aria-live': 'polite', 'aria-atomic': true })
    render(<p {...result.current}>A long sentence that would take some place</p>)
    const { width, height } = screen.getByRole('status').getBoundingClientRect()
    expect([width, height]).toEqual([1, 1])
  })

  it('tells of the tools of a chat, and of one that waits for an approval', async () => {
    const { passed, open } = gate()
    const { provider } = scripted(({ toolResults, turn }) => {
      if (toolResults.length > 0) return ['Clear.']
      return [{ toolCalls: [{ name: turn === 0 ? 'weather' : 'delete', arguments: {} }] }]
    })
    const tools = { weather: { execute: () => passed }, delete: { execute: () => 'gone', needsApproval: true } }
    let chat!: ReturnType<typeof useChat>
    function Page() {
      chat = useChat({ model: 'm', provider, tools })
      return <p {...useStreamAnnouncer(chat)} />
    }
    render(<Page />)
    const said = spoken()
    await withoutAct(async () => {
      const done = chat.sendMessage('Weather?')
      await screen.findByText('Running the tool weather.')
      open()
      await done
      await screen.findByText('The answer is finished.')
      await chat.sendMessage('Delete it.')
      await screen.findByText('The tool delete waits for your approval.')
    })
    const arriving = ['Waiting for the answer.', 'The answer is arriving.']
    expect(said.filter((sentence) => !arriving.includes(sentence))).toEqual([
      'Running the tool weather.',
      'The answer is finished.',
      'The tool delete waits for your approval.',
    ])
  })

  const idle: ChatState = { messages: [], queued: [], status: 'idle', error: undefined }
  const overloaded = { message: 'Too much to do.', code: 'overloaded' } as CompletionError
  const failed = (rest: Partial<FailedAttempt>): FailedAttempt[] => [
    { provider: 'p', model: 'm', error: overloaded, action: 'retry', delayMs: 2000, ...rest },
  ]

  function chatState(status: ChatState['status'], answer: object): ChatState {
    const message = { id: 'a', role: 'assistant', status, parts: [], attempts: [], finishReason: null, ...answer }
    return { ...idle, status, messages: [message as unknown as ChatState['messages'][number]] }
  }

  it.each<[string, ChatState]>([
    ['Waiting for the answer.', { ...idle, status: 'submitted' }],
    ['The answer was stopped.', chatState('ready', { status: 'stopped' })],
    ['The answer reached its length limit.', chatState('ready', { finishReason: 'length' })],
    ['The content filter ended the answer.', chatState('ready', { finishReason: 'content_filter' })],
    ['The model declined to answer.', chatState('ready', { parts: [{ type: 'refusal', text: 'No.' }] })],
    ['The answer failed. Too much to do.', { ...chatState('error', {}), error: overloaded }],
    ['No answer. Trying again in 2 seconds.', chatState('submitted', { attempts: failed({}) })],
    ['No answer. Trying again in 1 second.', chatState('submitted', { attempts: failed({ delayMs: 1100 }) })],
    [
      'No answer. Asking another model.',
      chatState('submitted', { attempts: failed({ action: 'fallback', delayMs: 0 }) }),
    ],
    [
      'The connection broke. Trying again.',
      chatState('streaming', { attempts: failed({ action: 'resume', delayMs: 0 }) }),
    ],
    [
      'You are offline. It goes on as soon as there is a connection.',
      chatState('submitted', { attempts: failed({ delayMs: Infinity }) }),
    ],
    ['', chatState('submitted', { attempts: failed({ action: 'fail' }) })],
  ])('says %j', (sentence, state) => {
    const { result, rerender } = renderHook((now: ChatState) => useStreamAnnouncer(now), { initialProps: idle })
    rerender(chatState('streaming', {}))
    rerender(state)
    expect(result.current.children).toBe(sentence)
  })

  it('says what the page learns of a failure while it is dealt with, and nothing twice', () => {
    const state = chatState('submitted', { attempts: failed({ delayMs: Infinity }) })
    const { result, rerender } = renderHook(
      ({ now, offline }: { now: ChatState; offline: string }) => useStreamAnnouncer(now, { offline }),
      { initialProps: { now: idle, offline: 'No network.' } },
    )
    rerender({ now: chatState('submitted', {}), offline: 'No network.' })
    rerender({ now: state, offline: 'No network.' })
    expect(result.current.children).toBe('No network.')
    rerender({ now: { ...state }, offline: 'No network.' })
    expect(result.current.children).toBe('No network.')
    rerender({ now: state, offline: 'Back again.' })
    expect(result.current.children).toBe('Back again.')
  })

  it('says nothing of messages that are put there, nor of another chat that is shown', () => {
    const kept = chatState('ready', { finishReason: 'stop' }).messages
    const options = { model: 'm', provider: '/api' }
    const other = createChat({ ...options, initialMessages: kept })
    const { result, rerender } = renderHook(
      (chat: Chat) => {
        const shown = useChat({ chat })
        return { ...shown, said: useStreamAnnouncer(shown).children }
      },
      { initialProps: createChat(options) },
    )
    act(() => result.current.setMessages(kept))
    expect(result.current.said).toBe('')
    rerender(createChat(options))
    rerender(other)
    expect(result.current.said).toBe('')
  })

  it('says nothing again in another language', () => {
    const { result, rerender } = renderHook(
      ({ ready, state }: { ready?: string; state: ChatState }) =>
        useStreamAnnouncer(state, ready ? { ready } : undefined).children,
      { initialProps: { state: chatState('ready', {}) } as { ready?: string; state: ChatState } },
    )
    rerender({ state: chatState('ready', {}), ready: 'Fertig.' })
    expect(result.current).toBe('')
    rerender({ state: chatState('streaming', {}) })
    rerender({ state: chatState('ready', {}) })
    rerender({ state: chatState('ready', {}), ready: 'Fertig.' })
    expect(result.current).toBe('The answer is finished.')
  })

  it('says the same of another failure and of another tool in a way that is read again', () => {
    const { result, rerender } = renderHook((now: ChatState) => useStreamAnnouncer(now), { initialProps: idle })
    const texts = new Set<string>()
    const say = (state: ChatState) => {
      rerender(state)
      texts.add(result.current.children)
    }
    say(chatState('submitted', { attempts: failed({}) }))
    say(chatState('submitted', { attempts: [...failed({}), ...failed({})] }))
    const sentence = 'No answer. Trying again in 2 seconds.'
    expect([...texts]).toEqual([sentence, `${sentence}\u00a0`])
    texts.clear()
    const call = (id: string, state: string) => ({ type: 'tool-call', toolCall: { id, name: 'look', state } })
    say(chatState('streaming', { parts: [call('1', 'running'), call('2', 'input-complete')] }))
    say(chatState('streaming', { parts: [call('1', 'output'), call('2', 'running')] }))
    expect([...texts]).toEqual(['Running the tool look.', 'Running the tool look.\u00a0'])
  })

  it('asks a person only for the calls that wait for an output', () => {
    const { result, rerender } = renderHook((now: ChatState) => useStreamAnnouncer(now), { initialProps: idle })
    const parts = (more: object) => [
      { type: 'tool-call', toolCall: { id: '1', name: 'choose', state: 'input-complete', ...more } },
    ]
    rerender(chatState('streaming', {}))
    rerender(chatState('ready', { finishReason: 'tool_calls', parts: parts({}) }))
    expect(result.current.children).toBe('The answer is finished.')
    rerender(chatState('ready', { finishReason: 'tool_calls', parts: parts({ awaitsOutput: true }) }))
    expect(result.current.children).toBe('The tool choose waits for your answer.')
  })

  it('takes a state that is built anew in each render', () => {
    const { result, rerender } = renderHook(() => useStreamAnnouncer(chatState('ready', { attempts: failed({}) })))
    rerender()
    expect(result.current.children).toBe('')
  })

  it('says that it goes on once more arrives after a failure', () => {
    const attempts = failed({ action: 'resume' })
    const text = (words: string) => [{ type: 'text', text: words }]
    const { result, rerender } = renderHook((now: ChatState) => useStreamAnnouncer(now), { initialProps: idle })
    const before = text('Hello')
    rerender(chatState('streaming', { parts: before }))
    rerender(chatState('streaming', { parts: before, attempts }))
    expect(result.current.children).toBe('The connection broke. Trying again in 2 seconds.')
    rerender(chatState('streaming', { parts: text('Hello there'), attempts }))
    expect(result.current.children).toBe('The answer is arriving.')
  })

  it('says nothing of what was there when it was mounted', () => {
    const kept = chatState('ready', { finishReason: 'stop' })
    const { result, rerender } = renderHook((now: ChatState) => useStreamAnnouncer(now), { initialProps: kept })
    expect(result.current.children).toBe('')
    rerender(chatState('submitted', {}))
    expect(result.current.children).toBe('Waiting for the answer.')
    rerender(kept)
    expect(result.current.children).toBe('The answer is finished.')
  })

  it('says it in other words where they are given', async () => {
    const { provider } = scripted([{ error: { message: 'Kaputt.' }, status: 400 }])
    const german: Partial<StreamSentences> = {
      submitted: 'Warten auf die Antwort.',
      error: ({ code }) => `Fehlgeschlagen: ${code}`,
    }
    const { result } = renderHook(() => {
      const stream = useCompletionStream({ model: 'm', provider })
      return { start: stream.start, said: useStreamAnnouncer(stream, german).children }
    })
    act(() => void result.current.start('Hallo'))
    expect(result.current.said).toBe('Warten auf die Antwort.')
    await waitFor(() => expect(result.current.said).toBe('Fehlgeschlagen: bad_request'))
  })
})
