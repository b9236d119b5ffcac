import {protobuf, type ProtobufWriter} from './protobuf.js'

/** Tensor element types by their ONNX names, with the number that onnx.proto gives them and their size in bytes. */
const ELEMENT_TYPES = {
  FLOAT: {number: 1, bytes: 4},
  UINT8: {number: 2, bytes: 1},
  INT8: {number: 3, bytes: 1},
  INT32: {number: 6, bytes: 4},
  INT64: {number: 7, bytes: 8},
  FLOAT16: {number: 10, bytes: 2},
  BFLOAT16: {number: 16, bytes: 2},
} as const
export type ElementType = keyof typeof ELEMENT_TYPES

/** Domain of ONNX Runtime's own operators. */
export const MICROSOFT = 'com.microsoft'

/** Where a tensor's bytes lie: `location` is a path below the session's external data folder. */
interface ExternalData {
  readonly location: string
  readonly offset: number
  readonly bytes: number
}

type AttributeValue = number | {readonly float: number} | {readonly ints: readonly number[]}

/** A fixed size, or the name of one that each run chooses. */
type Dimension = number | string

interface OnnxNode {
  readonly type: string
  /** Default: the standard ONNX operators; {@link MICROSOFT} for ONNX Runtime's own. */
  readonly domain?: string
  /** An empty string leaves an optional input out. */
  readonly inputs: readonly string[]
  readonly attributes?: Readonly<Record<string, AttributeValue>>
}

/** Collects nodes and tensors of a model; names of values are made here, unique. */
export interface OnnxModel {
  input(name: string, type: ElementType, shape: readonly Dimension[]): string
  output(value: string, type: ElementType, shape: readonly Dimension[]): void
  /** Adds a node and returns the names of its outputs; `outputs` may name some, the empty string leaves one out. */
  node(node: OnnxNode, outputs?: readonly string[]): string[]
  /** Adds a node with a single output. */
  op(type: string, inputs: readonly string[], attributes?: OnnxNode['attributes'], domain?: string): string
  /** A small tensor that travels inside the model. */
  constant(type: ElementType, shape: readonly number[], values: readonly number[]): string
  /** A tensor whose bytes stay where they are on disk. */
  external(name: string, type: ElementType, shape: readonly number[], data: ExternalData): string
  finish(): Uint8Array
}

// Field numbers are those of onnx.proto (ONNX 1.16, IR version 10, opset 20); ORT 1.30 reads them and newer ones.
const IR_VERSION = 10
const OPSET = 20
const ATTRIBUTE_TYPE = {float: 1, int: 2, ints: 7} as const

function attribute(name: string, value: AttributeValue): ProtobufWriter {
  const message = protobuf().string(1, name)
  if (typeof value === 'number') return message.varint(3, value).varint(20, ATTRIBUTE_TYPE.int)
  if ('float' in value) return message.float(2, value.float).varint(20, ATTRIBUTE_TYPE.float)
  for (const item of value.ints) message.varint(8, item)
  return message.varint(20, ATTRIBUTE_TYPE.ints)
}

function valueInfo(name: string, type: ElementType, shape: readonly Dimension[]): ProtobufWriter {
  const dims = protobuf()
  for (const size of shape) {
    dims.message(1, typeof size === 'number' ? protobuf().varint(1, size) : protobuf().string(2, size))
  }
  const tensor = protobuf().varint(1, ELEMENT_TYPES[type].number).message(2, dims)
  return protobuf().string(1, name).message(2, protobuf().message(1, tensor))
}

function tensor(name: string, type: ElementType, shape: readonly number[]): ProtobufWriter {
  const message = protobuf()
  for (const size of shape) message.varint(1, size)
  return message.varint(2, ELEMENT_TYPES[type].number).string(8, name)
}

function rawData(type: ElementType, values: readonly number[]): Uint8Array {
  const size = ELEMENT_TYPES[type].bytes
  const view = new DataView(new ArrayBuffer(values.length * size))
  values.forEach((value, i) => {
    if (type === 'FLOAT') view.setFloat32(i * size, value, true)
    else if (type === 'INT64') view.setBigInt64(i * size, BigInt(value), true)
    else if (type === 'INT32') view.setInt32(i * size, value, true)
    else if (type === 'INT8' || type === 'UINT8') view.setUint8(i, value & 255)
    else throw new TypeError(`no constants of type ${type}`)
  })
  return new Uint8Array(view.buffer)
}

function entry(key: string, value: string): ProtobufWriter {
  return protobuf().string(1, key).string(2, value)
}

/** An empty model; `finish()` gives its bytes as ONNX Runtime reads them. */
export function onnxModel(name: string): OnnxModel {
  const nodes: ProtobufWriter[] = []
  const tensors: ProtobufWriter[] = []
  const inputs: ProtobufWriter[] = []
  const outputs: ProtobufWriter[] = []
  let made = 0
  const model: OnnxModel = {
    input(value, type, shape) {
      inputs.push(valueInfo(value, type, shape))
      return value
    },
    output(value, type, shape) {
      outputs.push(valueInfo(value, type, shape))
    },
    node({type, domain = '', inputs: from, attributes = {}}, to = [`${type}_${made++}`]) {
      const message = protobuf()
      for (const value of from) message.string(1, value)
      for (const value of to) message.string(2, value)
      message.string(3, `node_${nodes.length}`).string(4, type)
      for (const [key, value] of Object.entries(attributes)) message.message(5, attribute(key, value))
      nodes.push(message.string(7, domain))
      return [...to]
    },
    op(type, from, attributes = {}, domain = '') {
      const value = `${type}_${made++}`
      model.node({type, domain, inputs: from, attributes}, [value])
      return value
    },
    constant(type, shape, values) {
      const value = `constant_${made++}`
      tensors.push(tensor(value, type, shape).bytes(9, rawData(type, values)))
      return value
    },
    external(value, type, shape, data) {
      const message = tensor(value, type, shape)
        .message(13, entry('location', data.location))
        .message(13, entry('offset', String(data.offset)))
        .message(13, entry('length', String(data.bytes)))
        .varint(14, 1)
      tensors.push(message)
      return value
    },
    finish() {
      const graph = protobuf()
      for (const node of nodes) graph.message(1, node)
      graph.string(2, name)
      for (const item of tensors) graph.message(5, item)
      for (const item of inputs) graph.message(11, item)
      for (const item of outputs) graph.message(12, item)
      const message = protobuf().varint(1, IR_VERSION).string(2, 'polar').message(7, graph)
      for (const [domain, version] of [
        ['', OPSET],
        [MICROSOFT, 1],
      ] as const) {
        message.message(8, protobuf().string(1, domain).varint(2, version))
      }
      return message.finish()
    },
  }
  return model
}
