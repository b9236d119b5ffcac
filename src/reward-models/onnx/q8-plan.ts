import {open} from 'node:fs/promises'
import {storedTensor, type Checkpoint} from './checkpoint.js'
import type {Q8Scheme, WeightForm} from './q8-scheme.js'
import {quantizeRows, rotateBlocks, rotationSize} from './quantize.js'
import {readWeights} from './read-weights.js'

/** How each linear layer of a checkpoint is quantised; `part` is the layer's last name: `wqkv`, `wo`, `w1`, `w2`, `w3`. */
export interface Q8Plan {
  readonly name: string
  form(part: string): WeightForm
  /** Whether inputs and weights are rotated, block by block, before they are rounded. Alike for layers with the same input. */
  isRotated(part: string): boolean
}

// Rows of each sampled tensor.
const SAMPLE = 64
/** Growth of the weights' rounding error, squared, that rotating the inputs is worth. */
const TOLERATED = 1.5

/**
 * Rotating spreads a channel of large activations over its block: with 4 channels in 128 ten times as large as the others, the
 * error falls from 13 % to 7 % of the rewards' deviation. The input of `w2`, a product of two numbers, has such tails always. The
 * other layers are rotated unless that makes their weights harder to round, as it does with weights that are spread evenly up to a
 * limit (the tiny nets of the fixtures: 3.6 % to 4.3 %) and does not with those of trained nets, which are bell-shaped.
 */
export async function q8Plan(checkpoint: Checkpoint, scheme: Q8Scheme): Promise<Q8Plan> {
  const rotatesAll = await isRotationHarmless(checkpoint)
  return {
    name: `${scheme.name} ${rotatesAll ? 'rotated' : 'plain'}`,
    form: (part) => scheme.form(part),
    isRotated: (part) => part === 'w2' || rotatesAll,
  }
}

/** Compares the rounding steps, squared, of some rows of every layer with and without rotation. */
async function isRotationHarmless(checkpoint: Checkpoint): Promise<boolean> {
  let plain = 0
  let rotated = 0
  for (let layer = 0; layer < checkpoint.config.layers; layer++) {
    for (const name of ['attention.wqkv', 'feed_forward.w1']) {
      const tensor = storedTensor(checkpoint, `model.layers.${layer}.${name}.weight`)
      const [rows = 0, columns = 0] = tensor.shape
      const file = await open(tensor.file)
      try {
        const weights = await readWeights(file, tensor, 0, Math.min(SAMPLE, rows))
        plain += squaredSteps(weights, columns)
        rotateBlocks(weights, rotationSize(columns))
        rotated += squaredSteps(weights, columns)
      } finally {
        await file.close()
      }
    }
  }
  return rotated <= TOLERATED * plain
}

function squaredSteps(weights: Float32Array, columns: number): number {
  return quantizeRows(weights, columns, 'signed').scales.reduce((sum, scale) => sum + scale * scale, 0)
}
