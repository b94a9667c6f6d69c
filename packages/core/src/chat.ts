/** A conversation over the same kind of store as a single completion: messages and verbs. */
import { readAttachments } from './attachments.ts'
import type { Attachment, AttachmentInput } from './attachments.ts'
import { isOpen, userMessage, withOutcome } from './chat-message.ts'
import type { AssistantMessage, ChatMessage, Outcome, UserMessage } from './chat-message.ts'
import { lastCalls, openCalls, restored, reworded, wireOf, withResults } from './chat-wire.ts'
import { CompletionError } from './errors.ts'
import { readerOf, Subject } from './store.ts'
import type { CompletionStatus, Store } from './store.ts'
import { checked } from './tools.ts'
import { createTurn } from './turn.ts'
import type { Earlier, Turn, TurnOptions } from './turn.ts'

/** A conversation and where it stands. */
export interface ChatState {
  readonly messages: readonly ChatMessage[]
  /** Questions that wait for their turn (`whenBusy: 'queue'`). */
  readonly queued: readonly UserMessage[]
  /** Of the last answer. It is `ready` as well while calls of tools wait for an output or an approval. */
  readonly status: CompletionStatus
  /** Why the last answer failed. */
  readonly error: CompletionError | undefined
}

/** Who answers, and with what. */
export interface ChatOptions extends TurnOptions {
  /** The conversation so far. An answer that was running when it was kept counts as interrupted, see `resume`. */
  initialMessages?: readonly ChatMessage[]
  /** An answer that was running when it was kept, at a relay that keeps it as well, is shown as running: `resume()` follows. */
  resume?: boolean
  /**
   * What `sendMessage` does while an answer is arriving: `interrupt` (the default) stops that answer, `queue` waits until
   * it is finished, `drop` does nothing. A queue waits where an answer failed, was stopped or waits for somebody, and goes on
   * after the next one.
   */
  whenBusy?: 'interrupt' | 'queue' | 'drop'
}

/** A question: its text, or that and files (of an input, a drop or the clipboard, or by their address). */
export type ChatInput =
  | string
  | { text?: string; attachments?: Iterable<AttachmentInput> | ArrayLike<AttachmentInput> | null }

/** What a call of a tool came to. */
export type ToolOutput =
  | { toolCallId: string; output: unknown; error?: undefined }
  | { toolCallId: string; error: string; output?: undefined }

/** Whether a call of a tool may run; the reason is for the model. */
export interface ToolApprovalResponse {
  toolCallId: string
  approved: boolean
  reason?: string
}

/**
 * An observable conversation. Its verbs resolve to the answer as it ended, or to undefined when nothing was asked, and
 * never reject: see the state's `error`.
 */
export interface Chat extends Store<ChatState> {
  /** Asks; without an input, the first of the queue. See `whenBusy` for what happens while an answer is still arriving. */
  sendMessage(input?: ChatInput): Promise<AssistantMessage | undefined>
  /** Puts another question in the place of an earlier one and asks it. What came after that is dropped; files stay unless others are given. */
  edit(messageId: string, input: ChatInput): Promise<AssistantMessage | undefined>
  /** Drops an answer (the last one, or the one to or by that id) and what came after, and asks for another; also after an error. */
  regenerate(messageId?: string): Promise<AssistantMessage | undefined>
  /**
   * Asks for the rest of the last answer, when it was cut, was stopped or reached its length limit or `maxSteps`, and joins
   * it to the same message. Does nothing about an answer that is whole.
   */
  continue(): Promise<AssistantMessage | undefined>
  /** Takes up the last answer, which was running when the page was left, where a relay has kept it. Else does nothing. */
  resume(): Promise<AssistantMessage | undefined>
  /** Answers a call of a tool without `execute`. Once all calls of the last answer have an outcome, the model goes on. */
  addToolOutput(output: ToolOutput): Promise<AssistantMessage | undefined>
  /** Lets a call of the last answer run that waits for it, or tells the model that it may not. */
  addToolApprovalResponse(response: ToolApprovalResponse): Promise<AssistantMessage | undefined>
  /** Takes a question out of the queue. */
  unqueue(messageId: string): void
  /** Puts other messages in the place of these, such as a conversation that was kept. Whatever runs is stopped, the queue is emptied. */
  setMessages(messages: readonly ChatMessage[] | ((messages: readonly ChatMessage[]) => readonly ChatMessage[])): void
  /**
   * Ends the answer where it is. The connection is closed, the text is kept, no further tool is run. A question whose files
   * are still being read is not asked.
   */
  stop(): void
  /** An empty conversation; whatever runs is stopped. */
  reset(): void
}

type Answer = Promise<AssistantMessage | undefined>
const nothing: Answer = Promise.resolve(undefined)

/**
 * A conversation.
 *
 * @param options a value, or a function that is asked whenever a request starts
 */
export function createChat(options: ChatOptions | (() => ChatOptions)): Chat {
  const read = readerOf(options)
  const { initialMessages = [], resume } = typeof options === 'function' ? options() : options
  const left = initialMessages.at(-1)
  // It goes on in a moment, and looks like it.
  const runs = resume && left?.role === 'assistant' && left.running?.url && /submitted|streaming/.test(left.status)
  const subject = new Subject<ChatState>({
    messages: initialMessages.map((message) => (runs && message === left ? message : restored(message))),
    queued: [],
    status: runs ? (left.status as CompletionStatus) : initialMessages.length > 0 ? 'ready' : 'idle',
    error: undefined,
  })
  /** Who waits for the answer to a question of the queue. */
  const waiting = new Map<string, (answer?: AssistantMessage | Answer) => void>()
  let turn: Turn | undefined
  /** The files of a question are being read. What is asked meanwhile comes after it. */
  let reading: Promise<unknown> | undefined
  /** Grows whenever a question whose files are being read is not to be asked. */
  let halts = 0
  let answer: Answer = nothing

  const now = subject.getState
  const patch = (change: Partial<ChatState>): void => subject.set({ ...now(), ...change })
  const isBusy = (): boolean => /submitted|streaming/.test(now().status)
  const isAnswering = (): boolean => !!turn && !turn.isOver

  const stopAnswer = (): void => {
    if (isAnswering()) turn!.stop()
    // One that is shown as running and was not taken up.
    else if (isBusy()) patch({ messages: now().messages.map(restored) })
  }

  const stop = (): void => {
    halts++
    reading = undefined
    stopAnswer()
    void rest()
  }

  const ask = async (history: readonly ChatMessage[], earlier?: Earlier): Answer => {
    const { initialMessages: _1, whenBusy: _2, resume: _3, ...turnOptions } = read()
    const goesOn = (message: AssistantMessage): boolean => message.status === 'ready' && !openCalls(message).length
    const publish = (message: AssistantMessage): void => {
      // What is told of an answer after its end (a better count of its tokens) changes nothing else.
      if (hasEnded) {
        const { messages: all } = now()
        if (all.some(({ id }) => id === message.id))
          patch({ messages: all.map((other) => (other.id === message.id ? message : other)) })
        return
      }
      hasEnded = !/submitted|streaming/.test(message.status)
      // Between two questions of the queue it is not ready.
      const isNext = hasEnded && (!!reading || (goesOn(message) && now().queued.length > 0))
      const status = isNext ? 'submitted' : message.status === 'stopped' ? 'ready' : message.status
      // Once it has begun: a call of an earlier answer may have got its output meanwhile.
      const messages = (hasBegun ? now().messages : history).slice(0, history.length + 1)
      messages[history.length] = message
      hasBegun = true
      if (turn === current) patch({ messages, status, error: message.error })
    }
    let hasBegun = false
    let hasEnded = false
    const current: Turn = (turn = createTurn(turnOptions, history.flatMap(wireOf), publish, earlier))
    const at = halts
    const running = current.run()
    answer = running
    const message = await running
    if (turn !== current) return message
    // It holds all that was sent.
    turn = undefined
    if (goesOn(message) && at === halts) void next()
    return message
  }

  /** There is nothing to ask after all. */
  const rest = (): Answer => {
    if (isBusy() && !isAnswering() && !reading) patch({ status: now().messages.length > 0 ? 'ready' : 'idle' })
    return nothing
  }

  /** Asks the first question of the queue. */
  const next = (): Answer => {
    const { queued, messages: before } = now()
    const [message, ...others] = queued
    // It may have been taken out of the queue at the last moment.
    if (!message) return rest()
    patch({ queued: others })
    const asked = ask([...before, message])
    waiting.get(message.id)?.(asked)
    waiting.delete(message.id)
    return asked
  }

  const leave = (id: string): void => {
    waiting.get(id)?.()
    waiting.delete(id)
  }

  /** A question, once its files are read, to `send`; nothing when it is empty or was stopped before. */
  const withQuestion = (input: ChatInput, send: (message: UserMessage) => Answer, old?: UserMessage): Answer => {
    const { text = old?.text ?? '', attachments = undefined } = typeof input === 'string' ? { text: input } : input
    const kept = old?.parts.flatMap((part) => (part.type === 'file' ? [part.file] : [])) ?? []
    const id = old?.id
    const worded = old?.wire && !attachments && reworded(old.wire, text)
    const question = (files: readonly Attachment[]): UserMessage => ({
      ...userMessage(text, files, id),
      ...(worded && { wire: worded }),
    })
    if (!attachments && !text.trim() && !kept.length && !worded) return nothing
    if (!attachments && !reading) return send(question(kept))
    const at = halts
    const readFiles = async (before: unknown) => {
      const found = attachments ? await readAttachments(attachments) : { files: kept, failures: [] }
      await before
      return found
    }
    const filesRead = readFiles(reading)
    reading = filesRead
    /** The question stands there and is not asked. An answer that is arriving is not disturbed. */
    const refuse = async (message: UserMessage, cause: unknown): Promise<void> => {
      while (isAnswering()) await answer
      if (at !== halts) return
      const error = new CompletionError('bad_request', 'An attached file could not be read.', { cause })
      const all = now().messages
      // Behind an answer that waits for somebody it would be in the way.
      const stands = !old && !openCalls(all.at(-1)).length
      patch({ status: 'error', error, ...(stands && { messages: [...all, message] }) })
    }
    if (!isAnswering()) patch({ status: 'submitted', error: undefined })
    return filesRead.then(({ files, failures }) => {
      if (reading === filesRead) reading = undefined
      if (at !== halts) return undefined
      const message = question(files)
      if (failures.length) void refuse(message, failures[0])
      else if (text.trim() || files.length) return send(message)
      return rest()
    })
  }

  const addOutcome = async (toolCallId: string, outcome: Outcome): Answer => {
    if (turn?.answer(toolCallId, outcome)) return answer
    const { messages: all } = now()
    const isAsked = (message: ChatMessage): boolean =>
      lastCalls(message.parts, message.wire).some((call) => call.id === toolCallId && isOpen(call))
    const at = all.findLastIndex(isAsked)
    const asking = all[at]
    const isLast = at === all.length - 1
    // The conversation has gone on without it: it may still be told how a call went, but nothing is run.
    if (asking?.role !== 'assistant' || (!isLast && !outcome.state)) return undefined
    const parts = withOutcome(asking.parts, toolCallId, outcome)!
    const message = { ...asking, parts, wire: withResults(asking.wire, parts) }
    patch({ messages: all.map((other) => (other === asking ? message : other)) })
    return isLast ? ask(all.slice(0, -1), ['tools', message]) : message
  }

  return {
    getState: subject.getState,
    getInitialState: subject.getInitialState,
    subscribe: subject.subscribe,
    sendMessage(input) {
      const { whenBusy = 'interrupt' } = read()
      if ((isAnswering() || reading) && (whenBusy === 'drop' || input === undefined)) return nothing
      if (input === undefined) return next()
      return withQuestion(input, (message) => {
        if (whenBusy !== 'queue' || !(isAnswering() || now().queued.length)) {
          stopAnswer()
          return ask([...now().messages, message])
        }
        patch({ queued: [...now().queued, message] })
        const asked: Answer = new Promise((resolve) => waiting.set(message.id, resolve))
        if (!isAnswering()) void next()
        return asked
      })
    },
    edit(messageId, input) {
      const old = now().messages.find(({ id }) => id === messageId)
      if (old?.role !== 'user') return nothing
      return withQuestion(
        input,
        (message) => {
          const at = now().messages.findIndex(({ id }) => id === messageId)
          if (at < 0) return rest()
          stopAnswer()
          return ask([...now().messages.slice(0, at), message])
        },
        old,
      )
    },
    async regenerate(messageId) {
      const { messages: all } = now()
      // As an event handler it is given an event.
      const isNamed = typeof messageId === 'string'
      const end = isNamed ? all.findIndex(({ id }) => id === messageId) : all.length - 1
      const asked = all.slice(0, end + 1).findLastIndex((message) => message.role === 'user')
      if (asked < 0) return undefined
      stopAnswer()
      return ask(now().messages.slice(0, asked + 1))
    },
    async continue() {
      const { messages: all } = now()
      const last = all.at(-1)
      if (last?.role !== 'assistant') return undefined
      const { status, finishReason, parts, wire } = last
      // A step that was stopped may have called tools: the model is told that they were.
      const isBroken =
        (status === 'stopped' || status === 'error') && !/^(stop|content_filter)$/.test(finishReason ?? '')
      const hasCalled = status === 'ready' && finishReason === 'tool_calls'
      // A call whose arguments are no JSON was never made.
      const isMisspelt =
        hasCalled && parts.findLast((part) => part.type === 'tool-call')?.toolCall.state === 'incomplete'
      const isCut = isBroken || isMisspelt || (status === 'ready' && finishReason === 'length')
      if (isCut) return ask(all.slice(0, -1), ['continue', last])
      // It took as many requests as it may by itself.
      return hasCalled && lastCalls(parts, wire).length > 0 ? ask(all.slice(0, -1), ['tools', last]) : undefined
    },
    async resume() {
      const { messages: all } = now()
      const last = all.at(-1)
      if (last?.role !== 'assistant' || isAnswering() || !last.running?.url) return undefined
      return ask(all.slice(0, -1), ['resume', restored(last) as AssistantMessage])
    },
    addToolOutput({ toolCallId, ...said }) {
      const outcome = checked(said)
      return addOutcome(toolCallId, { ...outcome, state: outcome.error === undefined ? 'output' : 'error' })
    },
    addToolApprovalResponse: ({ toolCallId, approved, reason = 'The user did not allow this call.' }) =>
      addOutcome(
        toolCallId,
        approved ? { approval: 'approved' } : { approval: 'denied', state: 'error', error: reason },
      ),
    unqueue(messageId) {
      const queued = now().queued.filter(({ id }) => id !== messageId)
      if (queued.length < now().queued.length) patch({ queued })
      leave(messageId)
    },
    setMessages(given) {
      stop()
      turn = undefined
      for (const id of waiting.keys()) leave(id)
      const all = typeof given === 'function' ? given(now().messages) : given
      subject.set({ messages: all.map(restored), queued: [], status: all.length ? 'ready' : 'idle', error: undefined })
    },
    stop,
    reset() {
      stop()
      turn = undefined
      for (const id of waiting.keys()) leave(id)
      subject.set({ messages: [], queued: [], status: 'idle', error: undefined })
    },
  }
}
