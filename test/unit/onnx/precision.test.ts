import {open, readFile} from 'node:fs/promises'
import {join} from 'node:path'
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

  test('of a file too large to be read whole, a reward head that alone was trained makes another', async () => {
    const [size, begin] = [300 << 20, 16 << 20]
    const last = size - (64 << 10)
    // Right behind one of the blocks that are read; the whole net is smaller than the gap to the next.
    const at = begin + Math.floor(((last - begin) * 50) / 256) + (64 << 10)
    const digest = async (headValue: number): Promise<string> => {
      const small = smallCheckpoint()
      small.tensors.get('v_head.weight')?.values.fill(headValue, 7, 8)
      const directory = await writeSmallCheckpoint(await temporaryFolder(), small)
      const path = join(directory, 'model.safetensors')
      const bytes = await readFile(path)
      const headerBytes = Number(bytes.readBigUInt64LE())
      const header = bytes.toString('utf8', 8, 8 + headerBytes)
      const filler = (from: number, to: number): string => `{"dtype":"U8","shape":[${to - from}],"data_offsets":[${from},${to}]}`
      const dataBytes = bytes.length - 8 - headerBytes
      const places = header.replaceAll(
        /"data_offsets":\[(\d+),(\d+)\]/g,
        (_, from: string, to: string) => `"data_offsets":[${Number(from) + at},${Number(to) + at}]`,
      )
      // What other tensors would fill, so that the file has no hole. The last bytes of the header say how long that is.
      const room = 8 + places.length + 200
      const behind = filler(at + dataBytes, size - room)
      const moved = `${places.trimEnd().slice(0, -1)},"before":${filler(0, at)},"behind":${behind}}`.padEnd(room - 8)
      const length = Buffer.alloc(8)
      length.writeBigUInt64LE(BigInt(moved.length))
      const file = await open(path, 'w')
      await file.write(Buffer.concat([length, Buffer.from(moved)]))
      const data = bytes.subarray(8 + headerBytes)
      await file.write(data, 0, data.length, 8 + moved.length + at)
      await file.truncate(size)
      await file.close()
      expect(data.length + moved.length).toBeLessThan((last - begin) / 256 - (64 << 10))
      return weightsDigest(await openCheckpoint(directory))
    }
    const digests = [await digest(0.25), await digest(0.25), await digest(0.5)]
    expect(digests[1]).toBe(digests[0])
    expect(digests[2]).not.toBe(digests[0])
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
