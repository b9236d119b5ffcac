import {expect, test} from 'vitest'
import {protobuf} from '../../../src/reward-models/onnx/protobuf.js'

// Bytes as Google's encoder writes them (protobuf.dev, "Encoding").
test.each([
  ['a small number', protobuf().varint(1, 150), [0x08, 0x96, 0x01]],
  ['zero', protobuf().varint(1, 0), [0x08, 0x00]],
  ['more than 32 bits', protobuf().varint(1, 2 ** 40 + 1), [0x08, 0x81, 0x80, 0x80, 0x80, 0x80, 0x20]],
  ['a negative number', protobuf().varint(1, -2), [0x08, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]],
  ['a field above 15', protobuf().varint(16, 1), [0x80, 0x01, 0x01]],
  ['a string', protobuf().string(2, 'testing'), [0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6e, 0x67]],
  ['a float', protobuf().float(2, 1.5), [0x15, 0x00, 0x00, 0xc0, 0x3f]],
  ['a message', protobuf().message(3, protobuf().varint(1, 150)), [0x1a, 0x03, 0x08, 0x96, 0x01]],
])('%s', (_, message, bytes) => {
  expect([...message.finish()]).toEqual(bytes)
})

test('a number that would lose digits', () => {
  expect(() => protobuf().varint(1, 2 ** 53)).toThrow(RangeError)
})
