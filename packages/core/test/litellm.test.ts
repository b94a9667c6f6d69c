/** Every exception of LiteLLM has a code of ours, as an error response of its proxy and as a frame in a stream. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { providerError } from '../src/errors.ts'
import { isCompletionError, openai, streamCompletion } from '../src/index.ts'
import type { CompletionError } from '../src/index.ts'
import { chunk, event, fetchOf } from './http.ts'

interface Raised {
  exception: string
  /** Its `status_code`, which the proxy answers with, and which stands in the body as a text. */
  status: number
  /** Its `message` after it went through the constructors of its base classes. */
  message: string
  type?: string | null
  code: string
  retryable: boolean
}

const raised = (
  exception: string,
  status: number,
  code: string,
  retryable: boolean,
  message = `litellm.${exception}: ${exception}: AcmeException - Something is wrong`,
  type: string | null = null,
): Raised => ({ exception, status, message, type, code, retryable })

const budget = 'Budget has been exceeded! Current cost: 0.06, Max budget: 0.05'
const exceptions: Raised[] = [
  raised('AuthenticationError', 401, 'authentication', false),
  raised('PermissionDeniedError', 403, 'permission', false),
  raised('NotFoundError', 404, 'not_found', false),
  raised('BadRequestError', 400, 'bad_request', false),
  raised('InvalidRequestError', 400, 'bad_request', false, 'Something is wrong'),
  raised('UnsupportedParamsError', 400, 'bad_request', false, 'litellm.UnsupportedParamsError: no such field'),
  raised('UnprocessableEntityError', 422, 'bad_request', false),
  raised(
    'ImageFetchError',
    400,
    'bad_request',
    false,
    'litellm.BadRequestError: Error: Unable to fetch image from URL. Status code: 404, url=https://x',
  ),
  raised(
    'LiteLLMUnknownProvider',
    400,
    'bad_request',
    false,
    'litellm.BadRequestError: LLM Provider NOT provided. Pass in the LLM provider you are trying to call.',
  ),
  raised(
    'ContextWindowExceededError',
    400,
    'context_window_exceeded',
    false,
    'litellm.ContextWindowExceededError: litellm.BadRequestError: AcmeException - Something is too much',
  ),
  raised(
    'ContentPolicyViolationError',
    400,
    'content_policy',
    false,
    'litellm.BadRequestError: litellm.ContentPolicyViolationError: AcmeException - No',
  ),
  raised(
    'RejectedRequestError',
    400,
    'content_policy',
    false,
    'litellm.BadRequestError: litellm.RejectedRequestError: No',
  ),
  raised(
    'GuardrailRaisedException',
    400,
    'content_policy',
    false,
    'Guardrail raised an exception, Guardrail: mine, Message: no',
    'None',
  ),
  raised(
    'BlockedPiiEntityError',
    400,
    'content_policy',
    false,
    'Blocked entity detected: EMAIL_ADDRESS by Guardrail: mine. This entity is not allowed to be used in this request.',
    'None',
  ),
  raised('RateLimitError', 429, 'rate_limit', true, undefined, 'throttling_error'),
  raised('BudgetExceededError', 429, 'rate_limit', false, budget, 'budget_exceeded'),
  raised('Timeout', 408, 'timeout', true, 'litellm.Timeout: APITimeoutError - Request timed out.'),
  raised('ServiceUnavailableError', 503, 'overloaded', true),
  raised('InternalServerError', 500, 'server', true),
  raised('BadGatewayError', 502, 'server', true),
  raised('APIConnectionError', 500, 'server', true),
  raised('APIError', 500, 'server', true),
  raised('OpenAIError', 500, 'server', true, ''),
  raised('MockException', 500, 'server', true),
  raised('MidStreamFallbackError', 503, 'interrupted', true),
  raised('APIResponseValidationError', 500, 'invalid_response', false),
  raised(
    'JSONSchemaValidationError',
    500,
    'invalid_response',
    false,
    'litellm.APIResponseValidationError: litellm.JSONSchemaValidationError: model=m, returned an invalid response={}, for schema={}.',
  ),
]
const bodyOf = ({ message, type, status }: Raised) => ({ error: { message, type, param: null, code: `${status}` } })

async function failure(response: typeof fetch): Promise<CompletionError> {
  const provider = openai({ name: 'litellm', baseURL: 'http://litellm.example', fetch: response })
  const stream = streamCompletion({ model: 'm', prompt: 'Hi' }, { provider, maxRetries: 0 })
  const error = await stream.finalCompletion().then(
    () => expect.unreachable('the stream succeeded'),
    (reason: unknown) => reason,
  )
  if (!isCompletionError(error)) throw error
  return error
}

describe('LiteLLM’s', () => {
  it.each(exceptions)('$exception as a response is $code', async (of) => {
    const headers = { 'content-type': 'application/json', 'x-litellm-call-id': 'call-1' }
    const error = await failure(async () => new Response(JSON.stringify(bodyOf(of)), { status: of.status, headers }))
    const { code, retryable, status } = of
    expect(error).toMatchObject({ code, retryable, status, provider: 'litellm', requestId: 'call-1' })
    expect(error.providerMessage ?? '').toBe(of.message)
    expect(error.message).toContain(`litellm answered ${status}: ${of.message.replace(/\.$/, '')}`)
  })

  it.each(exceptions)('$exception as a frame is $code, and keeps what arrived', async (of) => {
    const parts = [chunk({ content: 'Hel' }), event(bodyOf(of)), event('[DONE]')]
    const error = await failure(fetchOf(parts))
    const { code, retryable } = of
    expect(error).toMatchObject({ code, retryable, providerCode: `${of.status}`, partial: { text: 'Hel' } })
    expect(error.status).toBeUndefined()
    expect(error.message).toContain('litellm answered with an error: ')
  })

  const unknown = ['OpenAIError', 'APIError', 'MockException']
  it.each(exceptions.filter(({ exception }) => !unknown.includes(exception)))(
    '$exception is known by its name, where the number says little or is missing',
    ({ exception, code }) => {
      const message = `litellm.${exception}: AcmeException - Hm`
      const provider = 'litellm'
      expect(providerError({ error: { message } }, { provider }).code).toBe(code)
      expect(providerError({ error: { message, code: '500' } }, { provider }).code).toBe(code)
      expect(providerError({ error: { message } }, { provider, status: 500 }).code).toBe(code)
      expect(providerError({ error: { message } }, { provider, status: 400 }).code).toBe(code)
    },
  )

  it.each(unknown)('%s alone says nothing: its number does', (exception) => {
    const message = `litellm.${exception}: Hm`
    const codeOf = (code?: string) => providerError({ error: { message, code } }, { provider: 'litellm' }).code
    expect([codeOf(), codeOf('400'), codeOf('429'), codeOf('502')]).toEqual([
      'provider',
      'bad_request',
      'rate_limit',
      'server',
    ])
  })

  it.each([
    [400, budget, 'budget_exceeded'],
    [400, 'ExceededBudget: End User=x over budget. Spend=2, Budget=1', 'auth_error'],
    [429, 'LiteLLM User: x, exceeded budget for model=m', 'budget_exceeded'],
    [429, 'No deployments available - crossed budget: Exceeded budget for deployment', null],
    [400, `litellm.BadRequestError: OpenAIException - ${budget}`, null],
    [500, budget, 'None'],
  ])('BudgetExceededError comes with %i as well: %s', (status, message, type) => {
    const error = providerError({ error: { message, type, code: `${status}` } }, { provider: 'litellm', status })
    expect(error).toMatchObject({ code: 'rate_limit', retryable: false })
  })

  it('MidStreamFallbackError is what broke the stream, where it tells', () => {
    const message = 'litellm.MidStreamFallbackError: litellm.RateLimitError: Slow down'
    const nested = 'litellm.ServiceUnavailableError: litellm.MidStreamFallbackError: litellm.APIConnectionError: Gone'
    const codeOf = (said: string, code: string) =>
      providerError({ error: { message: said, code } }, { provider: 'litellm' }).code
    expect([codeOf(message, '429'), codeOf(nested, '503')]).toEqual(['rate_limit', 'interrupted'])
  })

  it('fallbacks, which a message tells of at its end, do not change what failed first', () => {
    const message =
      'litellm.BadRequestError: AcmeException - Hm. Received Model Group=a\nAvailable Model Group Fallbacks=[]\n' +
      'Error doing the fallback: litellm.RateLimitError: Slow down'
    expect(providerError({ error: { message, code: '400' } }, { provider: 'litellm', status: 400 })).toMatchObject({
      code: 'bad_request',
      retryable: false,
    })
  })

  it('exceptions stand in the README with their codes', () => {
    const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
    const table = readme.slice(readme.indexOf('| LiteLLM'))
    const rows = table.slice(0, table.indexOf('\n\n')).split('\n').slice(2)
    const documented = rows.flatMap((row) => {
      const [names = '', code = '', retryable] = row
        .split('|')
        .slice(1)
        .map((cell) => cell.trim())
      return [...names.matchAll(/`(\w+)`/g)].map(([, name]) => [name, code.replaceAll('`', ''), retryable === 'yes'])
    })
    const known = exceptions.map(({ exception, code, retryable }) => [exception, code, retryable])
    expect(documented.toSorted()).toEqual(known.toSorted())
  })
})
