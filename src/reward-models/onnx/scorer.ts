import {planRuns, type BatchLimits} from './batching.js'
import type {Prefix, RewardNet} from './reward-net.js'

/** Computes the rewards of texts, each a list of token ids, run by run; `prefixes` as {@link planRuns} takes them. */
export type Scorer = (
  texts: readonly Int32Array[],
  prefixes: readonly number[] | undefined,
  signal: AbortSignal | undefined,
) => Promise<Float32Array>

function bytesOf(ids: Int32Array): Uint8Array {
  return new Uint8Array(ids.buffer, ids.byteOffset, ids.byteLength)
}

/**
 * A scorer that keeps the last prefix's keys and values for the next run, also of a later call: it saves work and changes no number,
 * because what is kept is what would be computed again.
 */
export function scorer(net: RewardNet, limits: BatchLimits): Scorer {
  let kept: {readonly ids: Int32Array; readonly prefix: Prefix} | undefined
  const prefixOf = async (ids: Int32Array): Promise<Prefix> => {
    if (kept && Buffer.compare(bytesOf(kept.ids), bytesOf(ids)) === 0) return kept.prefix
    const old = kept
    kept = undefined
    if (old) await net.release(old.prefix) // before the next: two might not fit beside a large model
    const prefix = await net.prefix(ids)
    kept = {ids: ids.slice(), prefix}
    return prefix
  }
  const compute = async (texts: readonly Int32Array[], prefix: number): Promise<Float32Array> => {
    const [first] = texts
    if (prefix === 0 || !first) return net.rewards(texts)
    return net.rewards([first.subarray(prefix)], await prefixOf(first.subarray(0, prefix)))
  }
  return async (texts, prefixes, signal) => {
    const rewards = new Float32Array(texts.length)
    for (const {prefix, members} of planRuns(texts, limits, prefixes)) {
      signal?.throwIfAborted()
      const results = await compute(
        members.flatMap((member) => texts[member] ?? []),
        prefix,
      )
      for (const [i, member] of members.entries()) rewards[member] = results[i] ?? Number.NaN
    }
    return rewards
  }
}
