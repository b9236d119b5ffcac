import {createMergeHeap} from './merge-heap.js'
import type {MergeTable} from './merge-table.js'
import type {Vocabulary} from './vocabulary.js'

/** Appends the ids of the text in the first `length` UTF-16 code units of `units`. The text must be well formed. */
export type Bpe = (units: Uint16Array, length: number, out: number[]) => void

/** Up to this many symbols the best merge is looked for anew each time, above it is kept in a heap. */
const SCAN_LIMIT = 64

/**
 * Byte-pair encoding with byte fallback, as `tokenizers`' BPE model does it: of all neighbours that merge, those of the lowest rank
 * first, the leftmost first among equals. Characters outside the vocabulary become one id a UTF-8 byte, which never merge.
 * `space` is the code unit that stands for `▁` in `units`.
 */
export function createBpe(vocabulary: Vocabulary, merges: MergeTable, space: number): Bpe {
  let symbols = new Int32Array(256)
  const mergeByScan = createScan(merges)

  return (units, length, out) => {
    if (symbols.length < length * 3) symbols = new Int32Array(length * 3)
    const count = writeSymbols(vocabulary, units, length, space, symbols)
    const left = count <= SCAN_LIMIT ? mergeByScan(symbols, count) : mergeByHeap(symbols, count, merges)
    for (let at = 0; at < left; at++) out.push(symbols[at] ?? 0)
    if (symbols.length > 1 << 16) symbols = new Int32Array(256)
  }
}

/** Writes one id a character (or a byte) and returns how many. */
function writeSymbols(vocabulary: Vocabulary, units: Uint16Array, length: number, space: number, symbols: Int32Array): number {
  const {unitIds, byteIds} = vocabulary
  let count = 0
  for (let at = 0; at < length; at++) {
    let code = units[at] ?? 0
    if (code === space) code = 0x2581
    let id: number
    if (code >= 0xd800 && code < 0xdc00 && at + 1 < length) {
      code = 0x10000 + ((code - 0xd800) << 10) + ((units[++at] ?? 0) - 0xdc00)
      id = vocabulary.idOf(String.fromCodePoint(code))
    } else {
      id = unitIds[code] ?? -1
    }
    if (id >= 0) {
      symbols[count++] = id
    } else if (code < 0x80) {
      symbols[count++] = byteIds[code] ?? 0
    } else {
      const lead = code < 0x800 ? 0xc0 : code < 0x10000 ? 0xe0 : 0xf0
      let shift = code < 0x800 ? 6 : code < 0x10000 ? 12 : 18
      symbols[count++] = byteIds[lead | (code >> shift)] ?? 0
      for (shift -= 6; shift >= 0; shift -= 6) symbols[count++] = byteIds[0x80 | ((code >> shift) & 63)] ?? 0
    }
  }
  return count
}

/** Merges up to {@link SCAN_LIMIT} symbols in place and returns how many are left. */
function createScan(merges: MergeTable): (symbols: Int32Array, length: number) => number {
  const merged = new Int32Array(SCAN_LIMIT)
  const ranks = new Float64Array(SCAN_LIMIT)
  const look = (symbols: Int32Array, at: number) => {
    const slot = merges.slotOf(symbols[at] ?? 0, symbols[at + 1] ?? 0)
    merged[at] = merges.ids(slot)
    ranks[at] = merged[at] === -1 ? Infinity : merges.ranks(slot)
  }
  return (symbols, length) => {
    let count = length
    for (let at = 0; at + 1 < count; at++) look(symbols, at)
    for (;;) {
      let best = -1
      let bestRank = Infinity
      for (let at = 0; at + 1 < count; at++) {
        const rank = ranks[at] ?? Infinity
        if (rank < bestRank) {
          best = at
          bestRank = rank
        }
      }
      if (best === -1) return count
      symbols[best] = merged[best] ?? 0
      count--
      for (let at = best + 1; at < count; at++) {
        symbols[at] = symbols[at + 1] ?? 0
        merged[at] = merged[at + 1] ?? 0
        ranks[at] = ranks[at + 1] ?? 0
      }
      if (best + 1 < count) look(symbols, best)
      if (best > 0) look(symbols, best - 1)
    }
  }
}

/** The same for long chunks, in O(n log n): a run of a million equal letters is one chunk. */
function mergeByHeap(symbols: Int32Array, length: number, merges: MergeTable): number {
  const next = new Int32Array(length)
  const previous = new Int32Array(length)
  // A position has at most one merge in force; an entry of the heap whose version is not the position's is out of date.
  const versions = new Int32Array(length)
  const heap = createMergeHeap(length)
  const offer = (at: number) => {
    const version = (versions[at] ?? 0) + 1
    versions[at] = version
    const right = next[at] ?? length
    if (right >= length) return
    const slot = merges.slotOf(symbols[at] ?? 0, symbols[right] ?? 0)
    const id = merges.ids(slot)
    if (id !== -1) heap.push(merges.ranks(slot), at, version, id)
  }
  for (let at = 0; at < length; at++) {
    next[at] = at + 1
    previous[at] = at - 1
  }
  for (let at = 0; at + 1 < length; at++) offer(at)
  while (heap.pop()) {
    const {at, version, id} = heap.top
    if (versions[at] !== version) continue
    const gone = next[at] ?? length
    const after = next[gone] ?? length
    symbols[at] = id
    next[at] = after
    versions[gone] = -1
    if (after < length) previous[after] = at
    offer(at)
    const before = previous[at] ?? -1
    if (before >= 0) offer(before)
  }
  let count = 0
  for (let at = 0; at < length; at = next[at] ?? length) symbols[count++] = symbols[at] ?? 0
  return count
}
