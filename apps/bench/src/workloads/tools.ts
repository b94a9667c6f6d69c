/** Four tool calls on OpenAI's wire, whose arguments arrive in turn or one after the other, 16 characters in each delta. */
import { shapes } from '../workload.ts'
import type { Workload } from '../workload.ts'
import { agUiEvent, agUiRun } from './ag-ui-wire.ts'
import type { Gather } from './floor.ts'
import { chunk, ending } from './openai-wire.ts'

/** The name of the tool that all calls are for. */
export const toolName = 'save'

const calls = 4
const charsPerDelta = 16

function gather(): Gather {
  const texts: string[] = []
  return {
    take(data) {
      if (data === '[DONE]') return
      for (const { index, function: part } of JSON.parse(data).choices[0]?.delta.tool_calls ?? [])
        texts[index] = (texts[index] ?? '') + part.arguments
    },
    result: () => texts.join('\n'),
  }
}

/**
 * @param shape what the arguments look like: a name in `shapes`
 * @param id `tools`: a delta of each call in turn; `serial`: a call begins when the one before has ended
 */
export function createTools(deltas: number, shape = 'nested objects', id: 'tools' | 'serial' = 'tools'): Workload {
  const size = (deltas * charsPerDelta) / calls
  const write = (about: number): string => JSON.stringify(shapes[shape]!(about))
  // What is of about some size in one shape is a quarter longer in another.
  const texts = Array.from({ length: calls }, () => write(size ** 2 / write(size).length))
  const step = Math.ceil((texts[0]!.length * calls) / deltas)
  const ids = texts.map((_, index) => `call_${index}`)
  const begin = (index: number): Uint8Array =>
    chunk({ tool_calls: [{ index, id: ids[index], type: 'function', function: { name: toolName, arguments: '' } }] })
  const piecesOf = (index: number): [index: number, piece: string][] => {
    const text = texts[index]!
    return Array.from({ length: Math.ceil(text.length / step) }, (_, i) => [
      index,
      text.slice(i * step, (i + 1) * step),
    ])
  }
  const each = ids.map((_, index) => piecesOf(index))
  const inTurn = each[0]!.flatMap((_, i) => each.map((pieces) => pieces[i]!))
  const pieces = id === 'tools' ? inTurn : each.flat()
  const deltasOf = (of: typeof pieces): Uint8Array[] =>
    of.map(([index, piece]) => chunk({ tool_calls: [{ index, function: { arguments: piece } }] }))
  const order = id === 'tools' ? 'in turn' : 'one call after the other'
  const kilobytes = `${Math.round(texts[0]!.length / 1000)} KB each`
  return {
    id,
    title: `${calls} tool calls of ${kilobytes} (${shape}), ${pieces.length} deltas, ${order}`,
    deltas,
    text: texts.join('\n'),
    events: [
      chunk({ role: 'assistant', content: null, refusal: null }),
      ...(id === 'tools'
        ? [...ids.map((_, index) => begin(index)), ...deltasOf(inTurn)]
        : each.flatMap((own, index) => [begin(index), ...deltasOf(own)])),
      chunk({}, 'tool_calls'),
      ...ending(deltas),
    ],
    agUi() {
      const events = [
        ...ids.map((toolCallId) => agUiEvent('TOOL_CALL_START', { toolCallId, toolCallName: toolName })),
        ...pieces.map(([index, delta]) => agUiEvent('TOOL_CALL_ARGS', { toolCallId: ids[index], delta })),
        ...ids.map((toolCallId) => agUiEvent('TOOL_CALL_END', { toolCallId })),
      ]
      return agUiRun(events, 'tool_calls')
    },
    gather,
  }
}
