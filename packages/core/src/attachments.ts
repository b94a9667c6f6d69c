/** Files in a question: read where they are local, and told to the model in the parts that providers take. */
import type { ContentPart } from './types.ts'

/** A file of a question. */
export interface Attachment {
  /** Where it is: a data URL, or an address that the provider can reach. */
  url: string
  /** Such as `image/png`. Default: what a data URL says of itself. */
  mediaType?: string
  name?: string
}

/** What may be attached: files as an `<input type="file">`, a drop or the clipboard gives them, or by their address. */
export type AttachmentInput = Blob | Attachment

/** What a text is written in. */
const written = /^text\/|[/+](json|xml|yaml|toml|sql|(java|type|ecma)script)$/
const drawn = /\.(png|jpe?g|gif|webp|avif)([?#]|$)/i
const spoken = /^audio\/(?:x-|vnd\.)?(wav|wave|mp3|mpeg)$/

/** The files as data, and why some of them cannot be read. Never rejects. */
export async function readAttachments(
  given: Iterable<AttachmentInput> | ArrayLike<AttachmentInput>,
): Promise<{ files: Attachment[]; failures: unknown[] }> {
  const failures: unknown[] = []
  const tried = async (file: AttachmentInput): Promise<Attachment[]> => {
    try {
      return [await read(file)]
    } catch (error) {
      failures.push(error)
      return []
    }
  }
  try {
    const files = await Promise.all(Array.from(given as ArrayLike<AttachmentInput>).map(tried))
    return { files: files.flat(), failures }
  } catch (error) {
    return { files: [], failures: [error] }
  }
}

async function read(file: AttachmentInput): Promise<Attachment> {
  if ('url' in file) return file
  const { type, name } = file as File
  const bytes = new Uint8Array(await file.arrayBuffer())
  // Without parameters: those of a recording may hold a comma, which ends the head of a data URL.
  const mediaType = type.split(';')[0] || (isText(bytes) ? 'text/plain' : 'application/octet-stream')
  return { url: `data:${mediaType};base64,${base64(bytes)}`, mediaType, ...(name && { name }) }
}

/** Browsers know no type of many a text: a program, a log, a setting. */
function isText(bytes: Uint8Array): boolean {
  try {
    return !new TextDecoder('utf-8', { fatal: true }).decode(bytes).includes('\0')
  } catch {
    return false
  }
}

function base64(bytes: Uint8Array): string {
  let text = ''
  // As many arguments as every engine takes.
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000))
  return btoa(text)
}

/** A file as the part of a message: a picture, a sound, a text in words, or else a file as it is. */
export function attached({ url, mediaType, name }: Attachment): ContentPart {
  const [, type = mediaType ?? '', encoding, data] = /^data:([^;,]*)[^,]*?(;base64)?,(.*)$/s.exec(url) ?? []
  const kind = (mediaType || type).split(';')[0]!
  if (kind.startsWith('image/') || (!kind && drawn.test(url))) return { type: 'image_url', image_url: { url } }
  if (data === undefined) return { type: 'file', file: { filename: name, file_data: url } }
  const format = spoken.exec(kind)?.[1]
  if (format && encoding) {
    return { type: 'input_audio', input_audio: { data, format: format.startsWith('w') ? 'wav' : 'mp3' } }
  }
  const text = written.test(kind) ? textIn(data, encoding) : undefined
  if (text === undefined) return { type: 'file', file: { filename: name ?? 'file', file_data: url } }
  return { type: 'text', text: `<document${name ? ` name=${JSON.stringify(name)}` : ''}>\n${text}\n</document>` }
}

/** The text in a data URL; undefined where there is none. */
function textIn(data: string, encoding: string | undefined): string | undefined {
  try {
    if (!encoding) return decodeURIComponent(data)
    return new TextDecoder().decode(Uint8Array.from(atob(data), (sign) => sign.charCodeAt(0)))
  } catch {
    return undefined
  }
}
