import {realpath} from 'node:fs/promises'
import {join} from 'node:path'
import {polarHome} from '../../system/home.js'
import type {Checkpoint} from './checkpoint.js'
import {externalFolder, externalLocation} from './external-folder.js'
import {floatWeights} from './float-weights.js'
import {MICROSOFT, type OnnxModel} from './onnx-model.js'
import {q8Plan, type Q8Plan} from './q8-plan.js'
import {cpuFlags, q8Scheme, type Q8Scheme} from './q8-scheme.js'
import {rotationMatrix, rotationSize} from './quantize.js'
import {ensureQuantizedFile, layerPart, quantizedLayout, type QuantizeOptions} from './quantized-file.js'
import type {LinearLayer, Weights} from './weights.js'

export interface QuantizedOptions extends QuantizeOptions {
  /** sha256 of the checkpoint's weights, hex. */
  readonly digest: string
  /** Default: `POLAR_HOME` and its defaults. */
  readonly home?: string
  /** Default: the one for this machine's processor. */
  readonly scheme?: Q8Scheme
}

/**
 * The net in 8 bits, and the folder for the session's external data. The linear layers come from a file under `quantized/` in
 * `POLAR_HOME` that is made on first use; embeddings, norms, biases and the reward head are the checkpoint's own. Both weights
 * and activations are rounded, the weights by a scale for each output, the activations by a scale for each token; their products
 * are exact. So a reward does not depend on what else is in its batch.
 */
export async function quantizedWeights(
  checkpoint: Checkpoint,
  options: QuantizedOptions,
): Promise<{weights: Weights; folder: string}> {
  const {digest, home = polarHome(), scheme = q8Scheme(process.arch, cpuFlags())} = options
  const path = join(home, 'quantized', `${digest}-${scheme.name}.bin`)
  const plan = await q8Plan(checkpoint, scheme)
  await ensureQuantizedFile(path, checkpoint, digest, plan, options)
  const file = await realpath(path)
  const folder = externalFolder([file, ...new Set([...checkpoint.tensors.values()].map((tensor) => tensor.file))])
  return {weights: graphWeights(checkpoint, plan, file, folder), folder}
}

function graphWeights(checkpoint: Checkpoint, plan: Q8Plan, file: string, folder: string): Weights {
  const float = floatWeights(checkpoint, folder)
  const location = externalLocation(folder, file)
  const {layers} = quantizedLayout(checkpoint)
  let made: Constants | undefined
  const constants = (model: OnnxModel): Constants => (made ??= makeConstants(model))
  /** w1 and w3 have the same input. */
  let last: {readonly input: string; readonly quantized: Quantized} | undefined
  const quantize = (model: OnnxModel, {name, input}: LinearLayer, inFeatures: number): Quantized => {
    if (last?.input !== input) {
      const rows = plan.isRotated(layerPart(name)) ? rotate(model, input, inFeatures, constants(model)) : input
      last = {input, quantized: quantizeInput(model, rows, constants(model))}
    }
    return last.quantized
  }
  return {
    ...float,
    linear(model, linear) {
      const {name} = linear
      const layer = layers.get(name)
      if (!layer) throw new RangeError(`the net has no layer ${name}`)
      const isUnsigned = plan.form(layerPart(name)) === 'unsigned'
      const {one, byteZero} = constants(model)
      const rows = quantize(model, linear, layer.inFeatures)
      const shape = [layer.inFeatures, layer.outFeatures]
      const values = model.external(`${name}.values`, isUnsigned ? 'UINT8' : 'INT8', shape, {
        location,
        offset: layer.values,
        bytes: layer.inFeatures * layer.outFeatures,
      })
      const scales = model.external(`${name}.scales`, 'FLOAT', [layer.outFeatures], {
        location,
        offset: layer.scales,
        bytes: layer.outFeatures * 4,
      })
      const inputs = [rows.bytes, values, one, scales, byteZero, ...(isUnsigned ? [byteZero] : [])]
      const product = model.op('Mul', [model.op('MatMulIntegerToFloat', inputs, {}, MICROSOFT), rows.scales])
      if (!checkpoint.tensors.has(`${name}.bias`)) return product
      return model.op('Add', [product, float.tensor(model, `${name}.bias`)])
    },
  }
}

/** An input as bytes around 128, and the scale of each row [rows, 1]. */
interface Quantized {
  readonly bytes: string
  readonly scales: string
}

/** What all layers of a graph use. */
type Constants = ReturnType<typeof makeConstants>

function makeConstants(model: OnnxModel) {
  return {
    one: model.constant('FLOAT', [], [1]),
    /** Stands for 0 in unsigned bytes. */
    byteZero: model.constant('UINT8', [], [128]),
    perStep: model.constant('FLOAT', [], [1 / 127]),
    least: model.constant('FLOAT', [], [1e-30]),
    lastAxis: model.constant('INT64', [1], [-1]),
    rotations: new Map<number, string>(),
  }
}

function quantizeInput(model: OnnxModel, input: string, {perStep, least, lastAxis, byteZero}: Constants): Quantized {
  const largest = model.op('ReduceMax', [model.op('Abs', [input]), lastAxis], {keepdims: 1})
  const scales = model.op('Max', [model.op('Mul', [largest, perStep]), least])
  const byRow = model.op('Reshape', [scales, lastAxis])
  const zeros = model.op('Expand', [byteZero, model.op('Shape', [byRow])])
  return {bytes: model.op('QuantizeLinear', [input, byRow, zeros], {axis: 0}), scales}
}

function rotate(model: OnnxModel, input: string, inFeatures: number, {rotations}: Constants): string {
  const size = rotationSize(inFeatures)
  const matrix = rotations.get(size) ?? model.constant('FLOAT', [size, size], rotationMatrix(size))
  rotations.set(size, matrix)
  const blocks = model.op('Reshape', [input, model.constant('INT64', [2], [-1, size])])
  return model.op('Reshape', [model.op('MatMul', [blocks, matrix]), model.constant('INT64', [2], [-1, inFeatures])])
}
