/** Reading an OpenAI-shaped request: what the providers whose wire is another one have in common. */
import type { ApiKey, CompletionRequest, ContentPart, Message, ProviderRequest } from '../types.ts'

/** The key for one request. What the page's own function says of its failure may be meant for nobody else: it is only the cause. */
export async function keyOf(apiKey: ApiKey | undefined): Promise<string | undefined> {
  if (typeof apiKey !== 'function') return apiKey
  try {
    return await apiKey()
  } catch (cause) {
    throw new Error('`apiKey` failed, so nothing was sent.', { cause })
  }
}

/** The conversation, also where the request has only a `prompt`. Throws when it has neither. */
export function messagesOf({ messages, prompt }: CompletionRequest): readonly Message[] {
  const all: readonly Message[] = messages ?? (prompt === undefined ? [] : [{ role: 'user', content: prompt }])
  if (all.length === 0) throw new Error('Set `messages` or `prompt`.')
  return all
}

/**
 * The request for the rest of an answer that begins with `text`, where a server goes on with a last message of the
 * assistant. The shape of the answer (`response_format`) is left out: servers would begin it anew in the middle of it.
 */
export function prefill(request: ProviderRequest, text: string): ProviderRequest {
  return {
    ...request,
    prompt: undefined,
    response_format: undefined,
    messages: [...messagesOf(request), { role: 'assistant', content: text }],
  }
}

/** A message's content as parts; none for null and ''. */
export function partsOf(content: string | readonly ContentPart[] | null | undefined): readonly ContentPart[] {
  return typeof content === 'string' ? (content ? [{ type: 'text', text: content }] : []) : (content ?? [])
}

/** A message's content as text. Throws when it holds anything else. */
export function textOf(content: string | readonly ContentPart[] | null | undefined, whose: string): string {
  const texts = partsOf(content).map((part) =>
    part.type === 'refusal'
      ? part.refusal
      : part.type === 'text'
        ? part.text
        : cannot(whose, `take ${part.type} there`),
  )
  return texts.join('')
}

/** Media type and base64 data of a data URL; undefined for any other URL. Data that is not base64 is made so. */
export function dataOf(url: string): { mediaType: string; data: string } | undefined {
  const [, mediaType, base64, data] = /^data:([^;,]*)[^,]*?(;base64)?,(.*)$/s.exec(url) ?? []
  if (data === undefined) return undefined
  return { mediaType: mediaType || 'text/plain', data: base64 ? data : btoa(unescape(data)) }
}

/** The arguments of a call, which are JSON text; `{}` for none. Throws on what does not parse. */
export function jsonOf(text: string): unknown {
  try {
    return text.trim() ? JSON.parse(text) : {}
  } catch {
    throw new Error(`The arguments of a tool call are no JSON: ${text.slice(0, 80)}`)
  }
}

/** Ends a request that the provider cannot take, before it is sent. */
export function cannot(whose: string, what: string): never {
  throw new Error(`${whose} cannot ${what}.`)
}

/** Throws when the request sets one of these fields, which this provider has no word for. */
export function refuse(whose: string, request: CompletionRequest, ...fields: readonly string[]): void {
  const field = fields.find((name) => request[name] != null && request[name] !== false)
  if (field) cannot(whose, `take \`${field}\``)
}
