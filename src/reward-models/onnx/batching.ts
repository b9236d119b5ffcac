import {groupByPrefix, type PrefixGroup} from './shared-prefix.js'

/** One call of the net: texts padded to the longest of them, or a single text behind a prefix. */
export interface Run {
  /** Tokens of the prefix; 0 where there is none. */
  readonly prefix: number
  /** Indices of the texts. */
  readonly members: readonly number[]
}

export interface BatchLimits {
  /** Tokens of work after which a batch ends; a longer text is a batch by itself. */
  readonly batchTokens: number
  /** Tokens of a padded run; a longer text is a run by itself. */
  readonly runTokens: number
  readonly sharePrefix: boolean
  /** Whether a text of so many tokens can share neither a run nor a prefix. */
  readonly standsAlone: (tokens: number) => boolean
}

/** Share of a padded run that may be padding. */
const MAX_PADDING = 0.1

function lengthOf(texts: readonly Int32Array[], index: number): number {
  return texts[index]?.length ?? 0
}

/** Texts of similar length, shortest first, in runs of little padding. */
function paddedRuns(texts: readonly Int32Array[], indices: readonly number[], limits: BatchLimits): Run[] {
  const runs: Run[] = []
  let members: number[] = []
  let tokens = 0
  const end = (): void => {
    if (members.length > 0) runs.push({prefix: 0, members})
    members = []
    tokens = 0
  }
  const order = indices.toSorted((a, b) => lengthOf(texts, a) - lengthOf(texts, b) || a - b)
  for (const index of order) {
    const length = lengthOf(texts, index)
    const padded = length * (members.length + 1)
    const isTooMuch = padded > limits.runTokens || padded - tokens - length > MAX_PADDING * padded
    if (isTooMuch || limits.standsAlone(length)) end()
    members.push(index)
    tokens += length
    if (limits.standsAlone(length)) end()
  }
  end()
  return runs
}

/** The groups that share a prefix; every text of its own group where sharing is off or not possible. */
function prefixGroups(texts: readonly Int32Array[], limits: BatchLimits): PrefixGroup[] {
  const indices = [...texts.keys()]
  const isAlone = (index: number): boolean => !limits.sharePrefix || limits.standsAlone(lengthOf(texts, index))
  const shareable = indices.filter((index) => !isAlone(index))
  const groups = groupByPrefix(shareable.map((index) => texts[index] ?? new Int32Array()))
  return [
    ...indices.filter(isAlone).map((index) => ({prefix: 0, members: [index]})),
    ...groups.map(({prefix, members}) => ({prefix, members: members.map((member) => shareable[member] ?? 0)})),
  ]
}

function prefixOfEach(count: number, groups: readonly PrefixGroup[]): number[] {
  const prefixes = Array.from({length: count}, () => 0)
  for (const {prefix, members} of groups) {
    for (const member of members) prefixes[member] = prefix
  }
  return prefixes
}

/** The tokens of a prefix as a map's key. */
function prefixKey(ids: Int32Array, length: number): string {
  return Buffer.from(ids.buffer, ids.byteOffset, length * ids.BYTES_PER_ELEMENT).toString('latin1')
}

/**
 * Runs for the given texts, every index once, those behind the same prefix one after the other. A pure function. `prefixes` fixes the
 * prefix of each text, as an earlier plan has chosen it.
 */
export function planRuns(texts: readonly Int32Array[], limits: BatchLimits, prefixes?: readonly number[]): Run[] {
  const chosen = prefixes ?? prefixOfEach(texts.length, prefixGroups(texts, limits))
  const unshared: number[] = []
  const behind = new Map<string, Run[]>()
  for (const [index, ids] of texts.entries()) {
    const prefix = chosen[index] ?? 0
    if (prefix === 0) {
      unshared.push(index)
      continue
    }
    const key = prefixKey(ids, prefix)
    behind.set(key, [...(behind.get(key) ?? []), {prefix, members: [index]}])
  }
  return [...paddedRuns(texts, unshared, limits), ...[...behind.values()].flat()]
}

/** What a plan for a window says: the batches, as lists of indices, and each text's prefix. */
export interface WindowPlan {
  readonly batches: readonly (readonly number[])[]
  readonly prefixes: readonly number[]
}

/**
 * Splits a window into batches of at most `batchTokens` tokens of work, or one text. Texts of a group stay together in one batch or
 * in consecutive ones, in the order of the window; a padded run is never split. A pure function.
 */
export function planWindow(texts: readonly Int32Array[], limits: BatchLimits): WindowPlan {
  const groups = prefixGroups(texts, limits)
  const unshared = groups.filter(({prefix}) => prefix === 0).flatMap(({members}) => members)
  const unsharedRuns = paddedRuns(texts, unshared, {...limits, runTokens: Math.min(limits.runTokens, limits.batchTokens)})
  // Each unit goes into one batch; the first one of a group also computes the group's prefix.
  const units = [
    ...unsharedRuns.map(({members}) => [{members, tokens: members.reduce((sum, index) => sum + lengthOf(texts, index), 0)}]),
    ...groups
      .filter(({prefix}) => prefix > 0)
      .map(({prefix, members}) =>
        members.map((index, i) => ({members: [index], tokens: lengthOf(texts, index) - (i > 0 ? prefix : 0)})),
      ),
  ]
  const first = (unit: readonly {readonly members: readonly number[]}[]): number =>
    Math.min(...unit.flatMap(({members}) => members))
  const batches: number[][] = []
  let batch: number[] = []
  let tokens = 0
  for (const part of units.toSorted((a, b) => first(a) - first(b)).flat()) {
    if (batch.length > 0 && tokens + part.tokens > limits.batchTokens) {
      batches.push(batch)
      batch = []
      tokens = 0
    }
    batch.push(...part.members)
    tokens += part.tokens
  }
  if (batch.length > 0) batches.push(batch)
  return {batches, prefixes: prefixOfEach(texts.length, groups)}
}
