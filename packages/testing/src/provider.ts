/** The scripted provider: OpenAI's API as a function from request to response. */
import type { CompletionRequest } from 'completion-stream'
import { answer, type AnswerEvent } from './answer.ts'
import { badRequest, modelNotFound, unauthorized, unknownRoute, type HttpError } from './errors.ts'
import { aborted, pace as startPace } from './pace.ts'
import { replies, type Replies } from './replies.ts'
import { scriptTurn, type Script } from './script.ts'
import { frameBody, frames } from './stream.ts'
import { wholeAnswer } from './whole.ts'
import { answerWriter } from './wire.ts'

/** What a scripted provider serves, and how fast. */
export interface ScriptedProviderOptions {
  /** Lists these at `GET …/models`, and answers requests for any other model with a 404. Default: any model, no list. */
  models?: readonly string[]
  /** The pace of the pieces of an answer. Default 60; Infinity sends them as fast as they are read. */
  tokensPerSecond?: number
  /** The pause before the first chunk of a streamed answer, in ms. Default 250. */
  firstTokenMs?: number
  /** Requests without `Authorization: Bearer <apiKey>` get a 401. Default: no key is asked for. */
  apiKey?: string
}

/** A request that a scripted provider got. */
export interface RecordedRequest {
  method: string
  url: string
  /** The headers, by their names in lower case. */
  headers: Record<string, string>
  /** The JSON value of the body; its text when it is not JSON; undefined without a body. */
  body: unknown
}

/** A provider: use it as `fetch`, or as the fetch handler of a server. */
export interface ScriptedProvider {
  (input: RequestInfo | URL, init?: RequestInit): Promise<Response>
  /** All requests so far, in order, those that were answered with an error included. */
  readonly requests: RecordedRequest[]
}

/**
 * A provider that answers with a script instead of a model, on OpenAI's wire: `POST …/chat/completions`, streamed or
 * not, and `GET …/models`. `n` is ignored: there is always one choice. The promise rejects only when the request's
 * signal aborts. Throws a TypeError when `tokensPerSecond` is not above zero.
 */
export function scriptedProvider(script: Script, options: ScriptedProviderOptions = {}): ScriptedProvider {
  const { models, tokensPerSecond = 60, firstTokenMs = 250, apiKey } = options
  if (!(tokensPerSecond > 0)) throw new TypeError('tokensPerSecond must be above zero')
  const requests: RecordedRequest[] = []
  let turns = 0

  async function handle(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
    const reply = replies()
    const request = typeof input === 'string' || input instanceof URL || init ? new Request(input, init) : input
    // Not only the request's own signal: engines have lost the link between the two.
    const signal = init?.signal ?? request.signal
    signal.throwIfAborted()
    const text = await request.text()
    const { method, url } = request
    const record = { method, url, headers: Object.fromEntries(request.headers), body: parseBody(text) }
    requests.push(record)

    const authorization = request.headers.get('authorization')
    if (apiKey !== undefined && authorization !== `Bearer ${apiKey}`) return reply.error(unauthorized(authorization))
    const path = new URL(url).pathname
    if (method === 'GET' && path.endsWith('/models')) return reply.json(modelList(models ?? []))
    if (method !== 'POST' || !path.endsWith('/chat/completions')) return reply.error(unknownRoute(method, path))
    const problem = problemWith(record.body, models)
    if (problem) return reply.error(problem)
    return await respond(record.body as CompletionRequest, signal, reply)
  }

  async function respond(body: CompletionRequest, signal: AbortSignal, reply: Replies): Promise<Response> {
    const gone = new AbortController()
    const leave = (): void => gone.abort(signal.reason)
    const done = (): void => signal.removeEventListener('abort', leave)
    signal.addEventListener('abort', leave)
    if (signal.aborted) leave()

    const tally = { completion: 0, reasoning: 0 }
    const pace = startPace(tokensPerSecond, gone.signal)
    const events = answer(script, scriptTurn(body, turns++, gone.signal), pace, tally)
    const write = answerWriter(body, tally)
    const left = aborted(gone.signal).then(() => {
      void events.return()
      throw gone.signal.reason
    })
    left.catch(() => {})

    if (body.stream !== true) {
      const whole = await Promise.race([left, wholeAnswer(events, write, pace, gone.signal)]).finally(done)
      return 'error' in whole ? reply.error(whole) : reply.json(whole.body, whole.head)
    }
    // Pauses at the start of a script come before the response, because an error after them is still an HTTP error.
    let first = await Promise.race([left, events.next()])
    while (!first.done && first.value.type === 'wait') {
      await pace.pause(first.value.ms)
      first = await Promise.race([left, events.next()])
    }
    gone.signal.throwIfAborted()
    if (first.value?.type === 'error') {
      done()
      void events.return()
      return reply.error(first.value)
    }
    const all = resume(first, events)
    return reply.stream(
      frameBody(frames({ events: all, write, pace, firstTokenMs, signal: gone.signal }), gone, done),
      first.value?.type === 'raw' ? first.value : undefined,
    )
  }

  return Object.assign(handle, { requests })
}

/** The events with the first one, which was looked at already, put back in front. */
async function* resume(
  first: IteratorResult<AnswerEvent, void>,
  rest: AsyncGenerator<AnswerEvent, void, void>,
): AsyncGenerator<AnswerEvent, void, void> {
  try {
    if (!first.done) yield first.value
    yield* rest
  } finally {
    await rest.return()
  }
}

function parseBody(text: string): unknown {
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function problemWith(body: unknown, models: readonly string[] | undefined): HttpError | undefined {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    return badRequest('We could not parse the JSON body of your request. The API expects a JSON payload.')
  }
  const { model, messages, max_tokens, max_completion_tokens } = body as Partial<CompletionRequest>
  if (typeof model !== 'string' || model === '') return badRequest('you must provide a model parameter')
  if (models && !models.includes(model)) return modelNotFound(model)
  if (!Array.isArray(messages)) {
    return badRequest("Missing required parameter: 'messages'.", 'messages', 'missing_required_parameter')
  }
  if (messages.length === 0) {
    const message = "Invalid 'messages': empty array. Expected an array with minimum length 1."
    return badRequest(message, 'messages', 'empty_array')
  }
  const limit = max_completion_tokens ?? max_tokens
  if (limit != null && !(limit >= 1)) {
    const param = max_completion_tokens == null ? 'max_tokens' : 'max_completion_tokens'
    return badRequest(`Invalid '${param}': Expected a value >= 1.`, param, 'integer_below_min_value')
  }
  return undefined
}

function modelList(models: readonly string[]): string {
  const data = models.map((id) => ({ id, object: 'model', created: 1_700_000_000, owned_by: 'scripted' }))
  return JSON.stringify({ object: 'list', data })
}
