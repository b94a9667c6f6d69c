/** A long text on OpenAI's wire, with the role, finish, usage and end events around it. */
import { writeWords } from '../workload.ts'
import type { Workload } from '../workload.ts'
import { agUiEvent, agUiRun } from './ag-ui-wire.ts'
import type { Gather } from './floor.ts'
import { chunk, ending } from './openai-wire.ts'

function gather(): Gather {
  let text = ''
  return {
    take(data) {
      if (data !== '[DONE]') text += JSON.parse(data).choices[0]?.delta.content ?? ''
    },
    result: () => text,
  }
}

export function createText(deltas: number): Workload {
  const parts = writeWords(deltas)
  return {
    id: 'text',
    title: `A text of ${deltas} deltas on OpenAI's wire`,
    deltas,
    text: parts.join(''),
    events: [
      chunk({ role: 'assistant', content: '', refusal: null }),
      ...parts.map((content) => chunk({ content })),
      chunk({}, 'stop'),
      ...ending(deltas),
    ],
    agUi() {
      const messageId = 'msg_bench'
      const events = [
        agUiEvent('TEXT_MESSAGE_START', { messageId, role: 'assistant' }),
        ...parts.map((delta) => agUiEvent('TEXT_MESSAGE_CONTENT', { messageId, delta })),
        agUiEvent('TEXT_MESSAGE_END', { messageId }),
      ]
      return agUiRun(events, 'stop')
    },
    gather,
  }
}
