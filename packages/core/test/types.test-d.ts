/** Our chunk and completion are OpenAI's: a program that uses the `openai` package's types takes ours, and the reverse. */
import type OpenAI from 'openai'
import { describe, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import { buildCompletion, streamCompletion } from '../src/index.ts'
import type {
  ChatCompletion,
  Completion,
  CompletionChunk,
  CompletionMessage,
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
})
