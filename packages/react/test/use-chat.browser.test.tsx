/** The chat hook, in a real browser. */
import { act, cleanup, render, renderHook, screen, waitFor } from '@testing-library/react'
import { memo, StrictMode } from 'react'
import { afterEach, describe, expect, it } from 'vitest'
import { createCompletionStore, openai } from 'completion-stream'
import type { ChatMessage } from 'completion-stream'
import { scriptedProvider } from '@completion-stream/testing'
import type { Script } from '@completion-stream/testing'
import { useChat, useStore } from '../src/index.ts'

afterEach(cleanup)

function scripted(script: Script, tokensPerSecond = Number.POSITIVE_INFINITY) {
  const model = scriptedProvider(script, { tokensPerSecond, firstTokenMs: 0 })
  return { model, provider: openai({ baseURL: 'http://model.test/v1', fetch: model }) }
}

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

  it('renders no finished message again while another streams', async () => {
    const { provider } = scripted(({ turn }) => [turn === 0 ? 'Short.' : 'long '.repeat(200)], 500)
    const renders = new Map<string, number>()
    const Message = memo(({ message }: { message: ChatMessage }) => {
      renders.set(message.id, (renders.get(message.id) ?? 0) + 1)
      return <li>{message.text}</li>
    })
    let chat!: ReturnType<typeof useChat>
    function Page() {
      chat = useChat({ model: 'm', provider })
      return (
        <ul>
          {chat.messages.map((message) => (
            <Message key={message.id} message={message} />
          ))}
        </ul>
      )
    }
    render(<Page />)
    await act(() => chat.sendMessage('One'))
    const before = new Map(renders)
    await act(() => chat.sendMessage('Two'))
    const ids = chat.messages.map((message) => message.id)
    expect(ids.slice(0, 2).map((id) => renders.get(id)! - before.get(id)!)).toEqual([0, 0])
    expect(renders.get(ids[3]!)).toBeGreaterThan(5)
    expect(screen.getAllByRole('listitem')).toHaveLength(4)
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
})

describe('useStore', () => {
  it('renders a component only when the slice that it shows changes', async () => {
    const { provider } = scripted(['one two three four five six'], 60)
    const store = createCompletionStore({ model: 'm', provider })
    const renders = { status: 0, text: 0 }
    function Status() {
      renders.status++
      return <p>{useStore(store, (state) => state.status)}</p>
    }
    function Text() {
      renders.text++
      return <p role="log">{useStore(store, (state) => state.text)}</p>
    }
    render(
      <>
        <Status />
        <Text />
      </>,
    )
    await act(async () => void (await store.start('Hi')))
    expect(screen.getByRole('log').textContent).toBe('one two three four five six')
    expect(renders.status).toBe(4) // idle, submitted, streaming, ready
    expect(renders.text).toBeGreaterThan(renders.status)
  })
})
