/** Learns which models there are: from the relay, and from the address of the page (`?model=…`). */
import { useQuery } from '@tanstack/react-query'

/** The list, and whether it is there yet. */
export interface Models {
  status: 'pending' | 'success' | 'error'
  ids: readonly string[]
}

/** The model that the page was opened for, such as `chrome/built-in`, the browser's own. */
const askedModel = new URLSearchParams(location.search).get('model')

/** Asks `url` (an OpenAI-style `…/models`) once for the whole page. */
export function useModels(url: string): Models {
  const { status, data } = useQuery({
    queryKey: ['models', url],
    queryFn: ({ signal }) => fetchModels(url, signal),
    staleTime: Infinity,
    retry: 1,
    // The relay is on this machine, whatever the browser thinks of the network.
    networkMode: 'always',
  })
  return { status, ids: [...new Set([...(askedModel ? [askedModel] : []), ...(data ?? [])])] }
}

async function fetchModels(url: string, signal: AbortSignal): Promise<string[]> {
  const response = await fetch(url, { signal })
  if (!response.ok) throw new Error(`The relay answered ${response.status} when asked for its models.`)
  const body = (await response.json()) as { data?: { id?: unknown }[] }
  const ids = (body.data ?? []).map((model) => model.id).filter((id): id is string => typeof id === 'string')
  if (ids.length === 0) throw new Error('The relay has no models.')
  return ids
}
