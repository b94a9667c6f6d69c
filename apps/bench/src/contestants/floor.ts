/** The least that any reader must do, written for exactly this input: no errors, no tool calls, no other line ends. */
import type { Contestant } from '../contestant.ts'

export const floor: Contestant = {
  name: 'floor: decode, split, parse, concatenate',
  async read(response) {
    const decoder = new TextDecoder()
    let rest = ''
    let text = ''
    for await (const bytes of response.body!) {
      const piece = decoder.decode(bytes, { stream: true })
      rest += piece
      if (!piece.includes('\n')) continue
      const lines = rest.split('\n')
      rest = lines.pop()!
      for (const line of lines) {
        if (!line.startsWith('data: ') || line === 'data: [DONE]') continue
        text += JSON.parse(line.slice(6)).choices[0]?.delta.content ?? ''
      }
    }
    return text
  },
}
