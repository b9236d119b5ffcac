import type {FileHandle} from 'node:fs/promises'
import {PolarError} from '../../errors.js'
import {readFully} from '../../system/read-fully.js'
import type {StoredTensor} from './checkpoint.js'
import {widen} from './widen.js'

/** `count` rows of a matrix from row `first` on, out of its open file, in float32. Throws MODEL_UNSUPPORTED where the file ends too early. */
export async function readWeights(file: FileHandle, tensor: StoredTensor, first: number, count: number): Promise<Float32Array> {
  const rowBytes = tensor.bytes / (tensor.shape[0] ?? 1)
  const bytes = Buffer.alloc(count * rowBytes)
  if ((await readFully(file, bytes, tensor.offset + first * rowBytes)).length < bytes.length) {
    throw new PolarError('environment', 'MODEL_UNSUPPORTED', `${tensor.file} became shorter while it was read`, {
      facts: {file: tensor.file},
      suggestions: ['fetch this file again'],
    })
  }
  return widen(bytes, tensor.type)
}
