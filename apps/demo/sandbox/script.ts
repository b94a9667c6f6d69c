/**
 * The script of the sandbox: what answers when no provider's key is set. It plays a wished-for scene, or answers from the
 * project's documentation, by way of the page's `search_docs` tool where the request offers it.
 */
import type { ScriptTurn, Step } from '@completion-stream/testing'
import type { DocsSearch } from '../docs/search.ts'
import {
  answerSearch,
  readSearchOutput,
  SEARCH_DOCS,
  type SearchInput,
  type SearchOutput,
} from '../docs/search-tool.ts'
import { composeAnswer } from './answer.ts'
import { afterAsking } from './asking.ts'
import { aboutAttachments } from './attachments.ts'
import { begunAnswer, isFault, restOf } from './going-on.ts'
import { plainText, wantsPlainText } from './plain-text.ts'
import { findScene, type SceneTurn } from './scenes.ts'
import { tryCounter } from './tries.ts'

const SMALL_PRINT =
  '\n\n*This is the sandbox speaking: a script that quotes the documentation word for word. No model is involved.*'

/** The script over a documentation search. */
export function createSandboxScript(search: DocsSearch): (turn: ScriptTurn) => Iterable<Step> {
  const countTries = tryCounter()

  return function* play(asked) {
    const turn = { ...asked, tries: countTries(asked.request) }
    const begun = begunAnswer(turn)
    if (begun) return yield* restOf(wholeAnswer(begun.turn), begun.said)
    for (const step of wholeAnswer(turn)) {
      yield step
      // What stands after it in the script is for whoever asks to go on.
      if (isFault(step)) return
    }
  }

  function* wholeAnswer(turn: SceneTurn): Iterable<Step> {
    if (!wantsPlainText(turn)) return yield* answerTurn(turn)
    for (const step of answerTurn(turn)) yield typeof step === 'string' ? plainText(step) : step
  }

  function* answerTurn(turn: SceneTurn): Iterable<Step> {
    const results = isPassedOver(turn) ? [] : turn.toolResults
    const reply = afterAsking(results)
    if (reply !== undefined) {
      yield reply
      return
    }
    if (results.length > 0) {
      yield answer(
        turn,
        results.map((result) => readSearchOutput(result.content)).filter((out) => out !== null),
      )
      return
    }
    const aboutFiles = aboutAttachments(turn)
    if (aboutFiles !== undefined) {
      yield aboutFiles
      return
    }
    const scene = findScene(turn.prompt)
    if (scene) {
      yield* scene.play(turn)
      return
    }
    const inputs = planSearches(turn.prompt)
    if (!offersSearch(turn)) {
      yield answer(
        turn,
        inputs.map((input) => answerSearch(search, input)),
      )
      return
    }
    yield { reasoning: thought(inputs) }
    yield { toolCalls: inputs.map((input) => ({ name: SEARCH_DOCS, arguments: JSON.stringify(input) })) }
  }
}

/** One search for a question, two when it weighs two things against each other or asks about two packages. */
export function planSearches(prompt: string): SearchInput[] {
  const question = prompt.replace(/\s+/g, ' ').trim().slice(0, 300)
  const pair =
    /\b(?:compare|difference between|choose between|weigh)\s+(.{2,80}?)\s+(?:and|with|to|against|or|from)\s+(.{2,80}?)[?.!]*$/i.exec(
      question,
    ) ??
    /^(?:.*\b(?:is|are|should i (?:use|take|choose))\s+)?(.{2,60}?)\s+(?:versus|vs\.?|or)\s+(.{2,60}?)[?.!]*$/i.exec(
      question,
    )
  if (pair) return [pair[1]!, pair[2]!].map((query) => ({ query: strip(query), limit: 2 }))
  const packages = [...new Set(question.match(/@completion-stream\/\w+|\b(?:core|react|relay|testing)\b/gi) ?? [])]
  if (packages.length === 2) return packages.map((query) => ({ query: `${query} package`, limit: 2 }))
  return [{ query: strip(question) || question, limit: 3 }]
}

/** A question's words without the courtesies around them. */
function strip(text: string): string {
  const courtesy =
    /^(?:please|can you|could you|tell me|explain|show me|the|what(?:'s| is| are| does)?|how (?:do|does|can|would|should) (?:i|you|one|we|it)|how (?:to|do|does)|i want to|which|why)\s+/i
  let rest = text.replace(/[?!.]+$/, '').trim()
  while (courtesy.test(rest)) rest = rest.replace(courtesy, '')
  return rest
}

function thought(inputs: readonly SearchInput[]): string {
  const topics = inputs.map((input) => `“${input.query}”`).join(' and ')
  return inputs.length > 1
    ? `Two things are asked about: ${topics}. I know neither by heart, so I search the documentation for both at once.`
    : `The question is about ${topics}. I know nothing by heart, so I search the documentation.`
}

function answer(turn: ScriptTurn, outputs: readonly SearchOutput[]): string {
  return composeAnswer(outputs) + (isFirstAnswer(turn) ? SMALL_PRINT : '')
}

function isFirstAnswer(turn: ScriptTurn): boolean {
  return !turn.request.messages?.some((message) => message.role === 'assistant' && message.content)
}

/** Whether another question came after the tools' results, which is what is to be answered then. */
function isPassedOver({ request: { messages = [] } }: ScriptTurn): boolean {
  const result = messages.findLastIndex((message) => message.role === 'tool')
  return result >= 0 && messages.slice(result).some((message) => message.role === 'user')
}

function offersSearch(turn: ScriptTurn): boolean {
  return turn.request.tools?.some((tool) => tool.function?.name === SEARCH_DOCS) ?? false
}
