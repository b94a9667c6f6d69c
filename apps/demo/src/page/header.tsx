/** The bar at the top: what this is, which model answers, and a way to start over. */
import type { ReactNode } from 'react'
import type { Models } from '../models.ts'
import { Mark } from './mark.tsx'

interface HeaderProps {
  models: Models
  model: string
  onModel: (id: string) => void
  /** Missing while there is nothing to clear. */
  onReset?: () => void
}

/** The bar. */
export function Header({ models, model, onModel, onReset }: HeaderProps): ReactNode {
  return (
    <header className="bar">
      <Mark />
      <h1>
        completion-stream <span>demo chat</span>
      </h1>
      <div className="bar-actions">
        {models.ids.length > 1 ? (
          <select aria-label="Model" value={model} onChange={(event) => onModel(event.target.value)}>
            {models.ids.map((id) => (
              <option key={id}>{id}</option>
            ))}
          </select>
        ) : (
          model && <code className="model">{model}</code>
        )}
        <button type="button" className="secondary" onClick={onReset} disabled={!onReset}>
          New chat
        </button>
      </div>
    </header>
  )
}
