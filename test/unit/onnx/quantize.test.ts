import {describe, expect, test} from 'vitest'
import {q8Scheme} from '../../../src/reward-models/onnx/q8-scheme.js'
import {quantizeRows, rotateBlocks, rotationMatrix, rotationSize} from '../../../src/reward-models/onnx/quantize.js'
import {widen} from '../../../src/reward-models/onnx/widen.js'

/** Numbers in [-1, 1), the same every time. */
const numbers = (count: number): Float32Array => Float32Array.from({length: count}, (_, i) => Math.sin(i * i + 1))

test.each([
  ['x64', ['avx2', 'fma'], 'u8', 'unsigned', 'signed-pairs'],
  ['x64', ['avx2', 'avx512f', 'avx512bw'], 'u8', 'unsigned', 'signed-pairs'],
  ['x64', ['avx2', 'avx512f', 'avx512_vnni'], 's8', 'signed', 'signed'],
  ['x64', ['avx2', 'avx_vnni'], 's8', 'signed', 'signed'],
  ['x64', [], 'u8', 'unsigned', 'signed-pairs'],
  ['arm64', [], 's8', 'signed', 'signed'],
])('%s with %j is quantised as %s', (arch, flags, name, w1, w2) => {
  const scheme = q8Scheme(arch, new Set(flags))
  expect([scheme.name, scheme.form('w1'), scheme.form('w2')]).toEqual([name, w1, w2])
})

describe('rows of weights', () => {
  const signed = (values: Uint8Array): Int8Array => new Int8Array(values.buffer)

  test.each(['signed', 'unsigned', 'signed-pairs'] as const)('%s: half a step is the largest error', (form) => {
    const weights = numbers(4 * 50).map((x, i) => x * 10 ** (Math.floor(i / 50) - 2))
    const {values, scales} = quantizeRows(weights, 50, form)
    for (const [i, weight] of weights.entries()) {
      const value = form === 'unsigned' ? (values[i] ?? 0) - 128 : (signed(values)[i] ?? 0)
      const scale = scales[Math.floor(i / 50)] ?? 0
      expect(Math.abs(value * scale - weight)).toBeLessThanOrEqual(scale * 0.500001)
    }
  })

  test('8 bits are used up', () => {
    expect([...signed(quantizeRows(Float32Array.of(0.5, -2, 0, 1), 4, 'signed').values)]).toEqual([32, -127, 0, 64])
    expect([...quantizeRows(Float32Array.of(0.5, -2, 0, 1), 4, 'unsigned').values]).toEqual([160, 1, 128, 192])
  })

  test('neighbours of one sign never sum above 128, and no more is given away than that takes', () => {
    const {values, scales} = quantizeRows(numbers(64 * 33), 33, 'signed-pairs')
    for (let row = 0; row < 64; row++) {
      const sums = Array.from({length: 16}, (_, pair) => {
        const [a = 0, b = 0] = signed(values).subarray(row * 33 + 2 * pair)
        return a * b > 0 ? Math.abs(a + b) : Math.max(Math.abs(a), Math.abs(b))
      })
      expect(Math.max(...sums)).toBeLessThanOrEqual(128)
      expect(Math.max(...sums)).toBeGreaterThanOrEqual(126)
    }
    expect(scales.every((scale) => scale > 0)).toBe(true)
    expect([...signed(quantizeRows(Float32Array.of(1, -1, 0.5, 0), 4, 'signed-pairs').values)]).toEqual([127, -127, 64, 0])
  })

  test.each([Number.NaN, Infinity, -Infinity])('%d makes the scale of its row NaN, and of no other', (odd) => {
    const {scales} = quantizeRows(Float32Array.of(1, odd, 3, 1, 2, 3), 3, 'unsigned')
    expect([...scales]).toEqual([Number.NaN, Math.fround(3 / 127)])
  })

  test('a row of zeros', () => {
    expect(quantizeRows(new Float32Array(2), 2, 'unsigned')).toEqual({
      values: Uint8Array.of(128, 128),
      scales: Float32Array.of(0),
    })
  })
})

describe('rotation', () => {
  test.each([
    [8192, 64],
    [14_336, 64],
    [96, 32],
    [18, 2],
    [5, 1],
  ])('%d inputs are rotated in blocks of %d', (columns, size) => expect(rotationSize(columns)).toBe(size))

  test('is what its matrix says, and its own inverse', () => {
    const before = numbers(64)
    const after = before.slice()
    rotateBlocks(after, 32)
    const matrix = rotationMatrix(32)
    for (const [i, value] of after.entries()) {
      const block = before.subarray(i - (i % 32), i - (i % 32) + 32)
      const expected = block.reduce((sum, x, k) => sum + x * (matrix[k * 32 + (i % 32)] ?? 0), 0)
      expect(value).toBeCloseTo(expected, 5)
    }
    rotateBlocks(after, 32)
    for (const [i, value] of after.entries()) expect(value).toBeCloseTo(before[i] ?? 0, 5)
  })
})

describe('widening', () => {
  const bytes = (...halves: number[]): Uint8Array => new Uint8Array(Uint16Array.from(halves).buffer)
  test('binary16', () => {
    const halves = bytes(0x3c00, 0xc000, 0x7bff, 0x0400, 0x0001, 0x8000, 0x7c00, 0xfc00, 0x7e00, 0x3555)
    const expected = [1, -2, 65_504, 2 ** -14, 2 ** -24, -0, Infinity, -Infinity, Number.NaN, 0.333_251_953_125]
    expect([...widen(halves, 'F16')]).toEqual(expected)
  })
  test('bfloat16', () => {
    const expected = [1, -2, 2 ** 127, 0.333_984_375, Infinity, -0, Number.NaN]
    expect([...widen(bytes(0x3f80, 0xc000, 0x7f00, 0x3eab, 0x7f80, 0x8000, 0x7fc0), 'BF16')]).toEqual(expected)
  })
  test('float32, wherever its bytes lie', () => {
    const data = new Uint8Array(9)
    data.set(new Uint8Array(Float32Array.of(1.5, -0.1).buffer), 1)
    expect([...widen(data.subarray(1), 'F32')]).toEqual([1.5, Math.fround(-0.1)])
  })
})
