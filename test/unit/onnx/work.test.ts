import {expect, test} from 'vitest'
import {planRuns, type BatchLimits} from '../../../src/reward-models/onnx/batching.js'
import {modelConfig, weightsPerToken} from '../../../src/reward-models/onnx/config.js'
import {planWork, textWork} from '../../../src/reward-models/onnx/work.js'
import {smallCheckpoint} from '../../fixtures/small-checkpoint.js'

const config = modelConfig(smallCheckpoint().config, 'config.json')
const limits: BatchLimits = {batchTokens: 4096, runTokens: 512, sharePrefix: true, standsAlone: () => false}
const text = (length: number, seed: number, prefix = 0): Int32Array =>
  Int32Array.from({length}, (_, i) => (i < prefix ? i : i * (seed + 2) + seed) % 97)
const work = (texts: readonly Int32Array[], sharePrefix = true): number =>
  planWork(config, texts, planRuns(texts, {...limits, sharePrefix}))

test('attention grows with the square of the length, the rest with the length', () => {
  const linear = (tokens: number): number => tokens * weightsPerToken(config)
  expect(textWork(config, 200) - linear(200)).toBeCloseTo(4 * (textWork(config, 100) - linear(100)))
  expect(textWork(config, 10) / linear(10)).toBeLessThan(1.1)
})

test('a text in two parts is the work of the whole', () => {
  expect(textWork(config, 300) + textWork(config, 50, 300)).toBeCloseTo(textWork(config, 350))
})

test('a prefix counts once for each group that shares it', () => {
  const group = [0, 1, 2, 3].map((seed) => text(150, seed, 100))
  const once = textWork(config, 100) + 4 * textWork(config, 50, 100)
  expect(work(group)).toBeCloseTo(once)
  expect(work(group, false)).toBeCloseTo(4 * textWork(config, 150))
  const other = group.map((ids) => ids.map((id) => 96 - id))
  expect(work([...group, ...other])).toBeCloseTo(2 * once)
})

test('padding is work too, and no texts are none', () => {
  expect(work([text(95, 1), text(100, 2)])).toBeCloseTo(2 * textWork(config, 100))
  expect(work([])).toBe(0)
})
