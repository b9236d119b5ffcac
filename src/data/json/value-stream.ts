import {isUtf8} from 'node:buffer'
import type {ByteSource} from './byte-source.js'
import {isRow, judgeBrace, KEY_WINDOW, type BraceSite} from './row-start.js'
import {createScanner, type Scanner, type ScanError} from './scan.js'

/** One value of the file, or what stands where one should. Valid until the next is asked for. */
export interface StreamItem {
  readonly type: 'value' | 'error'
  /** Empty for errors. */
  readonly bytes: Buffer
  /** Bounds in `bytes`; for errors those that the broken value had. */
  readonly from: number
  readonly to: number
  /** Line of the first byte, from 1, and its position in the unpacked file. */
  readonly line: number
  readonly offset: number
  /** Whether it shares its first line with the value before it. */
  readonly sharesLine: boolean
  readonly isUtf8: boolean
  /** Whether it is an element of the array that the file is. */
  readonly inArray: boolean
  /** For errors: what is wrong, the line it is on, and its column in bytes, from 1. */
  readonly error?: ScanError & {line: number; column: number}
  /** For errors: first and last line of what is passed over up to the next row, unless that is but commas and brackets. */
  readonly lost?: Lines | undefined
}

export interface Lines {
  readonly from: number
  readonly to: number
}

/** What is known of a file when its end is reached. */
export interface StreamFacts {
  readonly bytes: number
  readonly hasByteOrderMark: boolean
  /** Whether the file is one JSON array, whose elements are the values. */
  readonly isArray: boolean
  readonly blankLines: number
}

const CHUNK = 1 << 20
const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d
/** Marks that are no loss: `,[]}`. */
const MARKS: ReadonlySet<number> = new Set(Buffer.from(',[]}'))
/** Bytes that are read behind one broken value only to see whether they are a row: nesting must not make it quadratic. */
const PROBE_BYTES = 16 << 20

/**
 * The JSON values of a file, one behind another with any JSON white space between, as Arrow's reader takes them (not lines), or the
 * elements of one JSON array. Behind a broken value reading goes on at the next row, wherever on a line it begins (./row-start.ts). Memory: a
 * chunk and the longest value.
 */
export async function* valuesOf(source: ByteSource, scanner: Scanner = createScanner()): AsyncGenerator<StreamItem, StreamFacts> {
  let bytes: Buffer = Buffer.alloc(2 * CHUNK)
  let head = 0
  let tail = 0
  let base = 0 // position of bytes[0] in the file
  let line = 1
  let ended = false
  let blankLines = 0
  let lineHasValue = false
  let arrayState: 'none' | 'first' | 'value' | 'comma' | 'done' = 'none'
  let isFirst = true
  let isArray = false
  let arrayEnded = false
  let indent = 0 // white space before the next value on its line; 0 behind another value

  /** Reads on; at least doubles what is pending, so that a long value is not scanned again and again. */
  async function more(): Promise<void> {
    if (head > 0) {
      bytes.copyWithin(0, head, tail)
      base += head
      tail -= head
      head = 0
    }
    const wanted = Math.max(CHUNK, tail)
    if (bytes.length < tail + wanted + 1) {
      const bigger = Buffer.alloc(tail + wanted + 1)
      bytes.copy(bigger, 0, 0, tail)
      bytes = bigger
    } else if (bytes.length > 4 * CHUNK && tail < CHUNK) {
      const smaller = Buffer.alloc(2 * CHUNK)
      bytes.copy(smaller, 0, 0, tail)
      bytes = smaller
    }
    let got = 0
    while (got < wanted && !ended) {
      const count = await source.read(bytes.subarray(0, bytes.length - 1), tail)
      if (count === 0) ended = true
      tail += count
      got += count
    }
    bytes[tail] = 0
  }

  await more()
  const hasByteOrderMark = tail >= 3 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf
  if (hasByteOrderMark) head = 3

  for (;;) {
    // White space between values.
    for (;;) {
      const byte = bytes[head]
      if (head >= tail) {
        if (ended) break
        await more()
        continue
      }
      if (byte === LINE_FEED) {
        if (!lineHasValue) blankLines++
        lineHasValue = false
        line++
        indent = 0
      } else if (byte === CARRIAGE_RETURN) indent = 0
      else if (byte === 0x20 || byte === 0x09) indent += lineHasValue ? 0 : 1
      else break
      head++
    }
    if (head >= tail && ended) {
      if (isArray && !arrayEnded) yield broken('the array has no end: the file ends before its ]', head)
      return {
        bytes: base + tail,
        hasByteOrderMark,
        isArray,
        blankLines,
      }
    }
    const byte = bytes[head]
    if (isFirst && byte === 0x5b) {
      isArray = true
      arrayState = 'first'
      isFirst = false
      head++
      lineHasValue = true
      continue
    }
    if (byte === 0x5d && (arrayState === 'first' || arrayState === 'comma')) {
      arrayState = 'done'
      arrayEnded = true
      lineHasValue = true
      head++
      continue
    }
    if (arrayState === 'comma') {
      if (byte === 0x2c) {
        head++
        lineHasValue = true
      } else yield await skip(broken('a comma or ] is wanted between the elements of the array', head), head)
      arrayState = arrayState === 'comma' && !arrayEnded ? 'value' : 'first'
      continue
    }
    if (arrayState === 'done') {
      yield await skip(broken('there is something behind the end of the array', head), head)
      arrayState = 'first'
      continue
    }
    isFirst = false
    let result = scanner.scan(bytes, head, tail, {isLast: ended, lineBreaksInText: isArray})
    while (result.type === 'more') {
      await more()
      result = scanner.scan(bytes, head, tail, {isLast: ended, lineBreaksInText: isArray})
    }
    if (result.type === 'error') {
      yield await skip(broken(result.error.message, result.error.at), head + 1)
      if (isArray) arrayState = 'first'
      continue
    }
    yield {
      type: 'value',
      bytes,
      from: head,
      to: result.at,
      line,
      offset: base + head,
      sharesLine: lineHasValue && !isArray,
      isUtf8: isUtf8(bytes.subarray(head, result.at)),
      inArray: isArray,
    }
    line += scanner.lineFeeds
    lineHasValue = true
    head = result.at
    if (isArray) arrayState = 'comma'
  }

  function broken(message: string, at: number): StreamItem {
    let errorLine = line
    let lineStart = head
    for (let next = bytes.indexOf(LINE_FEED, head); next !== -1 && next < at; next = bytes.indexOf(LINE_FEED, next + 1)) {
      errorLine++
      lineStart = next + 1
    }
    let end = bytes.indexOf(LINE_FEED, at)
    if (end === -1 || end > tail) end = tail
    return {
      type: 'error',
      bytes: Buffer.alloc(0),
      from: head,
      to: end,
      line,
      offset: base + head,
      sharesLine: lineHasValue && !isArray,
      isUtf8: isUtf8(bytes.subarray(head, end)),
      inArray: isArray,
      error: {message, at, line: errorLine, column: at - lineStart + 1},
    }
  }

  /** Passes over what is broken, to the next row that begins at or behind `earliest` or to the file's end; says which lines are lost. */
  async function skip(item: StreamItem, earliest: number): Promise<StreamItem> {
    let lost: Lines | undefined
    let isEarly = earliest > head
    let column = lineHasValue ? undefined : indent
    let before = 0
    const budget = {bytes: PROBE_BYTES}
    const ownIndent = indent
    for (;;) {
      if (head >= tail) {
        if (ended) break
        await more()
        continue
      }
      const byte = bytes[head] ?? 0
      if (byte === LINE_FEED || byte === CARRIAGE_RETURN) {
        if (byte === LINE_FEED) line++
        lineHasValue = false
        column = 0
      } else if (byte === 0x20 || byte === 0x09) {
        if (column !== undefined) column++
      } else {
        if (byte === 0x7b && !isEarly && (await rowBegins({column, before}, ownIndent, budget))) {
          indent = column ?? 0
          return {...item, lost}
        }
        if (!MARKS.has(byte)) lost = {from: lost?.from ?? line, to: line}
        lineHasValue = true
        column = undefined
        before = byte
      }
      isEarly = false
      head++
    }
    // The rest is told of already, and its last mark is most likely the end of the array.
    arrayEnded = true
    return {...item, lost}
  }

  /** Whether the brace at `head` begins a row. */
  async function rowBegins(site: BraceSite, ownIndent: number, budget: {bytes: number}): Promise<boolean> {
    while (tail - head < KEY_WINDOW && !ended) await more()
    const judged = judgeBrace(bytes, head, tail, site, ownIndent)
    if (judged !== 'unknown' || budget.bytes <= 0) return judged === 'row'
    let result = scanner.scan(bytes, head, tail, {isLast: ended, lineBreaksInText: isArray})
    while (result.type === 'more') {
      await more()
      result = scanner.scan(bytes, head, tail, {isLast: ended, lineBreaksInText: isArray})
    }
    budget.bytes -= (result.type === 'value' ? result.at : result.error.at) - head
    return result.type === 'value' && isRow(scanner, site)
  }
}
