/** This library: chunk by chunk, as the finished completion, through a store, and with live arguments. */
import { anthropic, createCompletionStore, gemini, openai, openaiResponses, streamCompletion } from 'completion-stream'
import type { Completion, CompletionChunk, CompletionStream, Provider, ProviderOptions } from 'completion-stream'
import type { Contestant, Read } from '../contestant.ts'
import { request } from '../workload.ts'
import type { WorkloadId } from '../workload.ts'

const providers: Record<WorkloadId, (options: ProviderOptions) => Provider> = {
  text: openai,
  tools: openai,
  serial: openai,
  anthropic,
  gemini,
  responses: openaiResponses,
}
const baseURL = 'https://bench.invalid/v1'
const providerOf = (id: WorkloadId, response: Response): Provider =>
  providers[id]({ baseURL, apiKey: 'none', fetch: async () => response })
const ask = (id: WorkloadId, response: Response): CompletionStream =>
  streamCompletion(request, { provider: providerOf(id, response) })

const textOf = ({ text }: Completion): string => text
const argumentsOf = ({ toolCalls }: Completion): string => toolCalls.map((call) => call.arguments).join('\n')

/** The same way to read on every wire that brings a text. */
const everyText = (read: Read): Contestant['reads'] => ({ text: read, anthropic: read, gemini: read, responses: read })

const tools = (read: Read): Contestant['reads'] => ({ tools: read, serial: read })

const iterate =
  (take: (chunk: CompletionChunk, texts: string[]) => void): Read =>
  async (response, { id }) => {
    const texts: string[] = ['']
    for await (const chunk of ask(id, response)) take(chunk, texts)
    return texts.join('\n')
  }

const forAwait: Contestant = {
  package: 'completion-stream',
  name: 'completion-stream: for await',
  isOurs: true,
  // The completion is put together beside the loop, whether it is asked for or not.
  reach: 'completion',
  reads: {
    ...everyText(
      iterate((chunk, texts) => {
        texts[0] += chunk.choices[0]?.delta.content ?? ''
      }),
    ),
    ...tools(
      iterate((chunk, texts) => {
        for (const { index, function: part } of chunk.choices[0]?.delta.tool_calls ?? [])
          texts[index] = (texts[index] ?? '') + (part?.arguments ?? '')
      }),
    ),
  },
}

const finalCompletion: Contestant = {
  package: 'completion-stream',
  name: 'completion-stream: finalCompletion()',
  isOurs: true,
  reach: 'completion',
  reads: {
    ...everyText(async (response, { id }) => textOf(await ask(id, response).finalCompletion())),
    ...tools(async (response, { id }) => argumentsOf(await ask(id, response).finalCompletion())),
  },
}

/** There are no frames in Node: the store publishes as often as 60 of them a second would have it. */
const viaStore =
  (result: (completion: Completion) => string): Read =>
  async (response, { id }) => {
    const store = createCompletionStore({ model: request.model, provider: providerOf(id, response) })
    let published = 0
    store.subscribe(() => (published += store.getState().completion ? 1 : 0))
    const completion = await store.start({ messages: request.messages })
    if (!completion || !published) throw store.getState().error ?? new Error('The store published nothing.')
    return result(completion)
  }

const store: Contestant = {
  package: 'completion-stream',
  name: 'completion-stream: createCompletionStore',
  isOurs: true,
  reach: 'completion',
  reads: { ...everyText(viaStore(textOf)), ...tools(viaStore(argumentsOf)) },
}

/** A snapshot after each read, in which every call has its value so far. */
const live: Contestant = {
  package: 'completion-stream',
  name: 'completion-stream: snapshot with live arguments',
  isOurs: true,
  reach: 'live',
  reads: tools(async (response, { id }) => {
    const stream = ask(id, response)
    let values = 0
    stream.subscribe(() => {
      for (const { input } of stream.snapshot.toolCalls) if (input) values++
    })
    const completion = await stream.finalCompletion()
    if (!values) throw new Error('No live value was seen.')
    return argumentsOf(completion)
  }),
}

export const ours: readonly Contestant[] = [forAwait, finalCompletion, store, live]
