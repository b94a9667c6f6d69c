/** Completions asked ahead on a server: rendered there, and handed to the page as JSON. And what the types know of them. */
import { dehydrate, hydrate, QueryClient, QueryClientProvider, useSuspenseQuery } from '@tanstack/react-query'
import { readFileSync } from 'node:fs'
import { renderToString } from 'react-dom/server'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { createCompletionStore, openai } from 'completion-stream'
import type { Completion, CompletionError, CompletionInput, PartialDeep, StandardSchema } from 'completion-stream'
import { scriptedProvider } from '@completion-stream/testing'
import type { Script } from '@completion-stream/testing'
import * as everything from '../src/query.ts'
import { completionMutation, completionProgress, completionQuery, useCompletionQuery } from '../src/query.ts'
import type { CompletionQueryOptions } from '../src/query.ts'

function scripted(script: Script) {
  const model = scriptedProvider(script, { tokensPerSecond: Number.POSITIVE_INFINITY, firstTokenMs: 0 })
  const provider = openai({ baseURL: 'http://model.test/v1', fetch: model })
  const ask: CompletionQueryOptions = { model: 'm', provider, prompt: 'Hi', maxRetries: 0 }
  return { model, ask }
}

function Answer({ ask }: { ask: CompletionQueryOptions }) {
  const { status, text, data } = useCompletionQuery(ask)
  return <p>{`${status}: ${text}${data ? '' : ' …'}`}</p>
}

const html = (client: QueryClient, ask: CompletionQueryOptions) =>
  renderToString(
    <QueryClientProvider client={client}>
      <Answer ask={ask} />
    </QueryClientProvider>,
  )

describe('on a server', () => {
  it('renders a submitted answer where nothing was asked ahead, and sends nothing', async () => {
    const { ask, model } = scripted(['Hello'])
    expect(html(new QueryClient(), ask)).toBe('<p>submitted:  …</p>')
    await Promise.resolve()
    expect(model.requests).toHaveLength(0)
  })

  it('renders the answer that was asked ahead, there and in the page, which gets it as JSON', async () => {
    const { ask, model } = scripted(['Hel', { reasoning: 'Hm.' }, 'lo'])
    const server = new QueryClient()
    await server.prefetchQuery(completionQuery(ask))
    expect(html(server, ask)).toBe('<p>ready: Hello</p>')
    const page = new QueryClient()
    hydrate(page, JSON.parse(JSON.stringify(dehydrate(server))))
    // The page asks somewhere else; it is the same question.
    const there = { ...ask, provider: '/api', headers: { 'x-token': 'secret' } }
    expect(html(page, there)).toBe('<p>ready: Hello</p>')
    expect(completionProgress(page, completionQuery(there)).getState()).toMatchObject({
      status: 'ready',
      text: 'Hello',
      reasoning: 'Hm.',
      finishReason: 'stop',
    })
    expect(model.requests).toHaveLength(1)
  })

  it('leaves a failed and a running one out of what it hands over, as queries do', async () => {
    const server = new QueryClient()
    await server.prefetchQuery(completionQuery({ ...scripted(['Hel', { cut: true }]).ask, queryKey: ['failed'] }))
    void server.prefetchQuery(completionQuery({ ...scripted(['Hel', { stall: true }]).ask, queryKey: ['running'] }))
    expect(dehydrate(server).queries).toEqual([])
    server.clear()
  })

  it('marks the hook as the page’s, and nothing else', () => {
    const marked = (file: string) => readFileSync(`src/${file}.ts`, 'utf8').startsWith("'use client'\n")
    const files = [
      'query',
      'query-hook',
      'query-key',
      'query-mutation',
      'query-options',
      'query-progress',
      'query-state',
    ]
    expect(files.filter(marked)).toEqual(['query-hook'])
  })

  it('exports these names', () => {
    expect(Object.keys(everything).toSorted()).toEqual([
      'completionMutation',
      'completionProgress',
      'completionQuery',
      'useCompletionQuery',
    ])
  })
})

describe('the types', () => {
  const schema = {} as StandardSchema<{ at: Date }, { at: string }>
  const options = { model: 'm', provider: '/api', prompt: 'When?', request: { response_format: schema } }
  type Answered = Completion<{ at: Date }>

  it('know the data by the options and by the key', () => {
    const query = completionQuery(options)
    const client = new QueryClient()
    const useAnswer = () => ({
      suspended: useSuspenseQuery(query).data,
      selected: useSuspenseQuery({ ...query, select: (completion) => completion.parsed?.at }).data,
      fetched: client.fetchQuery(query),
      ensured: client.ensureQueryData(query),
    })
    expectTypeOf(client.getQueryData(query.queryKey)).toEqualTypeOf<Answered | undefined>()
    expectTypeOf(client.getQueryState(query.queryKey)?.error).toEqualTypeOf<CompletionError | null | undefined>()
    expectTypeOf<ReturnType<typeof useAnswer>['suspended']>().toEqualTypeOf<Answered>()
    expectTypeOf<ReturnType<typeof useAnswer>['selected']>().toEqualTypeOf<Date | undefined>()
    expectTypeOf<ReturnType<typeof useAnswer>['fetched']>().toEqualTypeOf<Promise<Answered>>()
    expectTypeOf<ReturnType<typeof useAnswer>['ensured']>().toEqualTypeOf<Promise<Answered>>()
  })

  it('know the value that grows from the one that is whole', () => {
    const useAnswer = () => useCompletionQuery({ ...options, placeholderData: (former) => former })
    type Result = ReturnType<typeof useAnswer>
    expectTypeOf<Result['object']>().toEqualTypeOf<{ at: Date } | PartialDeep<{ at: string }> | undefined>()
    expectTypeOf<Result['data']>().toEqualTypeOf<Answered | undefined>()
    expectTypeOf<Result['error']>().toEqualTypeOf<CompletionError | undefined>()
    expectTypeOf<Result['query']['error']>().toEqualTypeOf<CompletionError | null>()
    const useSlice = () => useCompletionQuery(options, (state) => state.text.length)
    expectTypeOf<ReturnType<typeof useSlice>>().toEqualTypeOf<number>()
    const progress = completionProgress(new QueryClient(), completionQuery(options))
    expectTypeOf(progress.getState().completion?.parsed).toEqualTypeOf<
      { at: Date } | PartialDeep<{ at: Date }> | undefined
    >()
    expectTypeOf(completionProgress).toBeCallableWith(new QueryClient(), { queryKey: ['own'] })
  })

  it('know what goes into a mutation and what comes out', () => {
    const { mutationFn } = completionMutation({ model: 'm', provider: '/api', request: { response_format: schema } })
    expectTypeOf<Parameters<typeof mutationFn>[0]>().toEqualTypeOf<CompletionInput>()
    expectTypeOf<Awaited<ReturnType<typeof mutationFn>>>().toEqualTypeOf<Answered>()
    const store = createCompletionStore({ model: 'm', provider: '/api', request: { response_format: schema } })
    expectTypeOf(completionMutation({ store })).toEqualTypeOf(
      completionMutation<{ at: Date }>({ store: store as never }),
    )
  })
})
