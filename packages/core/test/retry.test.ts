/** The decision after a failure, as a table, and the deadlines that lead to some of them. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createDeadlines } from '../src/deadlines.ts'
import { CompletionError } from '../src/errors.ts'
import type { CompletionErrorCode, CompletionErrorDetails } from '../src/errors.ts'
import { decide } from '../src/retry.ts'
import type { Situation } from '../src/retry.ts'

const failure = (code: CompletionErrorCode, details: CompletionErrorDetails = {}) =>
  new CompletionError(code, 'It failed.', details)

const situation = (changes: Partial<Situation>): Situation => ({
  error: failure('network'),
  failures: 1,
  maxRetries: 2,
  begun: false,
  canResume: false,
  hasFallback: false,
  isOffline: false,
  leftMs: Infinity,
  random: 0,
  ...changes,
})

describe('before the first token', () => {
  it.each<[CompletionErrorCode, CompletionErrorDetails, string]>([
    ['network', {}, 'retry'],
    ['interrupted', {}, 'retry'],
    ['rate_limit', {}, 'retry'],
    ['server', {}, 'retry'],
    ['overloaded', {}, 'retry'],
    ['timeout', {}, 'retry'],
    ['timeout', { phase: 'connect' }, 'retry'],
    ['timeout', { phase: 'firstChunk' }, 'fail'],
    ['bad_request', {}, 'fail'],
    ['bad_request', { retryable: true }, 'retry'],
    ['server', { retryable: false }, 'fail'],
    ['authentication', {}, 'fail'],
    ['permission', {}, 'fail'],
    ['not_found', {}, 'fail'],
    ['context_window_exceeded', {}, 'fail'],
    ['content_policy', {}, 'fail'],
    ['invalid_response', {}, 'fail'],
    ['limit_exceeded', {}, 'fail'],
    ['provider', {}, 'fail'],
  ])('%s %j: %s, or whoever is next instead of failing', (code, details, action) => {
    const error = failure(code, details)
    expect(decide(situation({ error })).action).toBe(action)
    const instead = action === 'fail' ? 'fallback' : action
    expect(decide(situation({ error, hasFallback: true })).action).toBe(instead)
  })

  it('waits half a second, doubled with each failure up to eight, less up to a quarter by chance', () => {
    const wait = (failures: number, random: number) => decide(situation({ failures, random, maxRetries: 9 })).delayMs
    expect([1, 2, 3, 4, 5, 6, 9].map((failures) => wait(failures, 0))).toEqual([
      500, 1000, 2000, 4000, 8000, 8000, 8000,
    ])
    expect([wait(1, 1), wait(5, 1)]).toEqual([375, 6000])
  })

  it('waits as long as the server asks, up to a minute, and longer not at all', () => {
    const after = (retryAfterMs: number) =>
      decide(situation({ error: failure('rate_limit', { retryAfterMs }), random: 1 }))
    expect(after(700)).toEqual({ action: 'retry', delayMs: 700 })
    expect(after(0)).toEqual({ action: 'retry', delayMs: 0 })
    expect(after(60_000)).toEqual({ action: 'retry', delayMs: 60_000 })
    expect(after(3_600_000)).toEqual({ action: 'fail', delayMs: 0 })
  })

  it('gives up after `maxRetries`, and goes to whoever is next', () => {
    expect(decide(situation({ failures: 2 })).action).toBe('retry')
    expect(decide(situation({ failures: 3 })).action).toBe('fail')
    expect(decide(situation({ failures: 3, hasFallback: true }))).toEqual({ action: 'fallback', delayMs: 0 })
    expect(decide(situation({ maxRetries: 0 })).action).toBe('fail')
  })

  it('does not begin to wait for longer than there is time', () => {
    expect(decide(situation({ leftMs: 501 })).action).toBe('retry')
    expect(decide(situation({ leftMs: 500 })).action).toBe('fail')
    expect(decide(situation({ leftMs: 0, hasFallback: true })).action).toBe('fail')
  })

  it('waits for the network when there is none, for as long as that takes and however often it failed', () => {
    expect(decide(situation({ isOffline: true, failures: 3 }))).toEqual({ action: 'retry', delayMs: Infinity })
    expect(decide(situation({ isOffline: true, error: failure('server') })).delayMs).toBe(500)
    expect(decide(situation({ isOffline: true, maxRetries: 0 })).action).toBe('fail')
  })
})

describe('after the first token', () => {
  it.each<[CompletionErrorCode, CompletionErrorDetails, string]>([
    ['interrupted', {}, 'resume'],
    ['network', {}, 'resume'],
    ['timeout', { phase: 'chunk' }, 'resume'],
    ['timeout', { phase: 'connect' }, 'resume'],
    ['server', {}, 'resume'],
    ['overloaded', {}, 'resume'],
    ['rate_limit', {}, 'resume'],
    ['server', { retryable: false }, 'fail'],
    ['not_found', {}, 'fail'],
    ['invalid_response', {}, 'fail'],
    ['limit_exceeded', {}, 'fail'],
    ['provider', {}, 'fail'],
  ])('%s %j: %s where the endpoint can resume, and never to anybody else', (code, details, action) => {
    const error = failure(code, details)
    expect(decide(situation({ error, begun: true, canResume: true, hasFallback: true })).action).toBe(action)
    expect(decide(situation({ error, begun: true, hasFallback: true })).action).toBe('fail')
  })

  it('gives up when it failed too often without anything new in between', () => {
    expect(decide(situation({ begun: true, canResume: true, failures: 3 })).action).toBe('fail')
  })

  it('takes up a connection that fell silent once, and then it is the model that is silent', () => {
    const error = failure('timeout', { phase: 'chunk' })
    const after = (failures: number) => decide(situation({ error, begun: true, canResume: true, failures })).action
    expect([after(1), after(2)]).toEqual(['resume', 'fail'])
  })

  it('waits for the network when there is none', () => {
    const error = failure('interrupted')
    const decision = decide(situation({ error, begun: true, canResume: true, isOffline: true, failures: 3 }))
    expect(decision).toEqual({ action: 'resume', delayMs: Infinity })
  })
})

describe('deadlines', () => {
  const expired: string[] = []
  const start = () => createDeadlines<'a' | 'b'>((name) => expired.push(name))
  beforeEach(() => {
    vi.useFakeTimers()
    expired.length = 0
  })
  afterEach(() => void vi.useRealTimers())

  it('expire in their order, each once', () => {
    const deadlines = start()
    deadlines.set('a', 200)
    deadlines.set('b', 100)
    vi.advanceTimersByTime(150)
    expect(expired).toEqual(['b'])
    vi.advanceTimersByTime(1000)
    expect(expired).toEqual(['b', 'a'])
  })

  it('can be put off, brought forward and dropped, on one timer', () => {
    const deadlines = start()
    deadlines.set('a', 100)
    deadlines.set('b', 1000)
    for (let i = 0; i < 10; i++) {
      vi.advanceTimersByTime(50)
      deadlines.set('a', 100)
      expect(vi.getTimerCount()).toBe(1)
    }
    expect(expired).toEqual([])
    deadlines.set('b', 10)
    vi.advanceTimersByTime(20)
    expect(expired).toEqual(['b'])
    deadlines.set('a')
    vi.advanceTimersByTime(10_000)
    expect(expired).toEqual(['b'])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('leave no timer behind when they are stopped, and one longer than a timer can be is no short one', () => {
    const deadlines = start()
    deadlines.set('a', 2 ** 40)
    vi.advanceTimersByTime(2 ** 31 + 10)
    expect(expired).toEqual([])
    expect(vi.getTimerCount()).toBe(1)
    deadlines.stop()
    expect(vi.getTimerCount()).toBe(0)
  })
})
