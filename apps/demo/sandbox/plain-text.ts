/** For pages that show text as it is: markdown without its marks, when the system message asks for plain text. */
import type { ScriptTurn } from '@completion-stream/testing'

/** Whether the request's system message asks for plain text. */
export function wantsPlainText({ request }: ScriptTurn): boolean {
  return (request.messages ?? []).some(
    ({ role, content }) => role === 'system' && typeof content === 'string' && /plain text/i.test(content),
  )
}

/** The same words. Paragraphs lose their line breaks; code keeps them, and loses its fences. */
export function plainText(markdown: string): string {
  return markdown
    .split(/^( *```.*\n[\s\S]*?^ *```\n?)/m)
    .map((piece, index) => (index % 2 === 1 ? unfenced(piece) : unmarked(piece)))
    .join('')
}

function unfenced(code: string): string {
  return code.replace(/^ *```.*\n?/gm, '')
}

function unmarked(text: string): string {
  return text
    .replace(/(\S)\n(?=[\p{L}\p{N}`(*“"])(?!\d+\.)/gu, '$1 ')
    .replace(/^#{1,6} +/gm, '')
    .replace(/(\*{1,2})(\S(?:[^*\n]*\S)?)\1/g, '$2')
    .replace(/`([^`\n]+)`/g, '$1')
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
}
