/** The relay: an OpenAI-compatible endpoint as a function from request to response. */
import { streamCompletion, type CompletionRequest, type Provider, type StreamTimeouts } from 'completion-stream'
import { streamedAnswer, wholeAnswer } from './answer.ts'
import { corsPolicy, type CorsOption } from './cors.ts'
import { errorResponse, failureOf, type Failure } from './errors.ts'
import { keptStreams } from './kept-streams.ts'
import { modelTable } from './models.ts'
import { readJsonObject } from './request-body.ts'
import type { StreamStore } from './stream-store.ts'

/** What a relay serves, and to whom. */
export interface RelayOptions {
  /** Who answers. The keys are the prefixes of "provider/model"; a name without one goes to the first provider. */
  providers: Record<string, Provider>
  /**
   * What `GET …/models` lists. When given, requests for any other model get a 404, so that nobody can spend the key on
   * them. Default: every model is let through, and only `defaultModel` is listed.
   */
  models?: readonly string[]
  /** The model of a request that names none. */
  defaultModel?: string
  /**
   * Who may use the relay; everyone by default. `false` or an exception is a 401, a response is sent as it is, all else
   * lets the request through. Reads headers, or a clone: the body of the request itself must stay unread.
   */
  authorize?: (request: Request) => boolean | void | Response | Promise<boolean | void | Response>
  /** Pages of which other origins may call: `true` for any, or origins such as `https://app.example`. Default: none. */
  cors?: CorsOption
  /** The largest request body, in bytes; a larger one gets a 413. Default 4 MB. */
  maxBodyBytes?: number
  /**
   * How long to wait for the provider, as `timeout` of `streamCompletion`. Default: 10 minutes for the first piece of the
   * answer and 5 for each next one, so that no answer hangs for ever.
   */
  timeout?: StreamTimeouts
  /**
   * Keeps streamed answers, such as a {@link memoryStore}: a client whose connection broke can come back for the rest.
   * Default: an answer ends with the connection of its client.
   */
  store?: StreamStore
  /**
   * Who asks, such as the id of a user. With it, a kept answer can be read and stopped only by whom it was made for.
   * Default: by everyone who knows its id, which cannot be guessed. Reads headers: the body of the request is read by then.
   */
  identify?: (request: Request) => string | Promise<string>
  /** Gets every failure with all its details, which the client is not told. For the server's log. */
  onError?: (error: unknown, request: Request) => void
}

type Handler = (request: Request, id: string) => Response | Promise<Response>

/** The end of a path, with what is an id in it, and what answers there by method. */
type Route = readonly [path: RegExp, handlers: Record<string, Handler>]

const DEFAULT_MAX_BODY_BYTES = 4_000_000
const DEFAULT_TIMEOUT: StreamTimeouts = { firstChunkMs: 600_000, chunkMs: 300_000 }

/**
 * An OpenAI-compatible endpoint that can be mounted at any path: `POST …/chat/completions` (streamed or not) and
 * `GET …/models`; with a store, also `GET` and `DELETE …/streams/<id>`. The keys stay here: nothing of the client's headers
 * goes upstream, and nothing of the upstream's headers (but its request id), addresses or keys goes to the client. Never
 * asks the provider twice: that is up to the client, which is told whether to. Throws a TypeError when there is no provider.
 */
export function createRelay(options: RelayOptions): (request: Request) => Promise<Response> {
  const { authorize, maxBodyBytes = DEFAULT_MAX_BODY_BYTES, store, identify } = options
  const timeout = { ...DEFAULT_TIMEOUT, ...options.timeout }
  const models = modelTable(options)
  const cors = corsPolicy(options.cors)
  const streams = store && keptStreams(store, identify)
  const routes: Route[] = [
    [/\/chat\/completions$/, { POST: complete }],
    [/\/models$/, { GET: () => jsonResponse(models.list()) }],
  ]
  if (streams) routes.push([/\/streams\/([\w-]+)$/, { GET: streams.read, DELETE: streams.stop }])

  function onError(error: unknown, request: Request): void {
    try {
      options.onError?.(error, request)
    } catch (thrown) {
      // The log's own failure must not become that of an answer.
      console.error(thrown)
    }
  }

  async function handle(request: Request): Promise<Response> {
    const path = new URL(request.url).pathname
    const route = routes.find(([ending]) => ending.test(path))
    if (!route) return errorResponse({ status: 404, message: `There is nothing at ${path}.`, code: 'not_found' })
    const [ending, handlers] = route
    const preflight = request.method === 'OPTIONS' ? cors.preflight(request) : undefined
    if (preflight) return preflight
    if (!Object.hasOwn(handlers, request.method)) {
      const methods = Object.keys(handlers)
      const message = `${path} takes ${methods.join(' and ')}, not ${request.method}.`
      return errorResponse({ status: 405, message, code: 'method_not_allowed' }, { allow: methods.join(', ') })
    }
    const refusal = await refuse(request)
    return refusal ?? (await handlers[request.method]!(request, ending.exec(path)?.[1] ?? ''))
  }

  async function refuse(request: Request): Promise<Response | undefined> {
    const unauthorized: Failure = { status: 401, message: 'You may not use this endpoint.', code: 'authentication' }
    try {
      const verdict = await authorize?.(request)
      if (typeof verdict === 'object') return verdict
      return verdict === false ? errorResponse(unauthorized) : undefined
    } catch (error) {
      onError(error, request)
      return errorResponse(unauthorized)
    }
  }

  async function complete(request: Request): Promise<Response> {
    const read = await readJsonObject(request, maxBodyBytes)
    if ('status' in read) return errorResponse(read)
    const { stream: streamed, ...body } = read.body
    const target = models.resolve(body.model)
    if ('status' in target) return errorResponse(target)
    const problem = problemWith(body)
    if (problem) return errorResponse({ status: 400, message: problem, code: 'bad_request' })
    const completionRequest = { ...body, model: target.model } as CompletionRequest
    const report = (error: unknown): void => onError(error, request)
    const upstream = { provider: target.provider, maxRetries: 0, timeout }
    if (streamed !== true) {
      return await wholeAnswer(streamCompletion(completionRequest, { ...upstream, signal: request.signal }), report)
    }
    const owner = streams && (await identify?.(request))
    return await streamedAnswer(streamCompletion(completionRequest, upstream), {
      signal: request.signal,
      onError: report,
      keep: streams && ((stream, events) => streams.keep(stream, events, owner, report)),
    })
  }

  return async (request) => {
    const response = await handle(request).catch((error: unknown) => {
      onError(error, request)
      return errorResponse(failureOf(error))
    })
    return cors.apply(request, response)
  }
}

/** What keeps the request from being sent at all; the provider checks the rest. */
function problemWith({ messages, prompt }: Record<string, unknown>): string | undefined {
  if (messages === undefined && typeof prompt === 'string') return undefined
  if (!Array.isArray(messages)) return 'The request has no `messages`.'
  return messages.length === 0 ? '`messages` is empty.' : undefined
}

function jsonResponse(body: string): Response {
  return new Response(body, { headers: { 'content-type': 'application/json' } })
}
