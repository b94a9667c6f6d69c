/** The special wishes: prompts that make the sandbox end in every way a stream can end, so that each can be seen. */
import type { ScriptTurn, Step } from '@completion-stream/testing'
import { SEARCH_DOCS } from '../docs/search-tool.ts'
import { askBack, askForLeave } from './asking.ts'
import { inOneBurst } from './burst.ts'
import { UNDERSTUDY } from './models.ts'
import { story } from './story.ts'

/** What a scene is asked. */
export interface SceneTurn extends ScriptTurn {
  /** How often the very same was asked before, a moment ago. */
  tries: number
}

/** One wish: which prompts mean it, and what the sandbox then does. */
export interface Scene {
  name: string
  /** Wishes are orders ("cut the connection"); questions about the same thing go to the documentation. */
  wish: RegExp
  /** What stands after a fault (a cut, a finish reason) is what it says when it is asked to go on. */
  play(turn: SceneTurn): Iterable<Step>
}

const ORDER = String.raw`^\W*(?:please |now |can you |could you )*`

function order(rest: string): RegExp {
  return new RegExp(ORDER + rest, 'i')
}

/** The wish that the server fulfils, which breaks the connection between itself and the page. */
export const LOST_ON_THE_WAY: RegExp = order('(?:lose|break|drop)\\b.*\\bconnection\\b.*\\bway\\b')

/** All wishes; the first whose pattern fits is played. */
export const scenes: readonly Scene[] = [
  {
    name: 'introduction',
    wish: /^\W*(hi|hello|hey|good (morning|evening|day)|who are you|what are you|are you (real|human|an? )|help)\b/i,
    *play() {
      yield 'Hello! I am **the sandbox**: a script that stands in for a language model, so that this page works without '
      yield 'a key. I have no opinions and make nothing up. What I can do:\n\n'
      yield '- **Answer from the documentation** of completion-stream. I search it with a tool call that you can watch, '
      yield 'and quote what I find.\n'
      yield '- **Show every ending** of a stream: ask me to *tell a long story*, *think first*, '
      yield '*write until the token limit*, *cut the connection*, *be overloaded* or *refuse*.\n\n'
      yield 'The stream itself is real: the same chunks over the same HTTP as from a provider. To talk to a model, set '
      yield '`OPENAI_API_KEY` and start the demo again.'
    },
  },
  {
    name: 'story',
    wish: order('(?:tell|write|give|read)\\b.*\\b(story|long (?:answer|text)|essay)\\b'),
    *play() {
      yield story
    },
  },
  {
    name: 'limit',
    wish: order('(?:write|go on|talk|count|run)\\b.*\\b(limit|forever|max_tokens)\\b'),
    *play(turn) {
      const limit = turn.request.max_completion_tokens ?? turn.request.max_tokens
      yield limit
        ? `You allow ${limit} tokens. I count drops until they are used up: `
        : 'You set no limit, so I act as if it were 120 tokens, and count drops until they are used up: '
      for (let drop = 1; limit || drop <= 24; drop++) yield `drop ${drop}, `
      yield { finish: 'length' }
      for (let drop = 25; drop < 36; drop++) yield `drop ${drop}, `
      yield 'and drop 36, which is the last one. You asked me to go on, and I went on where I had stopped.'
    },
  },
  {
    name: 'content filter',
    wish: order('(?:end|stop|finish|run|show|trigger)\\b.*\\bcontent.?filter'),
    *play() {
      yield 'This answer begins harmlessly enough. A provider reads along while it is written, and when it dislikes '
      yield 'where a sentence is going, it takes the pen away in the middle of'
      yield { finish: 'content_filter' }
    },
  },
  {
    name: 'refusal',
    wish: order('(?:refuse|decline|say no)\\b'),
    *play() {
      yield { refusal: 'I cannot help with that. (You asked me to refuse, so this is what a refusal looks like: it ' }
      yield { refusal: 'comes in a field of its own, and a page can tell it from an answer.)' }
    },
  },
  {
    name: 'approval',
    wish: order('(?:change|set|make|paint|turn)\\b.*\\b(?:accent|colou?rs?)\\b'),
    play: askForLeave,
  },
  {
    name: 'choice',
    wish: order('(?:ask me|let me choose)\\b'),
    play: askBack,
  },
  {
    name: 'lost connection',
    wish: LOST_ON_THE_WAY,
    *play() {
      yield 'This answer loses its connection on the way: between this word and the last one, the wire to your page '
      yield 'breaks, as it does when a phone leaves the house. I know nothing of that and go on talking. The relay '
      yield 'listens and keeps what I say, every piece of it with a number. Your page notices, asks for what comes after '
      yield 'the last number that it saw, and gets the rest, the part that it missed at once. Nothing is missing from '
      yield 'this text, and nothing stands in it twice. If you did not see the break, that was the point.'
    },
  },
  {
    name: 'tool call, cut',
    wish: order('(?:cut|break|interrupt)\\b.*\\btool.?calls?\\b'),
    *play({ tries }) {
      yield { reasoning: 'I search the documentation for half-written calls.' }
      const input = '{"query":"arguments cut tool call never runs","limit":2}'
      if (tries % 2 === 0) {
        yield { toolCalls: [{ name: SEARCH_DOCS, arguments: input.slice(0, 30) }] }
        yield { cut: true }
      } else yield { toolCalls: [{ name: SEARCH_DOCS, arguments: input }] }
    },
  },
  {
    name: 'cut',
    wish: order('(?:cut|drop|lose|break|interrupt)\\b.*\\b(connection|stream|line|wire|cable)\\b'),
    *play() {
      yield 'Here is the first half of an answer. It arrives like any other, one token after the next, and nothing '
      yield 'suggests that the second half is never going to'
      yield { cut: true }
      yield ' come by itself. You asked for it, so here it is: the second half, in the same message as the first.'
    },
  },
  {
    name: 'overloaded',
    wish: order('(?:be|act|get|become)\\b.*\\boverloaded\\b'),
    *play({ tries }) {
      if (tries % 3 < 2) {
        const message = 'The sandbox has too much to do, as you asked.'
        yield { error: { message, type: 'overloaded_error' }, status: 429, headers: { 'retry-after': '2' } }
      }
      yield 'Here I am. The first two requests were turned away with a 429 that said *come back in two seconds*, and your '
      yield 'page came back, each time after as long as it was told. Nobody had to press anything.'
    },
  },
  {
    name: 'fallback',
    wish: order('(?:be|go|stay|play)\\b.*\\b(out of order|unavailable|down)\\b'),
    *play({ request }) {
      if (request.model !== UNDERSTUDY) {
        const message = 'This model is out of order, as you asked.'
        yield { error: { message, type: 'server_error' }, status: 503, headers: { 'x-should-retry': 'false' } }
      }
      yield `I am \`${UNDERSTUDY}\`, the understudy. The model that you chose is out of order, so your page asked me `
      yield 'instead, before anything had arrived. Without a fallback, this would have been an error.'
    },
  },
  {
    name: 'burst',
    wish: order('(?:send|answer|say|give)\\b.*\\b(burst|at once)\\b'),
    *play() {
      yield { wait: 1600 }
      yield { raw: inOneBurst(story) }
    },
  },
  {
    name: 'too long',
    wish: order('(?:overflow|exceed|fill)\\b.*\\b(context|window|conversation)\\b'),
    *play() {
      const message = 'This conversation is longer than the context window of the sandbox, as you asked.'
      yield { error: { message, type: 'invalid_request_error', code: 'context_length_exceeded' }, status: 400 }
    },
  },
  {
    name: 'server error',
    wish: order('(?:fail|answer|respond|show|give|return|throw)\\b.*\\b(server error|500|internal error)\\b'),
    *play() {
      yield { error: { message: 'The sandbox fell over, as you asked.', type: 'server_error' }, status: 500 }
    },
  },
  {
    name: 'rate limit',
    wish: order('(?:fail|answer|respond|show|give|return|hit|throw)\\b.*\\b(rate.?limit|429|too many requests)\\b'),
    *play() {
      const message = 'You asked the sandbox for a rate limit, and here it is.'
      const error = { message, type: 'rate_limit_error', code: 'rate_limit_exceeded' }
      // Longer than a page waits by itself, so it asks a person.
      yield { error, status: 429, headers: { 'retry-after': '1800' } }
    },
  },
  {
    name: 'thinking',
    wish: order('(?:think|reason|reflect)\\b'),
    *play() {
      yield { reasoning: 'How fast should tokens arrive? It depends on who waits for them. ' }
      yield { reasoning: 'Most people read prose at about 240 words a minute, which is 4 words a second. ' }
      yield { reasoning: 'An English word is about 1.3 tokens, so reading takes 4 × 1.3 = 5.2 tokens a second. ' }
      yield { reasoning: 'Skimming is three or four times as fast: say 20. Below that, people wait for the text; ' }
      yield { reasoning: 'above it, the text waits for them. What they notice first is the pause before it starts.' }
      yield { wait: 400 }
      yield 'About **5 tokens a second** is reading speed, and about **20** keeps up with someone who skims. '
      yield 'Faster than that feels no quicker, but the wait for the *first* token always does.\n\n'
      yield '*The reasoning above is scripted too: it shows how a page can fold a model’s thinking away from its answer.*'
    },
  },
  {
    name: 'silence',
    wish: order('(?:stall|hang|go quiet|fall silent|freeze)\\b'),
    *play() {
      yield 'I say this much, and then nothing more comes. The connection stays open, and this page waits for three '
      yield 'seconds, asks the relay whether it missed anything, and gives up in the end (or press Stop) '
      yield { stall: true }
      yield '… and here I am again. What I had said was kept, and I went on behind it.'
    },
  },
  {
    name: 'markdown',
    wish: order('(?:show|write|give)\\b.*\\bmarkdown\\b'),
    *play() {
      yield '### Markdown, as it streams\n\nText with **weight**, *tilt*, `code` and a [link](https://example.com/).\n\n'
      yield '1. Lists keep their numbers\n2. and may hold\n   - lists of their own\n\n> Quotes stand aside.\n\n'
      yield '| Part | Shown as |\n| --- | --- |\n| `text` | markdown |\n| `reasoning` | a fold |\n'
      yield '| `tool-call` | a card |\n\n'
      yield '```ts\nfor await (const text of stream.textStream) {\n  out.append(text) // as it arrives\n}\n```\n\n'
      yield 'HTML is not let through: <b onclick="alert(1)">this</b> and <img src="x" onerror="alert(1)"> stay text, '
      yield 'and [this link](javascript:alert(1)) leads nowhere.'
    },
  },
]

/** The scene that a prompt asks for, if it asks for one. */
export function findScene(prompt: string): Scene | undefined {
  return scenes.find((scene) => scene.wish.test(prompt))
}
