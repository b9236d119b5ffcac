import {createMergeTable, type MergeTable} from './merge-table.js'
import type {Vocabulary} from './vocabulary.js'

/**
 * Merges of a SentencePiece vocabulary in the order in which transformers' `generate_merges` lists them: by score, then by the
 * length of the left part, then of the right part (all falling), then by the merged piece. They are worked out when first asked for:
 * of some 165,000 merges a run meets a few thousand.
 */
export function scoreMerges(vocabulary: Vocabulary, scores: Float32Array): MergeTable {
  const {pieces, ids} = vocabulary
  let ordered: Float32Array | undefined
  let longest = 0

  /** Position of `score` among all scores, the highest first. */
  const scoreOrder = (score: number): number => {
    if (!ordered) {
      ordered = Float32Array.from(scores, (value) => -value).sort()
      for (const piece of pieces) longest = Math.max(longest, piece.length)
    }
    let low = 0
    let high = ordered.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((ordered[middle] ?? 0) < -score) low = middle + 1
      else high = middle
    }
    return low
  }
  return createMergeTable({
    resolve(left, right) {
      const leftText = pieces[left] ?? ''
      const rightText = pieces[right] ?? ''
      const id = ids.get(leftText + rightText)
      if (id === undefined) return undefined
      let rank = scoreOrder(scores[id] ?? 0)
      rank = rank * (longest + 1) + (longest - characters(leftText))
      rank = rank * (longest + 1) + (longest - characters(rightText))
      return {id, rank: rank * pieces.length + id}
    },
  })
}

function characters(text: string): number {
  let count = 0
  for (const _ of text) count++
  return count
}
