/** The same answer on each wire: the events that go before its deltas, one per delta, and those that end it. */
import { request } from '../workload.ts'
import type { WireName } from './entrants.ts'

/** What is answered: text, or the arguments of one tool call, in deltas. */
export interface Answer {
  kind: 'text' | 'arguments'
  deltas: readonly string[]
}

/** An answer on a wire. */
export interface Events {
  head: readonly string[]
  deltas: readonly string[]
  tail: readonly string[]
}

const tool = 'save'
const callId = 'call_0'
const messageId = 'msg_bench'
/** When everything was sent, in milliseconds since 1970: some wires say it with each event. */
const timestamp = 1767225600000

const frame = (data: unknown): string => `data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`

function openai({ kind, deltas }: Answer): Events {
  const head = { id: 'chatcmpl-bench', object: 'chat.completion.chunk', created: timestamp / 1000 }
  const shared = { ...head, model: request.model, system_fingerprint: 'fp_bench' }
  const chunk = (delta: object, finish_reason: string | null = null): string =>
    frame({ ...shared, choices: [{ index: 0, delta, logprobs: null, finish_reason }], usage: null })
  const call = (more: object, args: string): object => ({
    tool_calls: [{ index: 0, ...more, function: { ...(args ? {} : { name: tool }), arguments: args } }],
  })
  const usage = { prompt_tokens: 5, completion_tokens: deltas.length, total_tokens: deltas.length + 5 }
  const isText = kind === 'text'
  return {
    head: [
      chunk({ role: 'assistant', content: isText ? '' : null, refusal: null }),
      ...(isText ? [] : [chunk(call({ id: callId, type: 'function' }, ''))]),
    ],
    deltas: deltas.map((delta) => chunk(isText ? { content: delta } : call({}, delta))),
    tail: [chunk({}, isText ? 'stop' : 'tool_calls'), frame({ ...shared, choices: [], usage }), frame('[DONE]')],
  }
}

function uiMessage({ kind, deltas }: Answer): Events {
  const call = { toolCallId: callId, toolName: tool }
  const isText = kind === 'text'
  const end = isText
    ? { type: 'text-end', id: '0' }
    : { type: 'tool-input-available', ...call, input: JSON.parse(deltas.join('')) as unknown }
  return {
    head: [
      frame({ type: 'start', messageId }),
      frame({ type: 'start-step' }),
      frame(isText ? { type: 'text-start', id: '0' } : { type: 'tool-input-start', ...call }),
    ],
    deltas: deltas.map((delta) =>
      frame(
        isText
          ? { type: 'text-delta', id: '0', delta }
          : { type: 'tool-input-delta', toolCallId: callId, inputTextDelta: delta },
      ),
    ),
    tail: [
      frame(end),
      frame({ type: 'finish-step' }),
      frame({ type: 'finish', finishReason: isText ? 'stop' : 'tool-calls' }),
      frame('[DONE]'),
    ],
  }
}

function agUi({ kind, deltas }: Answer): Events {
  const run = { threadId: 'thread_bench', runId: 'run_bench' }
  const event = (type: string, fields: object): string => frame({ type, timestamp, ...fields })
  const isText = kind === 'text'
  const of = isText ? { messageId } : { toolCallId: callId }
  const name = isText ? 'TEXT_MESSAGE' : 'TOOL_CALL'
  return {
    head: [
      event('RUN_STARTED', run),
      event(`${name}_START`, isText ? { ...of, role: 'assistant' } : { ...of, toolCallName: tool }),
    ],
    deltas: deltas.map((delta) => event(isText ? `${name}_CONTENT` : `${name}_ARGS`, { ...of, delta })),
    tail: [
      event(`${name}_END`, of),
      event('RUN_FINISHED', { ...run, metadata: { tanstack: { finishReason: isText ? 'stop' : 'tool_calls' } } }),
    ],
  }
}

const wires: Record<WireName, (answer: Answer) => Events> = { openai, 'ui-message': uiMessage, 'ag-ui': agUi }

/** The writes to the network that stream an answer: so many deltas in each, whatever the wire. */
export function writesOf(answer: Answer, wire: WireName, deltasPerWrite: number): Uint8Array[] {
  const { head, deltas, tail } = wires[wire](answer)
  const groups: string[][] = [[...head]]
  for (let at = 0; at < deltas.length; at += deltasPerWrite) groups.push(deltas.slice(at, at + deltasPerWrite))
  groups.push([...tail])
  return groups.map((group) => new TextEncoder().encode(group.join('')))
}
