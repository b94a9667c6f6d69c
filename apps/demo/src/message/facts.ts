/** The numbers under an answer: tokens, the wait for the first one, and the pace. */
import type { Answer } from './ending.ts'

/** One number, with what it means spelled out. */
export interface Fact {
  text: string
  meaning: string
  /** Something is not as it should be. */
  isOdd?: true
}

/** What is known of an answer; token counts of an answer that was stopped are estimated. */
export function factsOf({ usage, timing, attempts, error }: Answer): Fact[] {
  const facts: Fact[] = []
  if (usage) {
    const about = usage.estimated ? '≈ ' : ''
    facts.push({
      text: `${about}${count(usage.prompt_tokens)} in · ${about}${count(usage.completion_tokens)} out`,
      meaning: `${usage.prompt_tokens} prompt tokens, ${usage.completion_tokens} completion tokens${usage.estimated ? ', estimated: the provider did not count to the end' : ''}`,
    })
  }
  if (timing?.timeToFirstTokenMs !== undefined) {
    facts.push({ text: `first token ${duration(timing.timeToFirstTokenMs)}`, meaning: 'Time to the first token' })
  }
  // What came in one burst says nothing of the model's pace.
  if (timing?.tokensPerSecond !== undefined && !timing.buffered) {
    facts.push({ text: `${Math.round(timing.tokensPerSecond)} tokens/s`, meaning: 'Tokens per second after the first' })
  }
  if (timing?.buffered) {
    facts.push({
      text: 'came in one burst',
      meaning: 'Something between the provider and this page collected the answer before it was passed on',
      isOdd: true,
    })
  }
  if (attempts.length > 0 && !error) {
    facts.push({ text: `${attempts.length + 1} requests`, meaning: 'Requests it took, those that failed included' })
  }
  return facts
}

function count(tokens: number): string {
  return tokens.toLocaleString('en')
}

function duration(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`
}
