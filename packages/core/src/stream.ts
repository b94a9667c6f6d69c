/** A stream of completions from request to end: one loop that decides whether to retry, resume, ask somebody else or fail. */
import type { Accumulator } from './accumulate.ts'
import { handOut, keptAt, openAttempt } from './attempt.ts'
import type { Attempt, AttemptReader, Call } from './attempt.ts'
import { createDeadlines } from './deadlines.ts'
import { CompletionError, isCompletionError, withoutSecrets } from './errors.ts'
import type { Fallback, StreamOptions } from './options.ts'
import { isOffline, onOnline } from './presence.ts'
import { endpoint, placeOf } from './providers/openai.ts'
import { decide } from './retry.ts'
import type { Decision } from './retry.ts'
import { validate, wireFormat } from './structured.ts'
import type { CompletionRequest, Provider, ProviderRequest } from './types.ts'

/** A request that failed, and what was done about it. */
export interface FailedAttempt extends Decision {
  /** Who was asked. */
  provider: string
  model: string
  error: CompletionError
}

/** Who reads the stream. Methods are called as those of an attempt, which begins (again) with `restarted`. */
export interface StreamReader extends AttemptReader {
  /** A request is about to be sent; nothing of an earlier one was handed out. Returns what its answer is to be added to. */
  restarted(): Accumulator
  /** A request failed. Unless the stream ends with it, another one follows. */
  failed(attempt: FailedAttempt): void
}

/** The reader's end of a running stream. */
export interface StreamControl extends Attempt {
  /** Where the answer can be had again, once that is known. */
  readonly resumeUrl: string | undefined
}

/** Starts a stream and reads it as fast as the reader wants. The control's methods are those of its running attempt. */
export function openStream(request: CompletionRequest, options: StreamOptions, reader: StreamReader): StreamControl {
  const { maxRetries = 2, timeout = {}, limits = {}, fallbacks = [], continues, resumeUrl } = options
  const { totalMs = Infinity } = timeout
  const startedAt = performance.now()
  const targets: Fallback[] = [{ provider: options.provider, headers: options.headers }, ...fallbacks]
  let asked = request
  let accumulator = reader.restarted()
  let call: Call | undefined
  let attempt: Attempt | undefined
  let attempts = 0
  let isOver = false
  let stopWaiting = (): void => {}

  const deadlines = createDeadlines<'total' | 'pause'>((name) => {
    if (name === 'pause') return stopWaiting()
    const message = `The answer was not finished within ${totalMs / 1000} s. What arrived is kept.`
    end(new CompletionError('timeout', message, { ...call?.details, phase: 'total' }))
  })

  const close = (reason?: unknown): boolean => {
    if (isOver) return false
    isOver = true
    deadlines.stop()
    stopWaiting()
    attempt?.cancel(reason)
    try {
      accumulator.close()
    } catch {
      // An estimate that trips over an odd request must not keep the stream from ending.
    }
    return true
  }

  /** A server that would go on without us is told to stop. */
  const stopServer = async (): Promise<void> => {
    if (!call?.resumeUrl || accumulator.finished) return
    const { fetch: send, resumeUrl: place, headers } = call
    try {
      await send(place, { method: 'DELETE', headers, keepalive: true, redirect: 'manual' })
    } catch {
      // It finds out by itself.
    }
  }

  const end = (error?: CompletionError): void => {
    if (!close()) return
    const hasBegun = call?.begun
    if (call && !hasBegun) handOut(call, reader)
    if (error) {
      // A connection that was lost may be taken up again by another page, and what could not be read here may be elsewhere.
      if (!/network|interrupted/.test(error.code) && (hasBegun || !resumeUrl)) void stopServer()
      error.attempts = attempts
      error.partial = accumulator.snapshot
    }
    reader.ended(error)
  }

  /** Writes the request down for whom it goes to. */
  const prepare = async (target: Fallback): Promise<Call> => {
    const { provider: who, model = request.model, headers } = target
    if (attempts) accumulator = reader.restarted()
    asked = { ...request, model }
    if (!who) throw new Error('Set `provider` to a URL or to a provider such as openai().')
    if (!model && !resumeUrl) throw new Error('Set `model`, for example "gpt-4o-mini".')
    let provider = typeof who === 'string' ? endpoint(who) : who
    // An answer that is there already is not asked for: what counts is where, and who asks.
    let said: ProviderRequest = resumeUrl
      ? { model, prompt: '.' }
      : { ...asked, response_format: wireFormat(request.response_format) }
    if (provider.resolve) [provider, said] = provider.resolve(said)
    if (continues?.toolCalls.length) throw new Error('An answer that calls tools cannot be continued, only text can.')
    const begun = continues?.text.trimEnd()
    if (begun && !resumeUrl) {
      const continuation = options.continuation ?? provider.continuation
      if (!continuation) {
        const advice = 'Set `continuation` to how to ask for the rest, for example to `askToContinue`.'
        throw new Error(`${provider.name} cannot go on with an answer that has begun. ${advice}`)
      }
      said = continuation(said, begun)
    }
    const wire = await provider.request(said)
    const place = resumeUrl && keptAt(resumeUrl, '', wire.url)
    // One of the fallbacks may have given it.
    const other = targets[targets.indexOf(target) + 1]
    if (resumeUrl && !place && other) return prepare(other)
    if (resumeUrl && !place)
      throw new Error(`\`resumeUrl\` must be at ${placeOf(wire.url)}, the provider's own origin.`)
    return {
      ...wire,
      headers: { ...wire.headers, ...headers },
      provider,
      fetch: options.fetch ?? provider.fetch ?? fetch,
      body: JSON.stringify(wire.body),
      place: placeOf(wire.url),
      details: { provider: provider.name },
      decoder: provider.decoder(),
      accumulator,
      held: [],
      begun: false,
      events: 0,
      pieces: 0,
      bytes: 0,
      resumeUrl: place,
    }
  }

  const ask = (running: Call): Promise<void> =>
    new Promise((resolve, reject) => {
      attempts++
      const ended = (error?: CompletionError) => (error ? reject(error) : resolve())
      attempt = openAttempt(running, timeout, limits, { ...reader, ended })
    })

  /** Waits; without an end, until there is a network. */
  const pause = async (ms: number): Promise<void> => {
    let forget = (): void => {}
    await new Promise<void>((resolve) => {
      stopWaiting = resolve
      if (ms === Infinity) forget = onOnline(resolve)
      else deadlines.set('pause', ms)
    })
    forget()
  }

  const run = async (): Promise<void> => {
    // Whatever a provider does at once, to stop included, finds a stream that can be stopped.
    await null
    let failures = 0
    let seen = 0
    let lost: CompletionError | undefined
    for (let at = 0; ;) {
      try {
        if (isOver) return
        call ??= await prepare(targets[at]!)
        if (isOver) return
        await ask(call)
        const verdict = await validate(request.response_format, accumulator.snapshot)
        if (verdict?.problem !== undefined) {
          const cause = verdict.issues
          throw new CompletionError('invalid_response', verdict.problem, { ...call.details, cause })
        }
        if (verdict && !isOver) accumulator.validated(verdict.value)
        return
      } catch (cause) {
        if (isOver) return
        const error = asError(cause)
        // What came since the last failure makes this one the first.
        if (call?.begun && call.pieces > seen) {
          seen = call.pieces
          failures = 0
          lost = undefined
        }
        const situation = {
          error,
          failures: ++failures,
          maxRetries,
          // To ask for an answer that is kept would be to ask twice as well.
          begun: !!call?.begun || !!resumeUrl,
          canResume: !!call?.resumeUrl && (!!call.lastEventId || (!!resumeUrl && !call.events)),
          hasFallback: at + 1 < targets.length,
          isOffline: isOffline(),
          leftMs: totalMs - (performance.now() - startedAt),
          random: Math.random(),
        }
        const decision = decide(situation)
        const { action, delayMs } = decision
        reader.failed({
          provider: call?.details.provider ?? nameOf(targets[at]!.provider),
          model: asked.model,
          error,
          ...decision,
        })
        if (isOver) return
        // Why it could not be taken up again says less than why it broke.
        if (action === 'fail') throw lost ?? error
        if (action !== 'resume') {
          void stopServer()
          call = undefined
        } else if (call?.begun) lost ??= error
        if (action === 'fallback') {
          at++
          failures = 0
        }
        if (delayMs === Infinity) failures--
        if (delayMs) await pause(delayMs)
        if (isOver) return
      }
    }
  }

  /** What a thing that was thrown means to whom asked. */
  const asError = (cause: unknown): CompletionError => {
    const message = String((cause as Error | undefined)?.message ?? cause)
    const code = call ? 'invalid_response' : 'bad_request'
    const error = isCompletionError(cause) ? cause : new CompletionError(code, message, { ...call?.details, cause })
    try {
      return withoutSecrets(error, call ? secretsOf(call) : [])
    } catch {
      // Some engines know only half of what URLs are made of. What cannot be searched is not told.
      return new CompletionError(error.code, 'The request failed.', { cause: error })
    }
  }

  if (totalMs < Infinity) deadlines.set('total', totalMs)
  run().then(
    () => end(),
    (cause) => end(asError(cause)),
  )

  return {
    more: () => attempt?.more(),
    cancel(reason) {
      if (close(reason)) void stopServer()
    },
    get resumeUrl() {
      return call ? call.resumeUrl : resumeUrl
    },
  }
}

function nameOf(provider: Provider | string | undefined): string {
  return (typeof provider === 'string' ? endpoint(provider) : provider)?.name ?? ''
}

/** What was sent that nobody else should read: some servers quote the key that they refuse. */
function secretsOf({ url, headers }: Call): string[] {
  const user = /\/\/([^/]*)@/.exec(url)?.[1]?.split(':') ?? []
  const query = [...new URLSearchParams(/\?([^#]*)/.exec(url)?.[1])].filter(([name]) =>
    /key|token|secret|sig/i.test(name),
  )
  // These say who asks, and in which version.
  const told = Object.entries(headers).filter(([name]) => !/refer|title|agent|version|beta|accept|content/i.test(name))
  return [...user, ...[...query, ...told].map(([, value]) => value)]
}
