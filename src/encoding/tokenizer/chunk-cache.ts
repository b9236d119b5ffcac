/** Ids of chunks that were met before, in bounded memory (about 7 MB when full). */
export interface ChunkCache {
  /** Appends the ids of the chunk spelled by the first `length` of `units` if they are known; says whether they were. */
  emit(hash: number, units: Uint16Array, length: number, out: number[]): boolean
  /** Remembers that the chunk of the last `emit`, which failed, has the ids of `out` from `from` on. */
  keep(units: Uint16Array, length: number, out: readonly number[], from: number): void
}

const SLOTS = 1 << 18
const MAX_ENTRIES = 1 << 17
const MAX_UNITS = 1 << 20
const MAX_IDS = 1 << 19
/** Numbers of one entry: hash, where its units begin, how many, where its ids begin, how many. */
const STRIDE = 5

/** Everything is forgotten at once when it is full: the common chunks are back after a few thousand characters. */
export function createChunkCache(): ChunkCache {
  const slots = new Int32Array(SLOTS)
  const entries = new Int32Array((MAX_ENTRIES + 1) * STRIDE)
  const keys = new Uint16Array(MAX_UNITS)
  const values = new Int32Array(MAX_IDS)
  let entryCount = 0
  let unitCount = 0
  let idCount = 0
  let missed = 0
  let missedHash = 0

  return {
    emit(hash, units, length, out) {
      let slot = (hash ^ (hash >>> 16)) & (SLOTS - 1)
      for (;;) {
        const entry = slots[slot] ?? 0
        if (entry === 0) {
          missed = slot
          missedHash = hash
          return false
        }
        const at = entry * STRIDE
        if (entries[at] === hash && entries[at + 2] === length) {
          const from = entries[at + 1] ?? 0
          let same = 0
          while (same < length && keys[from + same] === units[same]) same++
          if (same === length) {
            const first = entries[at + 3] ?? 0
            const end = first + (entries[at + 4] ?? 0)
            for (let value = first; value < end; value++) out.push(values[value] ?? 0)
            return true
          }
        }
        slot = (slot + 1) & (SLOTS - 1)
      }
    },
    keep(units, length, out, from) {
      const count = out.length - from
      if (entryCount === MAX_ENTRIES || unitCount + length > MAX_UNITS || idCount + count > MAX_IDS) {
        slots.fill(0)
        entryCount = unitCount = idCount = 0
        return
      }
      entryCount++
      slots[missed] = entryCount
      const at = entryCount * STRIDE
      entries[at] = missedHash
      entries[at + 1] = unitCount
      entries[at + 2] = length
      entries[at + 3] = idCount
      entries[at + 4] = count
      for (let unit = 0; unit < length; unit++) keys[unitCount++] = units[unit] ?? 0
      for (let id = from; id < out.length; id++) values[idCount++] = out[id] ?? 0
    },
  }
}
