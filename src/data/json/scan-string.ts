import {Flag, KNOWN_KEYS} from './tape.js'

/** 1 where a text's plain run ends: the quote, the backslash, control characters. */
const STOPS = Uint8Array.from({length: 256}, (_, byte) => (byte < 0x20 || byte === 0x22 || byte === 0x5c ? 1 : 0))
const ESCAPES = new Set([...'"\\/bfnrt'].map((character) => character.charCodeAt(0)))

export interface StringScan {
  /**
   * Where the text that begins at `from` (behind its quote) ends, at its closing quote; -1 where `bytes` end before it (`isCut`) or
   * where it is broken (`message`, `at`).
   */
  scan(bytes: Uint8Array, from: number, to: number, lineBreaksInText: boolean): number
  isCut: boolean
  message: string
  at: number
  flags: number
  lineFeeds: number
  holdsNul: boolean
}

export function createStringScan(): StringScan {
  const found: StringScan = {scan, isCut: false, message: '', at: 0, flags: 0, lineFeeds: 0, holdsNul: false}
  return found

  function scan(bytes: Uint8Array, from: number, to: number, lineBreaksInText: boolean): number {
    let at = from
    let flags = 0
    found.isCut = false
    found.lineFeeds = 0
    found.holdsNul = false
    for (;;) {
      while (STOPS[bytes[at] ?? 0] === 0) at++
      const byte = bytes[at] ?? 0
      if (byte === 0x22) {
        found.flags = flags
        return at
      }
      if (at >= to) return cut()
      if (byte === 0x5c) {
        flags |= Flag.ESCAPED
        const escape = bytes[at + 1] ?? 0
        if (at + 1 >= to) return cut()
        if (escape !== 0x75) {
          if (!ESCAPES.has(escape))
            return broken('an unknown escape (\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX are the known ones)', at)
          if (escape === 0x2f) flags |= Flag.RESPELLED
          at += 2
          continue
        }
        flags |= Flag.RESPELLED
        const unit = hex(bytes, at + 2)
        if (unit < 0) return at + 6 > to ? cut() : broken('\\u wants four hexadecimal digits', at)
        if (unit === 0) found.holdsNul = true
        at += 6
        if (unit < 0xd800 || unit > 0xdfff) continue
        const low = bytes[at] === 0x5c && bytes[at + 1] === 0x75 ? hex(bytes, at + 2) : -1
        if (unit < 0xdc00 && low >= 0xdc00 && low <= 0xdfff) at += 6
        else if (at + 6 > to && unit < 0xdc00 && at >= to - 5 && !endsHere(bytes, at, to)) return cut()
        else flags |= Flag.LONE_SURROGATE
      } else {
        if (byte === 0x0a || byte === 0x0d) {
          if (!lineBreaksInText) return broken('a line break in a text, which JSON writes as \\n (or a quote is missing)', at)
          if (byte === 0x0a) found.lineFeeds++
        }
        flags |= Flag.CONTROL_CHARACTER
        at++
      }
    }
  }

  /** Whether what is there of the bytes shows that no second half can follow. */
  function endsHere(bytes: Uint8Array, at: number, to: number): boolean {
    return at < to && (bytes[at] !== 0x5c || (at + 1 < to && bytes[at + 1] !== 0x75))
  }

  function cut(): number {
    found.isCut = true
    return -1
  }

  function broken(message: string, at: number): number {
    found.message = message
    found.at = at
    return -1
  }
}

/** Value of four hexadecimal digits, or -1. */
function hex(bytes: Uint8Array, at: number): number {
  let value = 0
  for (let i = at; i < at + 4; i++) {
    const byte = bytes[i] ?? 0
    const digit =
      byte >= 0x30 && byte <= 0x39
        ? byte - 0x30
        : byte >= 0x41 && byte <= 0x46
          ? byte - 55
          : byte >= 0x61 && byte <= 0x66
            ? byte - 87
            : -1
    if (digit < 0) return -1
    value = value * 16 + digit
  }
  return value
}

/** The text between two quotes. Raw control characters, which JSON has not, are taken as they are. */
export function decodeText(bytes: Uint8Array, from: number, to: number): string {
  const raw = Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('utf8')
  if (!raw.includes('\\')) return raw
  const plain = raw.replaceAll(/[\u0000-\u001F]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
  return String(JSON.parse(`"${plain}"`))
}

/** Number of a key in {@link KNOWN_KEYS}. */
export function keyNumber(bytes: Uint8Array, from: number, to: number, flags: number): number {
  if ((flags & Flag.ESCAPED) !== 0)
    return Math.max(
      0,
      KNOWN_KEYS.findIndex((name) => name !== '' && name === decodeText(bytes, from, to)),
    )
  const length = to - from
  if (length < 4 || length > 9) return 0
  for (let number = 1; number < KNOWN_KEYS.length; number++) {
    const name = KNOWN_KEYS[number] ?? ''
    if (name.length !== length) continue
    let i = 0
    while (i < length && bytes[from + i] === name.charCodeAt(i)) i++
    if (i === length) return number
  }
  return 0
}
