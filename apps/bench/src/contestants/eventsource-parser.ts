/** The event parser that this library uses, alone: what is on top of it is ours. */
import { createParser } from 'eventsource-parser'
import type { Contestant } from '../contestant.ts'

export const eventsourceParser: Contestant = {
  name: 'eventsource-parser, parse, concatenate',
  async read(response) {
    const decoder = new TextDecoder()
    let text = ''
    const parser = createParser({
      onEvent({ data }) {
        if (data !== '[DONE]') text += JSON.parse(data).choices[0]?.delta.content ?? ''
      },
    })
    for await (const bytes of response.body!) parser.feed(decoder.decode(bytes, { stream: true }))
    return text
  },
}
