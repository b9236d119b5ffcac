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

const GAP = '  '
const ELLIPSIS = '…'
const LEAST_FLEXIBLE = 8
/** Code units that are looked at for each column of the terminal: the longest emoji, and runs of white space, fit. */
const REACH = 16
const ASCII = /^[ -~]*$/
const graphemes = new Intl.Segmenter(undefined, {granularity: 'grapheme'})

/** Rows of text as a table for a terminal. Chinese and emoji count two columns; what does not fit ends in `…`. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  {width = 80, paintTitle = (text) => text}: TableOptions = {},
): string {
  // No cell is shown wider than the terminal, so no more of it is measured.
  const most = Math.max(width, LEAST_FLEXIBLE)
  const cells = rows.map((row) => columns.map((_, index) => truncate(oneLine(row[index] ?? '', most * REACH), most)))
  const natural = columns.map(({title}) => widthOf(title))
  for (const row of cells) {
    for (const [index, text] of row.entries()) natural[index] = Math.max(natural[index] ?? 0, widthOf(text))
  }
  const widths = fit(natural, columns, width)
  const line = (row: readonly string[], paint = (text: string) => text) =>
    columns
      .map(({align = 'left'}, index) => {
        const room = widths[index] ?? 0
        const text = truncate(row[index] ?? '', room)
        const padding = ' '.repeat(Math.max(0, room - widthOf(text)))
        return align === 'right' ? padding + paint(text) : paint(text) + padding
      })
      .join(GAP)
      .trimEnd()
  const titles = columns.map(({title}) => title)
  return [line(titles, paintTitle), ...cells.map((row) => line(row)), ''].join('\n')
}

/** `text` in at most `width` columns of a terminal. */
export function truncate(text: string, width: number): string {
  const reach = text.slice(0, Math.max(1, width) * REACH)
  if (reach.length === text.length && widthOf(text) <= width) return text
  let kept = ''
  let used = 0
  for (const {segment} of graphemes.segment(reach)) {
    used += widthOf(segment)
    if (used > width - 1) break
    kept += segment
  }
  return kept + ELLIPSIS
}

function widthOf(text: string): number {
  return ASCII.test(text) ? text.length : stringWidth(text)
}

/** The first `reach` code units on one line. Line breaks and control characters would tear the table, or steer the terminal. */
function oneLine(text: string, reach: number): string {
  const start = text
    .slice(0, reach)
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/[\u0000-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]/g, '�')
  return text.length > reach ? start + ELLIPSIS : start
}

/** Takes what is too much from the widest flexible columns. */
function fit(natural: readonly number[], columns: readonly Column[], width: number): readonly number[] {
  const widths = [...natural]
  let excess = widths.reduce((sum, one) => sum + one, GAP.length * (widths.length - 1)) - width
  const flexible = widths.flatMap((_, index) => (columns[index]?.flexible === true ? [index] : []))
  while (excess > 0) {
    const [widest, next] = flexible.toSorted((a, b) => (widths[b] ?? 0) - (widths[a] ?? 0))
    const size = widest === undefined ? 0 : (widths[widest] ?? 0)
    if (widest === undefined || size <= LEAST_FLEXIBLE) break
    // Down to the next widest at once; from there on both give way.
    const floor = Math.max(LEAST_FLEXIBLE, Math.min(size - 1, next === undefined ? 0 : (widths[next] ?? 0)))
    const taken = Math.min(excess, size - floor)
    widths[widest] = size - taken
    excess -= taken
  }
  return widths
}
