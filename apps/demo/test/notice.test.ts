/** What the chat says of failed requests, and what it offers to do about an answer. */
import {
  CompletionError,
  type CompletionErrorCode,
  type CompletionErrorDetails,
  type FailedAttempt,
} from 'completion-stream'
import { describe, expect, it } from 'vitest'
import type { Answer } from '../src/message/ending.ts'
import { noticeOf, onceOnline, spokenNotice } from '../src/message/notice.ts'
import { remediesFor } from '../src/message/remedies.ts'
import { sentencesFor } from '../src/page/announcer.tsx'
import { CHOOSE } from '../tools/choose.ts'
import { SEARCH_DOCS } from '../docs/search-tool.ts'

const plan = { maxRetries: 2, fallback: 'other' }

function failed(
  action: FailedAttempt['action'],
  delayMs: number,
  code: CompletionErrorCode = 'overloaded',
  details: CompletionErrorDetails = {},
): FailedAttempt {
  return { provider: 'p', model: 'm', action, delayMs, error: new CompletionError(code, 'It failed.', details) }
}

function spoken(...attempts: FailedAttempt[]): string | undefined {
  const notice = noticeOf(attempts, plan)
  return notice && spokenNotice(notice)
}

describe('a notice', () => {
  const retry = failed('retry', 1000)

  it('counts the requests in a row', () => {
    expect(spoken()).toBeUndefined()
    expect(spoken(retry)).toBe('Provider overloaded. Trying again in 1 second (attempt 2 of 3).')
    expect(spoken(retry, failed('retry', 400))).toBe('Provider overloaded. Trying again (attempt 3 of 3).')
  })

  it('names who is asked instead, and counts anew for them', () => {
    const fallback = failed('fallback', 0)
    expect(spoken(retry, retry, fallback)).toBe('Provider overloaded. Asking other instead.')
    const theirs = { ...retry, model: 'other' }
    expect(spoken(retry, retry, fallback, theirs)).toMatch(/attempt 2 of 3/)
  })

  it('does not count the time without a network', () => {
    const offline = failed('retry', Infinity, 'network')
    expect(spoken(offline)).toBe('You are offline. It goes on as soon as there is a connection.')
    expect(spokenNotice(onceOnline(noticeOf([offline], plan)!))).toBe('Back online. Trying again.')
    expect(spoken(offline, failed('retry', 2000, 'network'))).toBe(
      'Not reachable. Trying again in 2 seconds (attempt 2 of 3).',
    )
  })

  it('tells a connection that broke from one that went quiet', () => {
    expect(spoken(failed('resume', 400, 'interrupted'))).toBe('The connection broke. Taking it up again.')
    expect(spoken(failed('resume', 400, 'timeout', { phase: 'chunk' }))).toBe('Nothing more came. Taking it up again.')
  })

  it('does not count how often an answer is taken up again', () => {
    const resume = failed('resume', 1000, 'interrupted')
    expect(spoken(resume, resume, resume, resume)).toBe('The connection broke. Taking it up again in 1 second.')
    const offline = noticeOf([failed('resume', Infinity, 'interrupted')], plan)!
    expect(spokenNotice(onceOnline(offline))).toBe('Back online. Taking it up again.')
  })

  it('is none of a failure that ends the answer', () => {
    expect(spoken(retry, failed('fail', 0))).toBeUndefined()
  })
})

describe('read aloud', () => {
  it('is what the notice says, and an error with its title', () => {
    const notice = noticeOf([failed('retry', 1000)], plan)
    const { waiting, offline, error } = sentencesFor(notice)
    expect(waiting?.(failed('retry', 1000), [])).toBe(spokenNotice(notice!))
    expect(offline).toBe(spokenNotice(notice!))
    expect(error?.(new CompletionError('overloaded', 'It failed.'))).toBe('Provider overloaded. It failed.')
  })
})

describe('offered', () => {
  const text = { type: 'text' as const, text: 'Once' }
  const cutCall = {
    type: 'tool-call' as const,
    toolCall: { id: '1', name: 't', arguments: '{', state: 'incomplete' as const },
  }

  /** An answer that ended with a call that has not come to anything. */
  function asksFor(name: string, waits?: { awaitsOutput: true }): Partial<Answer> {
    const toolCall = { id: '1', name, arguments: '{}', input: {}, state: 'input-complete' as const, ...waits }
    const call = { id: '1', type: 'function' as const, function: { name, arguments: '{}' } }
    return {
      role: 'assistant',
      status: 'ready',
      finishReason: 'tool_calls',
      parts: [text, { type: 'tool-call', toolCall }],
      wire: [{ role: 'assistant', content: 'Once', tool_calls: [call] }],
    }
  }

  function offers(answer: Partial<Answer>, isFollowUp = false): string[] {
    return remediesFor({ parts: [text], finishReason: null, ...answer } as Answer, isFollowUp)
  }
  const error = (code: CompletionErrorCode) => ({ status: 'error' as const, error: new CompletionError(code, 'No.') })

  it.each([
    ['a whole answer', offers({ status: 'ready', finishReason: 'stop' }), ['regenerate']],
    ['one at its length limit', offers({ status: 'ready', finishReason: 'length' }), ['continue', 'regenerate']],
    ['one that took as many requests as it may', offers(asksFor(SEARCH_DOCS)), ['continue', 'regenerate']],
    ['one that waits for a choice', offers(asksFor(CHOOSE, { awaitsOutput: true })), ['regenerate']],
    ['a stopped one', offers({ status: 'stopped' }), ['continue', 'again']],
    ['one that was stopped before it began', offers({ status: 'stopped', parts: [] }), ['again']],
    ['a cut one', offers(error('interrupted')), ['continue', 'again']],
    ['one cut in a tool call', offers({ ...error('interrupted'), parts: [cutCall] }), ['again']],
    ['a question that is too long', offers(error('context_window_exceeded')), ['edit']],
    ['a conversation that is too long', offers(error('context_window_exceeded'), true), ['newChat', 'edit']],
    ['a question that was refused', offers(error('content_policy')), ['edit', 'again']],
  ])('for %s', (_, offered, expected) => {
    expect(offered).toEqual(expected)
  })
})
