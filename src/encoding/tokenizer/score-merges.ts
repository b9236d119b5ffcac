import {createMergeTable, type MergeTable} from './merge-table.js'
import type {PieceTexts} from './piece-texts.js'
import type {Vocabulary} from './vocabulary.js'

/**
 * Merges of a SentencePiece vocabulary in the order in which transformers' `generate_merges` lists them: by score, then by the
 * characters of the left part, then of the right part (all falling), then by the merged piece. They are worked out when first asked
 * for: of some 165,000 merges a run meets a few thousand.
 */
export function scoreMerges(vocabulary: Vocabulary, scores: Float32Array): MergeTable {
  const {texts} = vocabulary
  let falling: Float32Array | undefined
  let longest = 0

  return createMergeTable({
    resolve(left, right) {
      const id = vocabulary.idOfJoined(left, right)
      if (id === -1) return undefined
      if (!falling) {
        falling = scores.map((score) => -score).sort()
        for (let piece = 0; piece < texts.size; piece++) longest = Math.max(longest, characters(texts, piece))
      }
      let rank = firstAt(falling, -(scores[id] ?? 0))
      rank = rank * (longest + 1) + (longest - characters(texts, left))
      rank = rank * (longest + 1) + (longest - characters(texts, right))
      return {id, rank: rank * texts.size + id}
    },
  })
}

/** Index of the first element of the sorted `values` that is not below `value`. */
function firstAt(values: Float32Array, value: number): number {
  let low = 0
  let high = values.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((values[middle] ?? 0) < value) low = middle + 1
    else high = middle
  }
  return low
}

function characters({units, starts}: PieceTexts, id: number): number {
  const end = starts[id + 1] ?? 0
  let count = 0
  for (let at = starts[id] ?? 0; at < end; at++) if (((units[at] ?? 0) & 0xfc00) !== 0xdc00) count++
  return count
}
