/** Cohere's own wire: version 2 of its chat endpoint. */
import type {
  CompletionRequest,
  Decoder,
  Delta,
  Message,
  Provider,
  ProviderOptions,
  ReasoningDetail,
} from '../types.ts'
import { cannot, keyOf, messagesOf, partsOf, refuse, textOf } from './messages.ts'
import { finishReasonOf } from './reasons.ts'

// The JSON edge: what servers send is checked where it is used, field by field, and what a request holds beyond OpenAI's
// fields goes through.
type Json = any

const who = 'Cohere'
/** Marks the reasoning that Cohere takes back: what it thought, and its plan for the tools. */
const wire = 'cohere-v2'

/** Cohere's models. `baseURL` is everything before `/chat`. */
export function cohere(options: ProviderOptions = {}): Provider {
  const { apiKey, baseURL = 'https://api.cohere.com/v2', headers, name = 'cohere', fetch } = options
  return {
    name,
    fetch,
    decoder,
    async request(request) {
      const body = bodyOf(request)
      const key = await keyOf(apiKey)
      return {
        url: baseURL.replace(/\/*$/, '/chat'),
        headers: { ...(key && { authorization: `Bearer ${key}` }), ...headers },
        body,
      }
    },
  }
}

// ── writing ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The wire counts thinking in tokens. Shares of 32 Ki. */
const budgets: Json = { minimal: 1024, low: 3277, medium: 9830, high: 19_661, xhigh: 29_491 }

function bodyOf(request: CompletionRequest): object {
  const {
    prompt,
    tools,
    tool_choice: choice,
    parallel_tool_calls: parallel,
    n,
    max_tokens,
    max_completion_tokens: limit,
    top_p,
    stop,
    response_format: format,
    reasoning_effort: effort,
    thinking,
    stream_options,
    ...rest
  }: Json = request
  const asked = { ...request, n: n > 1, parallel_tool_calls: parallel === false }
  refuse(who, asked as Json, 'n', 'parallel_tool_calls', 'user', 'logit_bias', 'logprobs', 'modalities')
  // The wire has no name for one tool; to offer only that one comes to the same.
  const only = choice?.function?.name
  const body = {
    p: top_p,
    stop_sequences: stop && [stop].flat(),
    strict_tools: tools?.some((tool: Json) => tool.function?.strict) || null,
    thinking: thinking
      ? { token_budget: thinking.budget_tokens, ...thinking, budget_tokens: undefined }
      : effort && { type: effort === 'none' ? 'disabled' : 'enabled', token_budget: budgets[effort] },
    ...rest,
    max_tokens: limit ?? max_tokens,
    messages: messagesOf(request).map(wireMessage),
    tools: tools?.flatMap((tool: Json) => {
      if (!tool.function) return tool
      const { strict, ...called } = tool.function
      if (only && called.name !== only) return []
      const parameters = called.parameters ?? { type: 'object', properties: {} }
      return { type: 'function', function: { ...called, parameters } }
    }),
    tool_choice: only ? 'REQUIRED' : choice === 'auto' ? null : choice?.toUpperCase(),
    response_format:
      format?.type === 'json_schema' ? { type: 'json_object', json_schema: format.json_schema.schema } : format,
    stream: true,
  }
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value != null))
}

/** Parts look as OpenAI's do. */
function wireMessage(message: Message): object {
  const { role, content, refusal, reasoning_details: details, tool_calls: calls }: Json = message
  refuse(who, message as Json, 'audio', 'images', 'name')
  if (role !== 'assistant') {
    const foreign = role === 'tool' ? /file|audio|image/ : /file|audio/
    for (const { type } of partsOf(content))
      if (foreign.test(type)) cannot(who, `take ${type} parts in ${role} messages`)
    return { ...message, role: role === 'developer' ? 'system' : role }
  }
  const own: ReasoningDetail[] = (details ?? []).filter((detail: Json) => detail.format === wire)
  const parts = [
    ...own.flatMap(({ text: thinking }) => (thinking ? { type: 'thinking', thinking } : [])),
    ...partsOf(textOf(content, who) + (refusal ?? '')),
  ]
  return {
    role,
    content: parts.length ? parts : calls ? undefined : '',
    tool_plan: own.find(({ summary }) => summary)?.summary,
    tool_calls: calls?.map(({ id, type, function: called }: Json) => {
      if (!called) cannot(who, 'take custom tool calls')
      return { id, type, function: called }
    }),
  }
}

// ── reading ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Reads one event by what its message holds, which is one thing at a time; its type says nothing more. */
function decoder(): Decoder {
  const created = Math.floor(Date.now() / 1000)
  let id = ''
  let text = ''
  const cited = new Set<string>()

  return ({ event, data }, sink) => {
    if (data.startsWith('[DONE]')) return sink.done()
    if (!data.trim()) return
    const json: Json = JSON.parse(data) ?? {}
    if (event === 'error' || json.message || json.error) return sink.error(json)
    id ||= json.id ?? ''
    const { message, finish_reason: native, usage, error } = json.delta ?? {}
    // What is billed is less than what is read and written: it leaves out the provider's own prompt.
    const { input_tokens, output_tokens, reasoning_tokens } = usage?.tokens ?? usage?.billed_units ?? {}
    if (!message && !native && !error) return
    const { role, content, tool_plan: plan, tool_calls: call, citations } = message ?? {}
    const thought = content?.thinking
    text += content?.text ?? ''
    const isFailure = error || /ERROR|TIMEOUT/.test(native)
    const delta: Delta = {
      role,
      content: content?.text,
      reasoning_content: thought,
      // A plan is not what the model thought but goes with the calls, and is wanted back with them.
      reasoning_details: thought
        ? [{ type: 'reasoning.text', format: wire, text: thought }]
        : plan && [{ type: 'reasoning.summary', format: wire, summary: plan }],
      tool_calls: call?.function && [{ ...call, index: json.index }],
      annotations: citations?.sources?.flatMap(({ id: source, document }: Json) => {
        const { url = source, title = '' } = document ?? {}
        if (cited.has(url)) return []
        cited.add(url)
        // Offsets count code points, of which some take two units: the quote is where they say, or a little later.
        const at = text.indexOf(citations.text, citations.start)
        const start_index = Math.max(at, 0)
        const end_index = at < 0 ? 0 : at + `${citations.text}`.length
        return { type: 'url_citation', url_citation: { url, title, start_index, end_index } }
      }),
    }
    sink.chunk({
      id,
      object: 'chat.completion.chunk',
      created,
      model: '',
      choices: [
        {
          index: 0,
          delta,
          finish_reason: isFailure || !native ? null : finishReasonOf(native),
          native_finish_reason: native,
        },
      ],
      usage: usage && {
        prompt_tokens: input_tokens,
        completion_tokens: output_tokens,
        prompt_tokens_details: { cached_tokens: usage.cached_tokens },
        completion_tokens_details: { reasoning_tokens },
      },
    })
    if (isFailure) sink.error({ code: native, message: error ?? native })
  }
}
