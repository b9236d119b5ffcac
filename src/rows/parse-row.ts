import {isUtf8} from 'node:buffer'
import {PolarError} from '../errors.js'
import {isObject, pointerTo, valueAt} from './key-path.js'
import {place, type RawRow} from './raw-row.js'
import type {Message, Trajectory} from './row.js'

/** Which columns hold the parts of a row. */
export interface RowKeys {
  readonly prompt: string
  readonly reference: string
  readonly output: string
}

export const DEFAULT_ROW_KEYS: RowKeys = {prompt: 'prompt', reference: 'reference', output: 'output'}

/** A row whose parts have the right shape, with one candidate or a group of them. */
export interface ParsedRow {
  readonly prompt: Trajectory
  readonly reference: Trajectory
  /** The candidate, or all candidates of a group, in order. */
  readonly outputs: readonly Trajectory[]
  /** True where the output column holds a list of candidates: its reward is then a list, too. */
  readonly isGroup: boolean
  readonly wrapper: unknown
  /** The whole row, other keys included. */
  readonly value: Readonly<Record<string, unknown>>
}

/**
 * Parses one row and checks its shape.
 *
 * An output column that holds a list of strings, or a list of message lists, is a group of candidates; a list of messages is one
 * trajectory, and so is `[]` (upstream reads it as an empty text).
 *
 * Throws ROW_INVALID or KEY_NOT_FOUND, naming file, line and JSON pointer.
 */
export function parseRow(raw: RawRow, keys: RowKeys = DEFAULT_ROW_KEYS): ParsedRow {
  const value = parseObject(raw)
  const outputs = required(raw, value, keys.output)
  const pointer = pointerTo(value, keys.output)
  const isGroup = Array.isArray(outputs) && outputs.some((entry) => typeof entry === 'string' || Array.isArray(entry))
  return {
    prompt: trajectory(raw, required(raw, value, keys.prompt), pointerTo(value, keys.prompt)),
    reference: trajectory(raw, required(raw, value, keys.reference), pointerTo(value, keys.reference)),
    outputs: isGroup ? outputs.map((entry, i) => candidate(raw, entry, `${pointer}/${i}`)) : [trajectory(raw, outputs, pointer)],
    isGroup,
    wrapper: value['wrapper'],
    value,
  }
}

function parseObject(raw: RawRow): Record<string, unknown> {
  if (raw.problem !== undefined) throw invalid(raw, '', `the row ${raw.problem}`)
  if (!isUtf8(raw.bytes)) {
    throw invalid(raw, '', `invalid UTF-8 at byte ${firstBadByte(raw.bytes)} of the row`, [
      'iconv -f UTF-8 -t UTF-8 -c drops the broken bytes',
    ])
  }
  if (raw.bytes.includes(0))
    throw invalid(raw, '', `a NUL byte at byte ${raw.bytes.indexOf(0)} of the row; JSON writes it as \\u0000`)
  let value: unknown
  try {
    value = JSON.parse(raw.bytes.toString('utf8'))
  } catch (error) {
    throw invalid(raw, '', `not valid JSON: ${error instanceof Error ? shorten(error.message) : error}`, [
      'a row is one JSON object on one line',
    ])
  }
  if (!isObject(value)) throw invalid(raw, '', `the row is ${describe(value)}; a row is a JSON object`)
  return value
}

function required(raw: RawRow, value: Record<string, unknown>, path: string): unknown {
  const found = valueAt(value, path)
  if (found !== undefined) return found
  const keys = Object.keys(value)
  throw new PolarError('data', 'KEY_NOT_FOUND', `${place(raw)}: no key "${path}"; the row has ${listKeys(keys)}`, {
    suggestions: ['--prompt-key, --reference-key and --output-key name other columns'],
    facts: {file: raw.file, line: raw.line, key: path, keys: keys.slice(0, 50)},
  })
}

/** A candidate of a group: a text or a list of messages. An empty list is neither here: one row cannot mean both. */
function candidate(raw: RawRow, value: unknown, pointer: string): Trajectory {
  if (typeof value === 'string' || Array.isArray(value)) return trajectory(raw, value, pointer)
  throw invalid(raw, pointer, `${describe(value)} among the candidates, which are texts or lists of messages`)
}

function trajectory(raw: RawRow, value: unknown, pointer: string): Trajectory {
  if (typeof value === 'string') {
    if (!value.isWellFormed()) throw loneSurrogate(raw, pointer)
    return value
  }
  if (!Array.isArray(value)) throw invalid(raw, pointer, `${describe(value)} where a text or a list of messages is wanted`)
  return value.map((entry, i) => message(raw, entry, `${pointer}/${i}`))
}

function message(raw: RawRow, value: unknown, pointer: string): Message {
  if (!isObject(value)) throw invalid(raw, pointer, `${describe(value)} where a message is wanted: {"role": …, "content": …}`)
  const {content} = value
  if (content === undefined) throw invalid(raw, pointer, 'a message without "content"')
  if (typeof content !== 'string')
    throw invalid(raw, `${pointer}/content`, `${describe(content)} where the text of a message is wanted`)
  if (!content.isWellFormed()) throw loneSurrogate(raw, `${pointer}/content`)
  return {content}
}

function loneSurrogate(raw: RawRow, pointer: string): PolarError {
  return invalid(raw, pointer, 'half of a surrogate pair (\\ud800 to \\udfff alone), which is no character', [
    'write the character whole, or U+FFFD in its place',
  ])
}

function invalid(raw: RawRow, pointer: string, what: string, suggestions: readonly string[] = []): PolarError {
  const where = pointer === '' ? place(raw) : `${place(raw)} ${pointer}`
  return new PolarError('data', 'ROW_INVALID', `${where}: ${what}`, {
    suggestions,
    facts: {file: raw.file, line: raw.line, pointer},
  })
}

function describe(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  return {string: 'a text', number: 'a number', boolean: 'a boolean', object: 'an object'}[String(typeof value)] ?? typeof value
}

function listKeys(keys: readonly string[]): string {
  if (keys.length === 0) return 'no keys at all'
  const shown = keys.slice(0, 12).map((key) => shorten(/^[\p{L}\p{N}_.-]+$/u.test(key) ? key : JSON.stringify(key), 40))
  return keys.length > shown.length ? `${shown.join(', ')}, … (${keys.length} keys)` : shown.join(', ')
}

function shorten(text: string, length = 160): string {
  return text.length > length ? `${text.slice(0, length)}…` : text
}

function firstBadByte(bytes: Buffer): number {
  let [good, bad] = [0, bytes.length] // the longest valid prefix, by halves; a prefix may end inside a character
  while (good + 1 < bad) {
    const middle = (good + bad) >> 1
    if (isUtf8(bytes.subarray(0, characterStart(bytes, middle)))) good = middle
    else bad = middle
  }
  return characterStart(bytes, good)
}

/** The start of the character that position `at` is in, going back over at most three continuation bytes. */
function characterStart(bytes: Buffer, at: number): number {
  let start = at
  while (start > 0 && at - start < 3 && ((bytes[start] ?? 0) & 0xc0) === 0x80) start--
  return start
}
