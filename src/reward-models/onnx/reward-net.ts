import type {ModelConfig} from './config.js'
import {cacheName} from './graph.js'
import {hasOwnRopeBase, rotaryTable, type RotaryTable} from './rope.js'
import type {KeptOutputs, OnnxSession} from './session.js'
import type {TensorData} from './session-worker.js'

/** Keys and values of the first tokens of some texts, computed once. */
export interface Prefix {
  readonly tokens: number
  readonly cache: KeptOutputs
}

/** The net. Texts are token ids, each at least one token behind the prefix. */
export interface RewardNet {
  readonly config: ModelConfig
  /** Rewards of several texts, padded to the longest. With a `prefix` there must be one, given without its prefix. */
  rewards(texts: readonly Int32Array[], prefix?: Prefix): Promise<Float32Array>
  prefix(ids: Int32Array): Promise<Prefix>
  /** Frees a prefix. */
  release(prefix: Prefix): Promise<void>
  close(): Promise<void>
}

// Added to a score before softmax: e^x is 0 for it, and it stays finite whatever the score.
const PADDING = -1e30

// A long text goes through in pieces, each behind the keys and values of those before: a piece attends to what lies before its end,
// a whole text's every token to all (ONNX Runtime computes those products and drops them). Measured on the 1.8B shape at 1,024 tokens:
// 4 % less time. Past the longest the keys and values would take more memory than the pieces save.
const PIECE = 512
const LONGEST_IN_PIECES = 4096

/** Rotary tables are cut in such steps, so that few are made. */
const TABLE_STEP = 1024

function emptyCache(config: ModelConfig, texts: number): Map<string, TensorData> {
  const empty = {data: new Float32Array(0), shape: [texts, config.kvHeads, 0, config.headSize]}
  const cache = new Map<string, TensorData>()
  for (let layer = 0; layer < config.layers; layer++) {
    cache.set(cacheName('past', 'key', layer), empty).set(cacheName('past', 'value', layer), empty)
  }
  return cache
}

/** Every input of {@link rewardGraph} for one run behind `start` tokens, but for their keys and values. */
function runFeeds(
  config: ModelConfig,
  texts: readonly Int32Array[],
  start: number,
  angles: RotaryTable,
): Map<string, TensorData> {
  const count = texts.length
  const sequence = Math.max(...texts.map((text) => text.length))
  const total = start + sequence
  const ids = new Int32Array(count * sequence)
  const padding = new Float32Array(count * total)
  for (const [i, text] of texts.entries()) {
    ids.set(text, i * sequence)
    padding.fill(PADDING, i * total + start + text.length, (i + 1) * total)
  }
  const last = Int32Array.from(texts, (text) => start + text.length - 1)
  const angleShape = [angles.positions, config.headSize / 2]
  return new Map<string, TensorData>([
    ['ids', {data: ids, shape: [count, sequence]}],
    ['last_index', {data: last, shape: [count]}],
    ['total_length', {data: Int32Array.of(total), shape: [1]}],
    ['cos', {data: angles.cos, shape: angleShape}],
    ['sin', {data: angles.sin, shape: angleShape}],
    ['first_position', {data: BigInt64Array.of(BigInt(start)), shape: [1]}],
    ['last_position', {data: BigInt64Array.from(last, BigInt), shape: [count, 1]}],
    ['last_row', {data: Int32Array.from(texts, (text, i) => i * sequence + text.length - 1), shape: [count]}],
    ['padding', {data: padding, shape: [count, 1, 1, total]}],
    ...(start === 0 ? emptyCache(config, count) : []),
  ])
}

/** The net behind a session of {@link rewardGraph}. Numbers depend on the arguments of a call only, never on earlier calls. */
export function rewardNet(config: ModelConfig, session: OnnxSession): RewardNet {
  let shared = rotaryTable(config, 1, TABLE_STEP)
  /** Angles of a position do not depend on how many are in the table, so the shared table may grow. */
  const anglesFor = (tokens: number): RotaryTable => {
    if (hasOwnRopeBase(config, tokens)) return rotaryTable(config, tokens, tokens)
    if (shared.positions < tokens) shared = rotaryTable(config, 1, Math.ceil(tokens / TABLE_STEP) * TABLE_STEP)
    return shared
  }
  const presents = session.outputNames.filter((name) => name.startsWith('present_'))
  const release = async (prefix: Prefix): Promise<void> => session.drop(prefix.cache)

  /** Keys and values of `ids` behind those of `past`, which is left as it is. */
  const extend = async (ids: Int32Array, past: Prefix | undefined, angles: RotaryTable): Promise<Prefix> => {
    const start = past?.tokens ?? 0
    const cache = await session.keep(runFeeds(config, [ids], start, angles), presents, past?.cache)
    return {tokens: start + ids.length, cache}
  }
  /** Computes all but the last piece of `ids`; `last` does the rest behind them. Their keys and values are freed whatever happens. */
  const inPieces = async <T>(
    ids: Int32Array,
    past: Prefix | undefined,
    angles: RotaryTable,
    last: (rest: Int32Array, before: Prefix | undefined) => Promise<T>,
  ): Promise<T> => {
    let [rest, before] = [ids, past]
    const free = async (): Promise<void> => {
      if (before && before !== past) await release(before)
    }
    try {
      while (ids.length <= LONGEST_IN_PIECES && rest.length > PIECE) {
        const next = await extend(rest.subarray(0, PIECE), before, angles)
        await free()
        ;[rest, before] = [rest.subarray(PIECE), next]
      }
      return await last(rest, before)
    } finally {
      await free()
    }
  }
  const compute = async (texts: readonly Int32Array[], past: Prefix | undefined, angles: RotaryTable): Promise<Float32Array> => {
    const outputs = await session.run(runFeeds(config, texts, past?.tokens ?? 0, angles), ['reward'], past?.cache)
    const rewards = outputs.get('reward')?.data
    if (!(rewards instanceof Float32Array)) throw new TypeError('the net gave no rewards')
    return rewards
  }
  return {
    config,
    async rewards(texts, past) {
      const angles = anglesFor((past?.tokens ?? 0) + Math.max(...texts.map((text) => text.length)))
      const [only] = texts
      if (texts.length > 1 || only === undefined) return compute(texts, past, angles)
      return inPieces(only, past, angles, async (rest, before) => compute([rest], before, angles))
    },
    async prefix(ids) {
      const angles = anglesFor(ids.length)
      return inPieces(ids, undefined, angles, async (rest, before) => extend(rest, before, angles))
    },
    release,
    close: () => session.close(),
  }
}
