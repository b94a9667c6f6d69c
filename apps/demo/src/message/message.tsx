/** One message of the conversation. Memoised: a finished message keeps its identity while another one streams. */
import { openCalls, type ChatMessage, type ChatPart } from 'completion-stream'
import { memo, type NamedExoticComponent, type ReactNode } from 'react'
import { Mark } from '../page/mark.tsx'
import { AnswerFooter } from './answer-footer.tsx'
import type { CallAnswers } from './call-answer.tsx'
import type { Answer } from './ending.ts'
import { File } from './file.tsx'
import { Picture, Speech } from './media.tsx'
import type { Notice } from './notice.ts'
import { Reasoning } from './reasoning.tsx'
import type { Remedies } from './remedies.ts'
import { ServerTool } from './server-tool.tsx'
import { Sources } from './sources.tsx'
import { Text } from './text.tsx'
import { ToolCard } from './tool-card.tsx'
import { Question, type Editor } from './user-message.tsx'

interface MessageProps {
  message: ChatMessage
  /** There are earlier questions in the conversation. */
  isFollowUp: boolean
  /** What happened to the last answer's request, while the next one is waited for. */
  notice?: Notice
  /** What can be done about the last answer, once it has ended. */
  remedies?: Remedies
  /** What can be said about the calls of the last answer. */
  answers?: CallAnswers
  /** It is a question that is being worked on. */
  isEdited: boolean
  editor: Editor
}

/** The message. */
export const Message: NamedExoticComponent<MessageProps> = memo(function Message(props) {
  const { message, isFollowUp, notice, remedies, answers, isEdited, editor } = props
  if (message.role === 'user') return <Question message={message} isEdited={isEdited} editor={editor} />
  const waits = answers !== undefined && openCalls(message).length > 0
  return (
    <li className="message answer" data-status={message.status}>
      <h2 className="hidden">Answer</h2>
      <Mark />
      <div className="answer-body">
        {message.parts.map((part, index) => (
          <Part key={partKey(part, index)} part={part} live={isLive(message, index)} answers={answers} />
        ))}
        <Sources annotations={message.annotations} />
        <AnswerFooter answer={message} notice={notice} remedies={remedies} isFollowUp={isFollowUp} waits={waits} />
      </div>
    </li>
  )
})

interface PartProps {
  part: ChatPart
  /** More of it may come. */
  live: boolean
  answers?: CallAnswers
}

function Part({ part, live, answers }: PartProps): ReactNode {
  switch (part.type) {
    case 'text':
      return <Text text={part.text} live={live} />
    case 'reasoning':
      return <Reasoning text={part.text} live={live} />
    case 'refusal':
      return <p className="refusal">{part.text}</p>
    case 'tool-call':
      return <ToolCard call={part.toolCall} answers={answers} />
    case 'server-tool':
      return <ServerTool call={part.toolCall} live={live} />
    case 'image':
      return <Picture image={part.image} />
    case 'audio':
      return <Speech audio={part.audio} />
    case 'file':
      return <File file={part.file} />
  }
}

/** Whether more may be added to this part. */
function isLive(answer: Answer, index: number): boolean {
  return (answer.status === 'streaming' || answer.status === 'submitted') && index === answer.parts.length - 1
}

/** Parts are only ever appended, so the position is the identity. */
function partKey(part: ChatPart, index: number): string {
  return `${index} ${part.type}`
}
