/** A question: its words, its files, and a way to ask it otherwise. */
import type { UserMessage } from 'completion-stream'
import { useRef, useState, type ReactNode } from 'react'
import { flushSync } from 'react-dom'
import { File } from './file.tsx'

/** What the page does about a question that is to be asked otherwise. The same object for as long as the page is there. */
export interface Editor {
  begin(id: string): void
  cancel(): void
  save(id: string, text: string): void
}

interface QuestionProps {
  message: UserMessage
  /** It is being worked on. */
  isEdited: boolean
  editor: Editor
}

/** One question. */
export function Question({ message, isEdited, editor }: QuestionProps): ReactNode {
  const button = useRef<HTMLButtonElement>(null)
  const files = message.parts.flatMap((part) => (part.type === 'file' ? [part.file] : []))

  /** Back to the button, which is there once the form is gone. */
  function leave(act: () => void): void {
    flushSync(act)
    button.current?.focus()
  }

  return (
    <li className="message user">
      <h2 className="hidden">You</h2>
      {!isEdited && (
        <button
          ref={button}
          type="button"
          className="ghost icon edit"
          aria-label="Edit and ask again"
          title="Edit and ask again"
          onClick={() => editor.begin(message.id)}
        >
          <svg viewBox="0 0 16 16" aria-hidden="true">
            <path d="M3 13h2.2l7.3-7.3-2.2-2.2L3 10.8V13ZM9 4.8 11.2 7" />
          </svg>
        </button>
      )}
      <div className="question">
        {files.length > 0 && (
          <ul className="files" aria-label="Files">
            {files.map((file, index) => (
              <li key={index}>
                <File file={file} />
              </li>
            ))}
          </ul>
        )}
        {isEdited ? (
          <QuestionForm
            text={message.text}
            canBeEmpty={files.length > 0}
            onSave={(text) => leave(() => editor.save(message.id, text))}
            onCancel={() => leave(editor.cancel)}
          />
        ) : (
          message.text && <p>{message.text}</p>
        )}
      </div>
    </li>
  )
}

interface QuestionFormProps {
  text: string
  /** There are files, which say something without words. */
  canBeEmpty: boolean
  onSave: (text: string) => void
  onCancel: () => void
}

function QuestionForm({ text, canBeEmpty, onSave, onCancel }: QuestionFormProps): ReactNode {
  const [draft, setDraft] = useState(text)
  const canSave = canBeEmpty || draft.trim() !== ''
  const save = (): void => {
    if (canSave) onSave(draft.trim())
  }
  return (
    <form
      className="question-form"
      onSubmit={(event) => {
        event.preventDefault()
        save()
      }}
    >
      <textarea
        aria-label="What to ask instead"
        value={draft}
        rows={1}
        autoFocus
        onFocus={({ currentTarget: field }) => field.setSelectionRange(field.value.length, field.value.length)}
        onChange={(event) => setDraft(event.target.value)}
        onKeyDown={(event) => {
          if (event.nativeEvent.isComposing) return
          if (event.key === 'Escape') {
            // It ends the editing, and not an answer that is arriving.
            event.stopPropagation()
            onCancel()
          } else if (event.key === 'Enter' && !event.shiftKey) {
            event.preventDefault()
            save()
          }
        }}
      />
      <div className="question-actions">
        <button type="button" className="ghost" onClick={onCancel}>
          Cancel
        </button>
        <button type="submit" className="primary" disabled={!canSave}>
          Save
        </button>
      </div>
    </form>
  )
}
