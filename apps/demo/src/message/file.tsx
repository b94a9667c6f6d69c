/** A file of a question: a picture is shown, anything else is named. */
import type { Attachment } from 'completion-stream'
import type { ReactNode } from 'react'
import { NOT_KEPT } from '../kept-chat.ts'
import { sizeInWords } from '../size.ts'

/** One file. Only data that came with the question is shown, and nothing is loaded for it. */
export function File({ file }: { file: Attachment }): ReactNode {
  const { url, name } = file
  if (url.startsWith('data:image/'))
    return <img className="attached" src={url} alt={name ?? 'A picture without a name'} />
  return (
    <p className="file">
      <span className="file-name">{name ?? 'A file without a name'}</span> <small>{factsOf(file)}</small>
    </p>
  )
}

/** Its type and its size, as far as they are known. */
function factsOf({ url, mediaType }: Attachment): string {
  if (url === NOT_KEPT) return 'was not kept'
  const data = /^data:[^,]*;base64,(.*)$/s.exec(url)?.[1]
  const size = data === undefined ? '' : sizeInWords(Math.floor((data.replace(/=+$/, '').length * 3) / 4))
  return [mediaType, size].filter(Boolean).join(', ')
}
