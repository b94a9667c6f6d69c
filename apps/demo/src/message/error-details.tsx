/** An error for whoever has to look into it: its code, who said what, and the id to ask the provider about. */
import type { CompletionError } from 'completion-stream'
import type { ReactNode } from 'react'

/** Folded away until it is asked for. */
export function ErrorDetails({ error }: { error: CompletionError }): ReactNode {
  return (
    <details className="error-details">
      <summary>Details</summary>
      <dl>
        {detailsOf(error).map(([term, value]) => (
          <div key={term}>
            <dt>{term}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </details>
  )
}

/** What is known, in words. The library has taken secrets out of all of it. */
function detailsOf(error: CompletionError): [term: string, value: string | number][] {
  const { code, phase, status, provider, providerCode, requestId, attempts, retryAfterMs, rateLimits = {} } = error
  const rows: [string, string | number | undefined][] = [
    ['Code', phase ? `${code}, ${PHASES[phase]}` : code],
    ['HTTP status', status],
    ['Provider', provider],
    ['Provider’s code', providerCode === code ? undefined : providerCode],
    ['Request id', requestId],
    ['Requests made', attempts],
    ['Asked to wait', retryAfterMs === undefined ? undefined : duration(retryAfterMs)],
    ...Object.entries(rateLimits).map(([what, { limit, remaining, resetMs }]): [string, string] => {
      const left = [remaining, limit].filter((count) => count !== undefined).join(' of ')
      const again = resetMs === undefined ? '' : `all of it in ${duration(resetMs)}`
      return [`Limit of ${what}`, [left && `${left} left`, again].filter(Boolean).join(', ')]
    }),
  ]
  return rows.filter((row): row is [string, string | number] => row[1] !== undefined && row[1] !== '')
}

const PHASES: Record<NonNullable<CompletionError['phase']>, string> = {
  connect: 'while connecting',
  firstChunk: 'before the first piece',
  chunk: 'between two pieces',
  total: 'over all',
}

function duration(ms: number): string {
  const seconds = Math.round(ms / 1000)
  if (ms < 1000) return `${Math.round(ms)} ms`
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`
}
