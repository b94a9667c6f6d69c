/** Horizontal bars as SVG, in a light and a dark theme: what a README can show without a script, a font or a library. */

/** One bar. */
export interface Bar {
  label: string
  value: number
  /** What stands behind it. */
  text: string
  kind: 'ours' | 'peer' | 'floor'
  /** It is longer than what can be shown. */
  isOpen?: boolean
}

/** Bars that are compared with one another. They are sorted here. */
export interface Panel {
  title: string
  bars: readonly Bar[]
}

/** One picture. */
export interface Chart {
  /** The file's name, without its ending. */
  id: string
  title: string
  /** What is measured, how, and which way is better. */
  note: string
  panels: readonly Panel[]
}

export const themes = {
  light: {
    back: '#ffffff',
    text: '#1f2328',
    quiet: '#59636e',
    rule: '#d1d9e0',
    ours: '#0969da',
    peer: '#818b98',
    floor: '#ffffff',
    edge: '#59636e',
  },
  dark: {
    back: '#0d1117',
    text: '#f0f6fc',
    quiet: '#9198a1',
    rule: '#3d444d',
    ours: '#4493f8',
    peer: '#6e7681',
    floor: '#0d1117',
    edge: '#9198a1',
  },
} as const
export type Theme = keyof typeof themes

const width = 720
const margin = 20
const rowHeight = 21
const barHeight = 13
/** Beyond this between the shortest and the longest, a linear scale would show nothing of the short ones. */
const mostLinear = 12
const font = `-apple-system, system-ui, 'Segoe UI', Roboto, 'Noto Sans', Helvetica, Arial, sans-serif`

/** About how wide a text is, rather too much than too little: the reader's font is not known here. */
export function widthOf(text: string, size: number, isBold = false): number {
  return text.length * size * (isBold ? 0.7 : 0.62)
}

/** A text in lines that fit. */
function wrap(text: string, size: number, most: number, isBold = false): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && widthOf(`${last} ${word}`, size, isBold) <= most)
      lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }
const escaped = (text: string): string => text.replace(/[&<>]/g, (char) => escapes[char]!)

/** Where values stand, as a share of the longest bar, and which of them get a line. */
interface Scale {
  isLog: boolean
  place(value: number): number
  ticks: number[]
}

/** 1, 2 or 5 times a power of ten. */
function round(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value))
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= value * 0.999)!
}

function scaleOf(values: readonly number[]): Scale {
  const known = values.filter((value) => value > 0)
  const max = Math.max(...known)
  const min = Math.min(...known)
  if (max / min <= mostLinear) {
    const step = round(max / 5)
    const ticks = Array.from({ length: Math.floor(max / step) + 1 }, (_, i) => Number((i * step).toPrecision(6)))
    return { isLog: false, ticks, place: (value) => value / max }
  }
  // The shortest bar can still be seen.
  const start = min / 1.5
  const whole = Math.log(max / start)
  const ticks: number[] = []
  for (let power = 10 ** Math.floor(Math.log10(start)); power <= max; power *= 10)
    for (const step of max / start > 300 ? [1] : [1, 2, 5]) {
      const tick = Number((step * power).toPrecision(6))
      if (tick >= start && tick <= max) ticks.push(tick)
    }
  return { isLog: true, ticks, place: (value) => Math.max(0.005, Math.log(value / start) / whole) }
}

/** Draws a chart. */
export function svgOf({ title, note, panels }: Chart, theme: Theme): string {
  const color = themes[theme]
  const parts: string[] = []
  // Lines of the scale do not run through numbers.
  const halo = ` stroke="${color.back}" stroke-width="3" paint-order="stroke"`
  let y = margin
  const say = (
    x: number,
    text: string,
    { size = 12, fill = color.text as string, weight = 400, anchor = 'start', more = '' } = {},
  ): void =>
    void parts.push(
      `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" font-size="${size}" font-weight="${weight}" fill="${fill}" text-anchor="${anchor}"${more}>${escaped(text)}</text>`,
    )
  for (const line of wrap(title, 17, width - 2 * margin, true)) {
    y += 17
    say(margin, line, { size: 17, weight: 600 })
    y += 5
  }
  const bars = panels.flatMap((panel) => panel.bars)
  const left = margin + 8 + Math.max(...bars.map(({ label, kind }) => widthOf(label, 12, kind === 'ours')))
  const scales = panels.map((panel) => scaleOf(panel.bars.map(({ value }) => value)))
  const hint = scales.some(({ isLog }) => isLog) ? `${note} Logarithmic scale.` : note
  for (const line of wrap(hint, 12, width - 2 * margin)) {
    y += 15
    say(margin, line, { fill: color.quiet })
  }
  for (const [i, panel] of panels.entries()) {
    const { place: share, ticks } = scales[i]!
    // As long as there is room for what stands behind each bar.
    const rooms = panel.bars.map(
      ({ value, text }) => (width - margin - 12 - left - widthOf(text, 12, true)) / share(value),
    )
    const length = Math.min(width - margin - left, ...rooms)
    const place = (value: number): number => share(value) * length
    y += 32
    say(margin, panel.title, { size: 13, weight: 600 })
    y += 10
    const top = y
    const bottom = y + panel.bars.length * rowHeight
    for (const tick of ticks) {
      const x = left + place(tick)
      parts.push(`<path d="M${x.toFixed(1)} ${top}V${bottom + 4}" stroke="${color.rule}"/>`)
    }
    for (const { label, value, text, kind, isOpen } of [...panel.bars].sort((a, b) => a.value - b.value)) {
      const long = Math.max(1, place(value))
      const fill = `fill="${color[kind]}"${kind === 'floor' ? ` stroke="${color.edge}"` : ''}`
      const end = isOpen ? `l5 ${barHeight / 2}l-5 ${barHeight / 2}` : `v${barHeight}`
      parts.push(`<path d="M${left} ${y + 4}h${long.toFixed(1)}${end}h${(-long).toFixed(1)}z" ${fill}/>`)
      y += 15
      const weight = kind === 'ours' ? 600 : 400
      const tone = kind === 'ours' ? color.ours : color.text
      say(left - 8, label, { anchor: 'end', weight, fill: tone })
      say(left + long + (isOpen ? 11 : 6), text, { weight, more: halo })
      y += rowHeight - 15
    }
    y += 16
    let free = -Infinity
    for (const tick of ticks) {
      const x = left + place(tick)
      const half = widthOf(`${tick}`, 10) / 2
      // Where lines stand close, not each of them has its number.
      if (x - half < free) continue
      free = x + half + 4
      say(x, `${tick}`, { size: 10, fill: color.quiet, anchor: 'middle' })
    }
  }
  y += margin
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${y}" viewBox="0 0 ${width} ${y}" role="img" aria-label="${escaped(title).replaceAll('"', '&quot;')}" font-family="${font}">
<rect width="${width}" height="${y}" rx="8" fill="${color.back}"/>
${parts.join('\n')}
</svg>
`
}
