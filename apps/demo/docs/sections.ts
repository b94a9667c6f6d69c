/** Splits markdown pages into the sections between their headings: what the documentation search finds and quotes. */

/** One markdown page: where it lies in the repository, and what it says. */
export interface Page {
  path: string
  markdown: string
}

/** The text under one heading. */
export interface Section {
  /** Unique among all sections. */
  id: string
  /** The page it stands on, such as `packages/core/README.md`. */
  page: string
  /** Its own heading. */
  title: string
  /** The headings above it, outermost first. */
  trail: string[]
  /** The markdown below the heading, up to the next heading. */
  text: string
}

/** The sections of all pages, in reading order. A heading with nothing below it is only part of its children's trail. */
export function splitPages(pages: readonly Page[]): Section[] {
  return pages.flatMap(splitPage)
}

function splitPage(page: Page): Section[] {
  const sections: Section[] = []
  const open: { level: number; title: string }[] = []
  let lines: string[] = []
  let fenced = false

  function close(): void {
    const text = lines.join('\n').trim()
    lines = []
    if (text === '') return
    const titles = open.map((heading) => heading.title)
    const title = titles.pop() ?? page.path
    sections.push({ id: `${page.path}#${sections.length}`, page: page.path, title, trail: titles, text })
  }

  for (const line of page.markdown.replace(/<!--[\s\S]*?-->/g, '').split(/\r?\n/)) {
    if (/^\s*(```|~~~)/.test(line)) fenced = !fenced
    const heading = fenced ? null : /^(#{1,6})\s+(.+?)\s*#*$/.exec(line)
    if (!heading) {
      lines.push(line)
      continue
    }
    close()
    const level = heading[1]!.length
    while (open.length > 0 && open.at(-1)!.level >= level) open.pop()
    open.push({ level, title: plain(heading[2]!) })
  }
  close()
  return sections
}

function plain(heading: string): string {
  return heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').replace(/[`*]/g, '')
}

/** The blocks of a section (paragraphs, lists, whole code fences), in order. */
export function splitBlocks(markdown: string): string[] {
  const blocks: string[] = []
  let block: string[] = []
  let fenced = false
  for (const line of [...markdown.split('\n'), '']) {
    if (/^\s*(```|~~~)/.test(line)) fenced = !fenced
    if (line.trim() !== '' || fenced) {
      block.push(line)
    } else if (block.length > 0) {
      blocks.push(block.join('\n'))
      block = []
    }
  }
  if (block.length > 0) blocks.push(block.join('\n'))
  return blocks
}
