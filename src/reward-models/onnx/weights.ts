import type {OnnxModel} from './onnx-model.js'

/** One linear layer and its input, [rows, inputs] to [rows, outputs]. */
export interface LinearLayer {
  /** The checkpoint's name without `.weight` or `.bias`. */
  readonly name: string
  readonly input: string
}

/** How the net's weights enter the graph: in their own precision, or quantised. Each function returns the name of a float value. */
export interface Weights {
  /** Rows of the embedding table for `ids` [rows]: [rows, hidden]. */
  embedding(model: OnnxModel, ids: string): string
  linear(model: OnnxModel, layer: LinearLayer): string
  /** A whole tensor, which is not the weight of a linear layer. */
  tensor(model: OnnxModel, name: string): string
}
