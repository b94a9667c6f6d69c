/** The types that the hooks infer. */
import { expectTypeOf } from 'vitest'
import type { Chat, CompletionState, CompletionStore, PartialDeep, StandardSchema, Store } from 'completion-stream'
import { useChat, useCompletionStream, useStore, useStreamAnnouncer } from '../src/index.ts'
import type { ChatResult } from '../src/index.ts'

interface Written {
  at: string
  list: { n: number }[]
}
interface Parsed {
  at: Date
  list: { n: number }[]
}
declare const schema: StandardSchema<Parsed, Written>
declare const store: CompletionStore<Parsed, Written>
declare const options: { model: string; provider: string }

/** Never called: hooks run in components alone. */
export function Typed(): void {
  const plain = useCompletionStream(options)
  const typed = useCompletionStream({ ...options, request: { response_format: schema } })
  const inFormat = useCompletionStream({ ...options, request: { response_format: { type: 'json_object', schema } } })
  const shown = useCompletionStream({ store })
  const chat = useChat(options)
  const slice = useStore(store, (state) => state.object)

  type Value = Parsed | PartialDeep<Written> | undefined
  expectTypeOf(typed.object).toEqualTypeOf<Value>()
  expectTypeOf(inFormat.object).toEqualTypeOf<Value>()
  expectTypeOf(shown.object).toEqualTypeOf<Value>()
  expectTypeOf(slice).toEqualTypeOf<Value>()
  expectTypeOf(plain.object).toBeUnknown()
  expectTypeOf<Awaited<ReturnType<typeof typed.start>>>().toEqualTypeOf<
    Awaited<ReturnType<CompletionStore<Parsed, Written>['start']>>
  >()

  expectTypeOf(typed).toExtend<CompletionState<Parsed, Written>>()
  expectTypeOf<ChatResult>().toHaveProperty('addToolApprovalResponse')
  expectTypeOf<keyof ChatResult & keyof Store<unknown>>().toBeNever()
  expectTypeOf(chat.sendMessage).toEqualTypeOf<Chat['sendMessage']>()
  useStreamAnnouncer(chat)
  useStreamAnnouncer(typed)

  // @ts-expect-error a store has its own options
  useCompletionStream({ store, model: 'm', id: 'x' })
  // @ts-expect-error somebody must answer
  useCompletionStream({ model: 'm' })
  // @ts-expect-error the id is a string
  useChat({ ...options, id: 1 })
}
