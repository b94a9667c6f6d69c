/** Our chunk and completion are OpenAI's: a program that uses the `openai` package's types takes ours, and the reverse. */
import type OpenAI from 'openai'
import { describe, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import { buildCompletion, createCompletionStore, streamCompletion } from '../src/index.ts'
import type {
  ChatCompletion,
  Completion,
  CompletionChunk,
  CompletionMessage,
  CompletionState,
  CompletionStore,
  CompletionStoreOptions,
  Message,
  PartialDeep,
} from '../src/index.ts'

describe('the types of the wire', () => {
  it('has a chunk that is assignable to the one of the openai package, and from it', () => {
    expectTypeOf<CompletionChunk>().toExtend<OpenAI.ChatCompletionChunk>()
    expectTypeOf<OpenAI.ChatCompletionChunk>().toExtend<CompletionChunk>()
  })

  it('has a completion that is assignable to the one of the openai package, and from it', () => {
    expectTypeOf<ChatCompletion>().toExtend<OpenAI.ChatCompletion>()
    expectTypeOf<OpenAI.ChatCompletion>().toExtend<ChatCompletion>()
  })

  it('has a message that is assignable to the one of the openai package, and from it', () => {
    expectTypeOf<CompletionMessage>().toExtend<OpenAI.ChatCompletionMessage>()
    expectTypeOf<OpenAI.ChatCompletionMessage>().toExtend<CompletionMessage>()
    expectTypeOf<CompletionMessage>().toExtend<Message>()
  })

  it('has snapshots that are completions whose choices may still be open', () => {
    expectTypeOf<Completion>().toExtend<ChatCompletion<ChatCompletion['choices'][0]['finish_reason'] | null>>()
    expectTypeOf<Completion>().not.toExtend<OpenAI.ChatCompletion>()
    expectTypeOf(buildCompletion).toBeCallableWith([] as OpenAI.ChatCompletionChunk[])
  })

  it('knows the value of a structured answer: partial while it arrives, whole at its end', () => {
    const schema = z.object({ city: z.string(), days: z.array(z.object({ high: z.number() })) })
    type Forecast = z.infer<typeof schema>
    const ask = () => streamCompletion({ model: 'm', prompt: 'p', response_format: schema }, { provider: '/api' })
    type Stream = ReturnType<typeof ask>
    expectTypeOf<Stream['snapshot']['parsed']>().toEqualTypeOf<PartialDeep<Forecast> | Forecast | undefined>()
    expectTypeOf<Awaited<ReturnType<Stream['finalCompletion']>>['parsed']>().toEqualTypeOf<Forecast | undefined>()

    const dated = z.object({ at: z.string().transform((at) => new Date(at)) })
    const askDate = () => streamCompletion({ model: 'm', prompt: 'p', response_format: dated }, { provider: '/api' })
    type Dated = ReturnType<typeof askDate>
    expectTypeOf<Dated['snapshot']['parsed']>().toEqualTypeOf<{ at?: string } | { at: Date } | undefined>()
    expectTypeOf<Awaited<ReturnType<Dated['finalCompletion']>>['parsed']>().toEqualTypeOf<{ at: Date } | undefined>()
  })

  it('knows the value of a store whose answers have a schema, also when its options are a function', () => {
    const schema = z.object({ city: z.string(), at: z.string().transform((at) => new Date(at)) })
    type Written = z.input<typeof schema>
    type Forecast = z.output<typeof schema>
    const options = { model: 'm', provider: '/api', request: { temperature: 0, response_format: schema } }
    const store = () => createCompletionStore(options)
    const lazy = () =>
      createCompletionStore(() => ({ model: 'm', provider: '/api', request: { response_format: schema } }))
    const wrapped = () =>
      createCompletionStore({
        model: 'm',
        provider: '/api',
        request: { response_format: { type: 'json_object', schema } },
      })
    type Value = PartialDeep<Written> | Forecast | undefined
    for (const create of [store, lazy, wrapped]) {
      type Its = ReturnType<typeof create>
      expectTypeOf<ReturnType<Its['getState']>['object']>().toEqualTypeOf<Value>()
      expectTypeOf<Its>().toEqualTypeOf<CompletionStore<Forecast, Written>>()
      expectTypeOf<Awaited<ReturnType<Its['start']>>>().toEqualTypeOf<Completion<Forecast> | undefined>()
    }
  })

  it('has stores, states and options without a schema that take those with one', () => {
    const plain = () => createCompletionStore({ model: 'm', provider: '/api', request: { temperature: 0 } })
    expectTypeOf<ReturnType<typeof plain>>().toEqualTypeOf<CompletionStore>()
    expectTypeOf<CompletionState['object']>().toEqualTypeOf<unknown>()
    expectTypeOf<CompletionStore<{ a: number }>>().toExtend<CompletionStore>()
    expectTypeOf<CompletionState<{ a: number }>>().toExtend<CompletionState>()
    expectTypeOf<CompletionStoreOptions<{ a: number }>>().toExtend<CompletionStoreOptions>()
  })
})
