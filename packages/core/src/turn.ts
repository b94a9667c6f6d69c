/** One answer of a conversation: a request, the tools that it asks for, the next request, until nothing more is asked for. */
import { streamCompletion } from './completion-stream.ts'
import type { CompletionStream } from './completion-stream.ts'
import { isCompletionError } from './errors.ts'
import type { CompletionError } from './errors.ts'
import { createPacer } from './pace.ts'
import type { CompletionStoreOptions } from './store.ts'
import type { FailedAttempt } from './stream.ts'
import type { StreamTiming } from './timing.ts'
import { addUsage } from './tokens.ts'
import { answersCall, declareTools, resultText, runTool } from './tools.ts'
import type { ChatTools, ToolOutcome } from './tools.ts'
import type {
  Annotation,
  Beginning,
  Completion,
  CompletionMessage,
  CompletionRequest,
  Message,
  Part,
  ToolCall,
  Usage,
} from './types.ts'

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
  /** The requests of the last step that failed before, and what was done about each. */
  readonly attempts: readonly FailedAttempt[]
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
  private readonly id: string
  private readonly startedAt = performance.now()
  private stream: CompletionStream | undefined
  /** What the first step goes on with. */
  private continues: Beginning | undefined
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
   * @param cut an answer that was cut, which this one goes on with: it stays the same message
   */
  constructor(
    options: TurnOptions,
    history: readonly Message[],
    publish: (message: AssistantMessage) => void,
    cut?: AssistantMessage,
  ) {
    const { model, system, request, tools } = options
    this.options = options
    this.request = { model, ...(tools && { tools: declareTools(tools) }), ...request }
    this.history = system === undefined ? history : [{ role: 'system', content: system }, ...history]
    this.publish = publish
    this.id = cut?.id ?? newId()
    if (cut) this.goOn(cut)
  }

  /** Takes up an answer where it was cut: its last step is the first one here. */
  private goOn({ parts, text, annotations, usage, wire }: AssistantMessage): void {
    const isAnswered = (part: ChatPart | undefined) =>
      part?.type !== 'tool-call' || part.toolCall.state === 'output' || part.toolCall.state === 'error'
    // A call that was cut is asked for anew.
    const done = parts.slice(0, parts.findLastIndex(isAnswered) + 1)
    const said = wire.at(-1)
    const content = said?.role === 'assistant' && !said.tool_calls ? said.content : undefined
    let from = done.length
    let last = ''
    while (from && typeof content === 'string' && last !== content) {
      const part = done[--from]!
      if (part.type === 'text') last = part.text + last
    }
    const isCut = last && last === content
    // Thoughts before the text belong to it.
    while (isCut && done[from - 1]?.type === 'reasoning') from--
    const step = isCut ? done.splice(from) : []
    this.doneParts.push(...done)
    this.doneText = isCut ? text.slice(0, -last.length) : text
    this.doneAnnotations = annotations
    this.doneUsage = usage
    this.wire.push(...(isCut ? wire.slice(0, -1) : wire))
    if (!isCut) return
    const choice = { index: 0, message: said as CompletionMessage, finish_reason: null, logprobs: null }
    this.continues = { text: last, parts: step as Part[], toolCalls: [], choices: [choice] }
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
    const { continues } = this
    this.continues = undefined
    const stream = (this.stream = streamCompletion({ ...this.request, messages }, { ...streamOptions, continues }))
    const askedAt = performance.now() - this.startedAt
    const waiting = this.doneParts.length > 0 || continues ? 'streaming' : 'submitted'
    this.show(waiting)
    let { attempts } = stream
    stream.subscribe(() => {
      if (this.isOver) return
      if (this.firstTokenMs !== undefined) return this.pacer.schedule()
      // Only until there is a first token: the timing costs a snapshot, and this runs for each read.
      const first = stream.timing.timeToFirstTokenMs
      if (first === undefined) {
        if (stream.attempts !== attempts) this.show(waiting)
        attempts = stream.attempts
        return
      }
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
      attempts: this.stream?.attempts ?? [],
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

/** An id for a message. Unique within a page; `crypto.randomUUID` needs a secure context, which a page on a LAN address is not. */
export function newId(): string {
  return `msg_${Date.now().toString(36)}${Math.random().toString(36).slice(2, 10)}`
}
