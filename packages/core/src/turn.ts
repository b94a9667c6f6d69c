/** One answer of a conversation: a request, the tools that it asks for, the next request, until nothing more is asked for. */
import { callOf, cut, isOpen, newId, settled, textOf, withOutcome } from './chat-message.ts'
import type { AssistantMessage, ChatPart, ChatToolCall, Outcome, RunningStep } from './chat-message.ts'
import { answered, beginningOf, lastCalls, saidIn, withResults } from './chat-wire.ts'
import { CompletionError, isCompletionError } from './errors.ts'
import { createPacer } from './pace.ts'
import { startCompletion } from './running.ts'
import type { RunningCompletion } from './running.ts'
import type { CompletionStoreOptions } from './store.ts'
import { addUsage } from './tokens.ts'
import { declareTools, nameOf, runTool, toolOf } from './tools.ts'
import type { ChatTools } from './tools.ts'
import type { Annotation, Beginning, Completion, Message, Usage } from './types.ts'

/** Who answers, and with what. */
export interface TurnOptions extends Omit<CompletionStoreOptions, 'resumeUrl'> {
  /** Tools that the page runs; their results go back to the model, which then goes on. */
  tools?: ChatTools
  /** The most requests that one answer may take by itself. What a person says about a tool call begins a new count. Default 5. */
  maxSteps?: number
}

/**
 * An earlier answer to take up, which stays the same message. `continue`: the rest of one that was cut. `tools`: one whose
 * calls have got an outcome or an approval. `resume`: one that runs at a relay.
 */
export type Earlier = readonly [how: 'continue' | 'tools' | 'resume', message: AssistantMessage]

/** A running answer. */
export interface Turn {
  /** Runs until nothing more is asked for; resolves to the answer as it ended, also when it failed. Called once. */
  run(): Promise<AssistantMessage>
  /** Ends it where it is. */
  stop(): void
  readonly isOver: boolean
  /** What somebody says about a call. False when there is no such call that waits, or the answer is over. */
  answer(toolCallId: string, outcome: Outcome): boolean
}

/**
 * A new answer, or one that takes up an earlier one. It publishes itself as a message: at most once per frame, at once when
 * its status changes.
 *
 * @param history what the conversation sends so far
 * @param publish takes the answer whenever there is something new to show of it
 */
export function createTurn(
  options: TurnOptions,
  history: readonly Message[],
  publish: (message: AssistantMessage) => void,
  earlier?: Earlier,
): Turn {
  const { model, system, request, tools, maxSteps = 5, ...streamOptions } = options
  const [how, before] = earlier ?? []
  const id = before?.id ?? newId()
  const controller = new AbortController()
  const startedAt = performance.now()
  const pacer = createPacer(() => {
    // A read may have brought nothing but a comment.
    if (!told || heads().some((head, i) => head !== told![i])) show('streaming')
  }, options.throttle)
  const runningTools = new Map<string, Promise<void>>()
  /** What was said about calls of a step that has not ended. */
  const early = new Map<string, Outcome>()

  // What the steps before the running one came to.
  let parts: ChatPart[] = []
  let text = ''
  let annotations: readonly Annotation[] = []
  let usage: Usage | undefined
  let usageBefore: Usage | undefined
  let wire: Message[] = []
  /** How much of all that there was when the running step began. */
  let stepFrom: RunningStep = { parts: 0, wire: 0 }

  /** The last request, and whether its step is still to be added to those before. */
  let stream: RunningCompletion | undefined
  let isStepOpen = false
  /** What was last shown of the running request; undefined when something else is to be shown. */
  let told: readonly unknown[] | undefined
  let last: Completion | undefined
  /** What the first step goes on with. */
  let continues: Beginning | undefined
  let resumeUrl: string | undefined
  /** How much there was of the running step when the page was left. */
  let keptSize = 0
  let firstTokenMs: number | undefined
  /** Requests since somebody last said something about a call. */
  let steps = 0
  let isOver = false
  let over!: (message: AssistantMessage) => void
  const ended = new Promise<AssistantMessage>((resolve) => (over = resolve))

  const heads = (): unknown[] => [stream?.snapshot, stream?.attempts, stream?.resumeUrl]
  const calls = (): ChatToolCall[] => lastCalls(parts, wire)
  /** A step that is resumed is told anew. What was there when the page was left stays until it has come as far. */
  const isBehind = (): boolean => !!keptSize && !last && sizeOf(stream?.snapshot.parts ?? []) < keptSize
  /** The parts of the running step, with what was said about its calls. */
  const heard = (said: readonly ChatPart[]): readonly ChatPart[] => {
    for (const [callId, outcome] of early) said = withOutcome(said, callId, outcome) ?? said
    return said
  }

  const show = (status: AssistantMessage['status'], error?: CompletionError): AssistantMessage => {
    told = heads()
    const step = isStepOpen ? stream?.snapshot : undefined
    const { finishReason = null, nativeFinishReason = null } = step ?? last ?? before ?? {}
    const timeToFirstTokenMs = before?.timing?.timeToFirstTokenMs ?? firstTokenMs
    const isRunning = status === 'submitted' || status === 'streaming'
    const attempts = stream?.attempts ?? []
    // A connection that was lost may be taken up again where a relay keeps the answer.
    const isLost = !!error && (/network|interrupted/.test(error.code) || (!!resumeUrl && error.retryable))
    const isResumable = (isStepOpen || isLost) && !continues
    const url = isResumable ? stream?.resumeUrl : undefined
    const from = isStepOpen || isLost ? stepFrom : { parts: parts.length, wire: wire.length }
    const running = isRunning || url ? { ...from, url } : undefined
    if (isBehind()) {
      const shown = { ...before!, status, error, attempts, running, ...(isRunning && { wire }) }
      publish(shown)
      return shown
    }
    const message: AssistantMessage = {
      id,
      role: 'assistant',
      parts: step ? [...parts, ...heard(step.parts)] : parts,
      text: text + (step?.text ?? ''),
      status,
      finishReason,
      nativeFinishReason,
      annotations: citedWith(step),
      usage: addUsage(usage, step?.usage),
      timing: stream
        ? {
            ...stream.timing,
            ...(timeToFirstTokenMs !== undefined && { timeToFirstTokenMs }),
            ...(!isRunning && { totalMs: performance.now() - startedAt }),
          }
        : before?.timing,
      error,
      attempts,
      wire,
      ...(running && { running }),
    }
    publish(message)
    return message
  }

  const showNow = (): void => {
    told = undefined
    pacer.flush()
  }

  /** The same list as before where the running step adds none. */
  const citedWith = (step: Completion | undefined): readonly Annotation[] => {
    const cited = step?.choices[0]?.message.annotations
    return cited ? [...annotations, ...cited] : annotations
  }

  const end = (status: 'ready' | 'stopped' | 'error', error?: CompletionError): void => {
    if (isOver) return
    isOver = true
    pacer.cancel()
    const isCut = status !== 'ready'
    if (isStepOpen) closeStep(stream!.snapshot, isCut)
    else if (isCut) {
      parts = settled(parts, /running|input-complete/)
      wire = withResults(wire, parts)
    }
    // The message holds all that had arrived.
    if (error) delete error.partial
    over(show(status, error))
  }

  /**
   * Adds the step to those before. The calls of one that was cut have nobody to answer them, so they are left out.
   *
   * @returns whether it calls tools
   */
  const closeStep = (completion: Completion, isCut = false): boolean => {
    isStepOpen = false
    if (isCut && isBehind()) return false
    last = completion
    usageBefore = usage
    const shown = heard(completion.parts)
    parts = [...parts, ...(isCut ? cut(shown) : shown)]
    early.clear()
    text += completion.text
    annotations = citedWith(completion)
    usage = addUsage(usage, completion.usage)
    const said = saidIn(completion, isCut)
    if (!said) return false
    wire = withResults([...wire, said], parts)
    return !!said.tool_calls
  }

  /** One request. False when it asks for no more; when it fails, it throws. */
  const readStep = async (): Promise<boolean> => {
    const messages = answered([...history, ...wire])
    if (system !== undefined) messages.unshift({ role: 'system', content: system })
    const declared = declareTools(tools, request?.tools)
    const asked = { model, ...request, ...(declared.length > 0 && { tools: declared }), messages }
    const current = (stream = startCompletion(asked, { ...streamOptions, continues, resumeUrl }))
    isStepOpen = true
    stepFrom = { parts: parts.length, wire: wire.length, annotations, usage }
    const askedAt = performance.now() - startedAt
    const waiting = parts.length > 0 || continues || keptSize ? 'streaming' : 'submitted'
    show(waiting)
    let { attempts, resumeUrl: place } = current
    current.subscribe(() => {
      if (isOver) return
      if (firstTokenMs !== undefined) return pacer.schedule()
      // Only until there is a first token: the timing costs a snapshot, and this runs for each read.
      const first = current.timing.timeToFirstTokenMs
      if (first === undefined) {
        // Where it can be had again is news as well, for whoever keeps the message.
        const isNews = current.attempts !== attempts || current.resumeUrl !== place
        ;({ attempts, resumeUrl: place } = current)
        return isNews ? void show(waiting) : undefined
      }
      firstTokenMs = askedAt + first
      pacer.flush()
    })
    const completion = await current.finalCompletion()
    if (isOver) return false
    continues = resumeUrl = undefined
    return closeStep(completion)
  }

  const set = (callId: string, outcome: Outcome): void => {
    const changed = withOutcome(parts, callId, outcome)
    if (!changed) return
    parts = changed
    wire = withResults(wire, parts)
    showNow()
  }

  /** Runs a call, unless it is for somebody else to answer. */
  const begin = (call: ChatToolCall): void => {
    const tool = toolOf(tools, call.name)
    const isForeign = tool ? !tool.execute : request?.tools?.some((each) => nameOf(each) === call.name)
    if (isForeign) return set(call.id, { awaitsOutput: true })
    if (runningTools.has(call.id)) return
    const work = async (): Promise<void> => {
      const outcome = await runTool(tool, call, controller.signal, (needsApproval) => {
        const { approval, state } = callOf(parts, call.id)!
        // Somebody may have said something about it meanwhile.
        if (state !== 'input-complete' || (needsApproval && approval !== 'approved')) return false
        set(call.id, { state: 'running' })
        return true
      })
      // Before it is told of, so that whoever hears of it can allow it.
      runningTools.delete(call.id)
      if (isOver) return
      if (outcome) set(call.id, { ...outcome, state: outcome.error === undefined ? 'output' : 'error' })
      else set(call.id, { approval: 'requested' })
    }
    runningTools.set(call.id, work())
  }

  const run = async (): Promise<void> => {
    // Where calls have just been answered, there is no request to begin with.
    for (steps = how === 'tools' ? 0 : 1; ; steps++) {
      if ((steps && !(await readStep())) || steps >= maxSteps) return end('ready')
      for (const call of calls()) if (isOpen(call) && call.approval !== 'requested') begin(call)
      if (!stream && runningTools.size) show('streaming')
      while (runningTools.size && !isOver) await Promise.all(runningTools.values())
      if (isOver) return
      if (calls().some(isOpen)) return end('ready')
    }
  }

  /** A tokenizer that has to be loaded first tells only later what a stopped answer took. */
  const showCounted = async (): Promise<void> => {
    const completion = await stream?.finalCompletion().catch(() => undefined)
    if (!completion || completion === last) return
    usage = addUsage(usageBefore, completion.usage)
    show('stopped')
  }

  if (before) {
    ;({ annotations, usage, text } = before)
    parts = [...before.parts]
    wire = [...before.wire]
    if (how === 'continue') ({ parts, text, wire, continues } = beginningOf(before))
    if (how === 'resume') {
      // What the running step had said is told anew.
      const running = before.running!
      const said = parts.splice(running.parts)
      wire = wire.slice(0, running.wire)
      keptSize = sizeOf(said)
      text = textOf(parts)
      ;({ annotations = [], usage, url: resumeUrl } = running)
    }
  }

  return {
    run() {
      run().catch((cause) => {
        const said = String((cause as Error | undefined)?.message ?? cause)
        end('error', isCompletionError(cause) ? cause : new CompletionError('bad_request', said, { cause }))
      })
      return ended
    },
    get isOver() {
      return isOver
    },
    stop() {
      if (isOver) return
      controller.abort()
      stream?.abort()
      end('stopped')
      if (options.countTokens) void showCounted()
    },
    answer(callId, outcome) {
      if (isOver) return false
      const call = isStepOpen
        ? callOf(heard(stream!.snapshot.parts), callId)
        : calls().find((each) => each.id === callId)
      if (!call || !isOpen(call)) return false
      steps = 0
      if (isStepOpen) {
        early.set(callId, outcome)
        showNow()
        return true
      }
      set(callId, outcome)
      if (!outcome.state) begin({ ...call, ...outcome })
      return true
    },
  }
}

/** How much there is of some parts. */
function sizeOf(parts: readonly ChatPart[]): number {
  return parts.reduce((size, part) => size + ('text' in part ? part.text.length : 1), 0)
}
