/** A page without a network, in the background or asleep: what is waited for, and which connections are in doubt. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createChat, createCompletionStore, openai, source, streamCompletion } from '../src/index.ts'
import type { AssistantMessage, CompletionError, StreamOptions } from '../src/index.ts'
import { byHand, chunk, event, refuse, reply, settle, unreachable, whole } from './http.ts'
import type { Exchange } from './http.ts'

/** A page, as far as the core sees one. */
let page: EventTarget & {
  document: EventTarget & { hidden: boolean }
  navigator: { onLine: boolean }
  listeners: number
}

beforeEach(() => {
  vi.useFakeTimers()
  vi.spyOn(Math, 'random').mockReturnValue(0)
  const counted = <Target extends EventTarget>(target: Target): Target => {
    const { addEventListener: add, removeEventListener: remove } = target
    target.addEventListener = (...args: Parameters<typeof add>) => (page.listeners++, add.apply(target, args))
    target.removeEventListener = (...args: Parameters<typeof remove>) => (page.listeners--, remove.apply(target, args))
    return target
  }
  const document = Object.assign(counted(new EventTarget()), { hidden: false })
  page = Object.assign(counted(new EventTarget()), { document, navigator: { onLine: true }, listeners: 0 })
  vi.stubGlobal('document', document)
  vi.stubGlobal('navigator', page.navigator)
  vi.stubGlobal('addEventListener', page.addEventListener)
  vi.stubGlobal('removeEventListener', page.removeEventListener)
})
afterEach(() => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
  vi.useRealTimers()
})

const goOffline = () => void (page.navigator.onLine = false)
const goOnline = () => {
  page.navigator.onLine = true
  page.dispatchEvent(new Event('online'))
}
const show = (isShown: boolean) => {
  page.document.hidden = !isShown
  page.document.dispatchEvent(new Event('visibilitychange'))
}
/** Time passes, and no timer runs: the clock on the wall alone shows it. */
const sleep = async (ms: number) => {
  show(false)
  vi.setSystemTime(Date.now() + ms)
  show(true)
  await settle()
}

const request = { model: 'm', prompt: 'Hi' }
const url = 'https://a.example/api/chat/completions'
const begin = (exchange: Exchange) => exchange.answer(chunk({ content: 'Hel' }))
const keep = (exchange: Exchange) =>
  exchange.answer(`id: 1\n${chunk({ content: 'Hel' })}`, { headers: { 'content-location': '../streams/s1' }, at: url })
const rest = reply(`id: 2\n${chunk({ content: 'lo' }, 'stop')}`, `id: 3\n${event('[DONE]')}`)

function ask(answers: ((exchange: Exchange) => void)[], options: Partial<StreamOptions> = {}) {
  const { fetch, exchanges } = byHand(...answers)
  const stream = streamCompletion(request, { provider: 'https://a.example/api', fetch, ...options })
  const outcome: { value?: { text: string }; error?: CompletionError; isOver: boolean } = { isOver: false }
  stream.finalCompletion().then(
    (value) => Object.assign(outcome, { value, isOver: true }),
    (error) => Object.assign(outcome, { error, isOver: true }),
  )
  return { stream, exchanges, outcome }
}

/** Nothing of it is left. */
const expectNothingLeft = () => {
  expect(page.listeners).toBe(0)
  expect(vi.getTimerCount()).toBe(0)
}

describe('without a network', () => {
  it('a request is sent again when there is one, however long that takes', async () => {
    goOffline()
    const { stream, exchanges, outcome } = ask([unreachable, reply(whole('Hello'))])
    await settle(86_400_000)
    expect(exchanges).toHaveLength(1)
    expect(stream.attempts).toMatchObject([{ action: 'retry', delayMs: Infinity, error: { code: 'network' } }])
    expect(vi.getTimerCount()).toBe(0)
    goOnline()
    await settle()
    expect(exchanges).toHaveLength(2)
    expect(outcome.value).toMatchObject({ text: 'Hello' })
    expectNothingLeft()
  })

  it('no attempt is used up: all of them are left when the network is back', async () => {
    goOffline()
    const { stream, exchanges, outcome } = ask([unreachable], { maxRetries: 2 })
    for (let i = 0; i < 5; i++) {
      await settle(60_000)
      page.dispatchEvent(new Event('online'))
    }
    await settle()
    expect(exchanges).toHaveLength(6)
    expect(outcome.isOver).toBe(false)
    goOnline()
    await settle(60_000)
    // One at once, and two retries of it.
    expect(exchanges).toHaveLength(9)
    expect(outcome.error).toMatchObject({ code: 'network', attempts: 9 })
    expect(stream.attempts.slice(-3).map(({ action, delayMs }) => [action, delayMs])).toEqual([
      ['retry', 500],
      ['retry', 1000],
      ['fail', 0],
    ])
    expectNothingLeft()
  })

  it('a connection that broke is taken up again when there is one', async () => {
    const { stream, exchanges, outcome } = ask([keep, rest])
    await settle(10)
    goOffline()
    exchanges[0]!.drop()
    await settle(3_600_000)
    expect(stream.attempts).toMatchObject([{ action: 'resume', delayMs: Infinity, error: { code: 'interrupted' } }])
    expect(stream.snapshot.text).toBe('Hel')
    goOnline()
    await settle()
    expect(exchanges[1]).toMatchObject({ method: 'GET', headers: { 'last-event-id': '1' } })
    expect(outcome.value).toMatchObject({ text: 'Hello' })
    expectNothingLeft()
  })

  it('a connection that broke and cannot be taken up fails at once, with what arrived', async () => {
    const { exchanges, outcome } = ask([begin])
    await settle(10)
    goOffline()
    exchanges[0]!.drop()
    await settle()
    expect(outcome.error).toMatchObject({ code: 'interrupted', partial: { text: 'Hel' } })
    expectNothingLeft()
  })

  it('`maxRetries` 0 waits for nothing, and a fallback is not asked in vain', async () => {
    goOffline()
    const none = ask([unreachable], { maxRetries: 0 })
    const { stream, exchanges } = ask([unreachable], { fallbacks: [{ provider: 'https://b.example' }] })
    await settle(60_000)
    expect(none.outcome.error).toMatchObject({ code: 'network', attempts: 1 })
    expect(exchanges).toHaveLength(1)
    stream.abort()
    await settle()
    expectNothingLeft()
  })

  it('what a server answered is no matter of the network', async () => {
    goOffline()
    const { stream, outcome } = ask([refuse(503), reply(whole('Hello'))])
    await settle(500)
    expect(stream.attempts).toMatchObject([{ delayMs: 500 }])
    expect(outcome.value).toMatchObject({ text: 'Hello' })
  })

  it.each<[string, (stream: ReturnType<typeof ask>['stream'], signal: AbortController) => void]>([
    ['abort()', (stream) => stream.abort()],
    ['the signal', (_, controller) => controller.abort()],
  ])('waiting is ended by %s, and nothing is sent afterwards', async (_, stop) => {
    goOffline()
    const controller = new AbortController()
    const { stream, exchanges, outcome } = ask([unreachable], { signal: controller.signal })
    await settle(1000)
    stop(stream, controller)
    await settle()
    expect(outcome.value).toMatchObject({ text: '' })
    expectNothingLeft()
    goOnline()
    await settle(60_000)
    expect(exchanges).toHaveLength(1)
  })

  it('waiting is ended by `totalMs`', async () => {
    goOffline()
    const { exchanges, outcome } = ask([unreachable], { timeout: { totalMs: 30_000 } })
    await settle(29_999)
    expect(outcome.isOver).toBe(false)
    await settle(2)
    expect(outcome.error).toMatchObject({ code: 'timeout', phase: 'total', attempts: 1 })
    expectNothingLeft()
    goOnline()
    await settle(60_000)
    expect(exchanges).toHaveLength(1)
  })

  it('a store and a chat show what they wait for, and stop waiting', async () => {
    goOffline()
    const { fetch, exchanges } = byHand(unreachable)
    const store = createCompletionStore({ model: 'm', provider: openai({ fetch }) })
    const chat = createChat({ model: 'm', provider: openai({ fetch }) })
    void store.start('Hi')
    void chat.sendMessage('Hi')
    await settle(60_000)
    const waiting = { status: 'submitted', attempts: [{ action: 'retry', delayMs: Infinity }] }
    expect(store.getState()).toMatchObject(waiting)
    expect(chat.getState().messages.at(-1) as AssistantMessage).toMatchObject(waiting)
    store.stop()
    chat.stop()
    await settle()
    expectNothingLeft()
    goOnline()
    await settle(60_000)
    expect(exchanges).toHaveLength(2)
  })
})

describe('a page that comes back', () => {
  const returns: [string, () => Promise<void>][] = [
    ['from sleep', () => sleep(90_001)],
    ['from being frozen', async () => void page.document.dispatchEvent(new Event('resume'))],
    ['to a network', async () => goOnline()],
  ]

  it.each(returns)('%s gives a silent connection twenty seconds', async (_, comeBack) => {
    const { exchanges, outcome } = ask([begin])
    await settle(10)
    await comeBack()
    await settle(19_999)
    expect(outcome.isOver).toBe(false)
    await settle(2)
    expect(outcome.error).toMatchObject({ code: 'interrupted', partial: { text: 'Hel' } })
    expect(exchanges[0]!.cancelled).toBe(true)
    expectNothingLeft()
  })

  it.each(returns)('%s has it taken up again where that can be done', async (_, comeBack) => {
    const { exchanges, outcome } = ask([keep, rest])
    await settle(10)
    await comeBack()
    await settle(20_501)
    expect(exchanges[1]).toMatchObject({ method: 'GET', headers: { 'last-event-id': '1' } })
    expect(outcome.value).toMatchObject({ text: 'Hello' })
    expectNothingLeft()
  })

  it.each(returns)('%s has it asked again where nothing had come', async (_, comeBack) => {
    const { exchanges, outcome } = ask([(exchange) => exchange.answer(': hi\n\n'), reply(whole('Hello'))])
    await settle(10)
    await comeBack()
    await settle(20_501)
    expect(exchanges).toHaveLength(2)
    expect(outcome.value).toMatchObject({ text: 'Hello' })
  })

  it.each([': ping\n\n', chunk({}), chunk({ content: 'l' })])(
    'leaves a connection alone that sends %j',
    async (sign) => {
      const { stream, exchanges, outcome } = ask([begin])
      await settle(10)
      await sleep(91_000)
      await settle(15_000)
      exchanges[0]!.write(sign)
      await settle(3_600_000)
      expect(outcome.isOver).toBe(false)
      expect(exchanges).toHaveLength(1)
      stream.abort()
      expectNothingLeft()
    },
  )

  it('soon, makes no difference', async () => {
    const { stream, outcome } = ask([begin])
    await settle(10)
    await sleep(89_000)
    await sleep(89_000)
    await settle(3_600_000)
    expect(outcome.isOver).toBe(false)
    stream.abort()
    expectNothingLeft()
  })

  it('from the background, where its timers ran, was never away: a model may think for long', async () => {
    const { stream, outcome } = ask([begin])
    await settle(10)
    show(false)
    await settle(3_600_000)
    show(true)
    await settle(3_600_000)
    expect(outcome.isOver).toBe(false)
    stream.abort()
    expectNothingLeft()
  })

  it('from sleep without ever having been hidden, is noticed by its next pulse', async () => {
    const { outcome } = ask([begin])
    await settle(10)
    vi.setSystemTime(Date.now() + 3_600_000)
    await settle(15_000)
    expect(outcome.isOver).toBe(false)
    await settle(20_001)
    expect(outcome.error).toMatchObject({ code: 'interrupted' })
    expectNothingLeft()
  })

  it('before the response, asks again', async () => {
    const { exchanges, outcome } = ask([() => {}, reply(whole('Hello'))])
    await settle(10)
    await sleep(91_000)
    await settle(20_501)
    expect(exchanges).toHaveLength(2)
    expect(outcome.value).toMatchObject({ text: 'Hello' })
  })

  it('before the response, which is the sign that the connection lives', async () => {
    const { stream, exchanges, outcome } = ask([() => {}])
    await settle(10)
    await sleep(91_000)
    await settle(15_000)
    exchanges[0]!.answer()
    await settle(600_000)
    expect([outcome.isOver, exchanges.length]).toEqual([false, 1])
    stream.abort()
    expectNothingLeft()
  })

  it('after the finish reason, has a whole answer', async () => {
    const { outcome } = ask([(exchange) => exchange.answer(chunk({ content: 'Hello' }, 'stop'))])
    await settle(10)
    await sleep(91_000)
    await settle(20_001)
    expect(outcome.value).toMatchObject({ text: 'Hello' })
  })

  it('does not doubt a connection that nobody reads from', async () => {
    const { fetch, exchanges } = byHand((exchange) => (begin(exchange), exchange.write(chunk({ content: 'lo' }))))
    const stream = streamCompletion(request, { provider: 'https://a.example/api', fetch })
    const iterator = stream[Symbol.asyncIterator]()
    await Promise.all([iterator.next(), settle()])
    await sleep(91_000)
    await settle(600_000)
    expect(stream.attempts).toEqual([])
    const final = stream.finalCompletion()
    exchanges[0]!.write(chunk({}, 'stop'), event('[DONE]'))
    await settle()
    await expect(final).resolves.toMatchObject({ text: 'Hello' })
    expectNothingLeft()
  })

  it('to a connection that nobody read from, doubts it when it is read and stays silent', async () => {
    const { fetch } = byHand((exchange) => (begin(exchange), exchange.write(chunk({ content: 'lo' }))))
    const stream = streamCompletion(request, { provider: 'https://a.example/api', fetch })
    const iterator = stream[Symbol.asyncIterator]()
    await Promise.all([iterator.next(), settle()])
    await sleep(91_000)
    const chat = stream.finalCompletion().catch((error) => error)
    await settle(20_001)
    expect(await Promise.race([chat, 'still open'])).toMatchObject({ code: 'interrupted', partial: { text: 'Hello' } })
  })

  it.each([false, true])('does not doubt a model in the page (and does one at a server): %s', async (isLocal) => {
    const silent = async function* () {
      yield { choices: [{ index: 0, delta: { content: 'Hel' } }] }
      await new Promise(() => {})
    }
    const { stream, outcome } = ask([begin], isLocal ? { provider: source(() => silent()), fetch: undefined } : {})
    await settle(10)
    await sleep(91_000)
    await settle(60_000)
    expect(stream.snapshot.text).toBe('Hel')
    expect(outcome.isOver).toBe(!isLocal)
    stream.abort()
  })

  it('does not doubt a connection that was closed before', async () => {
    const { outcome } = ask([reply(whole('Hello'))])
    await settle(10)
    expectNothingLeft()
    await sleep(91_000)
    await settle(60_000)
    expect(outcome.value).toMatchObject({ text: 'Hello' })
    expectNothingLeft()
  })

  it('doubts the next connection only when it comes back again', async () => {
    const { stream, exchanges, outcome } = ask([refuse(429, { 'retry-after': '40' }), begin])
    await settle(10)
    await sleep(91_000)
    await settle(600_000)
    expect(exchanges).toHaveLength(2)
    expect(outcome.isOver).toBe(false)
    stream.abort()
    expectNothingLeft()
  })
})

describe('where there is no page', () => {
  it('nothing is listened to, and all works', async () => {
    vi.unstubAllGlobals()
    vi.stubGlobal('navigator', undefined)
    vi.stubGlobal('document', undefined)
    vi.stubGlobal('addEventListener', undefined)
    vi.stubGlobal('removeEventListener', undefined)
    const { outcome } = ask([unreachable, reply(whole('Hello'))])
    await settle(1000)
    expect(outcome.value).toMatchObject({ text: 'Hello' })
  })
})
