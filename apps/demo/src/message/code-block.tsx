/** A block of code with its language and a copy button. */
import { isValidElement, type ReactNode } from 'react'
import { CopyButton } from './copy-button.tsx'

/** Takes the place of `<pre>` in markdown: its child is the `<code>` element. */
export function CodeBlock({ children }: { children?: ReactNode }): ReactNode {
  const code = isValidElement<{ className?: string; children?: ReactNode }>(children) ? children.props : undefined
  const text = plainText(code?.children ?? children)
  const language = /\blang(?:uage)?-([\w+#-]+)/.exec(code?.className ?? '')?.[1] ?? 'text'
  return (
    <figure className="code">
      <figcaption>
        <span>{language}</span>
        <CopyButton text={text} what="code" />
      </figcaption>
      {/* Reachable by keyboard, because wide code scrolls. */}
      <pre tabIndex={0} aria-label={`Code, ${language}`}>
        <code>{text}</code>
      </pre>
    </figure>
  )
}

function plainText(node: ReactNode): string {
  if (typeof node === 'string' || typeof node === 'number') return String(node)
  return Array.isArray(node) ? node.map(plainText).join('') : ''
}
