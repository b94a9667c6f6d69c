/** A relay in front of a scripted provider, and what a client sees of it. */
import {
  scriptedProvider,
  type Script,
  type ScriptedProvider,
  type ScriptedProviderOptions,
} from '@completion-stream/testing'
import { openai } from 'completion-stream'
import { createRelay, type RelayOptions } from '../src/index.ts'

export const SECRET = 'sk-upstream-0123456789'
export const RELAY_URL = 'https://app.test/api/ai/chat/completions'
export const messages: { role: string; content: string }[] = [{ role: 'user', content: 'hi' }]

export interface Setup {
  relay: (request: Request) => Promise<Response>
  upstream: ScriptedProvider
}

/** A relay whose only provider is the script. */
export function setup(
  script: Script,
  options: Partial<RelayOptions> = {},
  upstreamOptions: ScriptedProviderOptions = {},
): Setup {
  const upstream = scriptedProvider(script, {
    apiKey: SECRET,
    tokensPerSecond: Infinity,
    firstTokenMs: 0,
    ...upstreamOptions,
  })
  const provider = openai({ baseURL: 'http://upstream.test/v1', apiKey: SECRET, fetch: upstream })
  return { upstream, relay: createRelay({ providers: { openai: provider }, ...options }) }
}

/** A request for a completion; streamed unless `body` says otherwise. */
export function ask(body: Record<string, unknown> = {}, init: RequestInit = {}): Request {
  const all = { model: 'gpt-4o-mini', messages, stream: true, ...body }
  return new Request(RELAY_URL, { method: 'POST', body: JSON.stringify(all), ...init })
}

/** All that a client can see of a response. */
export async function wholeResponse(response: Response): Promise<string> {
  const headers = [...response.headers].map(([name, value]) => `${name}: ${value}`)
  return [response.status, response.statusText, ...headers, await response.text()].join('\n')
}

/** The data of the events in a body. */
export function dataOf(body: string): string[] {
  return [...body.matchAll(/^data: (.*)$/gm)].map((match) => match[1] ?? '')
}

/** The events in a body: their ids, and their data. */
export function eventsOf(body: string): { id: number; data: string }[] {
  return [...body.matchAll(/^id: (\d+)\ndata: (.*)\n\n/gm)].map(([, id, data = '']) => ({ id: Number(id), data }))
}

/** The error in a JSON body. */
export async function errorOf(response: Response): Promise<Record<string, unknown>> {
  return ((await response.json()) as { error: Record<string, unknown> }).error
}
