/** The chat hook, in a real browser: conversations, and who shares them. */
import { act, cleanup, renderHook, waitFor } from '@testing-library/react'
import { StrictMode } from 'react'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createChat } from 'completion-stream'
import type { Chat, ChatMessage } from 'completion-stream'
import { useChat } from '../src/index.ts'
import { aWhile, scripted, stalling } from './scripted.ts'

afterEach(cleanup)

describe('useChat', () => {
  it('holds a conversation in which the page runs a tool', async () => {
    const { provider, model } = scripted(({ toolResults }) =>
      toolResults.length > 0
        ? [`It is ${toolResults[0]!.content}.`]
        : [{ reasoning: 'I need the weather.' }, { toolCalls: [{ name: 'weather', arguments: { city: 'Oslo' } }] }],
    )
    const tools = { weather: { execute: ({ city }: { city: string }) => `clear in ${city}` } }
    const { result } = renderHook(() => useChat({ model: 'm', provider, tools }), { wrapper: StrictMode })
    await act(() => result.current.sendMessage('Weather?'))
    expect(model.requests).toHaveLength(2)
    expect(result.current.status).toBe('ready')
    expect(result.current.messages.map((message) => message.text)).toEqual(['Weather?', 'It is clear in Oslo.'])
    expect(result.current.messages[1]?.parts).toMatchObject([
      { type: 'reasoning', text: 'I need the weather.' },
      { type: 'tool-call', toolCall: { name: 'weather', state: 'output', output: 'clear in Oslo' } },
      { type: 'text', text: 'It is clear in Oslo.' },
    ])
  })

  it('stops midway, keeps the text, and asks again', async () => {
    const { provider } = scripted(({ turn }) => (turn === 0 ? ['Hello', { stall: true }] : ['Good day']))
    const { result } = renderHook(() => useChat({ model: 'm', provider }))
    act(() => void result.current.sendMessage('Hi'))
    await waitFor(() => expect(result.current.messages[1]?.text).toBe('Hello'))
    act(() => result.current.stop())
    expect(result.current.messages[1]).toMatchObject({ status: 'stopped', text: 'Hello' })
    await act(() => result.current.regenerate())
    expect(result.current.messages.map((message) => message.text)).toEqual(['Hi', 'Good day'])
  })

  it('tells of a refused key and keeps the question', async () => {
    const { provider } = scripted([
      { error: { message: 'Incorrect API key provided.', code: 'invalid_api_key' }, status: 401 },
    ])
    const { result } = renderHook(() => useChat({ model: 'm', provider }))
    await act(() => result.current.sendMessage('Hi'))
    expect(result.current).toMatchObject({ status: 'error', error: { code: 'authentication', status: 401 } })
    expect(result.current.messages[0]?.text).toBe('Hi')
  })

  it('edits a question and asks it again', async () => {
    const { provider } = scripted(({ prompt }) => [`To ${prompt}`])
    const { result } = renderHook(() => useChat({ model: 'm', provider }))
    await act(async () => void (await result.current.sendMessage('one')))
    await act(async () => void (await result.current.sendMessage('two')))
    await act(async () => void (await result.current.edit(result.current.messages[0]!.id, 'three')))
    expect(result.current.messages.map((message) => message.text)).toEqual(['three', 'To three'])
  })

  it('begins with the messages that it is given, and takes others later', () => {
    const messages: ChatMessage[] = [{ id: 'q', role: 'user', text: 'Hi', parts: [{ type: 'text', text: 'Hi' }] }]
    const { result, rerender } = renderHook(
      ({ initialMessages }) => useChat({ model: 'm', provider: '/api', initialMessages }),
      {
        initialProps: { initialMessages: messages },
      },
    )
    expect(result.current.messages.map((message) => message.text)).toEqual(['Hi'])
    rerender({ initialMessages: [] })
    expect(result.current.messages).toHaveLength(1)
    act(() => result.current.setMessages([]))
    expect(result.current.messages).toEqual([])
  })
})

describe('hooks with the same id', () => {
  it('have one conversation, which ends with the last of them', async () => {
    const { provider, model, left } = stalling()
    const options = { id: 'same', provider }
    const one = renderHook(() => useChat({ ...options, model: 'a' }), { wrapper: StrictMode })
    const other = renderHook(() => useChat({ ...options, model: 'b' }), { wrapper: StrictMode })
    act(() => void other.result.current.sendMessage('Hi'))
    await waitFor(() => expect(one.result.current.messages[1]?.text).toBe('Hello'))
    expect(model.requests).toMatchObject([{ body: { model: 'b' } }])
    other.unmount()
    await aWhile()
    expect([one.result.current.status, left()]).toEqual(['streaming', []])
    one.unmount()
    await waitFor(() => expect(left()).toEqual(['Hi']))
    expect(renderHook(() => useChat({ ...options, model: 'a' })).result.current.messages).toEqual([])
  })
})

describe('a chat that is gone', () => {
  it('sends nothing for the output of a tool that comes too late', async () => {
    const { provider, model } = scripted(({ toolResults }) =>
      toolResults.length > 0 ? ['Done.'] : [{ toolCalls: [{ name: 'choose', arguments: {} }] }],
    )
    const { result, unmount } = renderHook(() => useChat({ model: 'm', provider, tools: { choose: {} } }))
    await act(() => result.current.sendMessage('Hi'))
    const part = result.current.messages[1]!.parts.find(({ type }) => type === 'tool-call')
    const toolCallId = part?.type === 'tool-call' ? part.toolCall.id : ''
    const { addToolOutput } = result.current
    unmount()
    await aWhile(20)
    await addToolOutput({ toolCallId, output: 1 })
    expect(model.requests).toHaveLength(1)
  })
})

describe("a chat of the app's", () => {
  it('is shown, and goes on when the component unmounts', async () => {
    const { provider, left } = stalling()
    const chat = createChat({ model: 'm', provider })
    const { result, unmount } = renderHook(() => useChat({ chat }))
    expect(result.current.sendMessage).toBe(chat.sendMessage)
    act(() => void result.current.sendMessage('Hi'))
    await waitFor(() => expect(result.current.messages[1]?.text).toBe('Hello'))
    unmount()
    await aWhile()
    expect([chat.getState().status, left()]).toEqual(['streaming', []])
    chat.stop()
  })
})

describe('resume', () => {
  it('asks the chat once to take its answer up, also under StrictMode and for two who show it', () => {
    const chat = createChat({ model: 'm', provider: '/api' })
    const resume = vi.fn<Chat['resume']>(chat.resume)
    const watched: Chat = { ...chat, resume }
    const one = renderHook(() => useChat({ chat: watched, resume: true }), { wrapper: StrictMode })
    renderHook(() => useChat({ chat: watched, resume: true }), { wrapper: StrictMode })
    one.rerender()
    expect(resume).toHaveBeenCalledTimes(1)
  })

  it('reads an answer that a relay has kept', async () => {
    const urls: string[] = []
    const answer: ChatMessage = {
      id: 'a',
      role: 'assistant',
      parts: [{ type: 'text', text: 'Once' }],
      text: 'Once',
      status: 'streaming',
      finishReason: null,
      nativeFinishReason: null,
      annotations: [],
      usage: undefined,
      timing: undefined,
      error: undefined,
      attempts: [],
      wire: [],
      running: { url: 'http://model.test/v1/chat/completions/kept', parts: 0, wire: 0 },
    }
    const question: ChatMessage = { id: 'q', role: 'user', text: 'A story', parts: [{ type: 'text', text: 'A story' }] }
    const { model } = scripted(['Once upon a time.'])
    const { result } = renderHook(
      () =>
        useChat({
          model: 'm',
          provider: 'http://model.test/v1',
          id: 'kept',
          initialMessages: [question, answer],
          resume: true,
          async fetch(input) {
            urls.push(String(input))
            const body = JSON.stringify({ model: 'm', stream: true, messages: [{ role: 'user', content: 'A story' }] })
            return model('http://model.test/v1/chat/completions', { method: 'POST', body })
          },
        }),
      { wrapper: StrictMode },
    )
    await waitFor(() =>
      expect(result.current.messages[1]).toMatchObject({ status: 'ready', text: 'Once upon a time.' }),
    )
    expect(urls).toEqual(['http://model.test/v1/chat/completions/kept'])
  })
})
