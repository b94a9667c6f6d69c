/** One message of the conversation. Memoised: a finished message keeps its identity while another one streams. */
import type { ChatMessage, ChatPart } from 'completion-stream'
import { memo, type NamedExoticComponent, type ReactNode } from 'react'
import { Mark } from '../page/mark.tsx'
import { AnswerFooter } from './answer-footer.tsx'
import type { Answer } from './ending.ts'
import { MarkdownText } from './markdown.tsx'
import { Picture, Speech } from './media.tsx'
import type { Notice } from './notice.ts'
import { Reasoning } from './reasoning.tsx'
import type { Remedies } from './remedies.ts'
import { ServerTool } from './server-tool.tsx'
import { Sources } from './sources.tsx'
import { ToolCard } from './tool-card.tsx'

interface MessageProps {
  message: ChatMessage
  /** There are earlier questions in the conversation. */
  isFollowUp: boolean
  /** What happened to the last answer's request, while the next one is waited for. */
  notice?: Notice
  /** What can be done about the last answer, once it has ended. */
  remedies?: Remedies
}

/** The message. */
export const Message: NamedExoticComponent<MessageProps> = memo(function Message(props) {
  const { message, isFollowUp, notice, remedies } = props
  if (message.role === 'user') {
    return (
      <li className="message user">
        <h2 className="hidden">You</h2>
        <p>{message.text}</p>
      </li>
    )
  }
  return (
    <li className="message answer" data-status={message.status}>
      <h2 className="hidden">Answer</h2>
      <Mark />
      <div className="answer-body">
        {message.parts.map((part, index) => (
          <Part key={partKey(part, index)} part={part} live={isLive(message, index)} />
        ))}
        <Sources annotations={message.annotations} />
        <AnswerFooter answer={message} notice={notice} remedies={remedies} isFollowUp={isFollowUp} />
      </div>
    </li>
  )
})

function Part({ part, live }: { part: ChatPart; live: boolean }): ReactNode {
  switch (part.type) {
    case 'text':
      return <MarkdownText text={part.text} live={live} />
    case 'reasoning':
      return <Reasoning text={part.text} live={live} />
    case 'refusal':
      return <p className="refusal">{part.text}</p>
    case 'tool-call':
      return <ToolCard call={part.toolCall} />
    case 'server-tool':
      return <ServerTool call={part.toolCall} live={live} />
    case 'image':
      return <Picture image={part.image} />
    case 'audio':
      return <Speech audio={part.audio} />
  }
}

/** Whether more may be added to this part. */
function isLive(answer: Answer, index: number): boolean {
  return answer.status === 'streaming' && index === answer.parts.length - 1
}

/** Parts are only ever appended, so the position is the identity. */
function partKey(part: ChatPart, index: number): string {
  return `${index} ${part.type}`
}
