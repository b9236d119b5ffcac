import {PolarError} from '../../errors.js'
import type {Checkpoint} from './checkpoint.js'

/** What the user may ask for; `auto` is f32 where that fits into memory, else q8. */
export type Dtype = 'auto' | 'f32' | 'q8'

const EMBEDDINGS = 'model.tok_embeddings.weight'
const FLOAT_BYTES = 4
// ONNX Runtime, the process itself, and what a packed matrix needs beyond its numbers.
const BASE_BYTES = 400e6
const PACKING = 1.05

/** Text that the estimate makes room for, in tokens: two answers of POLAR's limit. */
const LONG_TEXT = 8192

/** Bytes of one run of `tokens` tokens: the widest layer's values and the keys and values in flight. */
function runBytes({config}: Checkpoint, tokens: number): number {
  const floats = 3 * config.feedForwardSize + 6 * config.hiddenSize + 4 * config.kvHeads * config.headSize
  return tokens * floats * FLOAT_BYTES
}

/** Memory in bytes that the model needs in float32: every matrix widened and packed, the embeddings as they are on disk. */
export function floatBytes(checkpoint: Checkpoint): number {
  let bytes = BASE_BYTES + runBytes(checkpoint, LONG_TEXT)
  for (const {name, shape, bytes: stored} of checkpoint.tensors.values()) {
    const elements = shape.reduce((product, size) => product * size, 1)
    bytes += name === EMBEDDINGS ? stored : elements * FLOAT_BYTES * PACKING
  }
  return bytes
}

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`

/**
 * Precision to run in, and a line for the user where it is not the exact one though nobody asked for another. `available` is the
 * memory in bytes that this process may still take, limits of a container counted.
 */
export function choosePrecision(
  checkpoint: Checkpoint,
  asked: Dtype,
  available: number,
): {readonly dtype: 'f32' | 'q8'; readonly notice?: string} {
  if (asked !== 'auto') return {dtype: asked}
  const needed = floatBytes(checkpoint)
  if (needed <= available) return {dtype: 'f32'}
  const why = `float32 needs ${gigabytes(needed)} of memory and ${gigabytes(available)} are free`
  return {dtype: 'q8', notice: `${why}: weights are rounded to 8 bits, rewards are approximate (--dtype f32 to try all the same)`}
}

/** Throws FLAG_INVALID for a word that is no precision: callers without types can pass any. */
export function checkDtype(dtype: string): asserts dtype is Dtype {
  if (dtype === 'auto' || dtype === 'f32' || dtype === 'q8') return
  throw new PolarError('usage', 'FLAG_INVALID', `dtype is ${JSON.stringify(dtype)}; auto, f32 and q8 can be had`, {
    suggestions: ['--dtype auto'],
    facts: {dtype},
  })
}
