/** One answer of a conversation: a request, the tools that it asks for, the next request, until nothing more is asked for. */
import { streamCompletion } from './completion-stream.ts'
import type { CompletionStream } from './completion-stream.ts'
import { isCompletionError } from './errors.ts'
import type { CompletionError } from './errors.ts'
import { createPacer } from './pace.ts'
import type { CompletionStoreOptions } from './store.ts'
import type { StreamTiming } from './timing.ts'
import { answersCall, declareTools, resultText, runTool } from './tools.ts'
import type { ChatTools, ToolOutcome } from './tools.ts'
import type { Annotation, Completion, CompletionRequest, Message, Part, ToolCall, Usage } from './types.ts'

/** A tool call and what running it came to. */
export interface ChatToolCall extends ToolCall {
  /** What the tool returned, in state `output`. */
  output?: unknown
  /** Why it failed, in state `error`. */
  error?: string
}

/** A piece of a message, in the order in which it was written. */
export type ChatPart = Exclude<Part, { type: 'tool-call' }> | { type: 'tool-call'; toolCall: ChatToolCall }

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
  /** The sources that all steps cite. */
  readonly annotations: readonly Annotation[]
  /** Token counts of all requests that the answer took, added up. */
  readonly usage: Usage | undefined
  /** Of the last request, with the time to the first token of the first one. */
  readonly timing: StreamTiming | undefined
  readonly error: CompletionError | undefined
  /** What later requests send for it: the assistant's messages and the tools' results. */
  readonly wire: readonly Message[]
}

/** Who answers, and with what. */
export interface TurnOptions extends CompletionStoreOptions {
  /** Tools that the page runs; their results go back to the model, which then goes on. */
  tools?: ChatTools
  /** The most requests that one answer may take. Default 5. */
  maxSteps?: number
}

/** One running answer. It publishes itself as a message: at most once per frame, at once when its status changes. */
export class Turn {
  private readonly options: TurnOptions
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
  private doneAnnotations: readonly Annotation[] = []
  private doneUsage: Usage | undefined
  private readonly wire: Message[] = []
  private outcomes = new Map<string, Partial<ChatToolCall>>()

  /**
   * @param history what the conversation sends so far
   * @param publish takes the answer whenever there is something new to show of it
   */
  constructor(options: TurnOptions, history: readonly Message[], publish: (message: AssistantMessage) => void) {
    const { model, system, request, tools } = options
    this.options = options
    this.request = { model, ...(tools && { tools: declareTools(tools) }), ...request }
    this.history = system === undefined ? history : [{ role: 'system', content: system }, ...history]
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
      this.closeStep(completion)
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
    if (this.options.countTokens) void this.showLast()
  }

  /** A tokenizer that has to be loaded first tells only later what a stopped answer took. */
  private async showLast(): Promise<void> {
    await this.stream?.finalCompletion().catch(() => undefined)
    this.show('stopped')
  }

  /** One request. Undefined when it failed, which ends the turn. */
  private async readStep(): Promise<Completion | undefined> {
    const { model: _1, system: _2, request: _3, tools: _4, maxSteps: _5, ...streamOptions } = this.options
    const messages = [...this.history, ...this.wire]
    const stream = (this.stream = streamCompletion({ ...this.request, messages }, streamOptions))
    const askedAt = performance.now() - this.startedAt
    this.show(this.doneParts.length > 0 ? 'streaming' : 'submitted')
    stream.subscribe(() => {
      if (this.isOver) return
      if (this.firstTokenMs !== undefined) return this.pacer.schedule()
      // Only until there is a first token: the timing costs a snapshot, and this runs for each read.
      const first = stream.timing.timeToFirstTokenMs
      if (first === undefined) return
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
  private closeStep(completion: Completion): void {
    this.wire.push(...this.stepWire(completion))
    this.doneParts.push(...this.stepParts(completion))
    this.doneText += completion.text
    this.doneAnnotations = this.annotations(completion)
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
    this.publish({
      id: this.id,
      role: 'assistant',
      parts: completion ? [...this.doneParts, ...this.stepParts(completion)] : this.doneParts.slice(),
      text: this.doneText + (completion?.text ?? ''),
      status,
      finishReason: completion?.finishReason ?? null,
      nativeFinishReason: completion?.nativeFinishReason ?? null,
      annotations: this.annotations(completion),
      usage: addUsage(this.doneUsage, completion?.usage),
      timing: timing && {
        ...timing,
        ...(this.firstTokenMs !== undefined && { timeToFirstTokenMs: this.firstTokenMs }),
        ...(ended && { totalMs: performance.now() - this.startedAt }),
      },
      error,
      // A running answer is not sent anywhere, so what its last step would send is worked out at its end.
      wire: ended && completion ? [...this.wire, ...this.stepWire(completion)] : this.wire.slice(),
    })
  }

  /** The same list as before where the running step adds none. */
  private annotations(completion: Completion | undefined): readonly Annotation[] {
    const cited = completion?.choices[0]?.message.annotations
    return cited ? [...this.doneAnnotations, ...cited] : this.doneAnnotations
  }

  private stepParts(completion: Completion): ChatPart[] {
    return completion.parts.map((part) => {
      const outcome = part.type === 'tool-call' && this.outcomes.get(part.toolCall.id)
      return outcome ? { type: 'tool-call', toolCall: { ...part.toolCall, ...outcome } } : part
    })
  }

  /** The step's messages. A call without a result is left out: no provider takes a conversation with an open call. */
  private stepWire(completion: Completion): Message[] {
    const said = completion.choices[0]?.message
    if (!said) return []
    const { tool_calls = [], refusal, annotations: _1, server_tool_calls: _2, audio, ...message } = said
    const answered = tool_calls.filter((call) => this.outcomes.has(call.id))
    // A refusal is what the assistant said; not every provider takes the field back, every one takes the words.
    const content = message.content || refusal
    if (!content && !message.images && !audio && answered.length === 0) return []
    const results = answered.map(({ id }): Message => {
      const { output, error } = this.outcomes.get(id) ?? {}
      const outcome: ToolOutcome = error === undefined ? { output } : { error }
      return { role: 'tool', tool_call_id: id, content: resultText(outcome) }
    })
    const calls = answered.length > 0 && { tool_calls: answered }
    return [{ ...message, content, ...(audio && { audio: { id: audio.id } }), ...calls }, ...results]
  }
}

/** The counts of two requests, details included, as one sum. */
function addUsage<Counts extends object = Usage>(a: Counts | undefined, b: Counts | undefined): Counts | undefined {
  if (!a || !b) return a ?? b
  const sum = { ...a } as Record<string, unknown>
  for (const [key, value] of Object.entries(b)) {
    const before = sum[key]
    if (typeof value === 'number') sum[key] = value + (Number(before) || 0)
    else if (value) sum[key] = typeof value === 'object' ? addUsage(before as object | undefined, value) : value
  }
  return sum as Counts
}

/** An id for a message. Unique within a page; `crypto.randomUUID` needs a secure context, which a page on a LAN address is not. */
export function newId(): string {
  return `msg_${Date.now().toString(36)}${Math.random().toString(36).slice(2, 10)}`
}
