import fc from 'fast-check'
import {expect, test} from 'vitest'
import {appendMember, spliceMember} from '../../../src/rows/splice.js'

test.each([
  ['{"a":1.0,"b":12345678901234567890}', '{"a":1.0,"b":12345678901234567890,"reward":2.5}'],
  ['{ "a" : "}" }', '{ "a" : "}" ,"reward":2.5}'],
  ['{"a":{"reward":1}}', '{"a":{"reward":1},"reward":2.5}'],
])('appends to %s and touches nothing', (row, expected) => {
  expect(appendMember(Buffer.from(row), 'reward', '2.5').toString()).toBe(expected)
})

test.each([
  ['{"reward":1,"a":1.0}', '{"a":1.0,"reward":2.5}'],
  ['{"a":[{"reward":1},"]}"] , "reward" : {"x":[1,"}"]} ,"b":1e400}', '{"a":[{"reward":1},"]}"],"b":1e400,"reward":2.5}'],
  [String.raw`{"rew\u0061rd":"\"","a":"\\"}`, String.raw`{"a":"\\","reward":2.5}`],
  ['{"reward":null}', '{"reward":2.5}'],
  ['{"a":-0.10,"reward":true}', '{"a":-0.10,"reward":2.5}'],
])('replaces the reward of %s', (row, expected) => {
  expect(spliceMember(Buffer.from(row), 'reward', '2.5').toString()).toBe(expected)
})

test('a row without the key keeps its bytes', () => {
  expect(spliceMember(Buffer.from('{"m":1, "z":1.0 }'), 'reward', '2.5', ['error']).toString()).toBe(
    '{"m":1, "z":1.0 ,"reward":2.5}',
  )
})

test('the other members keep their values, whatever they are', () => {
  const rows = fc.dictionary(fc.oneof(fc.string(), fc.constant('reward'), fc.constant('error')), fc.jsonValue(), {
    noNullPrototype: true,
  })
  fc.assert(
    fc.property(rows, fc.nat(3), (row, indent) => {
      const spliced: unknown = JSON.parse(
        spliceMember(Buffer.from(JSON.stringify(row, undefined, indent)), 'reward', '7', ['error']).toString(),
      )
      const {reward: _reward, error: _error, ...others} = JSON.parse(JSON.stringify(row))
      expect(spliced).toEqual({...others, reward: 7})
    }),
  )
})
