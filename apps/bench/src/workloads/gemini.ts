/** A long text on the wire of Gemini's `streamGenerateContent`: each event counts anew. */
import { event, request, writeWords } from '../workload.ts'
import type { Workload } from '../workload.ts'
import type { Gather } from './floor.ts'

function gather(): Gather {
  let text = ''
  return {
    take(data) {
      text += JSON.parse(data).candidates[0].content.parts[0].text
    },
    result: () => text,
  }
}

export function createGemini(deltas: number): Workload {
  const parts = writeWords(deltas)
  const say = (text: string, place: number): Uint8Array =>
    event({
      candidates: [
        {
          content: { parts: [{ text }], role: 'model' },
          ...(place === deltas - 1 && { finishReason: 'STOP' }),
          index: 0,
        },
      ],
      usageMetadata: {
        promptTokenCount: 12,
        candidatesTokenCount: place + 1,
        totalTokenCount: place + 13,
        promptTokensDetails: [{ modality: 'TEXT', tokenCount: 12 }],
      },
      modelVersion: request.model,
      responseId: 'bench-response-0001',
    })
  return {
    id: 'gemini',
    title: `A text of ${deltas} deltas on Gemini's wire`,
    deltas,
    text: parts.join(''),
    events: parts.map(say),
    gather,
  }
}
