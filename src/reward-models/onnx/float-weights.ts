import {storedTensor, type Checkpoint, type StoredTensor} from './checkpoint.js'
import {externalLocation} from './external-folder.js'
import type {ElementType, OnnxModel} from './onnx-model.js'
import type {SafetensorsType} from './safetensors.js'
import type {Weights} from './weights.js'

const ELEMENT_TYPE: Readonly<Record<SafetensorsType, ElementType>> = {F32: 'FLOAT', F16: 'FLOAT16', BF16: 'BFLOAT16'}

/** ONNX names the types of a Cast by number; 1 is float. */
const TO_FLOAT = {to: 1}

/**
 * The checkpoint's own tensors, read by ONNX Runtime at their offsets in the safetensors files, half types widened when the
 * session loads. `folder` is the session's external data folder.
 */
export function floatWeights(checkpoint: Checkpoint, folder: string): Weights {
  const added = new Set<string>()
  const external = (model: OnnxModel, tensor: StoredTensor): string => {
    if (!added.has(tensor.name)) {
      const location = externalLocation(folder, tensor.file)
      model.external(tensor.name, ELEMENT_TYPE[tensor.type], tensor.shape, {location, offset: tensor.offset, bytes: tensor.bytes})
      added.add(tensor.name)
    }
    return tensor.name
  }
  const widened = (model: OnnxModel, name: string): string => {
    const tensor = storedTensor(checkpoint, name)
    const value = external(model, tensor)
    return tensor.type === 'F32' ? value : model.op('Cast', [value], TO_FLOAT)
  }
  return {
    embedding(model, ids) {
      // Rows are picked before they are widened: the table is by far the largest tensor and is never needed whole.
      const tensor = storedTensor(checkpoint, 'model.tok_embeddings.weight')
      const rows = model.op('Gather', [external(model, tensor), ids])
      return tensor.type === 'F32' ? rows : model.op('Cast', [rows], TO_FLOAT)
    },
    linear(model, {name, input}) {
      const inputs = [input, widened(model, `${name}.weight`)]
      if (checkpoint.tensors.has(`${name}.bias`)) inputs.push(widened(model, `${name}.bias`))
      return model.op('Gemm', inputs, {transB: 1})
    },
    tensor: widened,
  }
}
