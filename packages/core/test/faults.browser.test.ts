/** Faults as a page meets them: a real Chromium, a real server on another origin, and a network that goes away. */
import { cdp } from 'vitest/browser'
import { afterEach, describe, expect, inject, it, vi } from 'vitest'
import { createCompletionStore, isCompletionError, streamCompletion } from '../src/index.ts'
import type { CompletionRequest, CompletionState, CompletionStream, StreamOptions } from '../src/index.ts'
import type { Answer, Script, Seen, Step } from './fault-server.ts'

const { first } = inject('faults')
let scripts = 0

/** Tells the server what to do to the requests of one test. Returns where they go and what the server saw of them. */
async function script(answers: Answer[], kept?: Script['kept']) {
  const name = `s${Date.now()}x${scripts++}`
  await fetch(`${first}/scripts/${name}`, { method: 'POST', body: JSON.stringify({ answers, kept } satisfies Script) })
  const seen = async (): Promise<Seen[]> => (await fetch(`${first}/seen/${name}`)).json()
  return {
    provider: `${first}/${name}/v1`,
    seen,
    /** When the client closed its first connection; fails when it does not. */
    closedAt: async (): Promise<number> => {
      const isClosed = async () => expect((await seen())[0]!.closedAt).toBeDefined()
      await vi.waitFor(isClosed, { timeout: 3000, interval: 20 })
      return (await seen())[0]!.closedAt!
    },
  }
}

const said = (delta: object, finish: string | null = null) => {
  const choices = [{ index: 0, delta, finish_reason: finish }]
  return `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices })}\n\n`
}
const words = ['One ', 'two ', 'three ', '4️⃣ ', 'fünf.']
const text = words.join('')
const parts = words.map((content) => said({ content }))
const rest = [said({}, 'stop'), 'data: [DONE]\n\n']
const whole: Answer = { steps: [...parts, ...rest, 'end'] }
const after = (...steps: Step[]): Answer => ({ steps: [parts[0]!, parts[1]!, ...steps] })
const waiting = after('hang')

const ask = (provider: string, options: Partial<StreamOptions> = {}, request: Partial<CompletionRequest> = {}) =>
  streamCompletion({ model: 'm', prompt: 'Hi', ...request }, { provider, ...options })

const failureOf = (stream: CompletionStream) =>
  stream.finalCompletion().then(
    () => expect.fail('It did not fail.'),
    (error: unknown) => (isCompletionError(error) ? error : expect.fail(`Failed otherwise: ${String(error)}`)),
  )
const actionsOf = ({ attempts }: CompletionStream) => attempts.map(({ action, error }) => [action, error.code])
const shows = (stream: CompletionStream, expected: string) =>
  vi.waitFor(() => expect(stream.snapshot.text).toBe(expected), { timeout: 3000, interval: 5 })
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))
/** The network is always real here; what takes half a minute is shortened by running the page's clocks ahead. */
const clocks: Parameters<typeof vi.useFakeTimers>[0] = { toFake: ['Date', 'performance', 'setTimeout', 'clearTimeout'] }
const pass = async (seconds: number) => {
  for (let i = 0; i < seconds; i++) await vi.advanceTimersByTimeAsync(1000)
}
/** The signal is not for everybody. */
const deaf: typeof fetch = (url, init) => fetch(url, { ...init, signal: undefined })

describe('a connection that breaks', () => {
  it.each<[string, Step]>([
    ['by a reset', 'reset'],
    ['as if it were over', 'end'],
  ])('mid-answer %s: fails as interrupted, with what had arrived', async (_, how) => {
    const { provider, seen } = await script([after(how)])
    const stream = ask(provider)
    await expect(failureOf(stream)).resolves.toMatchObject({
      code: 'interrupted',
      attempts: 1,
      partial: { text: 'One two ' },
    })
    expect(actionsOf(stream)).toEqual([['fail', 'interrupted']])
    expect(await seen()).toHaveLength(1)
  })

  it.each<[string, Step[]]>([
    ['before the response', ['reset']],
    ['after the headers', [': ping\n\n', 'reset']],
    ['after a chunk without text', [said({ role: 'assistant', content: '' }), 'reset']],
    ['by an end that comes too early', [said({ role: 'assistant', content: '' }), 'end']],
  ])('before the first token is asked again, and answered: %s', async (_, steps) => {
    // A reset of a connection that was used before is answered by the browser itself, with another one.
    const { provider } = await script([{ steps }, ...(steps[0] === 'reset' ? [{ steps }] : []), whole])
    const stream = ask(provider)
    const pieces: string[] = []
    for await (const piece of stream.textStream) pieces.push(piece)
    expect(pieces).toEqual(words)
    expect(actionsOf(stream)[0]).toEqual(['retry', expect.stringMatching(/^(network|interrupted)$/)])
    await expect(stream.response).resolves.toMatchObject({ status: 200 })
  })

  it('is taken up again where the server can do that, and nothing comes twice', async () => {
    const { provider, seen } = await script(
      [{ steps: [{ kept: 2 }, 'reset'] }, { steps: [{ kept: 3 }, 'reset'] }, { steps: [{ kept: 7 }, 'end'] }],
      [...parts, ...rest],
    )
    const stream = ask(provider, { headers: { 'x-team': 'a' } })
    const pieces: string[] = []
    for await (const piece of stream.textStream) pieces.push(piece)
    expect(pieces).toEqual(words)
    expect(actionsOf(stream)).toEqual([
      ['resume', 'interrupted'],
      ['resume', 'interrupted'],
    ])
    const requests = await seen()
    expect(requests.map(({ method, headers }) => [method, headers['last-event-id'], headers['x-team']])).toEqual([
      ['POST', undefined, 'a'],
      ['GET', '2', 'a'],
      ['GET', '3', 'a'],
    ])
    expect(requests[1]!.headers.accept).toBe('text/event-stream')
  })

  it('is the reason that is told when its rest is gone', async () => {
    const gone: Answer = {
      status: 404,
      headers: { 'content-type': 'application/json' },
      steps: ['{"error":"Gone"}', 'end'],
    }
    const { provider } = await script([{ steps: [{ kept: 2 }, 'reset'] }, gone], [...parts, ...rest])
    await expect(failureOf(ask(provider))).resolves.toMatchObject({
      code: 'interrupted',
      partial: { text: 'One two ' },
    })
  })
})

describe('a server that is late', () => {
  it.each<[string, Step[], StreamOptions['timeout'], object]>([
    ['connect', ['hang'], { connectMs: 150 }, { text: '' }],
    ['firstChunk', [': ping\n\n', 'hang'], { firstChunkMs: 200 }, { text: '' }],
    ['chunk', [parts[0]!, ': ping\n\n', 'hang'], { chunkMs: 200 }, { text: 'One ' }],
    ['total', [parts[0]!, 'hang'], { totalMs: 250 }, { text: 'One ' }],
  ])('fails by the timeout that says so, and its connection is closed: %s', async (phase, steps, timeout, partial) => {
    const { provider, closedAt } = await script([{ steps }])
    const error = await failureOf(ask(provider, { timeout, maxRetries: 0 }))
    expect(error).toMatchObject({ code: 'timeout', phase, partial })
    await closedAt()
  })
})

describe('a server that refuses', () => {
  const json = { 'content-type': 'application/json' }

  it('says how long to wait, which is waited', async () => {
    const busy: Answer = {
      status: 429,
      headers: { ...json, 'retry-after': '1' },
      steps: ['{"error":{"message":"Slow"}}', 'end'],
    }
    const { provider } = await script([busy, whole])
    const stream = ask(provider)
    const from = performance.now()
    expect((await stream.finalCompletion()).text).toBe(text)
    expect(performance.now() - from).toBeGreaterThan(950)
    expect(stream.attempts).toMatchObject([
      { action: 'retry', delayMs: 1000, error: { status: 429, retryAfterMs: 1000 } },
    ])
  })

  it('and asks for a long wait is told at once', async () => {
    const busy: Answer = { status: 429, headers: { ...json, 'retry-after': '3600' }, steps: ['{}', 'end'] }
    const { provider, seen } = await script([busy])
    await expect(failureOf(ask(provider))).resolves.toMatchObject({ code: 'rate_limit', retryAfterMs: 3_600_000 })
    expect(await seen()).toHaveLength(1)
  })

  it('is not waited for once the answer is aborted', async () => {
    const busy: Answer = { status: 503, headers: { ...json, 'retry-after-ms': '400' }, steps: ['{}', 'end'] }
    const { provider, seen } = await script([busy, whole])
    const stream = ask(provider)
    const final = stream.finalCompletion()
    await vi.waitFor(() => expect(stream.attempts).toHaveLength(1))
    const from = performance.now()
    stream.abort()
    await expect(final).resolves.toMatchObject({ text: '', finishReason: null })
    // Less than the wait that it left.
    expect(performance.now() - from).toBeLessThan(350)
    await pause(600)
    expect(await seen()).toHaveLength(1)
  })

  it.each<[string, Record<string, string>, string, object]>([
    [
      'a web page',
      { 'content-type': 'text/html' },
      '<!doctype html><title>Log in</title>',
      { code: 'invalid_response' },
    ],
    [
      'an error as JSON',
      json,
      '{"error":{"message":"No credit left","code":"insufficient_quota"}}',
      { code: 'rate_limit', retryable: false },
    ],
  ])('with 200 and %s is no answer', async (_, headers, body, expected) => {
    const { provider, seen } = await script([{ headers, steps: [body, 'end'] }])
    await expect(failureOf(ask(provider))).resolves.toMatchObject(expected)
    expect(await seen()).toHaveLength(1)
  })

  it('by a redirect to another server never hands it the key', async () => {
    const away: Answer = { status: 307, headers: { location: 'OTHER/stolen/v1' }, steps: ['end'] }
    const { provider, seen } = await script([away, whole])
    const name = provider.split('/').at(-2)!
    const redirect = await script([{ ...away, headers: { location: `OTHER/${name}/v1` } }, whole])
    const error = await failureOf(ask(redirect.provider, { headers: { 'x-api-key': 'sk-secret-1234' } }))
    expect(error).toMatchObject({ code: 'bad_request', retryable: false })
    expect(error.message).toMatch(/redirects/)
    await pause(100)
    expect(await seen()).toEqual([])

    // A bearer token is taken off by the browser itself.
    const bearer = { authorization: 'Bearer sk-secret-1234' }
    const followed = await script([{ ...away, headers: { location: `OTHER/${name}/v1` } }, whole])
    await ask(followed.provider, { headers: bearer, maxRetries: 0 })
      .finalCompletion()
      .catch(() => {})
    expect((await followed.seen())[0]!.headers).toMatchObject(bearer)
    for (const { server, headers } of await seen()) {
      expect(server).toBe('other')
      expect(JSON.stringify(headers)).not.toMatch(/sk-secret/)
    }
  })
})

describe('a network that goes away', () => {
  const conditions = { latency: 0, downloadThroughput: -1, uploadThroughput: -1 }
  /** Takes the server out of reach, and has the browser say so; what runs the tests stays in reach. */
  const setOffline = async (offline: boolean) => {
    const rule = { urlPattern: `${first}/*`, offline, ...conditions }
    await cdp().send('Network.enable')
    await cdp().send('Network.emulateNetworkConditionsByRule', { matchedNetworkConditions: offline ? [rule] : [] })
    await cdp().send('Network.overrideNetworkState', { offline, ...conditions })
    await vi.waitFor(() => expect(navigator.onLine).toBe(!offline))
  }
  afterEach(async () => {
    vi.useRealTimers()
    await setOffline(false)
  })

  it('before the first token is waited for, however long that takes', async () => {
    const { provider, seen } = await script([whole])
    await setOffline(true)
    const stream = ask(provider)
    const final = stream.finalCompletion()
    await vi.waitFor(() => expect(stream.attempts).toMatchObject([{ action: 'retry', delayMs: Infinity }]))
    await pause(1500)
    expect(stream.attempts).toHaveLength(1)
    await setOffline(false)
    expect((await final).text).toBe(text)
    expect(await seen()).toHaveLength(1)
  })

  it('and takes the connection with it is waited for, and the rest comes after what had arrived', async () => {
    const cut: Answer = { steps: [{ kept: 2 }, { waitMs: 500 }, 'reset'] }
    const { provider, seen } = await script([cut, { steps: [{ kept: 7 }, 'end'] }], [...parts, ...rest])
    const stream = ask(provider)
    const final = stream.finalCompletion()
    await shows(stream, 'One two ')
    await setOffline(true)
    const isWaiting = () => expect(stream.attempts).toMatchObject([{ action: 'resume', delayMs: Infinity }])
    await vi.waitFor(isWaiting, 3000)
    await pause(1000)
    isWaiting()
    await setOffline(false)
    expect((await final).text).toBe(text)
    expect((await seen()).map(({ method, headers }) => [method, headers['last-event-id']])).toEqual([
      ['POST', undefined],
      ['GET', '2'],
    ])
  })

  it('and leaves a dead connection behind: it is given up once there is a network again and it stays silent', async () => {
    const { provider } = await script(
      [{ steps: [{ kept: 2 }, 'hang'] }, { steps: [{ kept: 7 }, 'end'] }],
      [...parts, ...rest],
    )
    const stream = ask(provider)
    const final = stream.finalCompletion()
    await shows(stream, 'One two ')
    await setOffline(true)
    vi.useFakeTimers(clocks)
    await pass(60)
    expect(stream.attempts).toEqual([])
    await setOffline(false)
    await pass(25)
    vi.useRealTimers()
    expect((await final).text).toBe(text)
    expect(actionsOf(stream)).toEqual([['resume', 'interrupted']])
  })

  it('can be given up waiting for', async () => {
    const { provider, seen } = await script([whole])
    await setOffline(true)
    const stream = ask(provider)
    const final = stream.finalCompletion()
    await vi.waitFor(() => expect(stream.attempts).toHaveLength(1))
    stream.abort()
    await expect(final).resolves.toMatchObject({ text: '' })
    await setOffline(false)
    await pause(200)
    expect(await seen()).toEqual([])
  })
})

describe('a page that was away', () => {
  const silent = () => script([{ steps: [{ kept: 2 }, 'hang'] }, { steps: [{ kept: 7 }, 'end'] }], [...parts, ...rest])
  const setHidden = (hidden: boolean) => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden })
    document.dispatchEvent(new Event('visibilitychange'))
  }
  afterEach(() => {
    vi.useRealTimers()
    Reflect.deleteProperty(document, 'hidden')
  })

  it('asleep gives up a connection that stays silent, and gets the rest', async () => {
    const { provider } = await silent()
    const stream = ask(provider)
    const final = stream.finalCompletion()
    await shows(stream, 'One two ')
    vi.useFakeTimers(clocks)
    setHidden(true)
    vi.setSystemTime(Date.now() + 120_000)
    expect(stream.attempts).toEqual([])
    setHidden(false)
    await pass(15)
    expect(stream.attempts).toEqual([])
    await pass(10)
    expect((await final).text).toBe(text)
    expect(actionsOf(stream)).toEqual([['resume', 'interrupted']])
  })

  it('hidden but awake doubts nothing', async () => {
    const { provider } = await silent()
    const stream = ask(provider)
    await Promise.race([stream.finalCompletion(), shows(stream, 'One two ')])
    vi.useFakeTimers(clocks)
    setHidden(true)
    await pass(10)
    setHidden(false)
    await pass(60)
    expect(stream.attempts).toEqual([])
    stream.abort()
  })

  it('frozen by the browser gives up a connection that stays silent, and gets the rest', async () => {
    const { provider } = await silent()
    const stream = ask(provider)
    const final = stream.finalCompletion()
    await shows(stream, 'One two ')
    vi.useFakeTimers(clocks)
    document.dispatchEvent(new Event('freeze'))
    document.dispatchEvent(new Event('resume'))
    await pass(25)
    expect((await final).text).toBe(text)
    expect(actionsOf(stream)).toEqual([['resume', 'interrupted']])
  })
})

describe('a stop', () => {
  it.each<[string, typeof fetch | undefined]>([
    ['the browser’s fetch', undefined],
    ['one that ignores its signal', deaf],
  ])('closes the connection at once, and nothing that is late changes anything: %s', async (_, send) => {
    const { provider, closedAt } = await script([after({ waitMs: 60 }, parts[2]!, 'hang')])
    const stream = ask(provider, { fetch: send })
    const final = stream.finalCompletion()
    await shows(stream, 'One two ')
    const at = Date.now()
    stream.abort()
    const { snapshot } = stream
    await expect(final).resolves.toMatchObject({ text: 'One two ', finishReason: null })
    // Some 10 ms, on a machine that has nothing else to do.
    expect((await closedAt()) - at).toBeLessThan(1000)
    await pause(100)
    expect(stream.snapshot).toBe(snapshot)
    expect(stream.aborted).toBe(true)
  })

  it('before the response closes the connection of a fetch that ignores its signal once the response is there', async () => {
    const { provider, closedAt } = await script([{ steps: [{ waitMs: 100 }, ...parts, 'hang'] }])
    let isSent = false
    const late: typeof fetch = async (url, init) => {
      const response = await deaf(url, init)
      isSent = true
      await pause(200)
      return response
    }
    const stream = ask(provider, { fetch: late })
    const final = stream.finalCompletion()
    await vi.waitFor(() => expect(isSent).toBe(true))
    stream.abort()
    await expect(final).resolves.toMatchObject({ text: '' })
    await closedAt()
    expect(stream.snapshot.text).toBe('')
  })

  it('works by an AbortController of the page', async () => {
    const { provider, closedAt } = await script([waiting])
    const controller = new AbortController()
    const stream = ask(provider, { signal: controller.signal })
    const final = stream.finalCompletion()
    await shows(stream, 'One two ')
    controller.abort()
    await expect(final).resolves.toMatchObject({ text: 'One two ' })
    await closedAt()
    expect(stream.aborted).toBe(true)
  })

  it('works by leaving the loop', async () => {
    const { provider, closedAt } = await script([waiting])
    for await (const piece of ask(provider).textStream) {
      expect(piece).toBe('One ')
      break
    }
    await closedAt()
  })

  it('tells a server that would go on without the page', async () => {
    const { provider, seen } = await script([{ steps: [{ kept: 2 }, 'hang'] }], [...parts, ...rest])
    const stream = ask(provider)
    const final = stream.finalCompletion()
    await shows(stream, 'One two ')
    stream.abort()
    await final
    await vi.waitFor(async () => expect((await seen()).map(({ method }) => method)).toEqual(['POST', 'DELETE']))
    const [asked, stopped] = await seen()
    expect(stopped!.path).toBe(asked!.path.replace(/chat\/completions$/, `streams/${asked!.path.split('/')[1]}`))
  })

  it('and a new start at once show the new answer alone', async () => {
    const { provider, seen, closedAt } = await script([waiting, { steps: [said({ content: 'New' }), ...rest, 'end'] }])
    const store = createCompletionStore({ provider, model: 'm' })
    const states: CompletionState[] = []
    void store.start('First')
    await vi.waitFor(() => expect(store.getState().text).toBe('One two '))
    store.subscribe(() => states.push(store.getState()))
    store.stop()
    const second = await store.start('Second')
    expect(second?.text).toBe('New')
    expect(store.getState()).toMatchObject({ status: 'ready', text: 'New', stopped: false, error: undefined })
    await closedAt()
    await pause(50)
    const statuses = states.map(({ status, text: shown }) => `${status} ${shown}`)
    expect(statuses.slice(0, 2)).toEqual(['ready One two ', 'submitted '])
    expect(statuses.slice(2).every((shown) => /^(streaming|ready) New$/.test(shown))).toBe(true)
    expect((await seen()).map(({ body }) => JSON.parse(body).messages[0].content)).toEqual(['First', 'Second'])
  })
})

describe('what is on the wire', () => {
  it('may be compressed, and still arrives piece by piece', async () => {
    const { provider } = await script([
      { gzip: true, steps: [parts[0]!, { waitMs: 300 }, ...parts.slice(1), ...rest, 'end'] },
    ])
    const times: number[] = []
    const pieces: string[] = []
    for await (const piece of ask(provider).textStream) {
      pieces.push(piece)
      times.push(performance.now())
    }
    expect(pieces).toEqual(words)
    expect(times[1]! - times[0]!).toBeGreaterThan(150)
  })

  it('comes no faster than it is read', async () => {
    const { provider, seen, closedAt } = await script([{ steps: [{ flood: said({ content: 'x'.repeat(65_000) }) }] }])
    let taken = 0
    const counting: typeof fetch = async (url, init) => {
      const response = await fetch(url, init)
      const reader = response.body!.getReader()
      const pull = async (controller: ReadableStreamDefaultController) => {
        const { value } = await reader.read()
        taken += value!.length
        controller.enqueue(value)
      }
      const body = new ReadableStream({ pull, cancel: () => reader.cancel() }, { highWaterMark: 0 })
      return new Response(body, { headers: response.headers })
    }
    const options = { fetch: counting, limits: { maxCompletionBytes: Infinity } }
    const chunks = ask(provider, options)[Symbol.asyncIterator]()
    await chunks.next()
    const accepted = async () => (await seen())[0]!.bytes
    // The buffers of the browser and of the system fill, then the server has to wait.
    let bytes = 0
    for (let before = -1; bytes !== before; await pause(500)) {
      before = bytes
      bytes = await accepted()
    }
    expect(bytes).toBeLessThan(2 ** 28)
    expect(taken).toBeLessThan(2 ** 23)
    // And on it goes.
    while (taken < 2 * bytes) await chunks.next()
    expect(await accepted()).toBeGreaterThan(bytes)
    await chunks.return!()
    await closedAt()
  })

  it('is kept apart for several streams at once', async () => {
    const one = async (i: number) => {
      const steps = Array.from({ length: 10 }, (_, k): Step[] => [
        said({ content: `${i}:${k} ` }),
        { waitMs: 5 },
      ]).flat()
      const { provider } = await script([{ steps: [...steps, ...rest, 'end'] }])
      return (await ask(provider).finalCompletion()).text
    }
    const texts = await Promise.all([0, 1, 2, 3, 4, 5, 6, 7].map(one))
    expect(texts).toEqual(texts.map((_, i) => Array.from({ length: 10 }, (__, k) => `${i}:${k} `).join('')))
  })

  it('can be written to a file of the page', async () => {
    const { provider } = await script([whole])
    const folder = await navigator.storage.getDirectory()
    const handle = await folder.getFileHandle('answer.txt', { create: true })
    await ask(provider)
      .toReadableStream('text')
      .pipeTo(await handle.createWritable())
    expect(await (await handle.getFile()).text()).toBe(text)

    // A broken answer leaves what was there before.
    const broken = await script([after('reset')])
    await expect(
      ask(broken.provider)
        .toReadableStream('text')
        .pipeTo(await handle.createWritable()),
    ).rejects.toMatchObject({
      code: 'interrupted',
    })
    expect(await (await handle.getFile()).text()).toBe(text)
    await folder.removeEntry('answer.txt')
  })
})
