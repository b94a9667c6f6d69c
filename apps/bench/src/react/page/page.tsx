/** The page: mounts one contestant, and shows what it streams as a careful page does: what is the same renders once. */
import { memo, useLayoutEffect } from 'react'
import { createRoot } from 'react-dom/client'
import { paragraphsOf } from '../settings.ts'
import type { Settings } from '../settings.ts'
import type { Answer, Message, UseAnswer } from './answer.ts'
import { createMeter } from './meter.ts'

const settings = JSON.parse(new URLSearchParams(location.search).get('settings')!) as Settings
const meter = createMeter(settings)

// Each in a chunk of its own, so that a page holds the code of its contestant alone.
const contestants: Record<Settings['hook'], () => Promise<{ useAnswer: UseAnswer }>> = {
  idle: () => import('./contestants/idle.ts'),
  floor: () => import('./contestants/floor.ts'),
  'ours-completion': () => import('./contestants/ours-completion.ts'),
  'ours-chat': () => import('./contestants/ours-chat.ts'),
  'ai-sdk-completion': () => import('./contestants/ai-sdk-completion.ts'),
  'ai-sdk-chat': () => import('./contestants/ai-sdk-chat.ts'),
  'tanstack-chat': () => import('./contestants/tanstack-chat.ts'),
}

const Paragraph = memo(function Paragraph({ text }: { text: string }) {
  return <p>{text}</p>
})

/** In one text node, the browser would lay out all of the text for each delta, whoever reads it. */
function Text({ text }: { text: string }) {
  return (
    <article>
      {paragraphsOf(text).map((paragraph, i) => (
        <Paragraph key={i} text={paragraph} />
      ))}
    </article>
  )
}

const MessageView = memo(function MessageView({ message, textOf }: { message: Message; textOf: Answer['textOf'] }) {
  if (message.id.startsWith('history_')) meter.finishedRendered()
  return <Text text={textOf!(message)} />
})

function Shown({ answer: { messages = [], textOf, input, text } }: { answer: Answer }) {
  if (settings.shows === 'messages')
    return messages.map((message) => <MessageView key={message.id} message={message} textOf={textOf} />)
  if (settings.kind === 'text') return <Text text={text} />
  return (
    <article>
      <pre>{typeof input === 'string' ? input : JSON.stringify(input, null, 1)}</pre>
    </article>
  )
}

const { useAnswer } = await contestants[settings.hook]()

function Stage({ index }: { index: number }) {
  const answer = useAnswer(settings)
  useLayoutEffect(() => meter.committed(index, answer.isBusy, answer.start))
  return (
    <section>
      <Shown answer={answer} />
    </section>
  )
}

Object.assign(globalThis, { bench: meter })
createRoot(document.querySelector('main')!).render(
  Array.from({ length: settings.hooks }, (_, index) => <Stage key={index} index={index} />),
)
