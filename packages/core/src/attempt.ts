/** One request, start to end: send it, read the response, decode it, and say how it ended. */
import type { Accumulator } from './accumulate.ts'
import { createDeadlines } from './deadlines.ts'
import { CompletionError, fetchError, providerError, responseDetails } from './errors.ts'
import type { CompletionErrorCode, CompletionErrorDetails, TimeoutPhase } from './errors.ts'
import type { ResponseInfo, StreamLimits, StreamTimeouts } from './options.ts'
import { isTooDeep } from './partial-json.ts'
import { onReturn } from './presence.ts'
import { placeOf } from './providers/openai.ts'
import { nextTurn, sliceBytes } from './slices.ts'
import { createBodyReader } from './sse.ts'
import type { ChunkSink, CompletionChunk, Decoder, Provider, WireRequest } from './types.ts'

/** What of a request outlives a connection: what is asked, and how far the answer has come. */
export interface Call extends WireRequest {
  /** JSON. */
  readonly body: string
  readonly provider: Provider
  readonly fetch: typeof fetch
  /** The address without its query, for messages: a query may hold a key. */
  readonly place: string
  /** What every error of it tells. */
  readonly details: CompletionErrorDetails & { provider: string }
  readonly decoder: Decoder
  /** Every chunk is in it before the reader sees it. */
  readonly accumulator: Accumulator
  /** Chunks without anything to see: they wait for the first one with, so that the request can be sent again till then. */
  held: CompletionChunk[]
  /** Chunks have been handed out. */
  begun: boolean
  /** Where the rest can be had when the connection breaks. */
  resumeUrl?: string
  lastEventId?: string
  events: number
  /** Of the answer: what a person can see. */
  pieces: number
  bytes: number
}

/** Who reads the answer. The methods are called in this order: `responded`, then `chunk`s and `read`s, then `ended`. */
export interface AttemptReader {
  responded(info: ResponseInfo): void
  /** `visible`: something arrived that a person can see. */
  chunk(chunk: CompletionChunk, visible: boolean): void
  /** One network read was decoded whole. */
  read(): void
  /** Whether to read on now; when not, reading goes on at the next `more()`. This is how backpressure reaches the socket. */
  wantsMore(): boolean
  /** Reading goes on after it had to wait for the reader. */
  resumed(): void
  ended(error?: CompletionError): void
}

/** The reader's end of a running request. */
export interface Attempt {
  /** The reader wants more now. */
  more(): void
  /** Closes the connection at once, also when `fetch` ignores its signal. No method of the reader is called any more. */
  cancel(reason?: unknown): void
}

const mebi = 2 ** 20
/** What may follow a finish reason (usage, an end marker), or an error's first words, comes soon or not at all. */
const restMs = 5000
/** A connection in doubt has this long to show that it lives; a relay sends something every 15 s. */
const wakeMs = 20_000
/** No explanation of an error is longer. */
const maxErrorBytes = 2 ** 16
/** So many chunks without anything to see are held back. */
const maxHeld = 100
/** What a read costs, however few bytes it brings, in bytes that take as long. */
const readBytes = 64
/** A shorter event cannot be nested too deep. */
const deepChars = 2000
/** Headers that a redirect may take to another server: it gets no key in any of these. */
const harmless = /^(accept|content-type|authorization|last-event-id)$/i

/** Sends the request, or asks for its rest when the answer has begun, and reads as fast as the reader wants. */
export function openAttempt(
  call: Call,
  { connectMs = 300_000, firstChunkMs, chunkMs }: StreamTimeouts,
  limits: StreamLimits,
  reader: AttemptReader,
): Attempt {
  const { provider, accumulator, place } = call
  const { maxEventBytes = 16 * mebi, maxCompletionBytes = 64 * mebi, maxRepeatedChunks = Infinity } = limits
  const isResumed = !!call.resumeUrl
  const controller = new AbortController()
  let details = call.details
  let body: ReadableStreamDefaultReader<Uint8Array> | undefined
  let wake = (): void => {}
  /** Whatever comes after this is nobody's business any more. */
  let isOver = false
  /** The format's own end was read. */
  let isDone = false
  let failure: CompletionError | undefined
  /** The answer has said why it ended, so that little may follow. */
  let isFinishing = false
  let isPaused = false
  let isDoubtful = false
  /** Bytes since the last piece of the answer. */
  let quietBytes = 0
  let lastPiece = ''
  let repeats = 0

  /** Ends with what has arrived. Until there is a response, that is nothing. */
  let conclude = (dropped?: unknown): void => end(fail('network', `${place} did not answer.`, dropped))

  const fail = (code: CompletionErrorCode, message: string, cause?: unknown, phase?: TimeoutPhase) =>
    new CompletionError(code, message, { ...details, cause, phase })

  const cancelBody = (reason?: unknown) => void body?.cancel(reason).catch(() => {})

  const close = (reason?: unknown): boolean => {
    if (isOver) return false
    isOver = true
    deadlines.stop()
    forgetPage()
    cancelBody(reason)
    wake()
    return true
  }
  const end = (error?: CompletionError): void => {
    if (!close()) return
    controller.abort()
    reader.ended(error)
  }

  // ── time ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  const deadlines = createDeadlines<Exclude<TimeoutPhase, 'total'> | 'rest' | 'wake'>((phase) => {
    if (phase === 'rest') return conclude()
    if (phase === 'wake') return conclude('The page was away, and nothing has come since.')
    const sentence = {
      connect: `${place} did not answer within ${connectMs / 1000} s.`,
      firstChunk: `${provider.name} began no answer within ${firstChunkMs! / 1000} s.`,
      chunk: `${provider.name} sent no more of its answer within ${chunkMs! / 1000} s. What arrived is kept.`,
    }[phase]
    end(fail('timeout', sentence, undefined, phase))
  })

  /** What is waited for now: more of the answer, or no more than what may follow it. */
  const expectMore = (): void => {
    isFinishing = accumulator.finished
    deadlines.set('rest', !isPaused && isFinishing ? restMs : undefined)
    deadlines.set('chunk', !isPaused && call.begun && !isFinishing ? chunkMs : undefined)
    deadlines.set('firstChunk', !isPaused && !call.begun ? firstChunkMs : undefined)
  }

  const forgetPage = onReturn(() => {
    if (provider.local) return
    isDoubtful = true
    // Nobody can tell whether a connection lives that nobody reads from.
    if (!isPaused) deadlines.set('wake', wakeMs)
  })

  // ── what arrives ─────────────────────────────────────────────────────────────────────────────────────────────────

  const hasPiece = (chunk: CompletionChunk): void => {
    quietBytes = 0
    call.pieces++
    if (maxRepeatedChunks === Infinity) return
    const { content, reasoning_content: piece = content } = chunk.choices[0]?.delta ?? {}
    // Short ones repeat in tables and rules.
    if (!piece || piece.length < 3 || piece !== lastPiece) repeats = 0
    lastPiece = piece ?? ''
    if (++repeats > maxRepeatedChunks)
      failure = fail('limit_exceeded', `${provider.name} repeats itself: the same piece came ${repeats} times.`)
  }

  const sink: ChunkSink = {
    chunk(chunk) {
      if (isDone || failure) return
      const visible = accumulator.add(chunk)
      if (visible) hasPiece(chunk)
      if (call.begun) return reader.chunk(chunk, visible)
      call.held.push(chunk)
      if (visible || call.held.length > maxHeld) handOut(call, reader, visible)
    },
    done() {
      isDone = true
    },
    error(said) {
      if (isDone) return
      failure ??= providerError(said, details)
      // It is the answer that failed, not the connection.
      call.resumeUrl = undefined
    },
  }

  const send = async (): Promise<Response> => {
    const { url, headers, lastEventId } = call
    // Without one, it is read from its beginning.
    const after = lastEventId && { 'last-event-id': lastEventId }
    const init: RequestInit = isResumed
      ? { headers: { accept: 'text/event-stream', ...headers, ...after } }
      : {
          method: 'POST',
          headers: { 'content-type': 'application/json', accept: 'text/event-stream', ...headers },
          body: call.body,
        }
    init.signal = controller.signal
    if (!Object.keys(headers).every((name) => harmless.test(name))) init.redirect = 'manual'
    try {
      return await (0, call.fetch)(isResumed ? call.resumeUrl! : url, init)
    } catch (cause) {
      throw fetchError(cause, place, details)
    }
  }

  const run = async (): Promise<void> => {
    deadlines.set('connect', connectMs)
    expectMore()
    const response = await send()
    body = response.body?.getReader()
    if (isOver) return cancelBody()
    deadlines.set('connect')
    deadlines.set('wake')
    isDoubtful = false
    const { status, ok, headers } = response
    const type = headers.get('content-type') ?? 'nothing'
    details = { ...details, ...responseDetails(headers) }
    reader.responded({ ...responseDetails(headers), status, headers })
    if (response.type === 'opaqueredirect' || (status >= 300 && status < 400)) {
      if (status) details.status = status
      const where = placeOf(headers.get('location') ?? 'another address')
      const advice = 'Set the address that it redirects to: a key in a header must not follow to another server.'
      throw fail('bad_request', `${place} redirects to ${where}. ${advice}`)
    }
    if (ok && !body)
      throw fail('invalid_response', `${place} answered, but this \`fetch\` does not stream: it has no body.`)
    if (!ok) {
      deadlines.set('firstChunk')
      deadlines.set('rest', restMs)
    }

    const isLines = provider.lines || /ndjson|jsonl/i.test(type)
    const isJson = !isLines && /\/(problem\+)?json/i.test(type)
    const isStream = ok && !isJson && !/html|xml/i.test(type)
    const location = headers.get('content-location')
    if (isStream && location && /\/streams\/[^/]+$/.test(location))
      call.resumeUrl = keptAt(location, response.url, call.url) ?? call.resumeUrl
    let text = ''
    let isAtEnd = !body
    const take = createBodyReader(
      isStream ? (isLines ? 'lines' : 'events') : 'whole',
      (event) => {
        if (isDone || failure) return
        const { id } = event
        // Some of what was sent again had arrived before.
        if (isResumed && Number(id) <= Number(call.lastEventId)) return
        text = event.data
        if (!ok || !(isStream || isJson)) return
        call.events++
        try {
          if (text.length > deepChars && isTooDeep(text)) throw new RangeError('too deep')
          call.decoder(event, sink)
          if (id) call.lastEventId = id
        } catch (error) {
          // The last event of a connection that was cut is cut as well.
          if (isAtEnd) return
          const [code, what] =
            error instanceof RangeError
              ? (['limit_exceeded', 'excessive'] as const)
              : (['invalid_response', 'unreadable'] as const)
          failure = fail(code, `${provider.name} sent an ${what} event: ${excerpt(text)}`, error)
        }
      },
      maxEventBytes,
    )

    conclude = (dropped) => {
      isAtEnd = true
      try {
        // What stands last without its end may be whole. Where it can be had again it is not looked at: half an id is one too.
        if (!isStream || !call.resumeUrl || !call.lastEventId) take()
      } catch {
        // It is too long, but that says no more than what comes now.
      }
      if (isResumed && !call.events && /404|410/.test(`${status}`)) {
        // Whoever reads it for the first time learns what that means; a connection that broke is lost for its own reason.
        call.resumeUrl = undefined
        details = { ...details, status, retryable: false }
        end(fail('not_found', `${place} no longer keeps this answer. Ask again.`))
      } else if (!ok) end(providerError(text, { ...details, status }))
      // An end marker or a finish reason is what tells a whole answer from one whose connection was cut.
      else if (failure || isDone || accumulator.finished) end(failure)
      else if (dropped || (isStream && (call.events || type.includes('event-stream')))) {
        const message = 'closed the connection before the answer was finished. What arrived is kept; try again.'
        end(fail(call.events ? 'interrupted' : 'network', `${provider.name} ${message}`, dropped))
      } else {
        const what = `${type}, not with a completion: ${excerpt(text)}`
        end(fail('invalid_response', `${place} answered with ${what} Check the URL.`))
      }
    }

    let bytes = 0
    let dropped: unknown
    /** What has been decoded since others had their turn. */
    let spent = 0
    /** Of a read that is too long to be decoded in one go. */
    let rest: Uint8Array | undefined
    while (!isDone && !failure && !isAtEnd) {
      if (ok && !reader.wantsMore()) {
        // Nobody waits for the network, so it cannot be late.
        isPaused = true
        const isTimed = firstChunkMs || chunkMs || isFinishing
        if (isTimed) expectMore()
        if (isDoubtful) deadlines.set('wake')
        await new Promise<void>((resolve) => (wake = resolve))
        if (isOver) return
        isPaused = false
        if (isTimed) expectMore()
        if (isDoubtful) deadlines.set('wake', wakeMs)
        if (!call.begun) reader.resumed()
      }
      if (spent >= sliceBytes) {
        spent = 0
        await nextTurn()
        if (isOver) return
      }
      let value = rest
      if (!value) {
        try {
          ;({ done: isAtEnd, value } = await body!.read())
        } catch (error) {
          dropped = error
          isAtEnd = true
        }
        if (isOver) return
        if (!value) break
      }
      rest = undefined
      if (value.length > sliceBytes) {
        rest = value.subarray(sliceBytes)
        value = value.subarray(0, sliceBytes)
      }
      spent += value.length + readBytes
      bytes += value.length
      call.bytes += value.length
      quietBytes += value.length
      if (!ok && bytes > maxErrorBytes) break
      try {
        take(value)
      } catch {
        quietBytes = Infinity
      }
      if (isDoubtful) deadlines.set('wake')
      isDoubtful = false
      if (quietBytes > maxEventBytes || call.bytes > maxCompletionBytes) {
        const [most, what] =
          quietBytes > maxEventBytes
            ? [maxEventBytes, 'without a piece of the answer']
            : [maxCompletionBytes, 'in one answer']
        failure ??= fail('limit_exceeded', `${place} sent more than ${most} bytes ${what}.`)
      }
      const { finished } = accumulator
      if (quietBytes ? finished && !isFinishing : finished || firstChunkMs || chunkMs) expectMore()
      reader.read()
    }
    conclude(dropped)
  }

  run().catch(end)

  return {
    more() {
      if (isPaused) wake()
    },
    cancel(reason) {
      if (close(reason)) controller.abort(reason)
    },
  }
}

/** Hands out what was held back. From here on the answer has begun. */
export function handOut(call: Call, reader: AttemptReader, isVisible = false): void {
  const held = call.held.splice(0)
  call.begun = true
  for (const [i, chunk] of held.entries()) reader.chunk(chunk, isVisible && i === held.length - 1)
}

/**
 * Where an answer can be had again: at the server that was asked, and nowhere else. Undefined for any other place.
 *
 * @param location an address, or a reference relative to `base`
 */
export function keptAt(location: string, base: string, asked: string): string | undefined {
  try {
    const { href, origin } = new URL(asked, globalThis.location?.href)
    const place = new URL(location, base || href)
    return place.origin === origin ? place.href : undefined
  } catch {
    return undefined
  }
}

function excerpt(text: string): string {
  return JSON.stringify(text.trim().slice(0, 80))
}
