/** The special wishes: prompts that make the sandbox end in every way a stream can end, so that each can be seen. */
import type { ScriptTurn, Step } from '@completion-stream/testing'
import { story } from './story.ts'

/** One wish: which prompts mean it, and what the sandbox then does. */
export interface Scene {
  name: string
  /** Wishes are orders ("cut the connection"); questions about the same thing go to the documentation. */
  wish: RegExp
  play(turn: ScriptTurn): Iterable<Step>
}

const ORDER = String.raw`^\W*(?:please |now |can you |could you )*`

function order(rest: string): RegExp {
  return new RegExp(ORDER + rest, 'i')
}

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
      yield '*write until the token limit*, *cut the connection*, *fail with a server error* or *refuse*.\n\n'
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
    name: 'cut',
    wish: order('(?:cut|drop|lose|break|interrupt)\\b.*\\b(connection|stream|line|wire|cable)\\b'),
    *play() {
      yield 'Here is the first half of an answer. It arrives like any other, one token after the next, and nothing '
      yield 'suggests that the second half is never going to'
      yield { cut: true }
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
      yield { error: { message, type: 'rate_limit_error', code: 'rate_limit_exceeded' }, status: 429 }
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
      yield 'I say this much, and then nothing more comes. The connection stays open, so press Stop when you have seen '
      yield 'enough '
      yield { stall: true }
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
