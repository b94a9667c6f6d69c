/** Tells a screen reader where the answer stands, in the words that the page has for it. */
import { useStreamAnnouncer, type StreamSentences } from '@completion-stream/react'
import type { ChatState } from 'completion-stream'
import type { ReactNode } from 'react'
import { spokenNotice, type Notice } from '../message/notice.ts'
import { TITLES } from '../message/trouble.ts'

/** A polite live region, invisible. */
export function Announcer({ chat, notice }: { chat: ChatState; notice?: Notice }): ReactNode {
  return <p {...useStreamAnnouncer(chat, sentencesFor(notice))} />
}

/** What is said; the notice knows best which request failed, and what is done about it. */
export function sentencesFor(notice: Notice | undefined): Partial<StreamSentences> {
  const failed = notice ? spokenNotice(notice) : ''
  return {
    ready: 'Finished.',
    refused: 'Finished: declined to answer.',
    stopped: 'Stopped by you.',
    length: 'Reached the length limit.',
    contentFilter: 'Blocked by the content filter.',
    error: ({ code, message }) => `${TITLES[code]}. ${message}`,
    approval: () => 'A tool waits for your approval.',
    answer: () => 'The answer waits for what you choose.',
    waiting: () => failed,
    offline: failed,
  }
}
