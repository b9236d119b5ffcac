import {join} from 'node:path'
import {afterEach, beforeAll, describe, expect, test, vi} from 'vitest'
import {loadTokenizer} from '../../../src/encoding/tokenizer/load.js'
import {loadRewardModel, type LoadOptions} from '../../../src/reward-models/onnx/load.js'
import {readJsonLines} from '../../fixtures/json-lines.js'
import {referenceTokenizer} from '../../fixtures/reference-tokenizer.js'
import {sharedFixtures} from '../../fixtures/shared.js'
import {temporaryFolder} from '../../fixtures/temporary-folder.js'
import {isFull} from '../../fixtures/tier.js'
import {TINY_CHECKPOINTS, tinyCheckpoints, type TinyCheckpoint} from '../../fixtures/tiny-checkpoints.js'

interface Recorded {
  readonly id: number
  readonly text: string
  readonly n_tokens: number
  readonly rewards: Readonly<Record<string, number>>
}

// A sixth of all tokens: most texts are short, most tokens are in a few long ones.
const isQuick = ({id, n_tokens: tokens}: Recorded): boolean => tokens <= 200 || (tokens < 1300 && id % 6 === 0)

describe.skipIf(sharedFixtures === undefined)('rewards against the reference implementation', () => {
  const checkpoint = tinyCheckpoints(...TINY_CHECKPOINTS)
  let rows: (Recorded & {readonly ids: Int32Array})[] = []

  beforeAll(async () => {
    const tokenizer = await loadTokenizer(referenceTokenizer)
    rows = readJsonLines<Recorded>(join(sharedFixtures ?? '', 'fixtures/reference/rewards.jsonl'))
      .filter((row) => isFull || isQuick(row))
      .map((row) => ({...row, ids: Int32Array.from(tokenizer.encode(row.text))}))
  })

  afterEach(() => vi.unstubAllEnvs())

  /** Rewards of all rows, `together` in a call. */
  async function rewards(name: TinyCheckpoint, options: LoadOptions, together: number): Promise<number[]> {
    const model = await loadRewardModel(checkpoint(name), {dtype: 'f32', threads: 1, ...options})
    const found: number[] = []
    for (let i = 0; i < rows.length; i += together) {
      for (const outcome of await model.rewards(rows.slice(i, i + together))) {
        if ('error' in outcome) throw outcome.error
        found.push(outcome.reward)
      }
    }
    await model.close()
    return found
  }

  const largest = (a: readonly number[], b: readonly (number | undefined)[]): number =>
    Math.max(...a.map((value, i) => Math.abs(value - (b[i] ?? Number.NaN))))

  test.each(TINY_CHECKPOINTS)('%s', {timeout: 120_000}, async (name) => {
    const recorded = rows.map((row) => row.rewards[name === 'tiny-shards' ? 'tiny' : name])
    const batched = await rewards(name, {}, 32)
    expect(batched).toHaveLength(rows.length)
    expect(largest(batched, recorded)).toBeLessThanOrEqual(1e-4)
  })

  test.each(['tiny', 'tiny-ntk', 'tiny-mha'] as const)('%s, one by one', {timeout: 120_000}, async (name) => {
    const single = await rewards(name, {sharePrefix: false}, 1)
    expect(
      largest(
        single,
        rows.map((row) => row.rewards[name]),
      ),
    ).toBeLessThanOrEqual(1e-4)
    expect(largest(await rewards(name, {}, 32), single)).toBeLessThanOrEqual(1e-5)
  })

  test.each(TINY_CHECKPOINTS)('%s in 8 bits', {timeout: 120_000}, async (name) => {
    vi.stubEnv('POLAR_HOME', await temporaryFolder())
    const recorded = rows.map((row) => row.rewards[name === 'tiny-shards' ? 'tiny' : name] ?? Number.NaN)
    const found = await rewards(name, {dtype: 'q8'}, 32)
    const meanSquare = (values: readonly number[]): number => values.reduce((sum, value) => sum + value ** 2, 0) / values.length
    const mean = recorded.reduce((sum, value) => sum + value, 0) / recorded.length
    const deviation = Math.sqrt(meanSquare(recorded.map((value) => value - mean)))
    const error = Math.sqrt(meanSquare(found.map((value, i) => value - (recorded[i] ?? Number.NaN))))
    expect(error / deviation).toBeLessThanOrEqual(0.05)
    expect(error).toBeGreaterThan(0.001)
  })

  test('a shared prefix changes no reward by more than 1e-5, nor does padding', {timeout: 60_000}, async () => {
    const [long] = rows.filter(({ids}) => ids.length > 300 && ids.length < 600)
    if (!long) throw new Error('no text of that length')
    // Sixteen endings of one beginning, of different lengths; the last cuts the beginning itself.
    const inputs = Array.from({length: 16}, (_, i) => ({text: '', ids: long.ids.slice(0, 200 + 6 * i + (i % 3))}))
    for (const [i, {ids}] of inputs.entries()) ids[ids.length - 1] = 1000 + i
    for (const name of ['tiny', 'tiny-mha', 'tiny-ntk'] as const) {
      const results: number[][] = []
      for (const sharePrefix of [true, false]) {
        for (const together of [16, 1]) {
          const model = await loadRewardModel(checkpoint(name), {dtype: 'f32', sharePrefix, threads: 2})
          const outcomes = []
          for (let i = 0; i < 16; i += together) outcomes.push(...(await model.rewards(inputs.slice(i, i + together))))
          results.push(outcomes.map((outcome) => ('reward' in outcome ? outcome.reward : Number.NaN)))
          await model.close()
        }
      }
      for (const other of results.slice(1)) expect(largest(results[0] ?? [], other)).toBeLessThanOrEqual(1e-5)
    }
  })
})
