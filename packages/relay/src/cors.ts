/** Cross-origin access: which pages may call the relay from another origin. */

/** `true` or `'*'`: any page. A text or a list: these origins, such as `https://app.example`. `false`: none. */
export type CorsOption = boolean | string | readonly string[]

/** The rules of one relay. */
export interface CorsPolicy {
  /** The answer to a preflight request; undefined when cross-origin access is off. */
  preflight(request: Request): Response | undefined
  /** The same response with the headers that let the page read it. */
  apply(request: Request, response: Response): Response
}

const PREFLIGHT_SECONDS = 3600
const METHODS = 'GET, POST, DELETE, OPTIONS'
const READABLE_HEADERS = 'retry-after, retry-after-ms, x-should-retry, x-request-id, content-location'

/** Reads the option. */
export function corsPolicy(option: CorsOption = false): CorsPolicy {
  const origins = typeof option === 'string' ? [option] : Array.isArray(option) ? (option as readonly string[]) : []
  const any = option === true || origins.includes('*')
  const off = !any && origins.length === 0

  function allowedOrigin(request: Request): string | undefined {
    const origin = request.headers.get('origin')
    if (any) return '*'
    return origin !== null && origins.includes(origin) ? origin : undefined
  }

  return {
    preflight(request) {
      if (off) return undefined
      const headers = new Headers()
      if (allowedOrigin(request)) {
        headers.set('access-control-allow-methods', METHODS)
        // Named one by one: `*` would leave out `authorization`.
        headers.set(
          'access-control-allow-headers',
          request.headers.get('access-control-request-headers') ?? 'authorization, content-type, last-event-id',
        )
        headers.set('access-control-max-age', String(PREFLIGHT_SECONDS))
      }
      return new Response(null, { status: 204, headers })
    },
    apply(request, response) {
      if (off) return response
      const headers = new Headers(response.headers)
      const origin = allowedOrigin(request)
      if (origin) {
        headers.set('access-control-allow-origin', origin)
        headers.set('access-control-expose-headers', READABLE_HEADERS)
      }
      if (!any) headers.append('vary', 'origin')
      return new Response(response.body, { status: response.status, statusText: response.statusText, headers })
    },
  }
}
