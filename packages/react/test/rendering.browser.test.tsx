/** How often the hooks render, and what they show meanwhile: frames, hidden tabs, slow trees, finished messages. */
import { cleanup, render, renderHook, screen, waitFor } from '@testing-library/react'
import { memo, Profiler, startTransition, useState } from 'react'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createCompletionStore } from 'completion-stream'
import type { ChatMessage, CompletionState } from 'completion-stream'
import { useChat, useCompletionStream, useStore } from '../src/index.ts'
import { gate, scripted, withoutAct } from './scripted.ts'

afterEach(() => {
  cleanup()
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
})

const long = Array.from({ length: 400 }, (_, i) => `word${i}`).join(' ')

/** Counts animation frames until it is told to end. */
function countFrames() {
  let frames = 0
  let isOver = false
  const count = () => {
    frames++
    if (!isOver) requestAnimationFrame(count)
  }
  requestAnimationFrame(count)
  return () => {
    isOver = true
    return frames
  }
}

describe('frames', () => {
  it.each([
    ['once per frame', undefined],
    ['once in 100 ms, when it is throttled so', 100],
  ])('commits at most %s, whatever the token rate, and the end at once', async (_, throttle) => {
    const { provider } = scripted([long], 2000)
    let commits = 0
    const states: CompletionState[] = []
    let stream!: ReturnType<typeof useCompletionStream>
    function Answer() {
      stream = useCompletionStream({ model: 'm', provider, throttle })
      states.push(stream)
      return <p>{stream.text}</p>
    }
    render(
      <Profiler id="answer" onRender={() => void commits++}>
        <Answer />
      </Profiler>,
    )
    commits = 0
    const framesOf = countFrames()
    const started = performance.now()
    await withoutAct(async () => {
      await stream.start('Hi')
      // It resolves with the end, which is shown in the same moment: no frame, no timer.
      await Promise.resolve()
      expect(screen.getByText(long)).toBeTruthy()
    })
    const most = throttle ? (performance.now() - started) / throttle : framesOf()
    // Submitted, the first token and the end are published at once, beside the frames.
    expect(commits).toBeLessThanOrEqual(most + 4)
    expect(stream.timing!.chunks).toBeGreaterThan(400)
    expect(commits).toBeLessThan(stream.timing!.chunks / 2)
    expect(new Set(states.map(({ status }) => status))).toEqual(new Set(['idle', 'submitted', 'streaming', 'ready']))
    framesOf()
  })
})

describe('hidden tabs', () => {
  it('go on without frames, and are right when they are shown again', async () => {
    const { passed, open } = gate()
    const { provider } = scripted(async function* () {
      yield 'Hello'
      await passed
      yield ' there, you'
    })
    const { result } = renderHook(() => useCompletionStream({ model: 'm', provider }))
    vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden')
    vi.spyOn(document, 'hidden', 'get').mockReturnValue(true)
    vi.stubGlobal('requestAnimationFrame', () => 0)
    document.dispatchEvent(new Event('visibilitychange'))
    await withoutAct(async () => {
      void result.current.start('Hi')
      await waitFor(() => expect(result.current.text).toBe('Hello'))
      open()
      await waitFor(() => expect(result.current).toMatchObject({ status: 'ready', text: 'Hello there, you' }))
      vi.restoreAllMocks()
      vi.unstubAllGlobals()
      document.dispatchEvent(new Event('visibilitychange'))
      expect(result.current).toMatchObject({ status: 'ready', text: 'Hello there, you' })
    })
  })
})

describe('finished messages', () => {
  it('do not render while the next one streams', async () => {
    const text = (id: string, role: 'user' | 'assistant') =>
      ({ id, role, text: id, parts: [{ type: 'text', text: id }] }) as const
    const finished = Array.from({ length: 20 }, (_, i): ChatMessage => {
      if (i % 2 === 0) return text(`question ${i}`, 'user') as ChatMessage
      const rest = {
        status: 'ready',
        finishReason: 'stop',
        nativeFinishReason: 'stop',
        annotations: [],
        attempts: [],
        wire: [],
      }
      return { ...text(`answer ${i}`, 'assistant'), ...rest } as unknown as ChatMessage
    })
    const { provider } = scripted(['long '.repeat(200)], 500)
    const renders = new Map<string, number>()
    const Message = memo(({ message }: { message: ChatMessage }) => {
      renders.set(message.id, (renders.get(message.id) ?? 0) + 1)
      return <li>{message.text}</li>
    })
    let chat!: ReturnType<typeof useChat>
    function Page() {
      chat = useChat({ model: 'm', provider, initialMessages: finished })
      return (
        <ul>
          {chat.messages.map((message) => (
            <Message key={message.id} message={message} />
          ))}
        </ul>
      )
    }
    render(<Page />)
    expect(renders.size).toBe(20)
    renders.clear()
    await withoutAct(async () => {
      await chat.sendMessage('Another')
      await screen.findByText('long '.repeat(200).trim())
    })
    const [question, answer] = chat.messages.slice(20).map(({ id }) => id)
    expect([...renders.keys()]).toEqual([question, answer])
    expect(renders.get(question!)).toBe(1)
    expect(renders.get(answer!)).toBeGreaterThan(5)
  })

  it('keep what did not change the same object', async () => {
    const { provider } = scripted([{ reasoning: 'Where is it?' }, 'Found it, and here it is.'], 60)
    const store = createCompletionStore({ model: 'm', provider })
    const states: CompletionState[] = []
    store.subscribe(() => states.push(store.getState()))
    await store.start('Hi')
    const withText = states.filter((state) => state.text)
    expect(withText.length).toBeGreaterThan(2)
    expect(new Set(withText.map((state) => state.parts[0])).size).toBe(1)
    expect(store.getState()).toBe(store.getState())
  })
})

describe('concurrent rendering', () => {
  it('shows one state everywhere, also while a slow tree renders in a transition', async () => {
    const { provider } = scripted([long], 400)
    // Each change interrupts the transition, which needs some time between two of them.
    const store = createCompletionStore({ model: 'm', provider, throttle: 100 })
    const torn: string[] = []
    function Slow() {
      const until = performance.now() + 1
      while (performance.now() < until);
      return <i>{useStore(store, (state) => state.text.length)}</i>
    }
    let show!: (count: number) => void
    function Page() {
      const [count, setCount] = useState(0)
      show = setCount
      return (
        <Profiler
          id="page"
          onRender={() => {
            const lengths = new Set([...document.querySelectorAll('i')].map((one) => one.textContent))
            if (lengths.size > 1) torn.push([...lengths].join(' and '))
          }}
        >
          {Array.from({ length: count }, (_, i) => (
            <Slow key={i} />
          ))}
        </Profiler>
      )
    }
    render(<Page />)
    await withoutAct(async () => {
      const done = store.start('Hi')
      for (let count = 10; count <= 30; count += 10) {
        startTransition(() => show(count))
        await waitFor(() => expect(document.querySelectorAll('i')).toHaveLength(count))
      }
      await done
      await waitFor(() => expect(document.querySelector('i')?.textContent).toBe(`${long.length}`))
    })
    expect(torn).toEqual([])
    expect(new Set([...document.querySelectorAll('i')].map((one) => one.textContent)).size).toBe(1)
  })
})
