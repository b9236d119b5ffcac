import {createTape, Flag, growTape, Key, Kind, type Tape} from './tape.js'
import {scanNumber} from './scan-number.js'
import {createStringScan, decodeText, keyNumber} from './scan-string.js'

/** Why a scan ended before the value did. */
export interface ScanError {
  readonly message: string
  readonly at: number
}

/** What came of one scan. */
type ScanResult =
  /** The value ends before `at`. */
  | {readonly type: 'value'; readonly at: number}
  /** The bytes end within the value. */
  | {readonly type: 'more'}
  | {readonly type: 'error'; readonly error: ScanError}

export interface Scanner {
  /** Nodes of the last value. */
  readonly tape: Tape
  /** Flags of all its nodes together. */
  flags: number
  /** Line feeds within it, and deepest nesting of lists and objects. */
  lineFeeds: number
  carriageReturns: number
  depth: number
  /**
   * Scans the value that begins at `from`, which is no white space. `bytes[to]` must exist and be 0. `isLast`: nothing follows `to`.
   * With `lineBreaksInText` a raw line break in a text is a flaw, as pandas has it, and not the end of the row.
   */
  scan(bytes: Uint8Array, from: number, to: number, options: {isLast: boolean; lineBreaksInText: boolean}): ScanResult
}

const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_LIST = 0x5b
const CLOSE_LIST = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
/** Keys of an object that are compared each with each. */
const FEW = 16
const more: ScanResult = {type: 'more'}

/**
 * A scanner of JSON in the grammar of rapidjson as Arrow's reader sets it (NaN and Infinity are numbers) and, flagged, what pandas
 * forgives beyond it. Iterative: nesting has no bound but memory. Keys are compared, so that a key that stands twice is seen.
 */
export function createScanner(): Scanner {
  const tape = createTape()
  let parents = new Int32Array(64)
  let seen = new Int32Array(64)
  let others = new Int32Array(64)
  const sets: (Set<string> | undefined)[] = []
  const text = createStringScan()

  const scanner: Scanner = {tape, flags: 0, lineFeeds: 0, carriageReturns: 0, depth: 0, scan}
  return scanner

  function add(kind: number, start: number): number {
    if (tape.length === tape.kind.length) growTape(tape)
    const node = tape.length++
    tape.kind[node] = kind
    tape.start[node] = start
    tape.flags[node] = 0
    return node
  }

  function close(node: number, end: number, flags: number): void {
    tape.end[node] = end
    tape.next[node] = tape.length
    tape.flags[node] = flags
    scanner.flags |= flags
  }

  function scan(
    bytes: Uint8Array,
    from: number,
    to: number,
    {isLast, lineBreaksInText}: {isLast: boolean; lineBreaksInText: boolean},
  ): ScanResult {
    tape.length = 0
    scanner.flags = 0
    scanner.lineFeeds = 0
    scanner.carriageReturns = 0
    scanner.depth = 0
    let at = from
    let depth = 0
    let wantsKey = false
    let mayClose = false
    let trailingComma = false
    const fail = (message: string, where: number): ScanResult =>
      where >= to && !isLast
        ? more
        : {type: 'error', error: {message: where >= to ? 'the file ends in the middle of a row' : message, at: where}}

    for (;;) {
      at = skipSpace(bytes, at)
      let byte = bytes[at] ?? 0
      const isObject = depth > 0 && tape.kind[parents[depth - 1] ?? 0] === Kind.OBJECT
      let closes = false
      if (isObject && wantsKey) {
        if (byte === CLOSE_OBJECT && (mayClose || trailingComma)) closes = true
        else {
          if (byte !== QUOTE) return fail('a key in double quotes is wanted here', at)
          const node = add(Kind.KEY, at + 1)
          const end = text.scan(bytes, at + 1, to, lineBreaksInText)
          if (end < 0) return text.isCut ? fail('a text has no end', to) : fail(text.message, text.at)
          scanner.lineFeeds += text.lineFeeds
          const key = keyNumber(bytes, at + 1, end, text.flags)
          tape.key[node] = key
          tape.end[node] = end
          tape.flags[node] = text.flags
          let {flags} = text
          if (text.holdsNul) flags |= Flag.NUL_IN_KEY
          const mask = seen[depth - 1] ?? 0
          if (key !== Key.OTHER) {
            if ((mask & (1 << key)) !== 0) flags |= Flag.DUPLICATE_KEY
            seen[depth - 1] = mask | (1 << key)
          } else {
            const count = (others[depth - 1] = (others[depth - 1] ?? 0) + 1)
            const isTwice =
              count > FEW ? isInSet(bytes, depth - 1, node) : count > 1 && isRepeated(bytes, parents[depth - 1] ?? 0, node)
            if (isTwice) flags |= Flag.DUPLICATE_KEY
          }
          close(node, end, flags)
          at = skipSpace(bytes, end + 1)
          if (bytes[at] !== COLON) return fail('a colon is wanted here', at)
          at = skipSpace(bytes, at + 1)
          byte = bytes[at] ?? 0
          wantsKey = false
        }
      } else if (depth > 0 && !isObject && mayClose && byte === CLOSE_LIST) closes = true

      if (!closes) {
        mayClose = false
        trailingComma = false
        if (byte === QUOTE) {
          const node = add(Kind.STRING, at + 1)
          const end = text.scan(bytes, at + 1, to, lineBreaksInText)
          if (end < 0) return text.isCut ? fail('a text has no end', to) : fail(text.message, text.at)
          scanner.lineFeeds += text.lineFeeds
          close(node, end, text.flags)
          at = end + 1
        } else if (byte === OPEN_OBJECT || byte === OPEN_LIST) {
          if (depth === parents.length) {
            parents = grown(parents)
            seen = grown(seen)
            others = grown(others)
          }
          parents[depth] = add(byte === OPEN_OBJECT ? Kind.OBJECT : Kind.LIST, at)
          seen[depth] = 0
          others[depth] = 0
          sets[depth] = undefined
          depth++
          if (depth > scanner.depth) scanner.depth = depth
          wantsKey = byte === OPEN_OBJECT
          mayClose = true
          at++
          continue
        } else {
          const node = add(Kind.NULL, at)
          const found = scanWord(bytes, at, to, isLast)
          if (found === undefined) return more
          if (typeof found === 'string') return fail(found, at)
          tape.kind[node] = found.kind
          close(node, found.end, found.flags)
          at = found.end
        }
      } else {
        depth--
        close(parents[depth] ?? 0, ++at, trailingComma ? Flag.TRAILING_COMMA : 0)
        mayClose = false
        trailingComma = false
      }

      // Behind a value: what its parent goes on with.
      for (;;) {
        if (depth === 0) return {type: 'value', at}
        at = skipSpace(bytes, at)
        const parent = parents[depth - 1] ?? 0
        const inObject = tape.kind[parent] === Kind.OBJECT
        const mark = bytes[at]
        if (mark === COMMA) {
          at++
          wantsKey = inObject
          trailingComma = inObject
          break
        }
        if (mark !== (inObject ? CLOSE_OBJECT : CLOSE_LIST))
          return fail(inObject ? 'a comma or } is wanted here' : 'a comma or ] is wanted here', at)
        depth--
        close(parent, ++at, 0)
      }
    }
  }

  /** Whether an earlier member of the object has the same unknown key. */
  function isRepeated(bytes: Uint8Array, parent: number, node: number): boolean {
    for (let other = parent + 1; other < node; other = tape.next[other + 1] ?? node) {
      if (tape.key[other] === Key.OTHER && sameText(bytes, other, node)) return true
    }
    return false
  }

  /** The same for objects with many keys: comparing each with each would take for ever. */
  function isInSet(bytes: Uint8Array, level: number, node: number): boolean {
    let set = sets[level]
    if (set === undefined) {
      set = sets[level] = new Set()
      for (let other = (parents[level] ?? 0) + 1; other < node; other = tape.next[other + 1] ?? node)
        set.add(textOf(bytes, other))
    }
    const size = set.size
    return set.add(textOf(bytes, node)).size === size
  }

  function textOf(bytes: Uint8Array, node: number): string {
    return decodeText(bytes, tape.start[node] ?? 0, tape.end[node] ?? 0)
  }

  function sameText(bytes: Uint8Array, a: number, b: number): boolean {
    if ((((tape.flags[a] ?? 0) | (tape.flags[b] ?? 0)) & Flag.ESCAPED) !== 0) return textOf(bytes, a) === textOf(bytes, b)
    const from = tape.start[a] ?? 0
    const start = tape.start[b] ?? 0
    const length = (tape.end[b] ?? 0) - start
    if ((tape.end[a] ?? 0) - from !== length) return false
    let i = 0
    while (i < length && bytes[from + i] === bytes[start + i]) i++
    return i === length
  }

  function skipSpace(bytes: Uint8Array, from: number): number {
    let at = from
    for (;;) {
      const byte = bytes[at]
      if (byte === 0x0a) scanner.lineFeeds++
      else if (byte === 0x0d) scanner.carriageReturns++
      else if (byte !== 0x20 && byte !== 0x09) return at
      at++
    }
  }
}

const words: readonly (readonly [string, number])[] = [
  ['true', Kind.BOOLEAN],
  ['false', Kind.BOOLEAN],
  ['null', Kind.NULL],
]

/** A value that is no text, list or object; undefined where the bytes end too early to tell, a text where it is none. */
function scanWord(
  bytes: Uint8Array,
  at: number,
  to: number,
  isLast: boolean,
): {kind: number; end: number; flags: number} | string | undefined {
  for (const [word, kind] of words) {
    if (bytes[at] !== word.charCodeAt(0)) continue
    for (let i = 1; i < word.length; i++) {
      if (at + i >= to) return isLast ? 'the file ends in the middle of a row' : undefined
      if (bytes[at + i] !== word.charCodeAt(i)) return 'no JSON value begins here'
    }
    return {kind, end: at + word.length, flags: 0}
  }
  if (at >= to) return isLast ? 'the file ends in the middle of a row' : undefined
  const number = scanNumber(bytes, at)
  if (number === undefined) return to - at < 16 && !isLast ? undefined : 'no JSON value begins here'
  return number.end >= to && !isLast ? undefined : {kind: Kind.NUMBER, ...number}
}

function grown(array: Int32Array): Int32Array<ArrayBuffer> {
  const bigger = new Int32Array(array.length * 2)
  bigger.set(array)
  return bigger
}
