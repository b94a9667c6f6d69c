/**
 * The least that a page can do with OpenAI's wire: read, decode, split, parse, concatenate, and render once at the end.
 * With `throttle` it also renders the text once per frame while it arrives.
 */
import { useState } from 'react'
import type { UseAnswer } from '../answer.ts'

export const useAnswer: UseAnswer = ({ url, throttle, kind }) => {
  const [text, setText] = useState('')
  const [isBusy, setBusy] = useState(false)
  const start = async (): Promise<void> => {
    setBusy(true)
    const response = await fetch(url, { method: 'POST' })
    const reader = response.body!.getReader()
    const decoder = new TextDecoder()
    let rest = ''
    let said = ''
    let isScheduled = false
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      const lines = (rest + decoder.decode(value, { stream: true })).split('\n')
      rest = lines.pop()!
      for (const line of lines) {
        if (!line.startsWith('data: ') || line === 'data: [DONE]') continue
        const delta = JSON.parse(line.slice(6)).choices[0]?.delta
        said += (kind === 'text' ? delta?.content : delta?.tool_calls?.[0].function.arguments) ?? ''
      }
      if (throttle === undefined || isScheduled) continue
      isScheduled = true
      requestAnimationFrame(() => {
        isScheduled = false
        setText(said)
      })
    }
    setText(said)
    setBusy(false)
  }
  return { start, isBusy, text, input: kind === 'arguments' && text ? JSON.parse(text) : '' }
}
