/** Renders a model's text as markdown. The text is not trusted: no HTML, no remote images, no odd links. */
import Markdown, { type MarkdownToJSX } from 'markdown-to-jsx/react'
import { Children, memo, type NamedExoticComponent, type ReactNode } from 'react'
import { CodeBlock } from './code-block.tsx'

interface WithChildren {
  children?: ReactNode
}

/** Only web addresses are links; a README's relative ones lead nowhere from here. */
function Link({ href, children }: WithChildren & { href?: string }): ReactNode {
  if (!href || !/^https?:\/\//i.test(href)) return <span>{children}</span>
  return (
    <a href={href} target="_blank" rel="noopener noreferrer">
      {children}
    </a>
  )
}

/** Loading an image would tell its server what the model wrote into the address. */
function ImageText({ alt }: { alt?: string }): ReactNode {
  return alt ? <span>[{alt}]</span> : null
}

/** Wide tables scroll on their own. */
function Table({ children }: WithChildren): ReactNode {
  return (
    <div className="table" tabIndex={0} role="region" aria-label="Table">
      <table>{children}</table>
    </div>
  )
}

/** While it is written there is a moment when it has no words yet. */
function heading(Level: 'h3' | 'h4' | 'h5' | 'h6'): (props: WithChildren) => ReactNode {
  return ({ children }) => (Children.count(children) > 0 && children !== '' ? <Level>{children}</Level> : null)
}

const overrides: MarkdownToJSX.Overrides = {
  a: Link,
  img: ImageText,
  pre: CodeBlock,
  table: Table,
  // Below the page's own headings, and without ids, which two answers could share.
  h1: heading('h3'),
  h2: heading('h3'),
  h3: heading('h4'),
  h4: heading('h5'),
  h5: heading('h6'),
  h6: heading('h6'),
}

const finished: MarkdownToJSX.Options = { disableParsingRawHTML: true, forceBlock: true, wrapper: null, overrides }
// Half-written syntax (an open `**`, half a link) is held back while more may come.
const arriving: MarkdownToJSX.Options = { ...finished, optimizeForStreaming: true }

/** The text; `live` while more of it may come. */
export const MarkdownText: NamedExoticComponent<{ text: string; live: boolean }> = memo(function MarkdownText(props) {
  return (
    <div className="prose" aria-busy={props.live || undefined}>
      <Markdown options={props.live ? arriving : finished}>{props.text}</Markdown>
    </div>
  )
})
