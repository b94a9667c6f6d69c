/** A long text on the wire of OpenAI's Responses API, whose last events hold all of it again. */
import { event, request, writeWords } from '../workload.ts'
import type { Workload } from '../workload.ts'
import type { Gather } from './floor.ts'

function gather(): Gather {
  let text = ''
  return {
    take(data) {
      const { type, delta } = JSON.parse(data)
      if (type === 'response.output_text.delta') text += delta
    },
    result: () => text,
  }
}

/** Sixteen characters that mean nothing: each delta has others, so that all events are of one length. */
const padding = (place: number): string => `p${place}qwertyuiopasdfgh`.slice(0, 16)

export function createResponses(deltas: number): Workload {
  const parts = writeWords(deltas)
  const text = parts.join('')
  const id = 'msg_bench'
  const place = { item_id: id, output_index: 0, content_index: 0 }
  let sequence_number = 0
  const say = (type: string, fields: object): Uint8Array =>
    event({ type, sequence_number: sequence_number++, ...fields }, type)
  const response = (status: string, more?: object): object => ({
    response: {
      id: 'resp_bench',
      object: 'response',
      created_at: 1767225600,
      status,
      error: null,
      incomplete_details: null,
      instructions: null,
      max_output_tokens: null,
      model: request.model,
      output: [],
      parallel_tool_calls: true,
      previous_response_id: null,
      reasoning: { effort: null, summary: null },
      store: true,
      temperature: 1,
      text: { format: { type: 'text' } },
      tool_choice: 'auto',
      tools: [],
      top_p: 1,
      truncation: 'disabled',
      usage: null,
      user: null,
      metadata: {},
      ...more,
    },
  })
  const part = (said: string): object => ({ type: 'output_text', annotations: [], logprobs: [], text: said })
  const item = (status: string, content: object[]): object => ({
    id,
    type: 'message',
    status,
    content,
    role: 'assistant',
  })
  const whole = item('completed', [part(text)])
  const usage = {
    input_tokens: 12,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: deltas,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: deltas + 12,
  }
  return {
    id: 'responses',
    title: `A text of ${deltas} deltas on the wire of OpenAI's Responses`,
    deltas,
    text,
    events: [
      say('response.created', response('in_progress')),
      say('response.in_progress', response('in_progress')),
      say('response.output_item.added', { output_index: 0, item: item('in_progress', []) }),
      say('response.content_part.added', { ...place, part: part('') }),
      ...parts.map((delta, at) =>
        say('response.output_text.delta', { ...place, delta, logprobs: [], obfuscation: padding(at) }),
      ),
      say('response.output_text.done', { ...place, text, logprobs: [] }),
      say('response.content_part.done', { ...place, part: part(text) }),
      say('response.output_item.done', { output_index: 0, item: whole }),
      say('response.completed', response('completed', { output: [whole], usage })),
    ],
    gather,
  }
}
