/** Completions as mutations, in a real browser. */
import { QueryClient, QueryClientProvider, useIsMutating, useMutation } from '@tanstack/react-query'
import { act, cleanup, renderHook, waitFor } from '@testing-library/react'
import type { ReactNode } from 'react'
import { afterEach, describe, expect, it } from 'vitest'
import { createCompletionStore, isCompletionError, openai } from 'completion-stream'
import { scriptedProvider } from '@completion-stream/testing'
import type { Script } from '@completion-stream/testing'
import { useStore } from '../src/index.ts'
import { completionMutation } from '../src/query.ts'

afterEach(cleanup)

function scripted(script: Script) {
  const model = scriptedProvider(script, { tokensPerSecond: Number.POSITIVE_INFINITY, firstTokenMs: 0 })
  return { model, options: { model: 'm', provider: openai({ baseURL: 'http://model.test/v1', fetch: model }) } }
}

const client = new QueryClient({ defaultOptions: { mutations: { retry: 3, retryDelay: 0 } } })
const wrapper = ({ children }: { children: ReactNode }) => (
  <QueryClientProvider client={client}>{children}</QueryClientProvider>
)

describe('completionMutation', () => {
  it('answers a prompt', async () => {
    let open!: () => void
    const opened = new Promise<void>((resolve) => (open = resolve))
    const { options, model } = scripted(async function* ({ prompt }) {
      await opened
      yield `You said ${prompt}.`
    })
    const { result } = renderHook(
      () => ({
        ...useMutation(completionMutation({ ...options, system: 'Be brief.' })),
        running: useIsMutating({ mutationKey: ['completion', { model: 'm' }] }),
      }),
      { wrapper },
    )
    act(() => result.current.mutate('Hi'))
    await waitFor(() => expect(result.current.running).toBe(1))
    open()
    await waitFor(() => expect(result.current).toMatchObject({ isSuccess: true, data: { text: 'You said Hi.' } }))
    await act(() => result.current.mutateAsync({ messages: [{ role: 'user', content: 'Ho' }], temperature: 0 }))
    expect(model.requests[1]!.body).toMatchObject({
      temperature: 0,
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Ho' },
      ],
    })
  })

  it('fails with the error and what had arrived, and is not asked again', async () => {
    const { options, model } = scripted(['Hel', { cut: true }])
    const { result } = renderHook(() => useMutation(completionMutation({ ...options, maxRetries: 0 })), { wrapper })
    act(() => result.current.mutate('Hi'))
    await waitFor(() => expect(result.current.isError).toBe(true))
    expect(isCompletionError(result.current.error)).toBe(true)
    expect(result.current.error).toMatchObject({ code: 'interrupted', partial: { text: 'Hel' } })
    expect(model.requests).toHaveLength(1)
  })

  it('shows itself in a store while it arrives, which stops it: what had arrived is its result', async () => {
    const { options } = scripted(['Hel', { stall: true }])
    const store = createCompletionStore(options)
    const { result } = renderHook(
      () => ({ ...useMutation(completionMutation({ store })), text: useStore(store, (state) => state.text) }),
      { wrapper },
    )
    act(() => result.current.mutate('Hi'))
    await waitFor(() => expect(result.current).toMatchObject({ isPending: true, text: 'Hel' }))
    act(() => store.stop())
    await waitFor(() => expect(result.current.isSuccess).toBe(true))
    expect(result.current.data).toMatchObject({ text: 'Hel', finishReason: null })
  })

  it('succeeds with an empty answer when it is stopped before anything was sent', async () => {
    const { options, model } = scripted(['Hello'])
    const store = createCompletionStore(options)
    const { result } = renderHook(() => useMutation(completionMutation({ store })), { wrapper })
    const unsubscribe = store.subscribe(() => {
      unsubscribe()
      store.stop()
    })
    let answer: unknown
    await act(async () => void (answer = await result.current.mutateAsync('Hi')))
    expect(answer).toMatchObject({ object: 'chat.completion', text: '' })
    expect(model.requests).toHaveLength(0)
  })
})
