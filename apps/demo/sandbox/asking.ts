/** Scenes that need a person: a call that waits for leave, a question with answers to choose from, and what follows each. */
import type { ScriptTurn, Step, ToolResult } from '@completion-stream/testing'
import { CHOOSE } from '../tools/choose.ts'
import { accents, SET_ACCENT, type AccentChange } from '../tools/set-accent.ts'

/** Calls the tool that changes the page; also asks what to show, when the prompt says so. */
export function* askForLeave(turn: ScriptTurn): Iterable<Step> {
  if (!offers(turn, SET_ACCENT)) return yield 'This page offers me no tool for that, so it stays as it is.'
  const asked = /\b(?:to|in)\s+(?:an?\s+)?([a-z]+)\b/i.exec(turn.prompt)?.[1]
  const accent = asked?.toLowerCase() ?? accents[1]
  yield 'The colours are yours, not mine. I can ask for another one, with a tool that runs in your page, if you let it:'
  const alsoAsks = /\bask me\b/i.test(turn.prompt) && offers(turn, CHOOSE)
  yield { toolCalls: [{ name: SET_ACCENT, arguments: { accent } }, ...(alsoAsks ? [question] : [])] }
}

/** Asks what to show. */
export function* askBack(turn: ScriptTurn): Iterable<Step> {
  if (!offers(turn, CHOOSE)) return yield 'This page offers me no way to ask you, so tell me: a table, a poem or code?'
  yield 'Gladly. This is a call of a tool that nobody has programmed: you are the one who answers it.'
  yield { toolCalls: [question] }
}

/** What is said about the results of these tools; undefined when there is none of them. */
export function afterAsking(results: readonly ToolResult[]): string | undefined {
  const replies = results.flatMap(({ name, content }) => {
    if (name === SET_ACCENT) return [afterLeave(content)]
    return name === CHOOSE ? [afterChoice(content)] : []
  })
  return replies.length > 0 ? replies.join('\n\n') : undefined
}

const SHOWN: Record<string, string> = {
  'A table':
    'A table, then:\n\n| What a call waits for | Who gives it |\n| --- | --- |\n| `execute` | the page |\n' +
    '| `addToolApprovalResponse` | you, with a yes or a no |\n| `addToolOutput` | you, with an answer |',
  'A short poem':
    'A poem, then:\n\n> The call was made, the line was still,\n> no tool had run, nor ever will,\n' +
    '> until a hand, not mine but yours,\n> had picked a word and opened doors.',
  'Some code':
    'Code, then. This is what your click did:\n\n```ts\n' +
    "void chat.addToolOutput({ toolCallId: call.id, output: 'Some code' })\n```",
}

const question = {
  name: CHOOSE,
  arguments: { question: 'What shall I show you?', options: Object.keys(SHOWN) },
}

function afterLeave(content: string): string {
  const { accent, before, error } = read(content) as Partial<AccentChange> & { error?: string }
  if (accent) {
    return (
      `Done: the accent colour of this page is **${accent}** now, and was ${before}. The tool ran in your browser, after ` +
      'you had allowed it, and I was told what came of it.'
    )
  }
  if (error && !/did not allow/.test(error)) return `You allowed it, but the tool failed. It says: “${error}”`
  return 'As you like: the page stays as it is. The tool was not run; all that I was told is that you did not allow it.'
}

function afterChoice(content: string): string {
  if ((read(content) as { error?: unknown }).error) return 'None of them? Then I show nothing, which I do rather well.'
  return SHOWN[content] ?? `You chose “${content}”, of which I know nothing. I am a script.`
}

function read(content: string): object {
  try {
    return Object(JSON.parse(content)) as object
  } catch {
    return {}
  }
}

function offers(turn: ScriptTurn, name: string): boolean {
  return turn.request.tools?.some((tool) => tool.function?.name === name) ?? false
}
