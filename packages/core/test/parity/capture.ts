/**
 * What this library and the AI SDK send for the same conversation, captured without a network and compared.
 *
 * To add a wire: add its name to `Wire` in conversations.ts and a file `<wire>.test.ts` that calls `describeParity`
 * with a provider of each side, a model, and
 * - `rules`: spellings that mean the same on this wire, brought to one form on both sides, each with its reason;
 * - `everywhere`: differences that every request of this wire has;
 * - `cases`: by conversation, what else differs, who refuses it and what the AI SDK warns of.
 *
 * Start with empty `rules` and `cases`: a failure prints what differs as entries to fill in with a reason. Whatever is
 * listed must be so: a difference, a refusal, a warning or a rule that is none any more fails the tests as well.
 * To add a conversation, see conversations.ts.
 */
import { isDeepStrictEqual, inspect } from 'node:util'
import { streamText, wrapLanguageModel } from 'ai'
import { describe, expect, it } from 'vitest'
import { streamCompletion } from '../../src/index.ts'
import type { CompletionRequest, Provider } from '../../src/index.ts'
import { conversations, pdf, png } from './conversations.ts'
import type { Conversation, ConversationName, OurCall, TheirCall, Wire } from './conversations.ts'

// Warnings are compared, not printed.
globalThis.AI_SDK_LOG_WARNINGS = false

/** A language model of the AI SDK. */
export type TheirModel = Parameters<typeof wrapLanguageModel>[0]['model']

/** A request as it left for the network. */
export interface Captured {
  url: string
  /** Names in lower case. */
  headers: Record<string, string>
  // eslint-disable-next-line typescript/no-explicit-any -- the JSON of any wire
  body: any
}

/** A `fetch` that sends nothing, remembers the requests and answers each with an event stream without events. */
function recorder(): { seen: Captured[]; fetch: typeof fetch } {
  const seen: Captured[] = []
  return {
    seen,
    async fetch(input, init) {
      const headers = Object.fromEntries(new Headers(init?.headers))
      seen.push({
        url: String(input instanceof Request ? input.url : input),
        headers,
        body: JSON.parse(String(init?.body)),
      })
      return new Response('', { headers: { 'content-type': 'text/event-stream' } })
    },
  }
}

/** What this library sends. Rejects with our sentence when it refuses the request. */
export async function captureOurs(provider: Provider, request: CompletionRequest): Promise<Captured> {
  const { seen, fetch } = recorder()
  const failure: unknown = await streamCompletion(request, { provider, fetch, maxRetries: 0 })
    .finalCompletion()
    .catch((error: unknown) => error)
  if (!seen[0]) throw failure
  return seen[0]
}

/** What the AI SDK sends, and what it warns of. Rejects with its error when it sends nothing. */
export async function captureTheirs(
  model: (fetch: typeof globalThis.fetch) => TheirModel,
  call: TheirCall,
): Promise<Captured & { warnings: string[] }> {
  const { seen, fetch } = recorder()
  const warnings: string[] = []
  const failures: unknown[] = []
  const result = streamText({
    ...(call as Parameters<typeof streamText>[0]),
    model: wrapLanguageModel({
      model: model(fetch),
      middleware: {
        specificationVersion: 'v4',
        async wrapStream({ doStream }) {
          const stream = await doStream()
          const opened = stream.stream.pipeThrough(
            new TransformStream({
              transform(part, controller) {
                if (part.type === 'stream-start') warnings.push(...part.warnings.map(wordsOf))
                controller.enqueue(part)
              },
            }),
          )
          return { ...stream, stream: opened }
        },
      },
    }),
    maxRetries: 0,
    onError: ({ error }) => void failures.push(error),
    // What the provider cannot fetch itself, the AI SDK downloads and sends along.
    experimental_download: async (files) =>
      files.map(({ url, isUrlSupportedByModel }) =>
        isUrlSupportedByModel
          ? null
          : url.pathname.endsWith('.pdf')
            ? { data: Buffer.from(pdf, 'base64'), mediaType: 'application/pdf' }
            : { data: Buffer.from(png, 'base64'), mediaType: 'image/png' },
      ),
  })
  await result.consumeStream({ onError: (error) => void failures.push(error) })
  if (!seen[0]) throw failures[0]
  return { ...seen[0], warnings }
}

function wordsOf(warning: { type: string; feature?: string; details?: string; message?: string }): string {
  return [warning.type, warning.feature, warning.details ?? warning.message].filter(Boolean).join(': ')
}

// ── comparing ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** Spellings that mean the same on a wire, brought to one form. Runs over both sides. */
export interface Rule {
  why: string
  /** Changes the body, which is a copy, in place. */
  // eslint-disable-next-line typescript/no-explicit-any -- the JSON of any wire
  apply: (body: any) => void
}

/** A difference in meaning that stays, after the rules. */
export interface Difference {
  /** Where, such as `messages.1.content`; `url` and `headers.<name>` are beside the body's fields. */
  path: string
  /** What stands there, or an asymmetric matcher such as `expect.any(String)`; undefined when nothing does. */
  ours: unknown
  theirs: unknown
  why: string
}

/** How to compare two requests. */
export interface Comparison {
  rules?: readonly Rule[]
  differences?: readonly Difference[]
  /** Headers that are compared, in lower case. */
  headers?: readonly string[]
  /** Words that both must say, so that two empty bodies are no parity. */
  landmarks: readonly string[]
  /** Gets the rules that changed something. */
  used?: Set<Rule>
}

/** Fails unless two requests mean the same, but for the listed differences, all of which must be there. */
export function expectSameMeaning(ours: Captured, theirs: Captured, comparison: Comparison): void {
  const { rules = [], differences = [], headers = [], landmarks, used } = comparison
  const [a, b] = [ours, theirs].map((captured) => {
    const body = structuredClone(captured.body)
    for (const rule of rules) {
      const before = structuredClone(body)
      rule.apply(body)
      if (!isDeepStrictEqual(before, body)) used?.add(rule)
    }
    // As it goes over the wire: a field that a rule set to undefined is gone.
    const shown = { url: captured.url, ...JSON.parse(JSON.stringify(body)) }
    if (headers.length) shown.headers = Object.fromEntries(headers.map((name) => [name, captured.headers[name]]))
    return shown
  })

  const problems: string[] = []
  for (const [whose, side] of [
    ['ours', a],
    ['theirs', b],
  ] as const) {
    const said = stringsIn(side)
    for (const words of landmarks) {
      if (!said.some((string) => string.includes(words))) problems.push(`${whose} does not say ${inspect(words)}`)
    }
  }
  for (const { path, ours: mine, theirs: other, why } of differences) {
    if (!why.trim()) problems.push(`listed without a reason: ${path}`)
    const [left, right] = [at(a, path), at(b, path)]
    if (isDeepStrictEqual(left, right))
      problems.push(`listed, but no difference any more: ${path} (both ${show(left)})`)
    else if (!matches(left, mine) || !matches(right, other))
      problems.push(`listed, but another difference:\n${entry(path, left, right)}`)
  }
  for (const [path, left, right] of differencesOf(a, b)) {
    const listed = differences.some((known) => path === known.path || path.startsWith(`${known.path}.`))
    if (!listed) problems.push(`not listed:\n${entry(path, left, right)}`)
  }
  if (problems.length) {
    const whole = `After the rules\nours:   ${JSON.stringify(a)}\ntheirs: ${JSON.stringify(b)}`
    throw new Error(`The requests do not mean the same.\n${problems.join('\n')}\n\n${whole}`)
  }
}

function at(value: unknown, path: string): unknown {
  // eslint-disable-next-line typescript/no-explicit-any -- any JSON
  return path.split('.').reduce((inner: any, key) => inner?.[key], value)
}

function matches(actual: unknown, expected: unknown): boolean {
  try {
    expect(actual).toEqual(expected)
    return true
  } catch {
    return false
  }
}

/** Where two values differ. Lists of different lengths differ as a whole: their items have no counterparts. */
function differencesOf(a: unknown, b: unknown, path = ''): [path: string, a: unknown, b: unknown][] {
  if (isDeepStrictEqual(a, b)) return []
  const lists = Array.isArray(a) && Array.isArray(b) && a.length === b.length
  if (!lists && !(isRecord(a) && isRecord(b))) return [[path, a, b]]
  const [left, right] = [a, b] as Record<string, unknown>[]
  const keys = new Set([...Object.keys(left!), ...Object.keys(right!)])
  return [...keys].flatMap((key) => differencesOf(left![key], right![key], path ? `${path}.${key}` : key))
}

function isRecord(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsIn) : []
}

const show = (value: unknown) => inspect(value, { depth: null, maxStringLength: 200, breakLength: 120 })
const entry = (path: string, ours: unknown, theirs: unknown) =>
  `{ path: '${path}', ours: ${show(ours)}, theirs: ${show(theirs)}, why: '' },`

// ── a wire's tests ─────────────────────────────────────────────────────────────────────────────────────────────────

/** What is special about one conversation on one wire. */
export interface Case {
  /** Another model than the wire's, where the AI SDK knows by name what a model can do. */
  model?: string
  /** Fields that replace those of the conversation. */
  ours?: OurCall
  theirs?: TheirCall
  differences?: readonly Difference[]
  /** We send nothing but fail with this sentence. */
  weRefuse?: { error: string; why: string }
  /** The AI SDK sends nothing but fails with an error that has these words. */
  theyRefuse?: { error: string; why: string }
  /** Words of each warning of the AI SDK. What it then leaves out is a difference with its reason. */
  theyWarn?: readonly string[]
}

export interface Parity {
  wire: Wire
  /** A model's name as both sides know it. */
  model: string
  ours: Provider
  theirs: (model: string, fetch: typeof globalThis.fetch) => TheirModel
  headers?: readonly string[]
  rules?: readonly Rule[]
  /** Differences in every request that both sides send. */
  everywhere?: readonly Difference[]
  cases?: Partial<Record<ConversationName, Case>>
}

/** The tests of one wire: each conversation means the same on both sides, but for what is listed. */
export function describeParity({
  wire,
  ours,
  theirs,
  headers,
  rules = [],
  everywhere = [],
  cases = {},
  ...parity
}: Parity): void {
  const used = new Set<Rule>()

  describe(`${wire} says what the AI SDK says`, () => {
    it.each(Object.keys(conversations) as ConversationName[])('%s', async (name) => {
      const conversation: Conversation = conversations[name]
      const {
        model = parity.model,
        differences = [],
        weRefuse,
        theyRefuse,
        theyWarn = [],
        ...replaced
      }: Case = cases[name] ?? {}
      const special = conversation.on?.[wire]
      const request: CompletionRequest = { ...conversation.ours, ...special?.ours, ...replaced.ours, model }
      const call: TheirCall = { ...conversation.theirs, ...special?.theirs, ...replaced.theirs }

      const [mine, other] = await Promise.allSettled([
        captureOurs(ours, request),
        captureTheirs((fetch) => theirs(model, fetch), call),
      ])
      if (mine.status === 'rejected' && mine.reason?.message !== weRefuse?.error) throw mine.reason
      if (other.status === 'rejected' && !(theyRefuse && String(other.reason?.message).includes(theyRefuse.error)))
        throw other.reason
      expect(mine.status, 'whether we send it').toBe(weRefuse ? 'rejected' : 'fulfilled')
      expect(other.status, 'whether the AI SDK sends it').toBe(theyRefuse ? 'rejected' : 'fulfilled')
      const warnings = other.status === 'fulfilled' ? other.value.warnings : []
      const unlisted = warnings.filter((warning) => !theyWarn.some((words) => warning.includes(words)))
      const gone = theyWarn.filter((words) => !warnings.some((warning) => warning.includes(words)))
      expect({ unlisted, gone }, 'warnings of the AI SDK').toEqual({ unlisted: [], gone: [] })
      if (mine.status === 'fulfilled' && other.status === 'fulfilled') {
        expectSameMeaning(mine.value, other.value, {
          rules,
          differences: [...everywhere, ...differences],
          headers,
          landmarks: [model, ...wordsOfUser(request)],
          used,
        })
      } else if (differences.length) throw new Error('There is nothing to compare, so nothing differs.')
    })

    it('each rule is needed', () => {
      expect(rules.filter((rule) => !used.has(rule)).map(({ why }) => why)).toEqual([])
    })
  })
}

/** What the user says in a request: both sides must send it. */
function wordsOfUser({ prompt, messages = [] }: CompletionRequest): string[] {
  const said = [prompt]
  for (const { role, content } of messages) {
    if (role !== 'user') continue
    if (typeof content === 'string') said.push(content)
    else for (const part of content) if (part.type === 'text') said.push(part.text)
  }
  return said.filter((words) => words !== undefined && words !== '') as string[]
}

// ── rules of wires that look like OpenAI's chat completions ──────────────────────────────────────────────────────────

/** Rules that more than one wire needs. A wire lists those that hold there. */
export const chatRules = {
  emptyText: {
    why: 'An empty text part says nothing.',
    apply({ messages }) {
      for (const message of messages)
        if (Array.isArray(message.content))
          message.content = message.content.filter((part: { text?: string }) => part.text !== '')
    },
  },
  oneText: {
    why: 'A content of one text part is that text.',
    apply({ messages }) {
      for (const message of messages)
        if (message.content?.length === 1 && message.content[0].type === 'text')
          message.content = message.content[0].text
    },
  },
  noText: {
    why: 'Beside calls, the content null, the content "" and no content are all no text.',
    apply({ messages }) {
      for (const message of messages) if (message.tool_calls && !message.content) delete message.content
    },
  },
  autoChoice: {
    why: 'Where there are tools, `auto` is what no `tool_choice` means.',
    apply(body) {
      if (body.tool_choice === 'auto') delete body.tool_choice
    },
  },
  oneStop: {
    why: 'A stop sequence alone is a list of one.',
    apply(body) {
      if (typeof body.stop === 'string') body.stop = [body.stop]
    },
  },
} satisfies Record<string, Rule>
