import {join} from 'node:path'
import {describe, expect, test} from 'vitest'
import {loadTokenizer} from '../../../src/encoding/tokenizer/load.js'
import {openCheckpoint} from '../../../src/reward-models/onnx/checkpoint.js'
import {rewardGraph} from '../../../src/reward-models/onnx/graph.js'
import {quantizedWeights} from '../../../src/reward-models/onnx/quantized-weights.js'
import {rewardNet} from '../../../src/reward-models/onnx/reward-net.js'
import {openSession} from '../../../src/reward-models/onnx/session.js'
import {readJsonLines} from '../../fixtures/json-lines.js'
import {referenceTokenizer} from '../../fixtures/reference-tokenizer.js'
import {sharedFixtures} from '../../fixtures/shared.js'
import {temporaryFolder} from '../../fixtures/temporary-folder.js'
import {tinyCheckpoints} from '../../fixtures/tiny-checkpoints.js'

const NAMES = ['tiny', 'tiny-bf16', 'tiny-f16', 'tiny-7b', 'tiny-ntk', 'tiny-mha'] as const
const LONGEST = process.env['POLAR_TEST_FULL'] === '1' ? Infinity : 300

describe.skipIf(sharedFixtures === undefined)('q8 against the reference implementation', () => {
  const directory = tinyCheckpoints(...NAMES)

  test.each(NAMES)('%s: the error is at most a twentieth of the deviation of the rewards', {timeout: 120_000}, async (name) => {
    const tokenizer = await loadTokenizer(referenceTokenizer)
    const rows = readJsonLines<{text: string; n_tokens: number; rewards: Record<string, number>}>(
      join(sharedFixtures ?? '', 'fixtures/reference/rewards.jsonl'),
    ).filter(({n_tokens: tokens}) => tokens <= LONGEST)
    const checkpoint = await openCheckpoint(directory(name))
    const {weights, folder} = await quantizedWeights(checkpoint, {digest: name, home: await temporaryFolder()})
    const net = rewardNet(checkpoint.config, await openSession(rewardGraph(checkpoint.config, weights), {folder, threads: 1}))
    const exact = rows.map(({rewards}) => rewards[name] ?? Number.NaN)
    const mean = exact.reduce((sum, x) => sum + x, 0) / exact.length
    let error = 0
    let deviation = 0
    for (const [i, {text}] of rows.entries()) {
      const [reward = Number.NaN] = await net.rewards([Int32Array.from(tokenizer.encode(text))])
      error += (reward - (exact[i] ?? Number.NaN)) ** 2
      deviation += ((exact[i] ?? Number.NaN) - mean) ** 2
    }
    await net.close()
    expect(Math.sqrt(error / deviation)).toBeLessThanOrEqual(0.05)
  })
})
