import type {Bpe} from './bpe.js'
import {createChunkCache} from './chunk-cache.js'
import {adjacentPairs} from './pairs.js'
import type {Vocabulary} from './vocabulary.js'

/** Appends the ids of `text` from `start` to `end`, no added tokens looked for. */
export type EncodeText = (text: string, start: number, end: number, out: number[]) => void

/** Longer chunks are rarely met twice, and would push out the others. */
const LONGEST_KEPT = 512

/**
 * Byte-pair encoding of a text in chunks: it is cut wherever no piece holds the two neighbours, every chunk is encoded by itself, and
 * the ids of short ones are remembered. `space` is the unit that `▁` is read as: 32 where the checkpoint writes spaces as `▁`
 * (so both are one unit), `0x2581` where it does not.
 */
export function createTextEncoder(vocabulary: Vocabulary, bpe: Bpe, space: number): EncodeText {
  const pairs = adjacentPairs(vocabulary.texts, space)
  const {ascii} = pairs
  const single = Int32Array.from(vocabulary.unitIds)
  single[space] = vocabulary.unitIds[0x2581] ?? -1
  let cache: ReturnType<typeof createChunkCache> | undefined
  let units = new Uint16Array(1024)

  const encodeChunk = (hash: number, length: number, out: number[]) => {
    if (length > LONGEST_KEPT) {
      bpe(units, length, out)
      return
    }
    cache ??= createChunkCache()
    if (cache.emit(hash, units, length, out)) return
    const from = out.length
    bpe(units, length, out)
    cache.keep(units, length, out, from)
  }

  return (text, start, end, out) => {
    let at = start
    while (at < end) {
      let unit = text.charCodeAt(at++)
      if (unit === 0x2581) unit = space
      units[0] = unit
      let length = 1
      let hash = unit
      while (at < end) {
        let next = text.charCodeAt(at)
        if (next === 0x2581) next = space
        if ((unit | next) < 128) {
          if (ascii[(unit << 7) | next] === 0) break
        } else if ((unit < 0xd800 || unit > 0xdbff) && !pairs.has(unit, next)) {
          break
        }
        if (length === units.length) units = widened(units)
        units[length++] = next
        hash = Math.imul(hash, 0x01000193) ^ next
        unit = next
        at++
      }
      const id = length === 1 ? (single[unit] ?? -1) : -1
      if (id >= 0) out.push(id)
      else encodeChunk(hash, length, out)
    }
    if (units.length > 1 << 16) units = new Uint16Array(1024)
  }
}

function widened(units: Uint16Array): Uint16Array<ArrayBuffer> {
  const wider = new Uint16Array(units.length * 2)
  wider.set(units)
  return wider
}
