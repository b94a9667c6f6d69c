/** The public list of @completion-stream/testing. */
export { scriptedProvider } from './provider.ts'
export type { RecordedRequest, ScriptedProvider, ScriptedProviderOptions } from './provider.ts'
export type { Script, ScriptTurn, Step, ToolResult } from './script.ts'
