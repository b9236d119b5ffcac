import type {Run} from './batching.js'
import {weightsPerToken, type ModelConfig} from './config.js'

// A multiplication of attention takes about as long as two of a weight matrix, so much smaller are its matrices (measured on nets of
// hidden size 128 at 200 to 4,000 tokens).
const ATTENTION_COST = 2

/** Multiplications, as many of a weight matrix as take the same time, of `tokens` tokens behind `past` others. */
export function textWork(config: ModelConfig, tokens: number, past = 0): number {
  const pairs = tokens * past + (tokens * tokens) / 2
  const attention = 2 * config.heads * config.headSize * (config.layers - 1) * pairs // of the last layer one token's only
  return tokens * weightsPerToken(config) + ATTENTION_COST * attention
}

function beginsAlike(a: Int32Array | undefined, b: Int32Array | undefined, length: number): boolean {
  if (a === undefined || b === undefined) return false
  return a.subarray(0, length).every((id, i) => id === b[i])
}

/** Work of the runs of a plan, padding and all; a prefix counts once for all runs behind it. */
export function planWork(config: ModelConfig, texts: readonly Int32Array[], runs: readonly Run[]): number {
  let work = 0
  let last: {readonly prefix: number; readonly text: Int32Array | undefined} | undefined
  for (const {prefix, members} of runs) {
    const longest = Math.max(...members.map((member) => texts[member]?.length ?? 0))
    work += members.length * textWork(config, longest - prefix, prefix)
    if (prefix === 0) continue
    const text = texts[members[0] ?? 0]
    if (last?.prefix !== prefix || !beginsAlike(last.text, text, prefix)) work += textWork(config, prefix)
    last = {prefix, text}
  }
  return work
}
