import type {RawRow} from './raw-row.js'
import type {SplitOptions} from './split-lines.js'
import {isJsonSpace} from './split-lines.js'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const OPEN = new Set([0x5b, 0x7b])
const CLOSE = new Set([0x5d, 0x7d])
const ARRAY_END = 0x5d

/**
 * Splits a JSON array into its elements without parsing them: each is yielded as bytes on one line (line breaks between tokens
 * become spaces), numbered from 1. Memory: one chunk and the largest element. What follows the array, and an array that the
 * file's end cuts off, are yielded as problems, so that the elements before them are not lost.
 */
export async function* splitArray(chunks: AsyncIterable<Buffer>, options: SplitOptions): AsyncGenerator<RawRow[]> {
  const {file, maxRowBytes} = options
  let state: 'before' | 'value' | 'after' = 'before'
  let depth = 0
  let inString = false
  let escaped = false
  let line = 1
  let at = options.startOffset
  let offset = at
  let pieces: Buffer[] = []
  let size = 0

  function keep(piece: Buffer): void {
    size += piece.length
    if (size <= maxRowBytes) pieces.push(piece)
  }

  function take(problem?: string): RawRow[] {
    const tooLong = size > maxRowBytes ? `is ${size} bytes long; rows of up to ${maxRowBytes} bytes are read` : problem
    const bytes = oneLine(tooLong === undefined ? Buffer.concat(pieces) : Buffer.alloc(0))
    const row = {file, line, offset, bytes}
    pieces = []
    size = 0
    line++
    if (tooLong !== undefined) return [{...row, problem: tooLong}]
    return [bytes.length === 0 ? {...row, problem: 'is missing between two commas of the array'} : row]
  }

  for await (const chunk of chunks) {
    const rows: RawRow[] = []
    let from = 0
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i] ?? 0
      if (inString) {
        if (escaped) escaped = false
        else if (byte === BACKSLASH) escaped = true
        else if (byte === QUOTE) inString = false
      } else if (state !== 'value') {
        if (isJsonSpace(byte)) continue
        if (state === 'after') {
          yield [...rows, {file, line, offset: at + i, bytes: Buffer.alloc(0), problem: 'stands behind the end of the array'}]
          return
        }
        state = 'value' // the caller saw that this byte is `[`
        from = i + 1
        offset = at + from
      } else if (byte === QUOTE) inString = true
      else if (OPEN.has(byte)) depth++
      else if (depth > 0) {
        if (CLOSE.has(byte)) depth--
      } else if (byte === COMMA || byte === ARRAY_END) {
        keep(chunk.subarray(from, i))
        const isEmptyArray = byte === ARRAY_END && line === 1 && pieces.every((piece) => piece.every(isJsonSpace))
        if (!isEmptyArray) rows.push(...take())
        from = i + 1
        offset = at + from
        if (byte === ARRAY_END) state = 'after'
      }
    }
    if (state === 'value') keep(chunk.subarray(from))
    at += chunk.length
    if (rows.length > 0) yield rows
  }
  if (state === 'value') yield take('is cut off: the file ends before the array does')
}

/** White space around the element goes; a raw line break can only stand between tokens, so a space may take its place. */
function oneLine(bytes: Buffer): Buffer {
  let start = 0
  let end = bytes.length
  while (start < end && isJsonSpace(bytes[start])) start++
  while (end > start && isJsonSpace(bytes[end - 1])) end--
  const trimmed = bytes.subarray(start, end)
  if (!trimmed.includes(0x0a) && !trimmed.includes(0x0d)) return trimmed
  const copy = Buffer.from(trimmed)
  for (let i = 0; i < copy.length; i++) if (copy[i] === 0x0a || copy[i] === 0x0d) copy[i] = 0x20
  return copy
}
