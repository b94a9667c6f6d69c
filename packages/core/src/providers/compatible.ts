/** OpenAI-compatible servers by name: where they are, and what each of them says otherwise than OpenAI. */
import type { ContentPart, FunctionTool, Provider, ProviderRequest, ProviderTool, ReasoningDetail } from '../types.ts'
import { messagesOf, partsOf, prefill } from './messages.ts'
import { bare, keyed } from './openai.ts'
import type { OpenAIOptions } from './openai.ts'

/** What a server says otherwise. */
interface Quirks {
  url: string
  /**
   * Where an earlier answer's reasoning goes back: a field of the message, `thinking` for a part of its content, '' for
   * nowhere. Given at all, messages hold nothing else that OpenAI's have not, a developer is called system, and a
   * function without parameters says that it has none, as some insist on.
   */
  back?: '' | 'reasoning' | 'reasoning_content' | 'extra_content' | 'thinking'
  /** What stands there when an answer with tool calls came without reasoning, but the server insists. */
  missing?: string
  /** Other names of fields. */
  rename?: Record<string, string>
  /** Another word for the tool choice `required`. */
  required?: string
  /** `stream_options` is refused; usage comes without being asked for. */
  noOptions?: true
  /** Another header for the key than `authorization`. */
  header?: string
  /** Other parts of a message's content. */
  part?: (part: ContentPart) => unknown
  /** Reasoning with its signatures goes back as `thinking_blocks`, beside all else. */
  blocks?: true
  /** How long the id of a tool call is, of letters and digits alone. */
  idLength?: number
  /** What marks a last message of the assistant as the start of the answer. */
  start?: string
  /** The answer to such a message is known to be the rest alone; with what the request has to say for it. */
  goesOn?: object
}

/** The servers that {@link compatible} knows. */
export type CompatibleName =
  | 'alibaba'
  | 'azure'
  | 'cerebras'
  | 'deepinfra'
  | 'deepseek'
  | 'fireworks'
  | 'github'
  | 'google'
  | 'groq'
  | 'huggingface'
  | 'litellm'
  | 'llamacpp'
  | 'lmstudio'
  | 'mistral'
  | 'moonshot'
  | 'nvidia'
  | 'ollama'
  | 'openrouter'
  | 'perplexity'
  | 'sambanova'
  | 'together'
  | 'vercel'
  | 'vllm'
  | 'xai'
  | 'zai'

const oldLimit = { max_completion_tokens: 'max_tokens' }
const openModels = { back: 'reasoning_content' } as const
const openEnd = { continue_final_message: true, add_generation_prompt: false }

const servers: Record<CompatibleName, Quirks> = {
  alibaba: {
    url: 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1',
    ...openModels,
    start: 'partial',
    goesOn: {},
  },
  azure: { url: 'https://{resource}.openai.azure.com/openai/v1', back: '', header: 'api-key' },
  cerebras: { url: 'https://api.cerebras.ai/v1', back: 'reasoning' },
  deepinfra: { url: 'https://api.deepinfra.com/v1/openai', ...openModels, rename: oldLimit },
  // Only its `/beta` address takes the start of an answer, as it says itself.
  deepseek: {
    url: 'https://api.deepseek.com',
    ...openModels,
    missing: '',
    rename: oldLimit,
    start: 'prefix',
    goesOn: {},
  },
  fireworks: { url: 'https://api.fireworks.ai/inference/v1', ...openModels },
  github: { url: 'https://models.github.ai/inference', back: '' },
  google: { url: 'https://generativelanguage.googleapis.com/v1beta/openai', back: 'extra_content' },
  groq: { url: 'https://api.groq.com/openai/v1', back: 'reasoning', goesOn: {} },
  huggingface: { url: 'https://router.huggingface.co/v1' },
  litellm: { url: 'http://localhost:4000', blocks: true },
  llamacpp: { url: 'http://localhost:8080/v1', ...openModels, rename: oldLimit, goesOn: openEnd },
  lmstudio: { url: 'http://localhost:1234/v1', ...openModels, rename: oldLimit },
  mistral: {
    url: 'https://api.mistral.ai/v1',
    back: 'thinking',
    rename: { ...oldLimit, seed: 'random_seed' },
    required: 'any',
    noOptions: true,
    part: mistralPart,
    idLength: 9,
    // The answer to it begins with it once more.
    start: 'prefix',
  },
  moonshot: {
    url: 'https://api.moonshot.ai/v1',
    ...openModels,
    missing: ' ',
    rename: oldLimit,
    start: 'partial',
    goesOn: {},
  },
  nvidia: { url: 'https://integrate.api.nvidia.com/v1', ...openModels, rename: oldLimit },
  ollama: { url: 'http://localhost:11434/v1', back: 'reasoning', rename: oldLimit, goesOn: {} },
  openrouter: { url: 'https://openrouter.ai/api/v1', goesOn: {} },
  perplexity: { url: 'https://api.perplexity.ai', back: '', rename: oldLimit },
  sambanova: { url: 'https://api.sambanova.ai/v1', back: '' },
  together: { url: 'https://api.together.xyz/v1', ...openModels, rename: oldLimit },
  vercel: { url: 'https://ai-gateway.vercel.sh/v1' },
  vllm: { url: 'http://localhost:8000/v1', back: 'reasoning', goesOn: openEnd },
  xai: { url: 'https://api.x.ai/v1', ...openModels },
  zai: { url: 'https://api.z.ai/api/paas/v4', ...openModels, rename: oldLimit },
}

/** Their names. */
export const compatibleNames: readonly CompatibleName[] = Object.keys(servers) as CompatibleName[]

/** Where and as whom to talk to a server that is known by name. */
export interface CompatibleOptions extends OpenAIOptions {
  /** The name of the Azure resource, which is part of its address. */
  resource?: string
}

/**
 * A server that speaks OpenAI's chat completions, by its name. Those that run on one's own machine are looked for at
 * their usual port of it; a `baseURL` says where else a server is, such as one deployment of an Azure resource
 * (`https://….openai.azure.com/openai/deployments/…?api-version=…`).
 *
 * A last message of the assistant is how the answer begins, with those of them that are known to take it so.
 */
export function compatible(name: CompatibleName, options: CompatibleOptions = {}): Provider {
  const server: Quirks | undefined = servers[name]
  if (!server) throw new TypeError(`compatible() knows no "${String(name)}": use openai() with a \`baseURL\`.`)
  const { resource, ...rest } = options
  const baseURL = rest.baseURL ?? server.url.replace(/{resource}/, resource ?? '$&')
  if (baseURL.includes('{')) throw new TypeError(`compatible('${name}') needs a \`resource\` or a \`baseURL\`.`)
  const provider = keyed({ name, ...rest, baseURL })
  return {
    ...provider,
    continuation: server.goesOn && prefill,
    async request(request) {
      const wire = await provider.request(translate(request, server))
      const { authorization, ...headers } = wire.headers
      if (server.header && options.apiKey && authorization) {
        wire.headers = { ...headers, [server.header]: authorization.replace('Bearer ', '') }
      }
      return wire
    },
  }
}

function translate(request: ProviderRequest, server: Quirks): ProviderRequest {
  const messages = messagesOf(request).map((message) => rewrite(message, server))
  const last = messages.at(-1)
  const isStart = last.role === 'assistant'
  if (isStart && server.start) last[server.start] = true
  const asked: ProviderRequest = { ...(isStart && server.goesOn), ...request, messages }
  if (server.back !== undefined && request.tools) asked.tools = request.tools.map(withParameters)
  for (const [from, to] of Object.entries(server.rename ?? {})) {
    asked[to] ??= asked[from]
    delete asked[from]
  }
  if (server.required && asked.tool_choice === 'required') asked.tool_choice = server.required as 'required'
  if (server.noOptions) asked.stream_options = null
  return asked
}

// What goes out is whatever the server takes, which OpenAI's types do not know.
function rewrite(message: any, { back, missing, part, idLength, blocks }: Quirks): any {
  if (blocks && message.reasoning_details)
    return { ...message, thinking_blocks: message.reasoning_details.map(blockOf) }
  if (back === undefined) return message
  const { reasoning_content: reasoning } = message
  const { refusal, annotations: _, ...said } = bare(message, back)
  if (said.role === 'developer') said.role = 'system'
  if (refusal) said.content ||= refusal
  if (reasoning && back === 'reasoning') said.reasoning = reasoning
  if (!reasoning && said.tool_calls && missing != null) said.reasoning_content = missing
  if (part && Array.isArray(said.content)) said.content = said.content.map(part)
  if (reasoning && back === 'thinking') {
    said.content = [
      { type: 'thinking', thinking: [{ type: 'text', text: reasoning }], closed: true },
      ...partsOf(said.content),
    ]
  }
  if (idLength) {
    const short = (id: string) =>
      id
        .replace(/[^a-z0-9]/gi, '')
        .padStart(idLength, '0')
        .slice(-idLength)
    said.tool_calls &&= said.tool_calls.map((call: { id: string }) => ({ ...call, id: short(call.id) }))
    said.tool_call_id &&= short(said.tool_call_id)
  }
  return said
}

function withParameters(tool: FunctionTool | ProviderTool): FunctionTool | ProviderTool {
  if (!tool.function) return tool
  const { parameters = { type: 'object', properties: {} } } = tool.function
  return { ...tool, function: { ...tool.function, parameters } }
}

function blockOf({ text: thinking, signature, data }: ReasoningDetail): object {
  return data ? { type: 'redacted_thinking', data } : { type: 'thinking', thinking, signature }
}

function mistralPart(part: ContentPart): unknown {
  if (part.type === 'input_audio') return { ...part, input_audio: part.input_audio.data }
  if (part.type !== 'file') return part
  const { file_id, file_data, filename } = part.file
  return file_id
    ? { type: 'file', file_id }
    : { type: 'document_url', document_url: file_data, document_name: filename }
}
