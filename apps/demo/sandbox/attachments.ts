/** What the sandbox says of files that came with a question: what the request holds of them, and nothing else. */
import type { ScriptTurn } from '@completion-stream/testing'
import type { ContentPart } from 'completion-stream'

/** How much of a text is quoted, in characters. */
const QUOTE = 280

/** The answer to a question with files; undefined when it has none. */
export function aboutAttachments({ request }: ScriptTurn): string | undefined {
  const content = request.messages?.findLast(({ role }) => role === 'user')?.content
  if (!Array.isArray(content)) return undefined
  const files = content.flatMap((part) => described(part) ?? [])
  if (files.length === 0) return undefined
  const list = files.map((file, index) => `${index + 1}. ${file}`).join('\n\n')
  const count = files.length === 1 ? 'one file' : `${files.length} files`
  return (
    `Your question came with ${count}:\n\n${list}\n\nThat is what the request says. I am a script: I see no pictures and ` +
    'hear no sounds, and of a text I can only repeat how it begins.'
  )
}

function described(part: ContentPart): string | undefined {
  if (part.type === 'image_url') return `a picture${kind(part.image_url.url)}. Pictures travel without their names.`
  if (part.type === 'input_audio') {
    const { data, format } = part.input_audio
    return `a sound, \`${format}\`, ${size(data)}. Sounds travel without their names.`
  }
  if (part.type === 'file') return `${named(part.file.filename)}${kind(part.file.file_data ?? '')}`
  if (part.type !== 'text') return undefined
  const document = /^<document(?: name=("(?:[^"\\]|\\.)*"))?>\n(.*)\n<\/document>$/s.exec(part.text)
  if (!document) return undefined
  const [, name, text = ''] = document
  const title = named(name && (JSON.parse(name) as string))
  return `${title}, a text of ${text.length.toLocaleString('en')} characters. It begins:\n\n${quoted(text)}`
}

function named(name: string | undefined): string {
  return name ? `\`${name.replaceAll('`', '')}\`` : 'a file without a name'
}

/** Its type and its size, as far as a data URL tells them. */
function kind(url: string): string {
  const [, type, data] = /^data:([^;,]*)[^,]*,(.*)$/s.exec(url) ?? []
  return type && data !== undefined ? `, \`${type}\`, ${size(data)}` : ', by its address'
}

function size(base64: string): string {
  const bytes = Math.floor((base64.replace(/=+$/, '').length * 3) / 4)
  return bytes < 1000 ? `${bytes} bytes` : `${Math.round(bytes / 1000).toLocaleString('en')} kB`
}

/** Inside the list, so that it stands below its file. */
function quoted(text: string): string {
  const head = text.length > QUOTE ? `${text.slice(0, QUOTE).replace(/\s+\S*$/, '')} …` : text
  const fence = '`'.repeat(Math.max(3, ...[...head.matchAll(/`+/g)].map(([ticks]) => ticks.length + 1)))
  return [`${fence}text`, ...head.split('\n'), fence].map((line) => `   ${line}`).join('\n')
}
