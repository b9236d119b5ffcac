import type {Scanner} from './scan.js'
import {Key, Kind, type Tape} from './tape.js'

/** What is known of an opening brace behind something broken. */
export interface BraceSite {
  /** White space before it on its line; undefined where something else stands before it. */
  readonly column: number | undefined
  /** The last byte before it that is no white space; 0 for none. */
  readonly before: number
}

const SEPARATORS = [...Buffer.from(',[]}')]
const COLON = 0x3a
const ROW_KEYS: ReadonlySet<string> = new Set(['prompt', 'reference', 'chosen', 'rejected', 'wrapper'])
const MESSAGE_KEYS: ReadonlySet<string> = new Set(['role', 'content'])
/** Bytes in which a first key is looked for. */
export const KEY_WINDOW = 64

/**
 * What the layout and the first key say of the brace at `at`: that a row begins there, that none does, or nothing, so that the object has
 * to be read. `indent`: that of the broken row, behind which its messages stand deeper and the next row does not.
 */
export function judgeBrace(bytes: Buffer, at: number, tail: number, site: BraceSite, indent: number): 'row' | 'none' | 'unknown' {
  if (site.column === undefined && site.before === COLON) return 'none'
  const key = /^\{[ \t\r\n]*"([a-z]*)"/.exec(bytes.toString('latin1', at, Math.min(at + KEY_WINDOW, tail)))?.[1] ?? ''
  if (MESSAGE_KEYS.has(key)) return 'unknown'
  if (ROW_KEYS.has(key) && isSeparate(site)) return 'row'
  return site.column !== undefined && site.column <= indent ? 'row' : 'unknown'
}

/** Whether the object on the scanner's tape is a row: by one of its keys, or, in the middle of something, by all four lists. */
export function isRow({tape}: Scanner, site: BraceSite): boolean {
  const keys = rowKeys(tape)
  return isSeparate(site) ? keys > 0 : keys >= 4
}

function isSeparate({column, before}: BraceSite): boolean {
  return column !== undefined || before === 0 || SEPARATORS.includes(before)
}

function rowKeys(tape: Tape): number {
  if (tape.kind[0] !== Kind.OBJECT) return 0
  let count = 0
  const end = tape.next[0] ?? 0
  for (let key = 1; key < end; key = tape.next[key + 1] ?? end) {
    const number = tape.key[key] ?? Key.OTHER
    if (number >= Key.PROMPT && number <= Key.REJECTED) count++
  }
  return count
}
