/** The sources that an answer cites, each once. */
import type { Annotation } from 'completion-stream'
import type { ReactNode } from 'react'

/** Nothing at all when there are none. */
export function Sources({ annotations }: { annotations: readonly Annotation[] }): ReactNode {
  // Servers have other kinds of annotations, too, which lead nowhere from here.
  const cited = annotations.flatMap(({ url_citation: source }) => (source?.url ? [source] : []))
  const sources = new Map(cited.map(({ url, title }) => [url, title || url]))
  if (sources.size === 0) return null
  return (
    <details className="sources">
      <summary>{sources.size === 1 ? '1 source' : `${sources.size} sources`}</summary>
      <ol>
        {[...sources].map(([url, title]) => (
          <li key={url}>
            {/^https?:\/\//i.test(url) ? (
              <a href={url} target="_blank" rel="noopener noreferrer">
                {title}
              </a>
            ) : (
              title
            )}
          </li>
        ))}
      </ol>
    </details>
  )
}
