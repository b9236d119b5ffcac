import type {OnnxModel} from './onnx-model.js'

/** One linear layer: `input` [rows, inFeatures] to [rows, outFeatures]. */
export interface LinearLayer {
  /** The checkpoint's name without `.weight` or `.bias`. */
  readonly name: string
  readonly input: string
  readonly inFeatures: number
  readonly outFeatures: number
}

/** How the net's weights enter the graph: in their own precision, or quantised. Each function returns the name of a float value. */
export interface Weights {
  readonly dtype: 'f32' | 'q8'
  /** Rows of the embedding table for `ids` [rows]: [rows, hidden]. */
  embedding(model: OnnxModel, ids: string): string
  linear(model: OnnxModel, layer: LinearLayer): string
  /** A whole tensor [size] in float. */
  vector(model: OnnxModel, name: string, size: number): string
  /** A whole tensor in float. */
  matrix(model: OnnxModel, name: string, shape: readonly [number, number]): string
}
