/** One row of an input file, as bytes: nothing parsed yet. */
export interface RawRow {
  /** The file as the user named it; `-` for standard input. */
  readonly file: string
  /** Line number from 1; in a JSON array the element's number from 1. */
  readonly line: number
  /** Position of the row's first byte in the (uncompressed) file. */
  readonly offset: number
  /** The row's own bytes, without line end, byte order mark or white space behind. */
  readonly bytes: Buffer
  /** Why these bytes cannot be a row, where reading already shows it; a row parser turns it into ROW_INVALID. */
  readonly problem?: string
}

/** `file:line`, as every message about a row begins. */
export function place(row: Pick<RawRow, 'file' | 'line'>): string {
  return `${row.file}:${row.line}`
}

/** `message` with the row's place in front, once. */
export function atPlace(row: Pick<RawRow, 'file' | 'line'>, message: string): string {
  return message.startsWith(place(row)) ? message : `${place(row)}: ${message}`
}
