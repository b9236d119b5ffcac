import type {FileHandle} from 'node:fs/promises'
import {PolarError} from '../../errors.js'
import type {StoredTensor} from './checkpoint.js'
import type {SafetensorsType} from './safetensors.js'

/** Values of `bytes`, little-endian as safetensors stores them, in float32. */
export function widen(bytes: Uint8Array, type: SafetensorsType): Float32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice()
  if (type === 'F32') return new Float32Array(aligned.buffer, aligned.byteOffset, bytes.length / 4)
  const halves = new Uint16Array(aligned.buffer, aligned.byteOffset, bytes.length / 2)
  if (type === 'F16') return Float32Array.from(halves, halfToFloat)
  const words = new Uint32Array(halves.length)
  for (let i = 0; i < halves.length; i++) words[i] = (halves[i] ?? 0) << 16
  return new Float32Array(words.buffer)
}

/** IEEE 754 binary16: a sign, five bits of exponent, ten of fraction. */
function halfToFloat(half: number): number {
  const sign = half & 0x8000 ? -1 : 1
  const exponent = (half >> 10) & 31
  const fraction = half & 1023
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN
  return sign * (1024 + fraction) * 2 ** (exponent - 25)
}

/** Rows of a matrix out of its open file, in float32. MODEL_UNSUPPORTED where the file ends too early. */
export async function readRows(file: FileHandle, tensor: StoredTensor, first: number, count: number): Promise<Float32Array> {
  const rowBytes = tensor.bytes / (tensor.shape[0] ?? 1)
  const bytes = Buffer.alloc(count * rowBytes)
  for (let done = 0; done < bytes.length;) {
    const {bytesRead} = await file.read(bytes, done, bytes.length - done, tensor.offset + first * rowBytes + done)
    if (bytesRead === 0)
      throw new PolarError('environment', 'MODEL_UNSUPPORTED', `${tensor.file} became shorter while it was read`)
    done += bytesRead
  }
  return widen(bytes, tensor.type)
}
