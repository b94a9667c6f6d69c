/** The relay: an OpenAI-compatible endpoint as a function from request to response. */
import { streamCompletion, type CompletionRequest, type Provider } from 'completion-stream'
import { streamedAnswer, wholeAnswer } from './answer.ts'
import { corsPolicy, type CorsOption } from './cors.ts'
import { errorResponse, failureOf, type Failure } from './errors.ts'
import { modelTable } from './models.ts'
import { readJsonObject } from './request-body.ts'

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
  /** Gets every failure with all its details, which the client is not told. For the server's log. */
  onError?: (error: unknown, request: Request) => void
}

const ROUTES: Record<string, 'GET' | 'POST'> = { '/chat/completions': 'POST', '/models': 'GET' }
const DEFAULT_MAX_BODY_BYTES = 4_000_000

/**
 * An OpenAI-compatible endpoint that can be mounted at any path: `POST …/chat/completions` (streamed or not) and
 * `GET …/models`. The keys stay here: nothing of the client's headers goes upstream, and nothing of the upstream's
 * headers, addresses or keys goes to the client. Throws a TypeError when there is no provider.
 */
export function createRelay(options: RelayOptions): (request: Request) => Promise<Response> {
  const { authorize, maxBodyBytes = DEFAULT_MAX_BODY_BYTES, onError } = options
  const models = modelTable(options)
  const cors = corsPolicy(options.cors)

  async function handle(request: Request): Promise<Response> {
    const path = new URL(request.url).pathname
    const route = Object.keys(ROUTES).find((ending) => path.endsWith(ending))
    if (!route) return errorResponse({ status: 404, message: `There is nothing at ${path}.`, code: 'not_found' })
    const method = ROUTES[route]!
    const preflight = request.method === 'OPTIONS' ? cors.preflight(request) : undefined
    if (preflight) return preflight
    if (request.method !== method) {
      const message = `${path} takes ${method}, not ${request.method}.`
      return errorResponse({ status: 405, message, code: 'method_not_allowed' }, { allow: method })
    }
    const refusal = await refuse(request)
    if (refusal) return refusal
    return route === '/models' ? jsonResponse(models.list()) : await complete(request)
  }

  async function refuse(request: Request): Promise<Response | undefined> {
    const unauthorized: Failure = { status: 401, message: 'You may not use this endpoint.', code: 'authentication' }
    try {
      const verdict = await authorize?.(request)
      if (typeof verdict === 'object') return verdict
      return verdict === false ? errorResponse(unauthorized) : undefined
    } catch (error) {
      onError?.(error, request)
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
    const stream = streamCompletion(completionRequest, { provider: target.provider, signal: request.signal })
    const report = (error: unknown): void => onError?.(error, request)
    return await (streamed === true ? streamedAnswer(stream, report) : wholeAnswer(stream, report))
  }

  return async (request) => {
    const response = await handle(request).catch((error: unknown) => {
      onError?.(error, request)
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
