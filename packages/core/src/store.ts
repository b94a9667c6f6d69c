/** One completion as an observable store: what hooks and other frameworks bind to. */
import { isCompletionError } from './errors.ts'
import type { CompletionError } from './errors.ts'
import type { StreamOptions } from './options.ts'
import { createPacer } from './pace.ts'
import type { Pacer } from './pace.ts'
import { startCompletion, tell } from './running.ts'
import type { RunningCompletion } from './running.ts'
import type { FailedAttempt } from './stream.ts'
import type { StreamTiming } from './timing.ts'
import type { Completion, CompletionRequest, Part, PartialDeep, ToolCall, Usage } from './types.ts'

/**
 * `idle`: nothing asked yet. `submitted`: sent, nothing arrived yet. `streaming`: the answer is arriving. `ready`: it is
 * finished or was stopped. `error`: it failed; what had arrived is kept.
 */
export type CompletionStatus = 'idle' | 'submitted' | 'streaming' | 'ready' | 'error'

/** A value that can be read and watched. `getState` returns the same object until something changes. */
export interface Store<State> {
  getState(): State
  /** The state before anything happened: what a server renders. */
  getInitialState(): State
  /** Calls `listener` after each change; returns how to stop that. */
  subscribe(listener: () => void): () => void
}

/** One completion, as far as it has come. */
export interface CompletionState<Parsed = unknown, Written = Parsed> {
  readonly status: CompletionStatus
  readonly text: string
  readonly reasoning: string
  readonly refusal: string
  readonly toolCalls: readonly ToolCall[]
  readonly parts: readonly Part[]
  /**
   * The value of an answer that was asked to be JSON (`response_format`): what the text shows so far, and at the end what
   * the schema made of it. Undefined while there is none.
   */
  readonly object: Parsed | PartialDeep<Written> | undefined
  readonly finishReason: Completion['finishReason']
  readonly nativeFinishReason: string | null
  readonly usage: Usage | undefined
  /** Everything above in OpenAI's shape, once something has arrived. */
  readonly completion: Completion<Parsed | PartialDeep<Written>> | undefined
  /** Whether the answer was stopped before it was finished. */
  readonly stopped: boolean
  readonly error: CompletionError | undefined
  /** The requests that failed before, while the next one runs or is waited for, and what was done about each. */
  readonly attempts: readonly FailedAttempt[]
  readonly timing: StreamTiming | undefined
}

/** Where completions come from, and what every request of a store has in common. */
export interface CompletionStoreOptions<Parsed = unknown, Written = Parsed> extends Omit<
  StreamOptions,
  'signal' | 'continues'
> {
  /** The model's name as the provider knows it. */
  model: string
  /** A system message before every prompt. */
  system?: string
  /** Further fields of every request: `response_format`, `temperature`, `max_tokens` … */
  request?: Partial<CompletionRequest<Parsed, Written>>
  /** While an answer arrives it is shown at most once in so many milliseconds. Default: once per frame. */
  throttle?: number
}

/** A prompt, or fields of the request (`messages` for a whole conversation). */
export type CompletionInput = string | Partial<CompletionRequest>

/** One completion at a time, observable. */
export interface CompletionStore<Parsed = unknown, Written = Parsed> extends Store<CompletionState<Parsed, Written>> {
  /**
   * Asks; whatever runs is stopped first. Resolves to the completion, also when it was stopped early, and to undefined
   * when it failed: the failure is in the state's `error`.
   */
  start(input: CompletionInput): Promise<Completion<Parsed> | undefined>
  /** Ends the answer where it is. The connection is closed, the text is kept. */
  stop(): void
  /** Asks the last question again. */
  retry(): Promise<Completion<Parsed> | undefined>
  /**
   * Asks for the rest of an answer that was cut, was stopped or reached its length limit, and joins it to what is there.
   * Does nothing about an answer that is whole. Resolves as `start` does.
   */
  continue(): Promise<Completion<Parsed | PartialDeep<Written>> | undefined>
  /** Back to the initial state; whatever runs is stopped. */
  reset(): void
}

const idle: CompletionState<never> = /* @__PURE__ */ completionState('idle')

/** The part of a store that is the same for every state: hold it, tell of changes. */
export class Subject<State> implements Store<State> {
  private state: State
  private readonly initial: State
  private readonly listeners = new Set<() => void>()

  constructor(initial: State) {
    this.state = this.initial = initial
  }

  getState = (): State => this.state

  getInitialState = (): State => this.initial

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  set(state: State): void {
    if (state === this.state) return
    this.state = state
    tell(this.listeners)
  }
}

/**
 * A store for one completion at a time. The state is published at most once per frame while the answer arrives, and at
 * once when the status changes.
 *
 * @param options a value, or a function that is asked whenever a request starts
 */
export function createCompletionStore<Parsed = unknown, Written = Parsed>(
  options: CompletionStoreOptions<Parsed, Written> | (() => CompletionStoreOptions<Parsed, Written>),
): CompletionStore<Parsed, Written> {
  type State = CompletionState<Parsed, Written>
  const subject = new Subject<State>(idle)
  const read = readerOf(options)
  /** Until it has ended: it holds all that was sent. */
  let running: RunningCompletion<Parsed, Written> | undefined
  let pacer: Pacer | undefined
  let lastInput: CompletionInput | undefined
  let starts = 0
  /** What is shown until a request is sent. */
  let before: State = idle

  const publish = (status: CompletionStatus, error?: CompletionError): void =>
    subject.set(running ? stateOf(running, status, error) : { ...before, status, stopped: status === 'ready' })

  const end = (status: CompletionStatus, error?: CompletionError): void => {
    pacer?.cancel()
    const state = running ? stateOf(running, status, error) : { ...before, status, stopped: status === 'ready' }
    // First, as whoever is told may start the next one at once.
    running = pacer = undefined
    subject.set(state)
  }

  const stop = (): void => {
    const { status } = subject.getState()
    if (status !== 'submitted' && status !== 'streaming') return
    const at = ++starts
    const stopped = running
    stopped?.abort()
    end('ready')
    if (stopped) void showLast(stopped, at)
  }

  /** A tokenizer that has to be loaded first tells only later what a stopped answer took. */
  const showLast = async (stopped: RunningCompletion<Parsed, Written>, at: number): Promise<void> => {
    await stopped.finalCompletion().catch(() => undefined)
    if (at === starts && stopped.snapshot.usage !== subject.getState().usage) subject.set(stateOf(stopped, 'ready'))
  }

  const run = async (input: CompletionInput, continues?: Completion): Promise<Completion<Parsed> | undefined> => {
    // Whoever starts in each render's effect changes nothing as long as nothing is sent, and so comes to rest.
    const isUnsent = subject.getState().status === 'submitted' && !running && !continues
    if (!isUnsent) stop()
    lastInput = input
    before = continues ? { ...subject.getState(), error: undefined, attempts: [] } : idle
    const mine = ++starts
    if (!isUnsent) publish('submitted')
    // Whoever starts twice in one go (an effect that React's StrictMode runs twice) sends one request, not two.
    await null
    if (mine !== starts) return undefined
    const { model, system, request, throttle, ...rest } = read()
    const asked = requestOf(input, model, system, request) as CompletionRequest<Parsed, Written>
    // The rest of an answer is nowhere kept.
    const streamOptions = continues ? { ...rest, continues, resumeUrl: undefined } : rest
    const current = (running = startCompletion(asked, streamOptions))
    const show = (): void => {
      const { completion, attempts } = subject.getState()
      // A read may have brought nothing but a comment.
      if (current.snapshot !== completion || current.attempts !== attempts) publish('streaming')
    }
    const paced = (pacer = createPacer(show, throttle))
    let hasBegun = false
    let { attempts: known } = current
    current.subscribe(() => {
      if (mine !== starts) return
      // The first token shows at once; the rest waits for the next frame.
      if (hasBegun) paced.schedule()
      else if (current.timing.timeToFirstTokenMs !== undefined) {
        hasBegun = true
        paced.flush()
      } else if (current.attempts !== known) {
        known = current.attempts
        publish('submitted')
      }
    })
    try {
      const completion = await current.finalCompletion()
      if (mine === starts) end('ready')
      return completion
    } catch (error) {
      if (!isCompletionError(error)) throw error
      if (mine === starts) end('error', error)
      return undefined
    }
  }

  return {
    getState: subject.getState,
    getInitialState: subject.getInitialState,
    subscribe: subject.subscribe,
    start: (input) => run(input),
    stop,
    retry: async () => (lastInput === undefined ? undefined : run(lastInput)),
    async continue() {
      const { completion, text, finishReason, status, stopped } = subject.getState()
      // An answer that ended by itself without a reason is whole: some servers never tell one.
      const isBroken = finishReason === null && (status === 'error' || stopped)
      const isCut = isBroken || (finishReason === 'length' && status !== 'streaming')
      if (lastInput === undefined || !isCut) return completion
      return run(lastInput, text ? completion : undefined)
    },
    reset() {
      stop()
      starts++
      subject.set(idle)
    },
  }
}

/** Options as a function that never throws: where they cannot be had, what is asked with them fails for that reason. */
export function readerOf<Options extends CompletionStoreOptions>(options: Options | (() => Options)): () => Options {
  if (typeof options !== 'function') return () => options
  return () => {
    try {
      return options()
    } catch (cause) {
      const fail = (): never => {
        throw cause
      }
      const provider = { name: '', resolve: fail, request: fail, decoder: fail }
      return { model: '?', provider, maxRetries: 0 } as unknown as Options
    }
  }
}

function requestOf(
  input: CompletionInput,
  model: string,
  system: string | undefined,
  shared: Partial<CompletionRequest> | undefined,
): CompletionRequest {
  const request: CompletionRequest = { model, ...shared, ...(typeof input === 'string' ? { prompt: input } : input) }
  if (system === undefined && !request.messages) return request
  const { prompt, messages = [], ...rest } = request
  const before = system === undefined ? [] : [{ role: 'system' as const, content: system }]
  const after = prompt === undefined ? [] : [{ role: 'user' as const, content: prompt }]
  return { ...rest, messages: [...before, ...messages, ...after] }
}

function stateOf<Parsed, Written>(
  { snapshot, aborted, attempts, timing }: RunningCompletion<Parsed, Written>,
  status: CompletionStatus,
  error?: CompletionError,
): CompletionState<Parsed, Written> {
  return { ...completionState<Parsed, Written>(status, snapshot, error), stopped: aborted, attempts, timing }
}

/** A completion as the state of a store, such as one that was kept: whole, as far as it has come, or none yet. */
export function completionState<Parsed = unknown, Written = Parsed>(
  status: CompletionStatus,
  completion?: Completion<Parsed | PartialDeep<Written>>,
  error?: CompletionError,
): CompletionState<Parsed, Written> {
  const { text = '', reasoning = '', refusal = '', toolCalls = [], parts = [] } = completion ?? {}
  const { parsed, finishReason = null, nativeFinishReason = null, usage } = completion ?? {}
  return {
    status,
    text,
    reasoning,
    refusal,
    toolCalls,
    parts,
    object: parsed,
    finishReason,
    nativeFinishReason,
    usage,
    // What a page put into a cache by itself may be less than it says.
    completion: completion?.choices?.length ? completion : undefined,
    stopped: false,
    error,
    attempts: [],
    timing: undefined,
  }
}
