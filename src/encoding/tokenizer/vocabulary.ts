import type {PieceTexts} from './piece-texts.js'

/** Pieces by id and by text. */
export interface Vocabulary {
  readonly texts: PieceTexts
  /** Id of the piece with this text, the last of equal ones; -1 where there is none. */
  idOf(text: string): number
  /** Id of the piece whose text is that of `left` and `right` together, or -1. */
  idOfJoined(left: number, right: number): number
  /** Id of the piece that is this one UTF-16 code unit, or -1. */
  readonly unitIds: Int32Array
  /** Ids of the pieces `<0x00>` … `<0xFF>`, -1 where one is missing. */
  readonly byteIds: Int32Array
}

const HASH_BASE = 0x01000193

/**
 * Indexes the pieces by a hash of their UTF-16 code units. The hash of two texts together follows from theirs, so that asking what two
 * pieces make, which BPE does all the time, needs no new string.
 */
export function createVocabulary(texts: PieceTexts): Vocabulary {
  const {units, starts, size} = texts
  const hashes = new Int32Array(size)
  const unitIds = new Int32Array(65_536).fill(-1)
  let longest = 0
  for (let id = 0; id < size; id++) {
    const start = starts[id] ?? 0
    const end = starts[id + 1] ?? 0
    let hash = 0
    for (let at = start; at < end; at++) hash = (Math.imul(hash, HASH_BASE) + (units[at] ?? 0) + 1) | 0
    hashes[id] = hash
    if (end - start === 1) unitIds[units[start] ?? 0] = id
    if (end - start > longest) longest = end - start
  }
  const powers = new Int32Array(longest + 1)
  powers[0] = 1
  for (let at = 1; at <= longest; at++) powers[at] = Math.imul(powers[at - 1] ?? 0, HASH_BASE)

  const slotMask = 2 ** Math.ceil(Math.log2(size * 2 + 2)) - 1
  const slots = new Int32Array(slotMask + 1).fill(-1)
  const firstSlot = (hash: number, length: number) => {
    const mixed = Math.imul(hash ^ (hash >>> 15) ^ (length << 24), 0x2c1b3c6d)
    return (mixed ^ (mixed >>> 13)) & slotMask
  }
  const lengthOf = (id: number) => (starts[id + 1] ?? 0) - (starts[id] ?? 0)
  const sameUnits = (from: number, other: number, length: number) => {
    for (let at = 0; at < length; at++) if (units[from + at] !== units[other + at]) return false
    return true
  }
  const hasText = (id: number, text: string) => {
    const start = starts[id] ?? 0
    for (let at = 0; at < text.length; at++) if (units[start + at] !== text.charCodeAt(at)) return false
    return true
  }
  for (let id = 0; id < size; id++) {
    const hash = hashes[id] ?? 0
    const length = lengthOf(id)
    let slot = firstSlot(hash, length)
    for (; ; slot = (slot + 1) & slotMask) {
      const other = slots[slot] ?? -1
      if (other === -1) break
      if (hashes[other] === hash && lengthOf(other) === length && sameUnits(starts[other] ?? 0, starts[id] ?? 0, length)) break
    }
    slots[slot] = id
  }

  const idOf = (text: string): number => {
    let hash = 0
    for (let at = 0; at < text.length; at++) hash = (Math.imul(hash, HASH_BASE) + text.charCodeAt(at) + 1) | 0
    for (let slot = firstSlot(hash, text.length); ; slot = (slot + 1) & slotMask) {
      const id = slots[slot] ?? -1
      if (id === -1 || (hashes[id] === hash && lengthOf(id) === text.length && hasText(id, text))) return id
    }
  }
  return {
    texts,
    idOf,
    idOfJoined(left, right) {
      const leftLength = lengthOf(left)
      const rightLength = lengthOf(right)
      const length = leftLength + rightLength
      if (length > longest) return -1
      const hash = (Math.imul(hashes[left] ?? 0, powers[rightLength] ?? 0) + (hashes[right] ?? 0)) | 0
      for (let slot = firstSlot(hash, length); ; slot = (slot + 1) & slotMask) {
        const id = slots[slot] ?? -1
        if (id === -1) return -1
        if (hashes[id] !== hash || lengthOf(id) !== length) continue
        const start = starts[id] ?? 0
        if (sameUnits(start, starts[left] ?? 0, leftLength) && sameUnits(start + leftLength, starts[right] ?? 0, rightLength)) {
          return id
        }
      }
    },
    unitIds,
    byteIds: Int32Array.from({length: 256}, (_, byte) => idOf(byteText(byte))),
  }
}

/** Text of the piece that stands for one byte of a character outside the vocabulary. */
export function byteText(byte: number): string {
  return `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`
}

/** The byte that `piece` stands for when decoded, or -1. */
export function byteOfText(piece: string): number {
  return piece.length === 6 && /^<0x[\da-fA-F]{2}>$/.test(piece) ? Number.parseInt(piece.slice(3, 5), 16) : -1
}
