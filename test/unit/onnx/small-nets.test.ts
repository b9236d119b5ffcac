import {symlink, mkdir, rename, readdir, chmod} from 'node:fs/promises'
import {join} from 'node:path'
import {setTimeout as wait} from 'node:timers/promises'
import {describe, expect, onTestFinished, test} from 'vitest'
import {modelConfig} from '../../../src/reward-models/onnx/config.js'
import {loadRewardModel, type LoadOptions, type OnnxRewardModel} from '../../../src/reward-models/onnx/load.js'
import {plainReward} from '../../fixtures/plain-reward.js'
import {smallCheckpoint, writeSmallCheckpoint} from '../../fixtures/small-checkpoint.js'
import {temporaryFolder} from '../../fixtures/temporary-folder.js'

async function load(directory: string, options: LoadOptions = {}): Promise<OnnxRewardModel> {
  const model = await loadRewardModel(directory, {dtype: 'f32', threads: 1, ...options})
  onTestFinished(() => model.close())
  return model
}

/** A text of `length` tokens; texts of the same `start` have their first tokens in common. */
const text = (length: number, start = 0, end = 0) => ({
  text: '',
  ids: Int32Array.from({length}, (_, i) => (i < length - 4 ? i * 7 + start : i * 5 + end) % 97),
})

async function rewardsOf(model: OnnxRewardModel, inputs: readonly {text: string; ids: Int32Array}[]): Promise<number[]> {
  return (await model.rewards(inputs)).map((outcome) => ('reward' in outcome ? outcome.reward : Number.NaN))
}

describe('rewards against a plain forward pass', () => {
  const dynamic = {type: 'dynamic', factor: 2}
  test.each([
    ['plain', {}, 2],
    ['as many kv heads as heads', {}, 4],
    ['one kv head', {}, 1],
    ['bias', {bias: true}, 2],
    ['linear rope', {rope_scaling: {type: 'linear', factor: 4}}, 2],
    ['dynamic rope', {rope_scaling: dynamic}, 2],
    [
      'dynamic rope, new spelling',
      {rope_theta: undefined, rope_parameters: {rope_type: 'dynamic', factor: 2, rope_theta: 5000}},
      2,
    ],
    ['unscaled rope, new spelling', {rope_theta: undefined, rope_parameters: {rope_type: 'default', rope_theta: 5000}}, 2],
  ])('%s', async (_, config, kvHeads) => {
    const checkpoint = smallCheckpoint(config, kvHeads)
    const model = await load(await writeSmallCheckpoint(await temporaryFolder(), checkpoint))
    // Lengths on both sides of the 64 positions of the config; two groups that share a beginning.
    const inputs = [1, 2, 17, 64, 65, 80].map((length) => text(length))
    inputs.push(...[0, 1].flatMap((end) => [text(40, 3, end), text(60 + end, 40, end)]))
    const expected = inputs.map(({ids}) =>
      plainReward(checkpoint, modelConfig(JSON.parse(JSON.stringify(checkpoint.config)), ''), [...ids]),
    )
    const found = await rewardsOf(model, inputs)
    for (const [i, reward] of found.entries()) expect(reward).toBeCloseTo(expected[i] ?? Number.NaN, 4)
    expect(new Set(expected.map((reward) => reward.toFixed(3))).size).toBe(inputs.length)
  })
})

test("a checkpoint in Hugging Face's cache, whose files are links to blobs, in a folder that cannot be written", async () => {
  const folder = await temporaryFolder()
  const plain = await writeSmallCheckpoint(join(folder, 'plain'))
  const snapshot = join(folder, 'cache/snapshots/abc')
  const blobs = join(folder, 'cache/blobs')
  await mkdir(snapshot, {recursive: true})
  await mkdir(blobs)
  const expected = await rewardsOf(await load(plain), [text(20)])
  for (const name of ['config.json', 'model.safetensors']) {
    await rename(join(plain, name), join(blobs, `${name.length}f00`))
    await symlink(`../../blobs/${name.length}f00`, join(snapshot, name))
  }
  await chmod(snapshot, 0o555)
  onTestFinished(() => chmod(snapshot, 0o755))
  const before = await readdir(join(folder, 'cache'), {recursive: true})
  expect(await rewardsOf(await load(snapshot), [text(20)])).toEqual(expected)
  expect(await readdir(join(folder, 'cache'), {recursive: true})).toEqual(before)
})

test('the same call gives the same bits, whatever ran before', async () => {
  const directory = await writeSmallCheckpoint(await temporaryFolder())
  const inputs = [9, 10, 10, 30, 31].map((length, i) => text(length, i % 2, i))
  const fresh = await rewardsOf(await load(directory), inputs)
  const used = await load(directory)
  await rewardsOf(used, [text(90, 5), text(91, 5, 1), text(3)])
  await rewardsOf(used, inputs.slice(2))
  expect(await rewardsOf(used, inputs)).toEqual(fresh)
})

test('a text planned with others keeps its prefix when its batch comes alone, and that is computed once', async () => {
  const directory = await writeSmallCheckpoint(await temporaryFolder())
  const inputs = [0, 1, 2, 3].map((end) => text(60, 3, end))
  const together = await load(directory)
  const expected = await rewardsOf(together, inputs)
  const apart = await load(directory, {maxBatchTokens: 70})
  const batches = apart.batches(inputs)
  expect(batches.length).toBeGreaterThan(1)
  const found: number[] = []
  for (const batch of batches)
    found.push(
      ...(await rewardsOf(
        apart,
        batch.flatMap((index) => inputs[index] ?? []),
      )),
    )
  expect(found).toEqual(expected)
})

test('texts that cannot be scored are answered one by one', async () => {
  const model = await load(await writeSmallCheckpoint(await temporaryFolder()))
  const outcomes = await model.rewards([
    {text: '', ids: Int32Array.of(1, 97)},
    text(12),
    {text: '', ids: new Int32Array()},
    {text: '', ids: Int32Array.of(-1)},
  ])
  expect(outcomes).toMatchObject([
    {error: {code: 'ROW_INVALID', message: "token id 97 is not in the model's vocabulary of 97"}},
    {reward: expect.any(Number)},
    {error: {code: 'ROW_INVALID', message: 'the text has no tokens'}},
    {error: {code: 'ROW_INVALID', message: "token id -1 is not in the model's vocabulary of 97"}},
  ])
})

test('weights that are no numbers give no reward', async () => {
  const checkpoint = smallCheckpoint()
  checkpoint.tensors.get('v_head.weight')?.values.fill(Number.NaN, 0, 1)
  const model = await load(await writeSmallCheckpoint(await temporaryFolder(), checkpoint))
  expect(await model.rewards([text(5)])).toMatchObject([
    {error: {code: 'REWARD_MALFORMED', message: 'the model gave NaN, which is no reward'}},
  ])
})

test('a stop is heard between runs, with its reason', async () => {
  const model = await load(await writeSmallCheckpoint(await temporaryFolder()))
  const stop = new AbortController()
  const inputs = [90, 60, 40, 20, 10].map((length, i) => text(length, i))
  const rewards = model.rewards(inputs, {signal: stop.signal})
  stop.abort(new Error('enough'))
  await expect(rewards).rejects.toThrow('enough')
  expect(await rewardsOf(model, [text(5)])).toEqual([expect.any(Number)])
})

test('it measures itself, and can be closed twice', async () => {
  const model = await load(await writeSmallCheckpoint(await temporaryFolder()))
  expect(await model.measure()).toBeGreaterThan(0)
  await model.close()
  await model.close()
  await expect(model.rewards([text(5)])).rejects.toMatchObject({code: 'ENGINE_EXITED', message: 'the model is closed'})
  await wait(50) // the thread has ended
  await expect(model.rewards([text(5)])).rejects.toMatchObject({code: 'ENGINE_EXITED'})
  await model.close()
})
