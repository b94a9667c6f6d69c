/** What stands below the field: how long an answer may be, who stands in for the model, and which keys do what. */
import type { ReactNode } from 'react'

/** The settings of the next request. */
export interface SettingsProps {
  /** An answer is on its way. */
  busy: boolean
  maxTokens: number | undefined
  onMaxTokens: (limit: number | undefined) => void
  /** The models that may answer when the chosen one fails, and which of them does. */
  fallbacks: readonly string[]
  fallback: string | undefined
  onFallback: (model: string | undefined) => void
}

/** What Enter does, and whether Escape stops. */
export interface Keys {
  enter: string | undefined
  escape: boolean
}

const LIMITS = [60, 200, 1000]

/** The line. */
export function Settings(props: SettingsProps & { keys: Keys }): ReactNode {
  const { busy, maxTokens, onMaxTokens, fallbacks, fallback, onFallback, keys } = props
  return (
    <div className="below-field">
      <label>
        Length limit{' '}
        <select
          value={maxTokens ?? ''}
          onChange={(event) => onMaxTokens(event.target.value === '' ? undefined : Number(event.target.value))}
        >
          <option value="">none</option>
          {LIMITS.map((limit) => (
            <option key={limit} value={limit}>
              {limit} tokens
            </option>
          ))}
        </select>
      </label>
      {fallbacks.length > 0 && (
        <label>
          Fallback{' '}
          <select
            value={fallback ?? ''}
            disabled={busy}
            onChange={(event) => onFallback(event.target.value === '' ? undefined : event.target.value)}
          >
            <option value="">none</option>
            {fallbacks.map((id) => (
              <option key={id}>{id}</option>
            ))}
          </select>
        </label>
      )}
      <p className="keys">
        {keys.enter && (
          <span>
            <kbd>Enter</kbd> {keys.enter}
          </span>
        )}{' '}
        {keys.escape && (
          <span>
            <kbd>Esc</kbd> stops
          </span>
        )}
      </p>
    </div>
  )
}
