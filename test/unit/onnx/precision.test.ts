import {describe, expect, test} from 'vitest'
import {openCheckpoint} from '../../../src/reward-models/onnx/checkpoint.js'
import {externalFolder} from '../../../src/reward-models/onnx/external-folder.js'
import {choosePrecision, floatBytes} from '../../../src/reward-models/onnx/precision.js'
import {weightsDigest} from '../../../src/reward-models/onnx/weights-digest.js'
import {smallCheckpoint, writeSmallCheckpoint} from '../../fixtures/small-checkpoint.js'
import {temporaryFolder} from '../../fixtures/temporary-folder.js'

describe('precision', () => {
  test('auto is float32 where it fits, else 8 bits with a line that says so; a wish is a wish', async () => {
    const checkpoint = await openCheckpoint(await writeSmallCheckpoint(await temporaryFolder()))
    const needed = floatBytes(checkpoint)
    expect(choosePrecision(checkpoint, 'auto', needed)).toEqual({dtype: 'f32'})
    expect(choosePrecision(checkpoint, 'auto', needed - 1)).toMatchObject({
      dtype: 'q8',
      notice: expect.stringMatching(/^float32 needs \d\.\d GB of memory and \d\.\d GB are free: weights are rounded to 8 bits/),
    })
    expect(choosePrecision(checkpoint, 'f32', 0)).toEqual({dtype: 'f32'})
    expect(choosePrecision(checkpoint, 'q8', Infinity)).toEqual({dtype: 'q8'})
  })
})

describe('digest of the weights', () => {
  test('is of the weights and the config, not of the place', async () => {
    const digest = async (checkpoint = smallCheckpoint()): Promise<string> =>
      weightsDigest(await openCheckpoint(await writeSmallCheckpoint(await temporaryFolder(), checkpoint)))
    const plain = await digest()
    expect(plain).toMatch(/^[\da-f]{64}$/)
    expect(await digest()).toBe(plain)
    const other = smallCheckpoint()
    other.tensors.get('model.layers.1.attention.wo.weight')?.values.fill(0, 77, 78)
    expect(await digest(other)).not.toBe(plain)
    expect(await digest(smallCheckpoint({rope_theta: 10_001}))).not.toBe(plain)
  })
})

test.each([
  [['/a/b/c.bin'], '/a/b'],
  [['/a/b/c.bin', '/a/b/d.bin'], '/a/b'],
  [['/a/b/c.bin', '/a/bb/d.bin'], '/a'],
  [['/a/b/c.bin', '/x'], '/'],
])('%j lie in %s', (files, folder) => {
  expect(externalFolder(files)).toBe(folder)
})
