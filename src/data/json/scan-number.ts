import {Flag} from './tape.js'

const names: readonly (readonly [string, number])[] = [
  ['-Infinity', Flag.NOT_JSON],
  ['Infinity', Flag.NOT_JSON],
  ['-NaN', Flag.NOT_JSON | Flag.NOT_FOR_PANDAS],
  ['NaN', Flag.NOT_JSON],
  ['-Inf', Flag.NOT_JSON | Flag.NOT_FOR_PANDAS],
  ['Inf', Flag.NOT_JSON | Flag.NOT_FOR_PANDAS],
]
/** The integers of 64 bits, beyond which pandas, or Arrow behind it, refuses. */
const LARGEST = 9223372036854775807n
const SMALLEST = -9223372036854775808n

/**
 * The number that begins at `at`: where it ends and what is odd about it; undefined where none begins there. The grammar is rapidjson's
 * with NaN and Infinity, and, flagged, what pandas' ujson takes beyond it (both asked: pyarrow 18.1.0, pandas 2.2.3).
 */
export function scanNumber(bytes: Uint8Array, at: number): {end: number; flags: number} | undefined {
  const first = bytes[at] ?? 0
  if (first === 0x49 || first === 0x4e || (first === 0x2d && !isDigit(bytes[at + 1]))) {
    for (const [name, flags] of names) {
      if (!startsWith(bytes, at, name)) continue
      return {end: at + name.length, flags}
    }
    return first === 0x2d ? {end: at + 1, flags: Flag.ODD_NUMBER} : undefined
  }
  let end = first === 0x2d ? at + 1 : at
  const integer = end
  while (isDigit(bytes[end])) end++
  if (end === integer) return undefined
  let flags = 0
  if (bytes[integer] === 0x30 && end > integer + 1) flags |= Flag.ODD_NUMBER
  let isInteger = true
  if (bytes[end] === 0x2e) {
    isInteger = false
    const fraction = ++end
    while (isDigit(bytes[end])) end++
    if (end === fraction) flags |= Flag.ODD_NUMBER
  }
  if (bytes[end] === 0x65 || bytes[end] === 0x45) {
    isInteger = false
    end++
    if (bytes[end] === 0x2b || bytes[end] === 0x2d) end++
    const exponent = end
    while (isDigit(bytes[end])) end++
    if (end === exponent) flags |= Flag.ODD_NUMBER
    else if (Number(ascii(bytes, exponent, end)) > 308 && bytes[exponent - 1] !== 0x2d) flags |= Flag.TOO_BIG
  }
  if (isInteger && end - integer > 18) {
    const value = BigInt(ascii(bytes, at, end))
    if (value > LARGEST || value < SMALLEST) flags |= Flag.NOT_FOR_PANDAS
  }
  return {end, flags}
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39
}

function startsWith(bytes: Uint8Array, at: number, word: string): boolean {
  for (let i = 0; i < word.length; i++) if (bytes[at + i] !== word.charCodeAt(i)) return false
  return true
}

function ascii(bytes: Uint8Array, from: number, to: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('latin1')
}
