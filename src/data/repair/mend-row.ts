import {Flag, Key, Kind, type Tape} from '../json/tape.js'
import {textAt} from '../row-texts.js'
import type {RuleCode} from '../rules/index.js'
import {contentOf, type RowNodes} from '../xtuner/row-shape.js'
import type {PreferenceMessage, PreferenceRow} from './preference-row.js'

/** A row in canonical form and what was done for it, or why it cannot be had without inventing text. */
export type Mended = {readonly row: PreferenceRow; readonly changes: readonly RuleCode[]} | {readonly leftOut: RuleCode}

/** What one list came to. */
type List = readonly PreferenceMessage[] | RuleCode

/** Brings a row to canonical form. Texts stay as they are, but for halves of surrogate pairs, which become U+FFFD. */
export function mendRow(tape: Tape, bytes: Buffer, parts: RowNodes, flags: number): Mended {
  if (tape.kind[0] !== Kind.OBJECT) return {leftOut: 'ROW_NOT_OBJECT'}
  // Which of the two was meant, nobody knows.
  if ((flags & Flag.DUPLICATE_KEY) !== 0) return {leftOut: 'DUPLICATE_KEY'}
  const changes = new Set<RuleCode>()
  const lists = [0, 1, 2, 3].map((list) =>
    messagesOf(tape, bytes, parts.lists[list] ?? -1, list === 0 ? 'user' : 'assistant', changes),
  )
  for (const list of lists) if (typeof list === 'string') return {leftOut: list}
  const [prompt = [], reference = [], chosen = [], rejected = []] = lists.filter((list) => typeof list !== 'string')
  if ((flags & Flag.CONTROL_CHARACTER) !== 0) changes.add('CONTROL_CHARACTER')
  if ((flags & Flag.TRAILING_COMMA) !== 0) changes.add('TRAILING_COMMA')
  if ((flags & (Flag.ODD_NUMBER | Flag.TOO_BIG)) !== 0) changes.add('NUMBER_INVALID')
  if ((flags & Flag.NOT_JSON) !== 0) changes.add('NAN')
  if ((flags & Flag.LONE_SURROGATE) !== 0) changes.add('LONE_SURROGATE')
  if (parts.extraKeys > 0) changes.add('EXTRA_KEYS')
  return {
    row: {prompt, reference, chosen, rejected, wrapper: wrapperOf(tape, bytes, parts.wrapper, changes)},
    changes: [...changes],
  }
}

function messagesOf(tape: Tape, bytes: Buffer, list: number, role: string, changes: Set<RuleCode>): List {
  if (list === -1) return 'LIST_MISSING'
  const kind = tape.kind[list] ?? Kind.NULL
  if (kind === Kind.NULL) return 'LIST_NULL'
  if (kind === Kind.STRING) {
    changes.add('STRING_FOR_LIST')
    const content = wellFormed(textAt(tape, bytes, list))
    return content === '' ? [] : [{role, content}]
  }
  if (kind !== Kind.LIST) return 'NOT_A_LIST'
  const messages: PreferenceMessage[] = []
  const end = tape.next[list] ?? 0
  for (let message = list + 1; message < end; message = tape.next[message] ?? end) {
    if (tape.kind[message] !== Kind.OBJECT) return 'MESSAGE_INVALID'
    const content = contentOf(tape, message)
    if (content === -1) return 'CONTENT_MISSING'
    if (tape.kind[content] === Kind.NULL) return 'CONTENT_NULL'
    if (tape.kind[content] !== Kind.STRING) return 'CONTENT_NOT_TEXT'
    messages.push({role: roleOf(tape, bytes, message), content: wellFormed(textAt(tape, bytes, content))})
  }
  return messages
}

function roleOf(tape: Tape, bytes: Buffer, message: number): string | null {
  let role: string | null = null
  const end = tape.next[message] ?? 0
  for (let key = message + 1; key < end; key = tape.next[key + 1] ?? end) {
    if (tape.key[key] === Key.ROLE && tape.kind[key + 1] === Kind.STRING) role = wellFormed(textAt(tape, bytes, key + 1))
  }
  return role
}

/** As xtuner reads it: anything but `pretrain` is `sft`. */
function wrapperOf(tape: Tape, bytes: Buffer, node: number, changes: Set<RuleCode>): 'sft' | 'pretrain' {
  if (node === -1 || tape.kind[node] === Kind.NULL) return 'sft'
  const wrapper = tape.kind[node] === Kind.STRING ? textAt(tape, bytes, node) : undefined
  if (wrapper === 'sft' || wrapper === 'pretrain') return wrapper
  changes.add('WRAPPER_UNKNOWN')
  return 'sft'
}

/** Also what stood there as a raw control character is kept; JSON and Parquet both can write it. */
function wellFormed(text: string): string {
  return text.isWellFormed() ? text : text.toWellFormed()
}
