/** Token counts: added up, and estimated from the text where the provider sends none. */
import type { Completion, CompletionRequest, Usage } from './types.ts'

/**
 * Counts the tokens of a text. May load what it needs first:
 *
 *     countTokens: async (text) => (await import('gpt-tokenizer')).countTokens(text)
 */
export type CountTokens = (text: string) => number | Promise<number>

const pieces = /[a-z\u00c0-\u024f]+|[\u2e80-\ud7ff\uf900-\ufaff]|[\p{L}\p{M}]+|\p{N}{1,3}|[^\s\p{L}\p{M}\p{N}]{1,3}/giu

/** So many characters are counted one by one; of what follows, a part of each step: nobody shall wait for an estimate. */
const wholeChars = 2 ** 16
const stepChars = 4096
const sampleChars = 256

/**
 * About how many tokens a text has for a model of today, from its words, digits and signs alone: within some 10 % for
 * English and code, some 20 % for most other languages, less exact for signs such as emoji (against o200k). What a text of
 * more than 65,536 characters has beyond them is judged by samples.
 */
export function estimateTokens(text: string): number {
  let tokens = 0
  // Always at the same places, so that what is added to a text adds its own tokens.
  for (let at = 0; at < text.length; at += at ? stepChars : wholeChars) {
    const step = text.slice(at, at + (at ? stepChars : wholeChars))
    const sample = at ? step.slice(0, sampleChars) : step
    let found = 0
    for (const piece of sample.match(pieces) ?? []) {
      const first = piece[0]!
      const isWord = first < '\u2e80' || first > '\ud7ff'
      found += isWord ? Math.ceil(piece.length / (first < '\u0250' ? 7 : 4)) : 0.8
    }
    tokens += (found * step.length) / sample.length
  }
  return Math.ceil(tokens)
}

/** What the model reads: every text of a request, without pictures and the like. */
export function promptText({ messages, prompt, tools }: CompletionRequest): string {
  const texts = [prompt ?? '', tools ? JSON.stringify(tools) : '']
  for (const message of messages ?? []) {
    const { content } = message
    texts.push(message.role)
    if (typeof content === 'string') texts.push(content)
    else for (const part of [content].flat()) if (part?.type === 'text') texts.push(part.text)
    if ('tool_calls' in message) texts.push(JSON.stringify(message.tool_calls))
  }
  return texts.join('\n')
}

/** What the model wrote, in all choices, each text by itself. */
export function writtenTexts({ choices }: Pick<Completion, 'choices'>): string[] {
  return choices
    .flatMap(({ message: { reasoning_content, content, refusal, tool_calls = [] } }) => [
      reasoning_content,
      content,
      refusal,
      ...tool_calls.map((call) => JSON.stringify(call.type === 'custom' ? call.custom : call.function)),
    ])
    .filter((text): text is string => !!text)
}

/** The counts of two requests, details included, as one sum. */
export function addUsage<Counts extends object = Usage>(
  a: Counts | undefined,
  b: Counts | undefined,
): Counts | undefined {
  if (!a || !b) return a ?? b
  const sum = { ...a } as Record<string, unknown>
  for (const [key, value] of Object.entries(b)) {
    const before = sum[key]
    if (typeof value === 'number') sum[key] = value + (Number(before) || 0)
    else if (value) sum[key] = typeof value === 'object' ? addUsage(before as object | undefined, value) : value
  }
  return sum as Counts
}
