/** Chunks → completion, O(delta) for each chunk. Here, and in the choices that it holds, deltas become state, and nowhere else. */
import { createChoice, nothing } from './choice.ts'
import type { GrowingChoice } from './choice.ts'
import { mergeCounts } from './merge.ts'
import { word } from './tool-call.ts'
import { addUsage, estimateTokens, promptText, writtenTexts } from './tokens.ts'
import type { CountTokens } from './tokens.ts'
import type { Beginning, Completion, CompletionChunk, CompletionRequest, Delta, Usage } from './types.ts'

const none: readonly never[] = []
/** More choices are never asked for, and each takes memory and time. */
const maxChoices = 1000

/** Adds chunks up to one completion. */
export interface Accumulator {
  /** Takes one chunk, in time proportional to it. Returns whether anything arrived that a reader can see. */
  add(chunk: CompletionChunk): boolean
  /** The stream is over, finished or not. Estimates the usage where the provider did not tell it. */
  close(): void
  /** Puts counts of a better tokenizer in the place of the estimated ones. */
  count(count: CountTokens): Promise<void>
  /** Puts what a schema made of the answer in the place of its JSON. */
  validated(value: unknown): void
  /** Whether every choice that was opened has said why it ended. */
  readonly finished: boolean
  /** The completion so far. The same object as long as nothing arrived. */
  readonly snapshot: Completion
}

/**
 * An empty completion, to be filled.
 *
 * @param request what was asked: whether the answer is to be JSON, and how many tokens the question may have
 * @param continues an answer that was cut, which the chunks go on with
 */
export function createAccumulator(request?: CompletionRequest, continues?: Beginning): Accumulator {
  const choices: GrowingChoice[] = []
  const format = request?.response_format
  const isJson = !!format && !('type' in Object(format) && (format as { type: string }).type === 'text')
  let shown: Completion | undefined
  let finished = false
  let { id, model, created } = { id: '', model: '', created: 0 }
  let usage: Usage | undefined
  let validated: { parsed: unknown } | undefined
  let fingerprint: string | undefined
  let tier: Completion['service_tier']

  /** The choice by that index. An index that no server counts to is none. */
  const choiceAt = (said: unknown) => {
    const index = (typeof said === 'string' ? Number(said) : (said ?? 0)) as number
    if (!Number.isInteger(index) || index < 0 || index >= maxChoices) return undefined
    // They nearly always stand where their index says.
    let choice = choices[index]
    if (choice?.index !== index) choice = choices.find((other) => other.index === index)
    if (!choice) {
      choice = createChoice(index, isJson)
      choices.push(choice)
      choices.sort((a, b) => a.index - b.index)
    }
    return choice
  }

  const show = (): Completion => {
    const [first] = choices
    const answer = first?.show()
    const { parsed } = validated ?? answer ?? {}
    const completion: Completion = {
      id,
      object: 'chat.completion',
      created,
      model,
      choices: choices.map((choice) => choice.show().wire),
      ...(answer?.said ?? nothing),
      toolCalls: answer?.toolCalls ?? none,
      parts: answer?.parts ?? none,
    }
    if (parsed !== undefined) completion.parsed = parsed
    if (fingerprint) completion.system_fingerprint = fingerprint
    if (tier) completion.service_tier = tier
    const counts = addUsage(continues?.usage, usage)
    if (counts) completion.usage = counts
    return completion
  }

  /** Counts of our own where the provider did not count, or not to the end of what arrived. */
  const estimate = (prompt: number, written: number, known?: Usage): void => {
    const { prompt_tokens = 0, completion_tokens = 0 } = known ?? {}
    // A provider that counts along is near our estimate; one that had only begun to is far from it.
    if (completion_tokens * 2 >= written) return
    const prompted = prompt_tokens || prompt
    const counts = { prompt_tokens: prompted, completion_tokens: written, total_tokens: prompted + written }
    usage = { ...known, ...counts, estimated: true }
    shown = undefined
  }
  const written = (): string[] => writtenTexts(accumulator.snapshot)
  const before = continues ? writtenTexts(continues) : []
  const writtenBefore = before.join('\n')
  const asked = (): string => `${promptText(request!)}\n${writtenBefore}`
  // Each by itself, so that what a text begins with counts the same before and after.
  const estimated = (texts: string[]): number => texts.reduce((sum, text) => sum + estimateTokens(text), 0)
  let told: Usage | undefined

  if (continues) for (const delta of deltasOf(continues)) choiceAt(0)!.add({ index: 0, delta, finish_reason: null })

  const accumulator: Accumulator = {
    add(chunk) {
      shown = undefined
      // The first non-empty value stands: some servers send an empty first chunk, some a new id with each.
      id ||= word(chunk.id)
      model ||= word(chunk.model)
      created ||= chunk.created || 0
      fingerprint ||= chunk.system_fingerprint
      tier ||= chunk.service_tier
      if (chunk.usage) {
        const { total_tokens } = chunk.usage
        usage = mergeCounts(usage ?? { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }, chunk.usage) as Usage
        // The total stands as it was sent, also where it is not the sum.
        if (total_tokens == null || !usage.total_tokens)
          usage = { ...usage, total_tokens: usage.prompt_tokens + usage.completion_tokens }
      }
      let visible = false
      const known = choices.length
      for (const said of chunk.choices ?? none) {
        if (!said) continue
        const choice = choiceAt(said.index)
        if (!choice) continue
        if (choice.add(said)) visible = true
        if (said.finish_reason || choices.length > known) finished = choices.every((each) => each.finishReason)
      }
      return visible
    },
    close() {
      shown = undefined
      for (const choice of choices) choice.close()
      told = usage
      // A provider that counted the question alone had only begun to count.
      const isCounted = usage && (usage.completion_tokens || !usage.prompt_tokens)
      if (request && choices.length && !(isCounted && finished))
        estimate(estimateTokens(asked()), Math.max(0, estimated(written()) - estimated(before)), told)
    },
    async count(count) {
      if (!request || !usage?.estimated) return
      const known = writtenBefore && (await count(writtenBefore))
      estimate(await count(asked()), (await count(written().join('\n'))) - Number(known), told)
    },
    validated(value) {
      validated = { parsed: value }
      shown = undefined
    },
    get finished() {
      return finished
    },
    get snapshot() {
      return (shown ??= show())
    },
  }
  return accumulator
}

/** An answer as deltas again, without blanks at its end: the rest begins with its own. */
function deltasOf({ parts, choices }: Beginning): Delta[] {
  const { annotations, reasoning_details, extra_content } = choices[0]?.message ?? {}
  const last = parts.findLastIndex((part) => part.type === 'text')
  const deltas = parts.map((part, i): Delta => {
    if (part.type === 'text') return { content: i === last ? part.text.trimEnd() : part.text }
    if (part.type === 'reasoning') return { reasoning_content: part.text }
    if (part.type === 'refusal') return { refusal: part.text }
    if (part.type === 'image') return { images: [part.image] }
    if (part.type === 'tool-call') {
      const { id, name, arguments: text } = part.toolCall
      return { tool_calls: [{ index: i, id, function: { name, arguments: text } }] }
    }
    return part.type === 'server-tool' ? { server_tool_calls: [part.toolCall] } : {}
  })
  return [...deltas, { annotations, reasoning_details, extra_content }]
}

/**
 * One completion from all chunks of a stream, in order (what LiteLLM calls `stream_chunk_builder`).
 *
 * @param request what was asked: with it, a JSON answer is parsed and a usage that the provider did not tell is estimated
 */
export function buildCompletion(chunks: Iterable<CompletionChunk>, request?: CompletionRequest): Completion {
  const accumulator = createAccumulator(request)
  for (const chunk of chunks) accumulator.add(chunk)
  accumulator.close()
  return accumulator.snapshot
}
