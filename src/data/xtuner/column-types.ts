import {decodeText} from '../json/scan-string.js'
import {Flag, Key, Kind, KNOWN_KEYS, type Tape} from '../json/tape.js'
import {isDateLike} from './date-like.js'

/** Type of one column as a reader infers it from all values of a batch of rows: it starts as null and may not change after. */
export interface ColumnType {
  kind: number
  /** Of the elements of lists. */
  item: ColumnType | undefined
  /** Of the members of objects. */
  fields: Map<string, ColumnType> | undefined
  /** The same for keys that POLAR knows, by their number. */
  known: (ColumnType | undefined)[] | undefined
  /** Whether every text so far reads as a date. */
  allDates: boolean
  /** Whether every number so far is an integer of 64 bits. */
  allIntegers: boolean
  readonly depth: number
}

/** A value that another kind of value in its column makes unreadable. */
export interface TypeConflict {
  readonly pointer: string
  readonly was: number
  readonly is: number
}

/** Nodes that a column's type may be deep, the column itself being one: Arrow's C interface refuses more. */
const MAX_TYPE_DEPTH = 63

export function createColumnType(depth: number): ColumnType {
  return {kind: Kind.NULL, item: undefined, fields: undefined, known: undefined, allDates: true, allIntegers: true, depth}
}

/** What unifying one row brought to light. */
export interface Unified {
  conflict: TypeConflict | undefined
  tooDeep: boolean
}

/** Takes the value at `node` into the type; goes on past a conflict. */
export function unify(type: ColumnType, tape: Tape, bytes: Uint8Array, node: number, found: Unified): void {
  const kind = tape.kind[node] ?? Kind.NULL
  if (kind === Kind.NULL) return
  if (type.depth > MAX_TYPE_DEPTH) {
    found.tooDeep = true
    return
  }
  if (type.kind === Kind.NULL) type.kind = kind
  else if (type.kind !== kind) {
    found.conflict ??= {pointer: '', was: type.kind, is: kind}
    return
  }
  if (kind === Kind.STRING) {
    if (type.allDates) type.allDates = readsAsDate(tape, bytes, node)
  } else if (kind === Kind.NUMBER) {
    if (type.allIntegers) type.allIntegers = isInteger(tape, bytes, node)
  } else if (kind === Kind.LIST) {
    type.item ??= createColumnType(type.depth + 1)
    if (type.item.depth > MAX_TYPE_DEPTH) found.tooDeep = true
    const end = tape.next[node] ?? 0
    for (let i = 0, child = node + 1; child < end; child = tape.next[child] ?? end, i++) {
      const had = found.conflict
      unify(type.item, tape, bytes, child, found)
      if (had === undefined && found.conflict !== undefined)
        found.conflict = {...found.conflict, pointer: `/${i}${found.conflict.pointer}`}
    }
  } else if (kind === Kind.OBJECT) {
    type.known ??= []
    const end = tape.next[node] ?? 0
    for (let key = node + 1; key < end; key = tape.next[key + 1] ?? end) {
      const field = fieldOf(type, tape, bytes, key)
      if (field.depth > MAX_TYPE_DEPTH) found.tooDeep = true
      const had = found.conflict
      unify(field, tape, bytes, key + 1, found)
      if (had === undefined && found.conflict !== undefined) {
        const name = decodeText(bytes, tape.start[key] ?? 0, tape.end[key] ?? 0)
        found.conflict = {
          ...found.conflict,
          pointer: `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}${found.conflict.pointer}`,
        }
      }
    }
  }
}

function fieldOf(type: ColumnType, tape: Tape, bytes: Uint8Array, key: number): ColumnType {
  const number = tape.key[key] ?? Key.OTHER
  const known = (type.known ??= [])
  let field = number === Key.OTHER ? undefined : known[number]
  if (field !== undefined) return field
  const name = number === Key.OTHER ? decodeText(bytes, tape.start[key] ?? 0, tape.end[key] ?? 0) : (KNOWN_KEYS[number] ?? '')
  const fields = (type.fields ??= new Map())
  field = fields.get(name)
  if (field === undefined) {
    field = createColumnType(type.depth + 1)
    fields.set(name, field)
  }
  if (number !== Key.OTHER) known[number] = field
  return field
}

function readsAsDate(tape: Tape, bytes: Uint8Array, node: number): boolean {
  const start = tape.start[node] ?? 0
  const end = tape.end[node] ?? 0
  if (end - start < 10) return false
  if (((tape.flags[node] ?? 0) & Flag.ESCAPED) === 0 && end - start > 25) return false
  return isDateLike(decodeText(bytes, start, end))
}

function isInteger(tape: Tape, bytes: Uint8Array, node: number): boolean {
  if (((tape.flags[node] ?? 0) & (Flag.NOT_FOR_PANDAS | Flag.NOT_JSON)) !== 0) return false
  const end = tape.end[node] ?? 0
  for (let at = tape.start[node] ?? 0; at < end; at++) {
    const byte = bytes[at] ?? 0
    if (byte !== 0x2d && (byte < 0x30 || byte > 0x39)) return false
  }
  return true
}

/** Whether what this batch's type says can be cast to the first batch's, as `datasets` writes all batches in one file. */
export function canCast(type: ColumnType, to: ColumnType): boolean {
  if (type.kind === Kind.NULL) return true
  if (to.kind !== type.kind) return false
  if (type.kind === Kind.STRING) return !isDates(to) || isDates(type)
  if (type.kind === Kind.NUMBER) return type.allIntegers || !to.allIntegers
  if (type.kind === Kind.LIST) return canCast(type.item ?? createColumnType(0), to.item ?? createColumnType(0))
  if (type.kind !== Kind.OBJECT) return true
  return [...(type.fields ?? [])].every(([name, field]) => {
    const other = to.fields?.get(name)
    return other !== undefined && canCast(field, other)
  })
}

export function isDates(type: ColumnType | undefined): boolean {
  return type !== undefined && type.kind === Kind.STRING && type.allDates
}
