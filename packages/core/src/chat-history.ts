/** A conversation that was kept in the wire's shape, as messages of a chat. */
import { newId, userMessage, withOutcome } from './chat-message.ts'
import type { AssistantMessage, ChatMessage, ChatPart } from './chat-message.ts'
import { dataOf, partsOf } from './providers/messages.ts'
import { parse } from './tool-call.ts'
import type { ContentPart, Message } from './types.ts'

/**
 * Messages in OpenAI's shape, such as a server keeps them, as `initialMessages` of a chat. An answer with its tool calls and
 * their results is one message. System messages are left out: they are the chat's `system`.
 */
export function messagesFrom(wire: readonly Message[]): ChatMessage[] {
  const messages: ChatMessage[] = []
  for (const said of wire) {
    if (said.role === 'user') {
      const parts = partsOf(said.content)
      const text = parts.map((part) => (part.type === 'text' ? part.text : '')).join('')
      messages.push({ ...userMessage(text, parts.flatMap(fileOf)), wire: [said] })
    } else if (said.role === 'assistant' || said.role === 'tool') {
      const last = messages.at(-1)
      const before = last?.role === 'assistant' ? messages.pop() : undefined
      messages.push(joined(before as AssistantMessage | undefined, said))
    }
  }
  return messages
}

function joined(
  before: AssistantMessage | undefined,
  said: Extract<Message, { role: 'assistant' | 'tool' }>,
): AssistantMessage {
  const message: AssistantMessage = before ?? {
    id: newId(),
    role: 'assistant',
    parts: [],
    text: '',
    status: 'ready',
    finishReason: null,
    nativeFinishReason: null,
    annotations: [],
    usage: undefined,
    timing: undefined,
    error: undefined,
    attempts: [],
    wire: [],
  }
  const wire = [...message.wire, said]
  if (said.role === 'tool') {
    const text = partsOf(said.content)
      .map((part) => (part.type === 'text' ? part.text : ''))
      .join('')
    const value = parse(text)
    const output = value === undefined ? text : value
    return {
      ...message,
      wire,
      parts: withOutcome(message.parts, said.tool_call_id, { state: 'output', output }) ?? message.parts,
    }
  }
  const { reasoning_content: reasoning, content, refusal, images = [], tool_calls: calls = [] } = said
  const text = partsOf(content)
    .map((part) => (part.type === 'text' ? part.text : ''))
    .join('')
  const parts: ChatPart[] = [...message.parts]
  if (reasoning) parts.push({ type: 'reasoning', text: reasoning })
  if (text) parts.push({ type: 'text', text })
  if (refusal) parts.push({ type: 'refusal', text: refusal })
  for (const image of images) parts.push({ type: 'image', image })
  for (const call of calls) {
    const [name, written] =
      call.type === 'custom' ? [call.custom.name, call.custom.input] : [call.function.name, call.function.arguments]
    const input = call.type === 'custom' ? written : parse(written)
    const toolCall = {
      id: call.id,
      name,
      arguments: written,
      input,
      state: 'input-complete' as const,
      awaitsOutput: true as const,
    }
    parts.push({ type: 'tool-call', toolCall: call.type === 'custom' ? { ...toolCall, type: 'custom' } : toolCall })
  }
  return { ...message, wire, parts, text: message.text + text, finishReason: calls.length ? 'tool_calls' : 'stop' }
}

function fileOf(part: ContentPart): { url: string; mediaType?: string; name?: string }[] {
  if (part.type === 'image_url') {
    const { url } = part.image_url
    return [{ url, mediaType: dataOf(url)?.mediaType ?? 'image/*' }]
  }
  if (part.type === 'input_audio') {
    const { data, format } = part.input_audio
    return [{ url: `data:audio/${format};base64,${data}`, mediaType: `audio/${format}` }]
  }
  if (part.type !== 'file') return []
  // What is known by an id alone cannot be shown.
  const { file_data: url, filename: name } = part.file
  return url ? [{ url, mediaType: dataOf(url)?.mediaType, name }] : []
}
