/** Running the tools that live in the page, on arguments that finished, parsed and fit. */
import { problemsOf } from './structured.ts'
import type { FunctionTool, ProviderTool, StandardSchema, ToolCall } from './types.ts'

/** A tool that the page runs itself. */
export interface ChatTool {
  /** For the model: what the tool does and when to use it. */
  description?: string
  /**
   * For the model: the arguments, as a JSON Schema object, or as a schema of zod, valibot, arktype …, which then also
   * validates them: a tool never runs on arguments that do not fit, and the model is told why.
   */
  parameters?: Record<string, unknown> | StandardSchema
  /**
   * Runs one call. What it returns (or resolves to) goes back to the model, as it is when it is a string, else as
   * JSON; what it throws goes back as the reason why the tool failed. Without it, a call waits for `addToolOutput`.
   */
  // A tool knows the shape of its own arguments; here they are what the model wrote.
  // eslint-disable-next-line typescript/no-explicit-any
  execute?(input: any, context: { signal: AbortSignal; toolCallId: string }): unknown
  /** Whether somebody must allow a call before it runs, with `addToolApprovalResponse`. */
  // eslint-disable-next-line typescript/no-explicit-any -- as with `execute`
  needsApproval?: boolean | ((input: any, context: { toolCallId: string }) => boolean | Promise<boolean>)
}

/** The tools of a chat by name. */
export type ChatTools = Record<string, ChatTool>

/** What a call came to. */
export type ToolOutcome = { output: unknown; error?: undefined } | { error: string }

function schemaOf({ parameters }: ChatTool): StandardSchema | undefined {
  return parameters && '~standard' in parameters ? (parameters as StandardSchema) : undefined
}

type DeclaredTool = FunctionTool | ProviderTool

/** The name of a tool that a request declares. */
export function nameOf(tool: DeclaredTool): unknown {
  const { function: its, custom = its, name = Object(custom).name } = tool as ProviderTool
  return name
}

/** The tools as the request declares them, and those that it declares itself. */
export function declareTools(tools: ChatTools = {}, others: readonly DeclaredTool[] = []): DeclaredTool[] {
  const isOwn = ([name]: [string, ChatTool]): boolean => !others.some((tool) => nameOf(tool) === name)
  const declared = Object.entries(tools)
    .filter(isOwn)
    .map(([name, tool]): FunctionTool => {
      const schema = schemaOf(tool)?.['~standard']
      if (schema && !schema.jsonSchema)
        throw new Error(`The schema of ${name} (${schema.vendor}) does not tell its JSON Schema: give that instead.`)
      const { $schema: _, ...parameters } = schema?.jsonSchema?.input({ target: 'draft-2020-12' }) ?? {
        ...tool.parameters,
      }
      const { description } = tool
      return { type: 'function', function: { name, description, ...(tool.parameters && { parameters }) } }
    })
  return [...declared, ...others]
}

/** The page's tool of that name. The model chooses the name, so an inherited property is no tool. */
export function toolOf(tools: ChatTools | undefined, name: string): ChatTool | undefined {
  return tools && Object.hasOwn(tools, name) ? tools[name] : undefined
}

/**
 * Runs one call. Never rejects: a failure is an outcome that the model is told of.
 *
 * @param mayRun asked last, with whether somebody has to allow the call
 * @returns undefined when it may not run
 */
export async function runTool(
  tool: ChatTool | undefined,
  call: ToolCall & { approval?: string },
  signal: AbortSignal,
  mayRun: (needsApproval: boolean) => boolean,
): Promise<ToolOutcome | undefined> {
  const toolCallId = call.id
  if (!tool?.execute) return { error: `There is no tool named ${JSON.stringify(call.name)}.` }
  try {
    // Parsed anew: `call.input` is part of a snapshot, and a tool may change what it is given.
    let input: unknown = call.type ? call.arguments : JSON.parse(call.arguments)
    const schema = schemaOf(tool)
    if (schema) {
      const result = await schema['~standard'].validate(input)
      if (result.issues) return { error: `The arguments do not fit. ${problemsOf(result.issues)}` }
      input = result.value
    }
    const { needsApproval } = tool
    const isAllowed = call.approval === 'approved'
    const asks =
      !isAllowed && (typeof needsApproval === 'function' ? await needsApproval(input, { toolCallId }) : needsApproval)
    return mayRun(!!asks) ? checked({ output: await tool.execute(input, { signal, toolCallId }) }) : undefined
  } catch (error) {
    return failed(error)
  }
}

function failed(error: unknown): ToolOutcome {
  return { error: error instanceof Error ? error.message : String(error) }
}

/** An outcome that can go back: one that is no JSON is a failure. */
export function checked(outcome: ToolOutcome): ToolOutcome {
  try {
    resultText(outcome)
    return outcome
  } catch (error) {
    return failed(error)
  }
}

/** What the model reads as the call's result. */
export function resultText(outcome: ToolOutcome): string {
  if (outcome.error !== undefined) return JSON.stringify({ error: outcome.error })
  return typeof outcome.output === 'string' ? outcome.output : (JSON.stringify(outcome.output) ?? 'null')
}
