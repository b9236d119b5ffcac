import {isJsonSpace} from './split-lines.js'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const OPENING_BRACE = 0x7b

/** A member of a JSON object, and where it stands in the bytes. */
interface Member {
  readonly key: string
  readonly start: number
  readonly end: number
}

/**
 * Adds `"key":json` to the end of a JSON object without touching its other bytes, so that big integers, `1.0` and the order of
 * keys survive. Members of that name, and those named in `without`, are taken out. `row` must be a valid JSON object; `json` is
 * the value as JSON text.
 */
export function spliceMember(row: Buffer, key: string, json: string, without: readonly string[] = []): Buffer {
  const members = [...topLevelMembers(row)]
  const kept = members.filter((member) => member.key !== key && !without.includes(member.key))
  if (kept.length === members.length && kept.length > 0) return appendMember(row, key, json)
  const parts = kept.flatMap((member) => [row.subarray(member.start, member.end), Buffer.from(',')])
  return Buffer.concat([
    row.subarray(0, row.indexOf(OPENING_BRACE) + 1),
    ...parts,
    Buffer.from(`${JSON.stringify(key)}:${json}}`),
  ])
}

/** The same for a row that has no member of that name, as the caller knows: no scan, only a copy. `row` must not be `{}`. */
export function appendMember(row: Buffer, key: string, json: string): Buffer {
  return Buffer.concat([row.subarray(0, row.lastIndexOf(0x7d)), Buffer.from(`,${JSON.stringify(key)}:${json}}`)])
}

function* topLevelMembers(row: Buffer): Generator<Member> {
  let at = skipSpace(row, row.indexOf(OPENING_BRACE) + 1)
  while (row[at] === QUOTE) {
    const start = at
    const keyEnd = skipString(row, start)
    const valueStart = skipSpace(row, skipSpace(row, keyEnd) + 1)
    const end = skipValue(row, valueStart)
    yield {key: String(JSON.parse(row.toString('utf8', start, keyEnd))), start, end}
    at = skipSpace(row, end)
    if (row[at] !== COMMA) return
    at = skipSpace(row, at + 1)
  }
}

function skipSpace(bytes: Buffer, from: number): number {
  let at = from
  while (isJsonSpace(bytes[at])) at++
  return at
}

function skipString(bytes: Buffer, from: number): number {
  let at = from + 1
  while (at < bytes.length && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1
  return at + 1
}

/** Position behind the value that begins at `from`, white space behind it not included. */
function skipValue(bytes: Buffer, from: number): number {
  let at = from
  let depth = 0
  for (; at < bytes.length; at++) {
    const byte = bytes[at]
    if (byte === QUOTE) {
      at = skipString(bytes, at) - 1
      if (depth === 0) return at + 1
    } else if (byte === OPENING_BRACE || byte === 0x5b) depth++
    else if (byte === 0x7d || byte === 0x5d) {
      if (depth === 0) return at
      if (--depth === 0) return at + 1
    } else if (depth === 0 && (byte === COMMA || isJsonSpace(byte))) return at
  }
  return at
}
