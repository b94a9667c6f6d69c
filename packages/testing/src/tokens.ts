/** Cuts text into pieces as a language model's tokenizer does, and estimates what a request costs. */
import type { CompletionRequest } from 'completion-stream'
import { contentText } from './script.ts'

// Short words are whole, longer ones are cut; a space belongs to the word after it. Together the branches match any
// character, so no text is lost.
const PIECE =
  / ?[\p{L}\p{M}]{1,7}(?![\p{L}\p{M}])| ?[\p{L}\p{M}]{1,5}| ?\p{N}{1,3}| ?[^\s\p{L}\p{M}\p{N}]{1,4}|[\r\n]{1,4}|\s{1,8}(?!\S)|\s/gu

const TOKENS_PER_MESSAGE = 3
const TOKENS_PER_ANSWER = 3

/** The text in pieces of token size, about four characters each. Joined together they are the text. */
export function tokenize(text: string): string[] {
  return text.match(PIECE) ?? []
}

/** An estimate of a request's `prompt_tokens`: the text of its messages, their tool calls, and the tools on offer. */
export function promptTokens(request: CompletionRequest): number {
  let tokens = TOKENS_PER_ANSWER
  for (const message of request.messages ?? []) {
    tokens += TOKENS_PER_MESSAGE + tokenize(contentText(message.content)).length
    if (message.role === 'assistant' && message.tool_calls) tokens += jsonTokens(message.tool_calls)
  }
  return request.tools?.length ? tokens + jsonTokens(request.tools) : tokens
}

function jsonTokens(value: unknown): number {
  return tokenize(JSON.stringify(value)).length
}
