/** A burst in a real page: frames and timers go on while it is decoded. */
import { expect, it } from 'vitest'
import { openai, streamCompletion } from '../src/index.ts'

const chunk = (delta: object, finish: string | null = null) => {
  const choices = [{ index: 0, delta, finish_reason: finish }]
  return `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices })}\n\n`
}
const words = Array.from({ length: 40_000 }, (_, i) => chunk({ content: `word ${i} ` }))
const events = [...words, chunk({}, 'stop'), 'data: [DONE]\n\n']

it.each([
  ['one read of 6 MB', [events.join('')]],
  ['40,000 reads that are there at once', events],
])('%s leaves a page its frames and timers', async (_, reads) => {
  const encoder = new TextEncoder()
  const body = new ReadableStream({
    start(controller) {
      for (const read of reads) controller.enqueue(encoder.encode(read))
      controller.close()
    },
  })
  const fetch = async () => new Response(body, { headers: { 'content-type': 'text/event-stream' } })
  const stream = streamCompletion({ model: 'm', prompt: 'Hi' }, { provider: openai({ fetch }) })
  const seen = { frames: 0, rings: 0 }
  let isOver = false
  const draw = () => void (isOver || (seen.frames++, requestAnimationFrame(draw)))
  const ring = () => void (isOver || (seen.rings++, setTimeout(ring)))
  requestAnimationFrame(draw)
  setTimeout(ring)
  const { text } = await stream.finalCompletion()
  isOver = true
  expect(text.split('word')).toHaveLength(words.length + 1)
  expect(seen.frames).toBeGreaterThan(1)
  expect(seen.rings).toBeGreaterThan(4)
})
