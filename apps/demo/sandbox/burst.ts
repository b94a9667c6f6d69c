/** A whole answer in one piece, as it comes out of a proxy that collects it first. */

/** The frames of OpenAI's wire for a text, word by word, all in one. */
export function inOneBurst(text: string): string {
  const words = text.match(/\s*\S+/g) ?? []
  const deltas = words.map((content) => frame({ index: 0, delta: { content }, finish_reason: null }))
  return `${deltas.join('')}${frame({ index: 0, delta: {}, finish_reason: 'stop' })}data: [DONE]\n\n`
}

function frame(choice: unknown): string {
  return `data: ${JSON.stringify({ object: 'chat.completion.chunk', model: 'docs-guide', choices: [choice] })}\n\n`
}
