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
