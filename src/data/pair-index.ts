import {crc32} from 'node:zlib'

/** What a pair is to those before it. */
interface Earlier {
  readonly relation: 'duplicate' | 'reversed'
  readonly line: number
}

export interface PairIndex {
  /** Looks a pair up by the bytes of its three texts, and keeps it. */
  add(prompt: Buffer, chosen: Buffer, rejected: Buffer, line: number): Earlier | undefined
}

const CHUNK = 1 << 14
const WORDS = 4

/**
 * Remembers pairs by 96 bits of checksums (prompt, chosen, rejected) and their line, 16 bytes a row and 4 to 8 for the table: about 24
 * bytes a row. Two rows that differ are taken for equal with a chance of about 2^-32 where they share two of their three texts.
 */
export function createPairIndex(): PairIndex {
  const chunks: Int32Array[] = []
  let rows = 0
  let slots = new Int32Array(1 << 12)

  const word = (row: number, index: number) => chunks[Math.floor(row / CHUNK)]?.[(row % CHUNK) * WORDS + index] ?? 0
  /** The same for a pair and its reverse. */
  const hash = (prompt: number, chosen: number, rejected: number) =>
    Math.imul(prompt ^ Math.imul((chosen + rejected) | 0, 0x9e3779b1) ^ (chosen ^ rejected), 0x85ebca6b) >>> 7

  function grow(): void {
    const mask = slots.length * 2 - 1
    slots = new Int32Array(slots.length * 2)
    for (let row = 0; row < rows; row++) {
      let at = hash(word(row, 0), word(row, 1), word(row, 2)) & mask
      while (slots[at] !== 0) at = (at + 1) & mask
      slots[at] = row + 1
    }
  }

  return {
    add(promptBytes, chosenBytes, rejectedBytes, line) {
      const prompt = crc32(promptBytes, promptBytes.length) | 0
      const chosen = crc32(chosenBytes, chosenBytes.length) | 0
      const rejected = crc32(rejectedBytes, rejectedBytes.length) | 0
      const mask = slots.length - 1
      let at = hash(prompt, chosen, rejected) & mask
      let earlier: Earlier | undefined
      for (let row = slots[at] ?? 0; row !== 0; row = slots[(at = (at + 1) & mask)] ?? 0) {
        if (word(row - 1, 0) !== prompt) continue
        const [first, second] = [word(row - 1, 1), word(row - 1, 2)]
        if (first === chosen && second === rejected) return {relation: 'duplicate', line: word(row - 1, 3)} // kept once
        if (first === rejected && second === chosen) earlier ??= {relation: 'reversed', line: word(row - 1, 3)}
      }
      const chunk = (chunks[Math.floor(rows / CHUNK)] ??= new Int32Array(CHUNK * WORDS))
      chunk.set([prompt, chosen, rejected, line], (rows % CHUNK) * WORDS)
      slots[at] = ++rows
      if (rows * 4 > slots.length * 3) grow()
      return earlier
    },
  }
}
