/** A client that reads OpenAI's wire without any library, so that the tests see what is on it. */
import type { CompletionChunk, CompletionRequest } from 'completion-stream'
import type { ScriptedProvider } from '../src/index.ts'

export const URL_CHAT = 'https://api.test/v1/chat/completions'
export const user = (content: string): NonNullable<CompletionRequest['messages']> => [{ role: 'user', content }]

/** Sends a request for a completion as a fetch handler gets it. */
export function post(provider: ScriptedProvider, body: unknown, init: RequestInit = {}): Promise<Response> {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return provider(new Request(URL_CHAT, { method: 'POST', body: text, ...init }))
}

/** Asks for a stream and returns the data of its events. */
export async function data(provider: ScriptedProvider, extra: Partial<CompletionRequest> = {}): Promise<string[]> {
  const response = await post(provider, { model: 'm', messages: user('hi'), stream: true, ...extra })
  return dataOf(await response.text())
}

export function dataOf(text: string): string[] {
  return text
    .split('\n\n')
    .filter((event) => event !== '')
    .map((event) => event.replace(/^data: /, ''))
}

/** Asks for a stream and returns its chunks; fails when the stream does not end in `[DONE]`. */
export async function chunks(
  provider: ScriptedProvider,
  extra: Partial<CompletionRequest> = {},
): Promise<CompletionChunk[]> {
  const events = await data(provider, extra)
  if (events.pop() !== '[DONE]') throw new Error('no [DONE] at the end')
  return events.map((event) => JSON.parse(event) as CompletionChunk)
}

/** What the chunks say of one field of the delta, piece by piece. */
export function pieces(list: CompletionChunk[], field: 'content' | 'reasoning_content' | 'refusal'): string[] {
  return list.flatMap((chunk) => chunk.choices[0]?.delta[field] || [])
}

export function finishReasons(list: CompletionChunk[]): string[] {
  return list.flatMap((chunk) => chunk.choices[0]?.finish_reason ?? [])
}
