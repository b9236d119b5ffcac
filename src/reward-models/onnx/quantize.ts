import type {WeightForm} from './q8-scheme.js'

/** Weights of some outputs, quantised: `values` as bytes, row-major as given, and the scale of each row. */
export interface QuantizedRows {
  readonly values: Uint8Array
  readonly scales: Float32Array
}

const LARGEST = 127
// 255 (the largest activation) × 128 is below 2^15; a half more for the rounding of each of the two.
const PAIR_LARGEST = 127

/**
 * Rounds rows of weights to 8 bits by a scale of their own, symmetric around 0. A row with a weight that is not finite gets a
 * scale of NaN, so that what it makes is not finite either, as in float32.
 */
export function quantizeRows(weights: Float32Array, columns: number, form: WeightForm): QuantizedRows {
  const rows = weights.length / columns
  const values = new Uint8Array(weights.length)
  const scales = new Float32Array(rows)
  const zero = form === 'unsigned' ? 128 : 0
  for (let row = 0; row < rows; row++) {
    const start = row * columns
    const end = start + columns
    const scale = form === 'signed-pairs' ? pairScale(weights, start, end) : largest(weights, start, end) / LARGEST
    scales[row] = scale
    const factor = scale > 0 ? 1 / (scales[row] ?? 1) : 0
    for (let i = start; i < end; i++) values[i] = Math.round((weights[i] ?? 0) * factor) + zero
  }
  return {values, scales}
}

/** The largest magnitude, or NaN where one is not finite. */
function largest(weights: Float32Array, start: number, end: number): number {
  let most = 0
  for (let i = start; i < end; i++) most = Math.max(most, Math.abs(weights[i] ?? 0))
  return most < Infinity ? most : Number.NaN
}

/** Products of neighbours of different sign cancel; of the same sign they add up. */
function pairScale(weights: Float32Array, start: number, end: number): number {
  let most = 0
  for (let i = start; i < end; i += 2) {
    const left = weights[i] ?? 0
    const right = i + 1 < end ? (weights[i + 1] ?? 0) : 0
    if (left * right > 0) most = Math.max(most, Math.abs(left + right))
  }
  return Math.max(largest(weights, start, end) / LARGEST, most / PAIR_LARGEST)
}

/** Side of the rotation for this many inputs: the largest power of two up to 64 that divides them. */
export function rotationSize(columns: number): number {
  let size = 64
  while (columns % size !== 0) size /= 2
  return size
}

/**
 * Multiplies every block of `size` values, in place, by the Hadamard matrix divided by the root of its size: an orthogonal matrix,
 * its own inverse. Rotating a layer's inputs and weights alike leaves its outputs as they are and spreads a lone large
 * value over its block, which rounding bears better.
 */
export function rotateBlocks(values: Float32Array, size: number): void {
  const norm = 1 / Math.sqrt(size)
  for (let half = 1; half < size; half *= 2) {
    for (let block = 0; block < values.length; block += 2 * half) {
      for (let i = block; i < block + half; i++) {
        const a = values[i] ?? 0
        const b = values[i + half] ?? 0
        values[i] = a + b
        values[i + half] = a - b
      }
    }
  }
  for (let i = 0; i < values.length; i++) values[i] = (values[i] ?? 0) * norm
}

/** The matrix of {@link rotateBlocks}, row-major. */
export function rotationMatrix(size: number): number[] {
  const rows = new Float32Array(size * size)
  for (let i = 0; i < size; i++) rows[i * size + i] = 1
  rotateBlocks(rows, size)
  return [...rows]
}
