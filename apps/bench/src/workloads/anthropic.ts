/** A long text on the wire of Anthropic's Messages API. */
import { event, request, writeWords } from '../workload.ts'
import type { Workload } from '../workload.ts'
import type { Gather } from './floor.ts'

const say = (data: { type: string; [field: string]: unknown }): Uint8Array => event(data, data.type)

function gather(): Gather {
  let text = ''
  return {
    take(data) {
      const { type, delta } = JSON.parse(data)
      if (type === 'content_block_delta') text += delta.text
    },
    result: () => text,
  }
}

export function createAnthropic(deltas: number): Workload {
  const parts = writeWords(deltas)
  const counts = { cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 1 }
  const message = {
    model: request.model,
    id: 'msg_bench',
    type: 'message',
    role: 'assistant',
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { input_tokens: 12, ...counts, service_tier: 'standard' },
  }
  return {
    id: 'anthropic',
    title: `A text of ${deltas} deltas on Anthropic's wire`,
    deltas,
    text: parts.join(''),
    events: [
      say({ type: 'message_start', message }),
      say({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }),
      say({ type: 'ping' }),
      ...parts.map((text) => say({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } })),
      say({ type: 'content_block_stop', index: 0 }),
      say({
        type: 'message_delta',
        delta: { stop_reason: 'end_turn', stop_sequence: null },
        usage: { input_tokens: 12, ...counts, output_tokens: deltas },
      }),
      say({ type: 'message_stop' }),
    ],
    gather,
  }
}
