/** Writes the few parts of Protocol Buffers that an ONNX file needs. Fields are appended in the order of the calls. */
export interface ProtobufWriter {
  /** An int32, int64, enum or bool. */
  varint(field: number, value: number): ProtobufWriter
  float(field: number, value: number): ProtobufWriter
  bytes(field: number, value: Uint8Array): ProtobufWriter
  string(field: number, value: string): ProtobufWriter
  message(field: number, value: ProtobufWriter): ProtobufWriter
  finish(): Uint8Array
}

const WIRE_VARINT = 0
const WIRE_LENGTH = 2
const WIRE_32_BIT = 5

function encodeVarint(value: number): number[] {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is not a safe integer`)
  const bytes = []
  // Negative numbers travel as their 64-bit two's complement: ten bytes.
  let rest = BigInt.asUintN(64, BigInt(value))
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128)
    rest >>= 7n
  }
  bytes.push(Number(rest))
  return bytes
}

/** An empty message. */
export function protobuf(): ProtobufWriter {
  const parts: Uint8Array[] = []
  const tag = (field: number, wire: number): number[] => encodeVarint(field * 8 + wire)
  const writer: ProtobufWriter = {
    varint(field, value) {
      parts.push(Uint8Array.from([...tag(field, WIRE_VARINT), ...encodeVarint(value)]))
      return writer
    },
    float(field, value) {
      const bytes = new DataView(new ArrayBuffer(4))
      bytes.setFloat32(0, value, true)
      parts.push(Uint8Array.from(tag(field, WIRE_32_BIT)), new Uint8Array(bytes.buffer))
      return writer
    },
    bytes(field, value) {
      parts.push(Uint8Array.from([...tag(field, WIRE_LENGTH), ...encodeVarint(value.byteLength)]), value)
      return writer
    },
    string: (field, value) => writer.bytes(field, new TextEncoder().encode(value)),
    message: (field, value) => writer.bytes(field, value.finish()),
    finish() {
      return Buffer.concat(parts)
    },
  }
  return writer
}
