/** Texts that begin with the same tokens. */
export interface PrefixGroup {
  /** Tokens that all members share and that are computed once; 0 for a text by itself. */
  readonly prefix: number
  /** Indices of the texts. */
  readonly members: readonly number[]
}

// A text that continues a prefix runs alone; that costs about as much as this many tokens (measured: a run of 16 tokens has 0.8
// of the speed of a long one). Less than that is not worth sharing.
const RUN_COST = 16
/** More members than this bring nothing: the prefix is then a small share of the work. */
const MAX_MEMBERS = 256

/** Length of the common beginning of two texts, leaving each at least one token of its own. */
export function commonPrefix(a: Int32Array, b: Int32Array): number {
  const limit = Math.min(a.length, b.length) - 1
  let length = 0
  while (length < limit && a[length] === b[length]) length++
  return Math.max(length, 0)
}

function compareIds(a: Int32Array, b: Int32Array): number {
  const shorter = Math.min(a.length, b.length)
  for (let i = 0; i < shorter; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

/**
 * Splits texts into groups so that as few tokens as possible are computed: among texts in the order of their ids, a group is a
 * run of neighbours, and saves its prefix once for each member but the first. Every index comes out once; a pure function.
 */
export function groupByPrefix(texts: readonly Int32Array[]): PrefixGroup[] {
  const order = texts.map((ids, index) => ({ids, index})).toSorted((a, b) => compareIds(a.ids, b.ids) || a.index - b.index)
  /** Prefix that a text shares with its predecessor in the order. */
  const shared = order.map(({ids}, i) => commonPrefix(order[i - 1]?.ids ?? new Int32Array(), ids))

  /** Most tokens saved among the first `n` texts, and the size of the group that ends there. */
  const saved = [0]
  const sizes = [0]
  for (let end = 1; end <= order.length; end++) {
    let best = saved[end - 1] ?? 0
    let bestSize = 1
    let prefix = Infinity
    for (let size = 2; size <= Math.min(end, MAX_MEMBERS); size++) {
      prefix = Math.min(prefix, shared[end - size + 1] ?? 0)
      if (prefix <= RUN_COST) break
      const total = (saved[end - size] ?? 0) + prefix * (size - 1) - RUN_COST * size
      if (total > best) [best, bestSize] = [total, size]
    }
    saved.push(best)
    sizes.push(bestSize)
  }

  const groups: PrefixGroup[] = []
  for (let end = order.length; end > 0; end -= sizes[end] ?? 1) {
    const size = sizes[end] ?? 1
    const prefix = size === 1 ? 0 : Math.min(...shared.slice(end - size + 1, end))
    const members = order.slice(end - size, end).map(({index}) => index)
    groups.push({prefix, members: members.toSorted((a, b) => a - b)})
  }
  return groups.toReversed()
}
