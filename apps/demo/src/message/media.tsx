/** What a model made that is no text: pictures and speech. Only data that came with the answer is shown. */
import type { ChatPart } from 'completion-stream'
import type { ReactNode } from 'react'

type Image = Extract<ChatPart, { type: 'image' }>['image']
type Audio = Extract<ChatPart, { type: 'audio' }>['audio']

/** Loading a remote picture would tell its server that somebody looks, so one is a link. */
export function Picture({ image }: { image: Image }): ReactNode {
  const url = image.image_url?.url ?? ''
  if (url.startsWith('data:image/')) return <img className="picture" src={url} alt="Made by the model" />
  if (!/^https?:/i.test(url)) return <p className="speech">A picture in a form that this page does not know</p>
  return (
    <a href={url} target="_blank" rel="noopener noreferrer">
      A picture that the model made
    </a>
  )
}

/** What was said, in words; raw audio has no format that a page could play by itself. */
export function Speech({ audio }: { audio: Audio }): ReactNode {
  return <p className="speech">{audio.transcript || 'Speech without a transcript'}</p>
}
