import {Flag, Key, Kind, type Tape} from '../json/tape.js'
import {textAt} from '../row-texts.js'
import type {RuleCode} from '../rules/index.js'
import {contentOf, type RowNodes} from '../xtuner/row-shape.js'
import type {PreferenceMessage, PreferenceRow} from './preference-row.js'

/** What was changed: what a rule tells, or what breaks no rule and yet is not in the mended row as it was. */
export type ChangeCode = RuleCode | 'MESSAGE_KEYS_DROPPED' | 'ROLE_NOT_TEXT' | 'WRAPPER_ABSENT'

/** A row in canonical form and what was done for it, or why it cannot be had without inventing text. */
export type Mended = {readonly row: PreferenceRow; readonly changes: readonly ChangeCode[]} | {readonly leftOut: RuleCode}

/** What one list came to. */
type List = readonly PreferenceMessage[] | RuleCode

/** Brings a row to canonical form. Texts stay as they are, but for halves of surrogate pairs, which become U+FFFD. */
export function mendRow(tape: Tape, bytes: Buffer, parts: RowNodes, flags: number): Mended {
  if (tape.kind[0] !== Kind.OBJECT) return {leftOut: 'ROW_NOT_OBJECT'}
  // Which of the two was meant, nobody knows.
  if ((flags & Flag.DUPLICATE_KEY) !== 0) return {leftOut: 'DUPLICATE_KEY'}
  const changes = new Set<ChangeCode>()
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

function messagesOf(tape: Tape, bytes: Buffer, list: number, role: string, changes: Set<ChangeCode>): List {
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
    messages.push({role: roleOf(tape, bytes, message, changes), content: wellFormed(textAt(tape, bytes, content))})
  }
  return messages
}

/** The role, null where there is none or it is no text; notes what else the message has beside its content. */
function roleOf(tape: Tape, bytes: Buffer, message: number, changes: Set<ChangeCode>): string | null {
  let role: string | null = null
  const end = tape.next[message] ?? 0
  for (let key = message + 1; key < end; key = tape.next[key + 1] ?? end) {
    const name = tape.key[key]
    const kind = tape.kind[key + 1]
    if (name === Key.ROLE) {
      if (kind === Kind.STRING) role = wellFormed(textAt(tape, bytes, key + 1))
      else if (kind !== Kind.NULL) changes.add('ROLE_NOT_TEXT')
    } else if (name !== Key.CONTENT) changes.add('MESSAGE_KEYS_DROPPED')
  }
  return role
}

/** As xtuner reads it: anything but `pretrain` is `sft`. */
function wrapperOf(tape: Tape, bytes: Buffer, node: number, changes: Set<ChangeCode>): 'sft' | 'pretrain' {
  if (node === -1 || tape.kind[node] === Kind.NULL) {
    changes.add('WRAPPER_ABSENT')
    return 'sft'
  }
  const wrapper = tape.kind[node] === Kind.STRING ? textAt(tape, bytes, node) : undefined
  if (wrapper === 'sft' || wrapper === 'pretrain') return wrapper
  changes.add('WRAPPER_UNKNOWN')
  return 'sft'
}

/** Also what stood there as a raw control character is kept; JSON and Parquet both can write it. */
function wellFormed(text: string): string {
  return text.isWellFormed() ? text : text.toWellFormed()
}
