import {isUtf8} from 'node:buffer'
import type {ByteSource} from './byte-source.js'
import {createScanner, type Scanner, type ScanError} from './scan.js'

/** One value of the file, or what stands where one should. Valid until the next is asked for. */
export interface StreamItem {
  readonly type: 'value' | 'error'
  readonly bytes: Buffer
  /** Bounds in `bytes`. */
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
}

/** What is known of a file when its end is reached. */
export interface StreamFacts {
  readonly bytes: number
  readonly hasByteOrderMark: boolean
  /** Whether the file is one JSON array, whose elements are the values. */
  readonly isArray: boolean
  readonly blankLines: number
  /** Whether an array ended as it should. */
  readonly arrayIsWhole: boolean
}

const CHUNK = 1 << 20
const LINE_FEED = 0x0a

/**
 * The JSON values of a file, one behind another with any JSON white space between, as Arrow's reader takes them (not lines), or the
 * elements of one JSON array. Behind a broken value reading goes on at the next line that begins with an opening brace. Memory: a chunk and
 * the longest value.
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
      } else if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0d) break
      head++
    }
    if (head >= tail && ended) {
      if (arrayState !== 'none' && arrayState !== 'done') yield broken('the array has no end: the file ends before its ]', head)
      return {
        bytes: base + tail,
        hasByteOrderMark,
        isArray,
        blankLines,
        arrayIsWhole: arrayState === 'done',
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
      head++
      continue
    }
    if (arrayState === 'comma') {
      if (byte === 0x2c) head++
      else {
        yield broken('a comma or ] is wanted between the elements of the array', head)
        await resync()
      }
      arrayState = 'value'
      continue
    }
    if (arrayState === 'done') {
      yield broken('there is something behind the end of the array', head)
      head = tail
      while (!ended) {
        await more()
        head = tail
      }
      continue
    }
    isFirst = false
    let result = scanner.scan(bytes, head, tail, {isLast: ended, lineBreaksInText: isArray})
    while (result.type === 'more') {
      await more()
      result = scanner.scan(bytes, head, tail, {isLast: ended, lineBreaksInText: isArray})
    }
    if (result.type === 'error') {
      yield broken(result.error.message, result.error.at)
      await resync()
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
      bytes,
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

  /** Goes to the next line that begins with an opening brace; false at the file's end. */
  async function resync(): Promise<boolean> {
    for (;;) {
      let next = bytes.indexOf(LINE_FEED, head)
      if (next !== -1 && next >= tail) next = -1
      if (next === -1) {
        head = tail
        if (ended) return false
        await more()
        continue
      }
      if (next + 1 >= tail && !ended) {
        await more()
        continue
      }
      head = next + 1
      line++
      lineHasValue = false
      if (bytes[head] === 0x7b) return true
      if (head >= tail) return false
    }
  }
}
