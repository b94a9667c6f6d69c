/** The files that go with the next question, in the composer: pictures small, others by name, each with a way to drop it. */
import type { ReactNode } from 'react'
import { sizeInWords } from '../size.ts'
import type { Picked } from './picked-files.ts'

/** The list. */
export function PickedList({
  picked,
  onRemove,
}: {
  picked: readonly Picked[]
  onRemove: (id: number) => void
}): ReactNode {
  return (
    <ul className="picked" aria-label="Attached files">
      {picked.map(({ id, file, preview }) => (
        <li key={id}>
          {preview ? (
            <img src={preview} alt={file.name} />
          ) : (
            <span className="file">
              <span className="file-name">{file.name}</span> <small>{sizeInWords(file.size)}</small>
            </span>
          )}
          <button
            type="button"
            className="icon"
            aria-label={`Remove ${file.name}`}
            title={`Remove ${file.name}`}
            onClick={() => onRemove(id)}
          >
            <svg viewBox="0 0 16 16" aria-hidden="true">
              <path d="m4.5 4.5 7 7m0-7-7 7" />
            </svg>
          </button>
        </li>
      ))}
    </ul>
  )
}
