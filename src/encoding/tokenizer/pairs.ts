import type {PieceTexts} from './piece-texts.js'

/** Which UTF-16 code units stand side by side in some piece. */
export interface AdjacentPairs {
  /** 1 at `left << 7 | right` where two ASCII units do. */
  readonly ascii: Uint8Array
  /** Whether two units of any kind do. */
  has(left: number, right: number): boolean
}

/**
 * Pairs of neighbours in all pieces, with `▁` read as the unit `space`. Where a text has a pair that is not among them, no piece can
 * reach across, so that byte-pair encoding gives the same ids for both sides apart.
 */
export function adjacentPairs({units, starts, size: pieceCount}: PieceTexts, space: number): AdjacentPairs {
  const ascii = new Uint8Array(128 * 128)
  let size = 0
  let table = new Uint32Array(1 << 16)

  const slotOf = (key: number): number => {
    const mixed = Math.imul(key ^ (key >>> 15), 0x2c1b3c6d)
    let slot = (mixed ^ (mixed >>> 13)) & (table.length - 1)
    while (table[slot] !== 0 && table[slot] !== key) slot = (slot + 1) & (table.length - 1)
    return slot
  }
  const grow = () => {
    const keys = table
    table = new Uint32Array(keys.length * 2)
    for (const key of keys) if (key !== 0) table[slotOf(key)] = key
  }
  for (let id = 0; id < pieceCount; id++) {
    const start = starts[id] ?? 0
    const end = starts[id + 1] ?? 0
    let left = units[start] ?? 0
    if (left === 0x2581) left = space
    for (let at = start + 1; at < end; at++) {
      let right = units[at] ?? 0
      if (right === 0x2581) right = space
      if ((left | right) < 128) {
        ascii[(left << 7) | right] = 1
      } else {
        const key = ((left << 16) | right) >>> 0
        const slot = slotOf(key)
        if (table[slot] === 0) {
          table[slot] = key
          // A quarter full: most questions about Chinese text are answered no, and that needs an empty slot at once.
          if (++size * 4 > table.length) grow()
        }
      }
      left = right
    }
  }
  return {
    ascii,
    has(left, right) {
      if ((left | right) < 128) return ascii[(left << 7) | right] === 1
      const key = ((left << 16) | right) >>> 0
      return table[slotOf(key)] === key
    },
  }
}
