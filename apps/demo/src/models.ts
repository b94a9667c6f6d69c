/** Learns from the relay which models there are. */
import { useEffect, useState } from 'react'

/** The list, and whether it is there yet. */
export interface Models {
  status: 'loading' | 'ready' | 'error'
  ids: readonly string[]
}

/** Asks `url` (an OpenAI-style `…/models`) once. */
export function useModels(url: string): Models {
  const [models, setModels] = useState<Models>({ status: 'loading', ids: [] })
  useEffect(() => {
    const controller = new AbortController()
    fetchModels(url, controller.signal).then(
      (ids) => setModels({ status: ids.length > 0 ? 'ready' : 'error', ids }),
      () => {
        if (!controller.signal.aborted) setModels({ status: 'error', ids: [] })
      },
    )
    return () => controller.abort()
  }, [url])
  return models
}

async function fetchModels(url: string, signal: AbortSignal): Promise<string[]> {
  const response = await fetch(url, { signal })
  if (!response.ok) throw new Error(`The relay answered ${response.status} when asked for its models.`)
  const body = (await response.json()) as { data?: { id?: unknown }[] }
  return (body.data ?? []).map((model) => model.id).filter((id): id is string => typeof id === 'string')
}
