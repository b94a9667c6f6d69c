/** Running the tools that live in the page, on arguments that finished and parsed. */
import type { FunctionTool, ToolCall } from './types.ts'

/** A tool that the page runs itself. */
export interface ChatTool {
  /** For the model: what the tool does and when to use it. */
  description?: string
  /** For the model: a JSON Schema object of the arguments. */
  parameters?: Record<string, unknown>
  /**
   * Runs one call. What it returns (or resolves to) goes back to the model, as it is when it is a string, else as
   * JSON; what it throws goes back as the reason why the tool failed. Without it, calls are shown and not answered.
   */
  // A tool knows the shape of its own arguments; here they are what the model wrote.
  // eslint-disable-next-line typescript/no-explicit-any
  execute?(input: any, context: { signal: AbortSignal; toolCallId: string }): unknown
}

/** The tools of a chat by name. */
export type ChatTools = Record<string, ChatTool>

/** What a call came to. */
export type ToolOutcome = { output: unknown } | { error: string }

/** The tools as the request declares them; undefined when there are none. */
export function declareTools(tools: ChatTools | undefined): FunctionTool[] | undefined {
  const declared = Object.entries(tools ?? {}).map(([name, { description, parameters }]): FunctionTool => ({
    type: 'function',
    function: { name, description, parameters },
  }))
  return declared.length > 0 ? declared : undefined
}

/** Whether this page answers the call: with the tool's result, or by telling the model that there is no such tool. */
export function answersCall(tools: ChatTools | undefined, call: ToolCall): boolean {
  if (call.state !== 'input-complete') return false
  const tool = ownTool(tools, call.name)
  return tool === undefined || tool.execute !== undefined
}

/** Runs one call. Never rejects: a failure is an outcome that the model is told of. */
export async function runTool(tools: ChatTools | undefined, call: ToolCall, signal: AbortSignal): Promise<ToolOutcome> {
  const tool = ownTool(tools, call.name)
  if (!tool?.execute) return { error: `There is no tool named ${JSON.stringify(call.name)}.` }
  try {
    // Parsed anew: `call.input` is part of a snapshot, and a tool may change what it is given.
    return {
      output: await tool.execute(call.type ? call.arguments : JSON.parse(call.arguments), {
        signal,
        toolCallId: call.id,
      }),
    }
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) }
  }
}

/** What the model reads as the call's result. */
export function resultText(outcome: ToolOutcome): string {
  if ('error' in outcome) return JSON.stringify({ error: outcome.error })
  return typeof outcome.output === 'string' ? outcome.output : (JSON.stringify(outcome.output) ?? 'null')
}

/** The model chooses the name, so an inherited property is no tool. */
function ownTool(tools: ChatTools | undefined, name: string): ChatTool | undefined {
  return tools && Object.hasOwn(tools, name) ? tools[name] : undefined
}
