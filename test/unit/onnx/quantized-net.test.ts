import {join} from 'node:path'
import {onTestFinished, describe, expect, test} from 'vitest'
import {openCheckpoint} from '../../../src/reward-models/onnx/checkpoint.js'
import {floatWeights} from '../../../src/reward-models/onnx/float-weights.js'
import {rewardGraph} from '../../../src/reward-models/onnx/graph.js'
import {onnxModel} from '../../../src/reward-models/onnx/onnx-model.js'
import {q8Plan} from '../../../src/reward-models/onnx/q8-plan.js'
import {q8Scheme} from '../../../src/reward-models/onnx/q8-scheme.js'
import {quantizedWeights} from '../../../src/reward-models/onnx/quantized-weights.js'
import {rewardNet, type RewardNet} from '../../../src/reward-models/onnx/reward-net.js'
import {openSession} from '../../../src/reward-models/onnx/session.js'
import {smallCheckpoint, writeSmallCheckpoint, type SmallCheckpoint} from '../../fixtures/small-checkpoint.js'
import {temporaryFolder} from '../../fixtures/temporary-folder.js'

async function open(small: SmallCheckpoint) {
  const folder = await temporaryFolder()
  const checkpoint = await openCheckpoint(await writeSmallCheckpoint(join(folder, 'model'), small))
  const quantized = await quantizedWeights(checkpoint, {digest: 'abc', home: join(folder, 'home')})
  return {checkpoint, quantized, float: {weights: floatWeights(checkpoint, folder), folder}}
}

async function nets(small: SmallCheckpoint): Promise<{float: RewardNet; quantized: RewardNet}> {
  const {checkpoint, quantized, float} = await open(small)
  const load = async ({weights, folder}: typeof float): Promise<RewardNet> => {
    const net = rewardNet(checkpoint.config, await openSession(rewardGraph(checkpoint.config, weights), {folder, threads: 1}))
    onTestFinished(() => net.close())
    return net
  }
  return {float: await load(float), quantized: await load(quantized)}
}

const texts = Array.from({length: 24}, (_, i) => Int32Array.from({length: 3 + i}, (__, k) => (i * 31 + k * 17) % 97))

/** The net with weights that are spread like a bell, as those of trained nets, instead of evenly up to a limit. */
function bellShaped(small: SmallCheckpoint): SmallCheckpoint {
  for (const [name, {shape, values}] of small.tensors) {
    if (shape.length < 2 || name.includes('embeddings')) continue
    // The sum of four numbers of the row, spread as widely as one, from far enough that neighbours do not depend on each other.
    const even = values.slice()
    for (const i of values.keys())
      values[i] = [0, 7, 19, 31].reduce((sum, by) => sum + (even[(i + by) % even.length] ?? 0), 0) / 2
  }
  return small
}

test.each([
  ['spread evenly', smallCheckpoint(), 'u8 plain'],
  ['bell-shaped', bellShaped(smallCheckpoint()), 'u8 rotated'],
])('weights that are %s decide what is rotated', async (_, small, name) => {
  const checkpoint = await openCheckpoint(await writeSmallCheckpoint(await temporaryFolder(), small))
  const plan = await q8Plan(checkpoint, q8Scheme('x64', new Set()))
  expect([plan.name, plan.isRotated('w2'), plan.isRotated('w1')]).toEqual([name, true, name === 'u8 rotated'])
})

describe.each([
  ['plain', smallCheckpoint()],
  ['with biases', smallCheckpoint({bias: true})],
  ['all inputs rotated', bellShaped(smallCheckpoint())],
])('a small net, %s', (_, small) => {
  test('in 8 bits rewards are near those of float32, and the same in whatever company', async () => {
    const {float, quantized} = await nets(small)
    const exact = await Promise.all(texts.map(async (text) => (await float.rewards([text]))[0] ?? Number.NaN))
    const alone: number[] = []
    for (const text of texts) alone.push((await quantized.rewards([text]))[0] ?? Number.NaN)
    const square = (values: readonly number[]): number => values.reduce((sum, x) => sum + x * x, 0) / values.length
    const mean = exact.reduce((sum, x) => sum + x, 0) / exact.length
    const error = Math.sqrt(square(alone.map((x, i) => x - (exact[i] ?? 0))) / square(exact.map((x) => x - mean)))
    expect(error).toBeLessThan(0.1) // so small a net bears rounding badly; test/contract/onnx holds the bar of 5 %
    expect(error).toBeGreaterThan(1e-4) // else this was float32

    const together = await quantized.rewards(texts)
    expect(Math.max(...together.map((x, i) => Math.abs(x - (alone[i] ?? 0))))).toBeLessThanOrEqual(1e-5)

    const [last = new Int32Array()] = texts.slice(-1)
    const behind = await quantized.rewards([last.subarray(9)], await quantized.prefix(last.subarray(0, 9)))
    expect(Math.abs((behind[0] ?? 0) - (alone.at(-1) ?? 0))).toBeLessThanOrEqual(1e-5)
  })
})

test.each(['model.tok_embeddings.weight', 'model.layers.0.feed_forward.w3.weight', 'model.layers.1.attention.wqkv.weight'])(
  'a NaN in %s gives no finite reward',
  async (name) => {
    const small = smallCheckpoint()
    const tensor = small.tensors.get(name)
    tensor?.values.fill(Number.NaN, 5 * 64 + 1, 5 * 64 + 2)
    const {quantized} = await nets(small)
    expect((await quantized.rewards([Int32Array.of(5, 6, 7)]))[0]).toBeNaN()
  },
)

test.each(['w1', 'w2'])('products of %s are exact where they are largest', async (part) => {
  const small = smallCheckpoint()
  const name = `model.layers.0.feed_forward.${part}`
  const tensor = small.tensors.get(`${name}.weight`)
  if (!tensor) throw new Error(name)
  const [outFeatures = 0, inFeatures = 0] = tensor.shape
  // Rotated, an input of one nonzero value in each block becomes one of equal values, and so does such a weight.
  const isRotated = part === 'w2'
  const spread = (i: number): number => (isRotated && i % 32 > 0 ? 0 : 1)
  for (let i = 0; i < tensor.values.length; i++)
    tensor.values[i] = spread(i % inFeatures) * (Math.floor(i / inFeatures) % 2 ? -1 : 1)
  const {quantized} = await open(small)
  const model = onnxModel('one layer')
  const input = model.input('input', 'FLOAT', ['rows', inFeatures])
  const output = model.op('Identity', [quantized.weights.linear(model, {name, input})])
  model.output(output, 'FLOAT', ['rows', outFeatures])
  const session = await openSession(model.finish(), {folder: quantized.folder, threads: 1})
  onTestFinished(() => session.close())

  const data = Float32Array.from({length: 2 * inFeatures}, (_, i) => spread(i % inFeatures) * (i < inFeatures ? 3 : -3))
  const outputs = await session.run(new Map([['input', {data, shape: [2, inFeatures]}]]), [output])
  const found = outputs.get(output)?.data
  const size = 3 * (isRotated ? inFeatures / 32 : inFeatures)
  const expected = Array.from({length: 2 * outFeatures}, (_, i) => (i < outFeatures === (i % 2 === 0) ? size : -size))
  expect(found).toHaveLength(expected.length)
  for (const [i, value] of expected.entries()) expect(Math.abs(Number(found?.[i]) / value - 1)).toBeLessThan(0.01) // saturated, it is a half
})
