import type {RawRow} from './raw-row.js'

const LINE_FEED = 0x0a

/** What a splitter needs to know of its input. */
export interface SplitOptions {
  readonly file: string
  /** Longest row that is still read, in bytes. A longer one is yielded without its bytes, as a problem. */
  readonly maxRowBytes: number
  /** Position of the first chunk's first byte in the file. */
  readonly startOffset: number
}

/**
 * Splits bytes into lines at `\n` only (U+2028 is legal inside a JSON string) and yields the lines that each chunk completes.
 * Blank lines count but are not yielded. Memory: one chunk and the longest line.
 */
export async function* splitLines(chunks: AsyncIterable<Buffer>, options: SplitOptions): AsyncGenerator<RawRow[]> {
  const {file, maxRowBytes} = options
  let line = 1
  let offset = options.startOffset
  let pending: Buffer[] = []
  let pendingBytes = 0

  /** The line that ends with `tail`, unless it is blank. */
  function take(tail: Buffer, atEnd = false): RawRow | undefined {
    const size = pendingBytes + tail.length
    const start = {file, line, offset}
    offset += size + (atEnd ? 0 : 1)
    line++
    const pieces = pending
    pending = []
    pendingBytes = 0
    if (size > maxRowBytes) {
      return {...start, bytes: Buffer.alloc(0), problem: `is ${size} bytes long; rows of up to ${maxRowBytes} bytes are read`}
    }
    const bytes = trimEnd(pieces.length === 0 ? tail : Buffer.concat([...pieces, tail], size))
    return bytes.length > 0 ? {...start, bytes} : undefined
  }

  for await (const chunk of chunks) {
    const rows: RawRow[] = []
    let from = 0
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, from)) {
      const row = take(chunk.subarray(from, end))
      if (row !== undefined) rows.push(row)
      from = end + 1
    }
    if (from < chunk.length) {
      pendingBytes += chunk.length - from
      if (pendingBytes <= maxRowBytes) pending.push(chunk.subarray(from))
    }
    if (rows.length > 0) yield rows
  }
  const last = pendingBytes > 0 ? take(Buffer.alloc(0), true) : undefined
  if (last !== undefined) yield [last]
}

/** Space, tab, line feed, carriage return: all that JSON calls white space. */
export function isJsonSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09 || byte === LINE_FEED || byte === 0x0d
}

function trimEnd(bytes: Buffer): Buffer {
  let end = bytes.length
  while (end > 0 && isJsonSpace(bytes[end - 1])) end--
  return end === bytes.length ? bytes : bytes.subarray(0, end)
}
