import type {StreamFacts, StreamItem} from '../json/value-stream.js'
import type {Scanner} from '../json/scan.js'
import {ARROW_REFUSES, Flag, Key, Kind, type Tape} from '../json/tape.js'
import {canCast, createColumnType, isDates, unify, type ColumnType, type TypeConflict, type Unified} from './column-types.js'
import {LISTS} from './row-shape.js'

/** What xtuner 0.2.0 does with a file as it is. */
export type Verdict = 'ok' | 'stops' | 'hangs' | 'crashes'

/** Bytes that `datasets` reads at once (it then finishes the line), and that Arrow parses at once. */
const BATCH = 10 << 20
const BLOCK = BATCH / 32
/** Nesting on which rapidjson's or Arrow's recursion dies without a word; between 12,000 (raises) and 20,000 (crashes). */
const CRASH_DEPTH = 14_000
/** Nesting at which pandas' reader gives up. */
const PANDAS_DEPTH = 1000

/** Bytes of rows, a pipe's worth, behind which bytes that are no UTF-8 make xtuner hang at its exit: 92 KB did, 64 KB are inferred. */
const PIPE = 64 << 10

/** Why loading fails, for the message. */
interface LoadFault {
  readonly verdict: 'stops' | 'hangs' | 'crashes'
  readonly line: number
  readonly why: string
}

/** What a value did to the prediction. */
export interface Seen {
  readonly conflict: TypeConflict | undefined
  readonly tooDeep: boolean
}

/** What is known at the file's end. */
interface PredictedEnd {
  readonly verdict: Verdict
  readonly fault: LoadFault | undefined
  /** Lists of messages whose contents all read as dates. */
  readonly dateColumns: readonly string[]
  /** Line near which a later block has other columns than the first. */
  readonly columnsChangeLater?: number
}

export interface LoadPrediction {
  /** Takes the next value of the file, whose nodes are on the scanner's tape. */
  see(item: StreamItem, scanner: Scanner): Seen
  /** Says that a row that loads makes tokenizing raise, so that training hangs. */
  hangs(): void
  /** A list that is `""` or `{}`: nothing to iterate over, as long as the whole column has no member. */
  emptyObject(list: number): void
  end(facts: StreamFacts): PredictedEnd
}

/**
 * Predicts how `load_dataset("json")` of datasets 3.2.0 (pyarrow 18.1.0, and pandas 2.2.3 where Arrow refuses) and `tokenize_ref` take a
 * file, value by value. Facts: facts/xtuner.md §6; where it is not sure it says that the file is not ok.
 */
export function predictLoading(): LoadPrediction {
  let rows = 0
  let first: ColumnType | undefined
  let batch = createColumnType(0)
  let batchStart = 0
  let batchNeedsLine = -1
  /** First reason why Arrow refuses, why pandas would refuse too, and why nothing can read it. */
  let arrow: LoadFault | undefined
  let pandas: string | undefined
  let broken: LoadFault | undefined
  let hang = false
  let hangsOnDates = false
  let columnsChangeLater: number | undefined
  let values = 0
  let lastLine = 0
  let nullFirst = false
  let hasUnsigned = false
  let emptyObjects = 0
  const dateColumns = new Set<string>()
  const emptyLists = new Set<number>()
  let columns: {lengths: Set<number>} | undefined
  let invalidUtf8: LoadFault | undefined

  const refuse = (line: number, why: string, verdict: 'stops' | 'crashes' = 'stops') => void (arrow ??= {verdict, line, why})

  function endBatch(line: number): void {
    noteDates(batch, first ?? batch)
    for (const list of emptyLists) if ((batch.known?.[list]?.fields?.size ?? 0) > 0) hang = true
    if (first === undefined) first = batch
    else if (!canCast(batch, first)) {
      columnsChangeLater ??= line
      refuse(line, 'rows of a later 10 MB block do not have the columns of the first block')
    }
    batch = createColumnType(0)
  }

  /** Times in a later block are cast to the texts of the first: other texts than were written, but no hang. */
  function noteDates(type: ColumnType, inFirst: ColumnType): void {
    for (const list of LISTS) {
      const column = type.known?.[list]
      if (column?.kind !== Kind.LIST) {
        if (isDates(column)) hangsOnDates = true
        continue
      }
      if (column.item?.kind === Kind.OBJECT && isDates(column.item.known?.[Key.CONTENT])) {
        if (isDates(inFirst.known?.[list]?.item?.known?.[Key.CONTENT])) hangsOnDates = true
        dateColumns.add(['', 'prompt', 'reference', 'chosen', 'rejected'][list] ?? '')
      }
    }
  }

  return {
    see(item, scanner) {
      values++
      lastLine = item.line
      const nothing: Seen = {conflict: undefined, tooDeep: false}
      const noUtf8 = item.offset < PIPE ? 'stops' : 'hangs'
      if (!item.isUtf8) invalidUtf8 ??= {verdict: noUtf8, line: item.line, why: 'the bytes are not UTF-8'}
      if (item.type === 'error') {
        broken ??= {verdict: item.isUtf8 ? 'stops' : noUtf8, line: item.error?.line ?? item.line, why: item.error?.message ?? ''}
        return nothing
      }
      const {tape, flags, depth} = scanner
      const kind = tape.kind[0] ?? Kind.NULL
      const found: Unified = {conflict: undefined, tooDeep: false}
      if (hasUnsigned) pandas ??= 'a number that pandas does not read'
      if ((flags & Flag.NOT_FOR_PANDAS) !== 0) {
        // Alone in its column pandas reads it; beside other rows or in a list that depends on what else is there.
        if (item.inArray && values === 1 && areUnsigned(tape, item.bytes)) hasUnsigned = true
        else pandas ??= 'a number that pandas does not read'
      }
      if ((flags & Flag.NUL_IN_KEY) !== 0) pandas ??= 'a key with U+0000'
      if (depth > PANDAS_DEPTH) pandas ??= 'nested too deep'
      if (depth > CRASH_DEPTH) refuse(item.line, 'nested so deep that pyarrow dies', 'crashes')

      // A line that is longer than a block makes the blocks longer; a row over several lines may be cut by the end of one.
      if (!item.inArray && batchNeedsLine !== -1 && item.line > batchNeedsLine) {
        endBatch(item.line)
        batchStart = item.offset
        batchNeedsLine = -1
      }
      const length = item.to - item.from
      const isManyLined = scanner.lineFeeds + scanner.carriageReturns > 0
      const end = item.offset + length
      if (isManyLined && Math.floor((item.offset - batchStart) / BLOCK) !== Math.floor((end - batchStart) / BLOCK)) {
        refuse(item.line, 'a row over several lines that a 320 kB block of Arrow cuts in two')
      }
      if (end - batchStart >= BATCH) batchNeedsLine = item.line + scanner.lineFeeds

      if (values === 1) {
        if (kind === Kind.NULL) refuse(item.line, 'the first value is null, on which pyarrow dies', 'crashes')
        columns = columnsOf(tape)
      } else columns = undefined
      if (kind === Kind.OBJECT) {
        if (tape.next[0] !== 1) rows++
        else emptyObjects++
      } else if (kind !== Kind.NULL) {
        refuse(item.line, 'a row that is no object')
        pandas ??= 'a row that is no object'
      } else {
        // Of an array that begins with null pandas makes one column of texts; with null further on datasets looks for its keys.
        if (values === 1) nullFirst = true
        else if (item.inArray && !nullFirst) pandas ??= 'null among the rows of an array'
        hang = true
        rows++
      }
      if ((flags & ARROW_REFUSES) !== 0) refuse(item.line, 'JSON that Arrow refuses')
      if (kind === Kind.OBJECT) {
        unify(batch, tape, item.bytes, 0, found)
        if (found.conflict !== undefined) {
          refuse(item.line, `a column changes its type at ${found.conflict.pointer}`)
          // Of a key that stands twice pandas takes the last, and what columns it then makes is not followed here.
          if ((flags & Flag.DUPLICATE_KEY) === 0) pandas ??= 'a column changes its type'
          else hang = true
        }
        if (found.tooDeep) {
          refuse(item.line, 'nested too deep')
          pandas ??= 'nested too deep'
        }
      }
      return found
    },

    hangs: () => void (hang = true),
    emptyObject: (list) => {
      const [column, before] = [batch.known?.[list + 1], first?.known?.[list + 1]]
      if ((column?.fields?.size ?? 0) + (before?.fields?.size ?? 0) > 0) hang = true
      else emptyLists.add(list + 1)
    },

    end(facts) {
      endBatch(lastLine)
      if (facts.bytes === 0) return stop('the file is empty')
      if (facts.isArray) {
        if (broken ?? invalidUtf8) return fail(broken ?? invalidUtf8)
        if (facts.hasByteOrderMark) return stop('a byte order mark before a JSON array, which pandas does not read')
        if (pandas !== undefined) return stop(pandas)
        if (rows === 0) return stop('no row in it')
        return {verdict: hang || emptyObjects > 0 ? 'hangs' : 'ok', fault: undefined, dateColumns: []}
      }
      if (arrow?.verdict === 'crashes' && (broken === undefined || arrow.line <= broken.line)) return fail(arrow)
      if (broken) return fail(broken)
      if (arrow !== undefined) {
        // One object with a flaw that pandas forgives becomes columns: rows without meaning, on which training hangs.
        const isTable = values === 1 && pandas === undefined && columns?.lengths.size === 1 && !columns.lengths.has(0)
        if (isTable && !invalidUtf8 && !facts.hasByteOrderMark) return {verdict: 'hangs', fault: arrow, dateColumns: []}
        return fail(arrow)
      }
      if (invalidUtf8) return fail(invalidUtf8)
      if (rows === 0) return stop('no row in it')
      return {verdict: hang || emptyObjects > 0 || hangsOnDates ? 'hangs' : 'ok', fault: undefined, dateColumns: [...dateColumns]}
    },
  }

  function fail(fault: LoadFault | undefined): PredictedEnd {
    return {
      verdict: fault?.verdict ?? 'stops',
      fault,
      dateColumns: [...dateColumns],
      ...(columnsChangeLater !== undefined && {columnsChangeLater}),
    }
  }

  function stop(why: string): PredictedEnd {
    return fail({verdict: 'stops', line: 1, why})
  }
}

/** Whether all numbers that pandas may not read are members of the row itself, and unsigned integers of 64 bits. */
function areUnsigned(tape: Tape, bytes: Buffer): boolean {
  let found = 0
  const end = tape.next[0] ?? 0
  for (let key = 1; key < end && tape.kind[0] === Kind.OBJECT; key = tape.next[key + 1] ?? end) {
    if (((tape.flags[key + 1] ?? 0) & Flag.NOT_FOR_PANDAS) === 0) continue
    const text = bytes.toString('latin1', tape.start[key + 1], tape.end[key + 1])
    if (!/^\d+$/.test(text) || BigInt(text) >= 1n << 64n) return false
    found++
  }
  return found === tape.flags.subarray(0, tape.length).filter((flags) => (flags & Flag.NOT_FOR_PANDAS) !== 0).length
}

/** Lengths of the lists in one object: pandas makes columns of them if they are alike. */
function columnsOf(tape: Tape): {lengths: Set<number>} {
  const lengths = new Set<number>()
  if (tape.kind[0] !== Kind.OBJECT) return {lengths}
  const end = tape.next[0] ?? 0
  for (let key = 1; key < end; key = tape.next[key + 1] ?? end) {
    const node = key + 1
    const kind = tape.kind[node]
    const last = tape.next[node] ?? 0
    if (kind === Kind.OBJECT) lengths.add(-1)
    if (kind !== Kind.LIST) continue
    let length = 0
    for (let child = node + 1; child < last; child = tape.next[child] ?? last) length++
    lengths.add(length)
  }
  return {lengths}
}
