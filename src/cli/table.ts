import stringWidth from 'string-width'

export interface Column {
  readonly title: string
  readonly align?: 'left' | 'right'
  /** Gives way where the terminal is too narrow; the other columns keep their width. */
  readonly flexible?: boolean
}

export interface TableOptions {
  /** Columns of the terminal (default 80). */
  readonly width?: number
  /** Paints the titles; leave out where there is no colour. */
  readonly paintTitle?: (text: string) => string
}

const gap = '  '
const ellipsis = '…'
const leastFlexible = 8
const graphemes = new Intl.Segmenter(undefined, {granularity: 'grapheme'})

/** Rows of text as a table for a terminal. Chinese and emoji count two columns; what does not fit ends in `…`. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  {width = 80, paintTitle = (text) => text}: TableOptions = {},
): string {
  const cells = rows.map((row) => columns.map((_, index) => oneLine(row[index] ?? '')))
  const widths = fit(
    columns.map(({title}, index) => Math.max(stringWidth(title), ...cells.map((row) => stringWidth(row[index] ?? '')))),
    columns,
    width,
  )
  const line = (row: readonly string[], paint = (text: string) => text) =>
    columns
      .map(({align = 'left'}, index) => {
        const room = widths[index] ?? 0
        const text = truncate(row[index] ?? '', room)
        const padding = ' '.repeat(Math.max(0, room - stringWidth(text)))
        return align === 'right' ? padding + paint(text) : paint(text) + padding
      })
      .join(gap)
      .trimEnd()
  const titles = columns.map(({title}) => title)
  return [line(titles, paintTitle), ...cells.map((row) => line(row)), ''].join('\n')
}

/** `text` in at most `width` columns of a terminal. */
export function truncate(text: string, width: number): string {
  if (stringWidth(text) <= width) return text
  let kept = ''
  let used = 0
  for (const {segment} of graphemes.segment(text)) {
    used += stringWidth(segment)
    if (used > width - 1) break
    kept += segment
  }
  return kept + ellipsis
}

/** Line breaks and control characters would tear the table, or steer the terminal. */
function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll(/[\u0000-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]/g, '�')
}

/** Takes what is too much from the widest flexible columns. */
function fit(natural: readonly number[], columns: readonly Column[], width: number): readonly number[] {
  const widths = [...natural]
  const total = () => widths.reduce((sum, one) => sum + one, gap.length * (widths.length - 1))
  while (total() > width) {
    const widest = columns.reduce(
      (best, {flexible}, index) => (flexible === true && (widths[index] ?? 0) > (widths[best] ?? 0) ? index : best),
      -1,
    )
    if (widest === -1 || (widths[widest] ?? 0) <= leastFlexible) break
    widths[widest] = (widths[widest] ?? 0) - 1
  }
  return widths
}
