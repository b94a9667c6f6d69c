/** Keeps the conversation for as long as the tab is open: written now and then and when the page is left, read when it opens. */
import type { ChatMessage, ChatPart, UserMessage } from 'completion-stream'
import { useEffect, useState } from 'react'

/** What is kept. */
export interface KeptChat {
  /** The model that answers. An answer that is taken up again may ask it for more, before the page knows which there are. */
  model: string
  messages: readonly ChatMessage[]
  queued: readonly UserMessage[]
}

const KEY = 'completion-stream demo chat'
/** Of the shape in which it is kept. */
const VERSION = 1
/** How often it is written while an answer arrives. */
const EVERY_MS = 500
/** The largest file that is kept, in characters of its data URL: a storage holds some five million in all. */
const MAX_FILE = 1_000_000

/** Stands in the place of a file that was not kept; the model reads it, too. */
export const NOT_KEPT: string = `data:text/plain,${encodeURIComponent('This file was not kept when the page was reloaded.')}`

const empty: KeptChat = { model: '', messages: [], queued: [] }

/** What was kept before the page was reloaded. Empty when there is nothing, or nothing that can be read. */
export function readKept(): KeptChat {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY) ?? 'null') as (Partial<KeptChat> & { version?: number }) | null
    if (kept?.version !== VERSION) return empty
    const { model, messages, queued } = kept
    const isReadable =
      typeof model === 'string' && [messages, queued].every((list) => Array.isArray(list) && list.every(isMessage))
    return isReadable ? (kept as KeptChat) : empty
  } catch {
    return empty
  }
}

function isMessage(value: unknown): value is ChatMessage {
  const { id, role, text, parts, ...rest } = Object(value) as Partial<ChatMessage>
  const isSaid = typeof id === 'string' && typeof text === 'string' && Array.isArray(parts)
  if (!isSaid || role === 'user') return isSaid
  const { attempts, annotations, wire } = rest as { attempts?: unknown; annotations?: unknown; wire?: unknown }
  return role === 'assistant' && [attempts, annotations, wire].every(Array.isArray)
}

/** Keeps the conversation from now on. */
export function useKeeping({ model, messages, queued }: KeptChat): void {
  const [keeper] = useState(createKeeper)
  useEffect(() => keeper.see({ model, messages, queued }), [keeper, model, messages, queued])
  useEffect(() => {
    addEventListener('pagehide', keeper.write)
    return () => removeEventListener('pagehide', keeper.write)
  }, [keeper])
}

function createKeeper(): { see: (chat: KeptChat) => void; write: () => void } {
  let latest: KeptChat | undefined
  let timer: ReturnType<typeof setTimeout> | undefined

  function write(): void {
    clearTimeout(timer)
    timer = undefined
    if (latest) writeKept(latest)
    latest = undefined
  }

  return {
    see(chat) {
      latest = chat
      timer ??= setTimeout(write, EVERY_MS)
    },
    write,
  }
}

function writeKept({ model, messages, queued }: KeptChat): void {
  try {
    sessionStorage.removeItem(KEY)
    if (messages.length + queued.length === 0) return
    const json = (texts: readonly string[]): string => `[${texts.join()}]`
    const head = `{"version":${VERSION},"model":${JSON.stringify(model)}`
    const whole = (write: (message: ChatMessage) => string): string =>
      `${head},"messages":${json(messages.map(write))},"queued":${json(queued.map(write))}}`
    try {
      sessionStorage.setItem(KEY, whole(written))
    } catch {
      // There is no room: the words count more than the files.
      sessionStorage.setItem(
        KEY,
        whole((message) => JSON.stringify(withoutFiles(message, 0))),
      )
    }
  } catch {
    // There is none for the words either, or no storage at all: then nothing is kept.
  }
}

/** What messages look like when they are kept. One that did not change is the same object as before. */
const texts = new WeakMap<ChatMessage, string>()

function written(message: ChatMessage): string {
  const text = texts.get(message) ?? JSON.stringify(withoutFiles(message, MAX_FILE))
  texts.set(message, text)
  return text
}

function withoutFiles(message: ChatMessage, longest: number): ChatMessage {
  if (message.role !== 'user') return message
  const parts = message.parts.map((part): ChatPart => {
    if (part.type !== 'file' || part.file.url.length <= longest) return part
    return { type: 'file', file: { url: NOT_KEPT, mediaType: 'text/plain', name: part.file.name } }
  })
  return { ...message, parts }
}
