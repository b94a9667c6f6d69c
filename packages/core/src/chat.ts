/** A conversation over the same kind of store as a single completion: messages, verbs, the tool loop. */
import { streamCompletion } from './completion-stream.ts'
import type { CompletionStream } from './completion-stream.ts'
import { isCompletionError } from './errors.ts'
import type { CompletionError } from './errors.ts'
import { createPacer } from './pace.ts'
import { Subject } from './store.ts'
import type { CompletionStatus, CompletionStoreOptions, Store } from './store.ts'
import type { StreamTiming } from './timing.ts'
import { answersCall, declareTools, resultText, runTool } from './tools.ts'
import type { ChatTools, ToolOutcome } from './tools.ts'
import type { Completion, CompletionRequest, Message, Part, ToolCall, Usage } from './types.ts'

/** A tool call and what running it came to. */
export interface ChatToolCall extends ToolCall {
  /** What the tool returned, in state `output`. */
  output?: unknown
  /** Why it failed, in state `error`. */
  error?: string
}

/** A piece of a message, in the order in which it was written. */
export type ChatPart = Exclude<Part, { type: 'tool-call' }> | { type: 'tool-call'; toolCall: ChatToolCall }

/** What a person asked. */
export interface UserMessage {
  readonly id: string
  readonly role: 'user'
  readonly text: string
  readonly parts: readonly ChatPart[]
  /** What requests send for it. */
  readonly wire: readonly Message[]
}

/** An answer, with every step of it: what was said, the tools that were called, what was said then. */
export interface AssistantMessage {
  readonly id: string
  readonly role: 'assistant'
  readonly parts: readonly ChatPart[]
  /** The visible text of all steps. */
  readonly text: string
  /** `stopped`: ended by `stop()`, with what had arrived. */
  readonly status: 'submitted' | 'streaming' | 'ready' | 'stopped' | 'error'
  readonly finishReason: Completion['finishReason']
  readonly nativeFinishReason: string | null
  /** Token counts of all requests that the answer took, added up. */
  readonly usage: Usage | undefined
  /** Of the last request, with the time to the first token of the first one. */
  readonly timing: StreamTiming | undefined
  readonly error: CompletionError | undefined
  /** What later requests send for it: the assistant's messages and the tools' results. */
  readonly wire: readonly Message[]
}

/** One message of a conversation. A message that did not change is the same object as before. */
export type ChatMessage = UserMessage | AssistantMessage

/** A conversation and where it stands. */
export interface ChatState {
  readonly messages: readonly ChatMessage[]
  readonly status: CompletionStatus
  /** Why the last answer failed. */
  readonly error: CompletionError | undefined
}

/** Who answers, and with what. */
export interface ChatOptions extends CompletionStoreOptions {
  /** Tools that the page runs; their results go back to the model, which then goes on. */
  tools?: ChatTools
  /** The most requests that one answer may take. Default 5. */
  maxSteps?: number
  /** The conversation so far. */
  initialMessages?: readonly ChatMessage[]
}

/** An observable conversation. Its verbs resolve when the answer has ended and never reject: see the state's `error`. */
export interface Chat extends Store<ChatState> {
  /** Asks. An answer that is still arriving is stopped first. */
  sendMessage(text: string): Promise<void>
  /** Drops the last answer and asks for another; also the way to try again after an error. */
  regenerate(): Promise<void>
  /** Ends the answer where it is. The connection is closed, the text is kept, no further tool is run. */
  stop(): void
  /** An empty conversation; whatever runs is stopped. */
  reset(): void
}

/**
 * A conversation.
 *
 * @param options a value, or a function that is asked whenever a request starts
 */
export function createChat(options: ChatOptions | (() => ChatOptions)): Chat {
  const read = typeof options === 'function' ? options : () => options
  const subject = new Subject<ChatState>({ messages: read().initialMessages ?? [], status: 'idle', error: undefined })
  let turn: Turn | undefined

  const ask = async (history: readonly ChatMessage[]): Promise<void> => {
    turn?.stop()
    const current = (turn = new Turn(read, history, (message) => {
      if (turn !== current) return
      const status = message.status === 'stopped' ? 'ready' : message.status
      subject.set({ messages: [...history, message], status, error: message.error })
    }))
    await current.run()
  }

  return {
    getState: subject.getState,
    getInitialState: subject.getInitialState,
    subscribe: subject.subscribe,
    sendMessage(text) {
      turn?.stop()
      const message: UserMessage = {
        id: newId(),
        role: 'user',
        text,
        parts: [{ type: 'text', text }],
        wire: [{ role: 'user', content: text }],
      }
      return ask([...subject.getState().messages, message])
    },
    async regenerate() {
      turn?.stop()
      const { messages } = subject.getState()
      const asked = messages.findLastIndex((message) => message.role === 'user')
      if (asked >= 0) await ask(messages.slice(0, asked + 1))
    },
    stop: () => turn?.stop(),
    reset() {
      turn?.stop()
      turn = undefined
      subject.set({ messages: [], status: 'idle', error: undefined })
    },
  }
}

/** One answer: a request, the tools that it asks for, the next request, until nothing more is asked for. */
class Turn {
  private readonly options: ChatOptions
  private readonly request: CompletionRequest
  private readonly history: readonly Message[]
  private readonly publish: (message: AssistantMessage) => void
  private readonly pacer = createPacer(() => this.show('streaming'))
  private readonly controller = new AbortController()
  private readonly id = newId()
  private readonly startedAt = performance.now()
  private stream: CompletionStream | undefined
  private isOver = false
  private firstTokenMs: number | undefined

  // What the steps before the running one came to.
  private readonly doneParts: ChatPart[] = []
  private doneText = ''
  private doneUsage: Usage | undefined
  private readonly wire: Message[] = []
  private outcomes = new Map<string, Partial<ChatToolCall>>()

  constructor(read: () => ChatOptions, history: readonly ChatMessage[], publish: (message: AssistantMessage) => void) {
    this.options = read()
    const { model, system, request, tools } = this.options
    this.request = { model, ...(tools && { tools: declareTools(tools) }), ...request }
    this.history = [
      ...(system === undefined ? [] : [{ role: 'system' as const, content: system }]),
      ...history.flatMap((message) => message.wire),
    ]
    this.publish = publish
  }

  async run(): Promise<void> {
    const maxSteps = this.options.maxSteps ?? 5
    for (let step = 1; !this.isOver; step++) {
      const completion = await this.readStep()
      if (this.isOver || !completion) return
      const calls = completion.toolCalls.filter((call) => answersCall(this.options.tools, call))
      if (calls.length === 0 || step >= maxSteps) return this.end('ready')
      await this.runTools(calls)
      if (this.isOver) return
      this.closeStep(completion, calls)
    }
  }

  stop(): void {
    if (this.isOver) return
    this.controller.abort()
    this.stream?.abort()
    for (const [id, { state }] of this.outcomes) {
      if (state === 'running') this.outcomes.set(id, { state: 'error', error: 'Stopped before the tool had finished.' })
    }
    this.end('stopped')
  }

  /** One request. Undefined when it failed, which ends the turn. */
  private async readStep(): Promise<Completion | undefined> {
    const { model: _model, system: _system, request: _request, tools: _tools, ...rest } = this.options
    const { maxSteps: _maxSteps, initialMessages: _initial, ...streamOptions } = rest
    const messages = [...this.history, ...this.wire]
    const stream = (this.stream = streamCompletion({ ...this.request, messages }, streamOptions))
    const askedAt = performance.now() - this.startedAt
    this.show(this.doneParts.length > 0 ? 'streaming' : 'submitted')
    stream.subscribe(() => {
      const first = stream.timing.timeToFirstTokenMs
      if (this.isOver || first === undefined) return
      if (this.firstTokenMs !== undefined) return this.pacer.schedule()
      this.firstTokenMs = askedAt + first
      this.pacer.flush()
    })
    try {
      return await stream.finalCompletion()
    } catch (error) {
      if (!isCompletionError(error)) throw error
      this.end('error', error)
      return undefined
    }
  }

  private async runTools(calls: readonly ToolCall[]): Promise<void> {
    for (const call of calls) this.outcomes.set(call.id, { state: 'running' })
    this.pacer.flush()
    await Promise.all(
      calls.map(async (call) => {
        const outcome = await runTool(this.options.tools, call, this.controller.signal)
        if (this.isOver) return
        this.outcomes.set(call.id, { state: 'output' in outcome ? 'output' : 'error', ...outcome })
        this.pacer.flush()
      }),
    )
  }

  /** The running step has its results: keep it, and make way for the next one. */
  private closeStep(completion: Completion, calls: readonly ToolCall[]): void {
    this.wire.push(...this.stepWire(completion, calls))
    this.doneParts.push(...this.stepParts(completion))
    this.doneText += completion.text
    this.doneUsage = addUsage(this.doneUsage, completion.usage)
    this.outcomes = new Map()
    this.stream = undefined
  }

  private end(status: 'ready' | 'stopped' | 'error', error?: CompletionError): void {
    if (this.isOver) return
    this.isOver = true
    this.pacer.cancel()
    this.show(status, error)
  }

  private show(status: AssistantMessage['status'], error?: CompletionError): void {
    const completion = this.stream?.snapshot
    const timing = this.stream?.timing
    const ended = status !== 'submitted' && status !== 'streaming'
    // A running answer is not sent anywhere, so what it would send is worked out at its end.
    const answered = (completion?.toolCalls ?? []).filter((call) => this.outcomes.has(call.id))
    this.publish({
      id: this.id,
      role: 'assistant',
      parts: completion ? [...this.doneParts, ...this.stepParts(completion)] : this.doneParts.slice(),
      text: this.doneText + (completion?.text ?? ''),
      status,
      finishReason: completion?.finishReason ?? null,
      nativeFinishReason: completion?.nativeFinishReason ?? null,
      usage: addUsage(this.doneUsage, completion?.usage),
      timing: timing && {
        ...timing,
        ...(this.firstTokenMs !== undefined && { timeToFirstTokenMs: this.firstTokenMs }),
        ...(ended && { totalMs: performance.now() - this.startedAt }),
      },
      error,
      wire: ended && completion ? [...this.wire, ...this.stepWire(completion, answered)] : this.wire.slice(),
    })
  }

  private stepParts(completion: Completion): ChatPart[] {
    return completion.parts.map((part) => {
      const outcome = part.type === 'tool-call' && this.outcomes.get(part.toolCall.id)
      return outcome ? { type: 'tool-call', toolCall: { ...part.toolCall, ...outcome } } : part
    })
  }

  /** The step's messages. A call without a result is left out: no provider takes a conversation with an open call. */
  private stepWire(completion: Completion, calls: readonly ToolCall[]): Message[] {
    const said = completion.choices[0]?.message
    if (!said) return []
    const { tool_calls, refusal, ...message } = said
    const answered = tool_calls?.filter((call) => calls.some((other) => other.id === call.id)) ?? []
    if (!message.content && answered.length === 0) return []
    const results = calls.map((call): Message => {
      const { output, error } = this.outcomes.get(call.id) ?? {}
      const outcome: ToolOutcome = error === undefined ? { output } : { error }
      return { role: 'tool', tool_call_id: call.id, content: resultText(outcome) }
    })
    return [{ ...message, ...(answered.length > 0 && { tool_calls: answered }) }, ...results]
  }
}

function addUsage(a: Usage | undefined, b: Usage | undefined): Usage | undefined {
  if (!a || !b) return a ?? b
  return {
    prompt_tokens: a.prompt_tokens + b.prompt_tokens,
    completion_tokens: a.completion_tokens + b.completion_tokens,
    total_tokens: a.total_tokens + b.total_tokens,
  }
}

/** Unique within a page; `crypto.randomUUID` needs a secure context, which a page on a LAN address is not. */
function newId(): string {
  return `msg_${Date.now().toString(36)}${Math.random().toString(36).slice(2, 10)}`
}
