/** Merges that wait, the one of the lowest rank first, the leftmost among equals. */
export interface MergeHeap {
  /** The merge that `pop` took last. */
  readonly top: {readonly at: number; readonly version: number; readonly id: number}
  push(rank: number, at: number, version: number, id: number): void
  /** False where nothing waits. */
  pop(): boolean
}

export function createMergeHeap(capacity: number): MergeHeap {
  let ranks = new Float64Array(capacity)
  let entries = new Int32Array(capacity * 3)
  let size = 0
  const top = {at: 0, version: 0, id: 0}
  const grow = () => {
    const wider = new Float64Array(ranks.length * 2)
    wider.set(ranks)
    ranks = wider
    const longer = new Int32Array(entries.length * 2)
    longer.set(entries)
    entries = longer
  }
  const move = (from: number, to: number) => {
    ranks[to] = ranks[from] ?? 0
    entries[to * 3] = entries[from * 3] ?? 0
    entries[to * 3 + 1] = entries[from * 3 + 1] ?? 0
    entries[to * 3 + 2] = entries[from * 3 + 2] ?? 0
  }
  const before = (rank: number, at: number, other: number) => {
    const otherRank = ranks[other] ?? 0
    return rank < otherRank || (rank === otherRank && at < (entries[other * 3] ?? 0))
  }
  const put = (slot: number, rank: number, at: number, version: number, id: number) => {
    ranks[slot] = rank
    entries[slot * 3] = at
    entries[slot * 3 + 1] = version
    entries[slot * 3 + 2] = id
  }
  return {
    top,
    push(rank: number, at: number, version: number, id: number) {
      if (size === ranks.length) grow()
      let slot = size++
      while (slot > 0) {
        const parent = (slot - 1) >> 1
        if (!before(rank, at, parent)) break
        move(parent, slot)
        slot = parent
      }
      put(slot, rank, at, version, id)
    },
    pop(): boolean {
      if (size === 0) return false
      top.at = entries[0] ?? 0
      top.version = entries[1] ?? 0
      top.id = entries[2] ?? 0
      size--
      if (size === 0) return true
      const rank = ranks[size] ?? 0
      const at = entries[size * 3] ?? 0
      const version = entries[size * 3 + 1] ?? 0
      const id = entries[size * 3 + 2] ?? 0
      let slot = 0
      for (;;) {
        let child = slot * 2 + 1
        if (child >= size) break
        if (child + 1 < size && before(ranks[child + 1] ?? 0, entries[child * 3 + 3] ?? 0, child)) child++
        if (before(rank, at, child)) break
        move(child, slot)
        slot = child
      }
      put(slot, rank, at, version, id)
      return true
    },
  }
}
