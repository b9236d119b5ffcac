/** What two neighbouring ids become. */
interface Merge {
  readonly id: number
  /** Merges of lower rank come first. */
  readonly rank: number
}

/** Pairs of ids to their merge. Pairs that the table does not hold are asked of `resolve` and remembered. */
export interface MergeTable {
  /** Slot of the pair, for `ids` and `ranks`; good until the next call. */
  slotOf(left: number, right: number): number
  /** Merged id by slot, -1 where the pair does not merge. */
  ids(slot: number): number
  ranks(slot: number): number
  set(left: number, right: number, merge: Merge): void
}

export interface MergeTableOptions {
  /** The merge of a pair that was never set. */
  readonly resolve?: (left: number, right: number) => Merge | undefined
  /** Remembered answers are forgotten when there are this many; only with `resolve`. */
  readonly limit?: number
  /** About how many pairs it will hold. */
  readonly expected?: number
}

const NONE: Merge = {id: -1, rank: Infinity}

/** An open hash table over typed arrays: a Map would need one object a pair, and pairs are asked for in the innermost loop. */
export function createMergeTable({resolve, limit = 1 << 18, expected = 60_000}: MergeTableOptions = {}): MergeTable {
  let capacity = 2 ** Math.ceil(Math.log2(expected * 2 + 2))
  let size = 0
  let lefts = new Int32Array(capacity).fill(-1)
  let rights = new Int32Array(capacity)
  let ids = new Int32Array(capacity)
  let ranks = new Float64Array(capacity)

  const probe = (left: number, right: number): number => {
    let slot = Math.imul(Math.imul(left, 0x9e3779b1) ^ right, 0x85ebca6b)
    slot = (slot ^ (slot >>> 15)) & (capacity - 1)
    while (lefts[slot] !== -1 && (lefts[slot] !== left || rights[slot] !== right)) slot = (slot + 1) & (capacity - 1)
    return slot
  }
  const resize = (to: number, keep: boolean) => {
    const old = {lefts, rights, ids, ranks}
    capacity = to
    lefts = new Int32Array(capacity).fill(-1)
    rights = new Int32Array(capacity)
    ids = new Int32Array(capacity)
    ranks = new Float64Array(capacity)
    size = 0
    if (!keep) return
    for (let at = 0; at < old.lefts.length; at++) {
      const left = old.lefts[at] ?? -1
      if (left !== -1) put(left, old.rights[at] ?? 0, old.ids[at] ?? -1, old.ranks[at] ?? 0)
    }
  }
  const put = (left: number, right: number, id: number, rank: number): number => {
    const slot = probe(left, right)
    if (lefts[slot] === -1) size++
    lefts[slot] = left
    rights[slot] = right
    ids[slot] = id
    ranks[slot] = rank
    return slot
  }
  const insert = (left: number, right: number, merge: Merge): number => {
    if (resolve && size >= limit) resize(1 << 12, false)
    else if (size * 2 >= capacity) resize(capacity * 2, true)
    return put(left, right, merge.id, merge.rank)
  }
  return {
    slotOf(left, right) {
      const slot = probe(left, right)
      return lefts[slot] === -1 && resolve ? insert(left, right, resolve(left, right) ?? NONE) : slot
    },
    ids: (slot) => (lefts[slot] === -1 ? -1 : (ids[slot] ?? -1)),
    ranks: (slot) => ranks[slot] ?? Infinity,
    set: (left, right, merge) => void insert(left, right, merge),
  }
}
