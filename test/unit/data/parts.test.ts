import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {createControlTokens} from '../../../src/data/control-tokens.js'
import {createPairIndex} from '../../../src/data/pair-index.js'
import {scriptOf} from '../../../src/data/script.js'
import {createCollector} from '../../../src/data/stats/distribution.js'
import {isDateLike} from '../../../src/data/xtuner/date-like.js'

describe('texts that Arrow takes for times (asked: pyarrow 18.1.0)', () => {
  test.each([
    '2024-01-01',
    '2024-01-01 10',
    '2024-01-01T10:00',
    '2024-01-01 10:00:00',
    '2024-01-01T10:00:00Z',
    '2024-01-01 10:00:00+0200',
    '2024-01-01 10:00:00-02',
    '2024-01-01 10+02:00',
    '2000-02-29',
    '0001-01-01',
  ])('%s', (text) => expect(isDateLike(text)).toBe(true))
  test.each([
    '2024-01-01Z',
    '2024-01-01t10:00',
    '2024-01-01T10:00:00.1',
    '2024-01-01 24:00',
    '2023-02-29',
    '1900-02-29',
    '2024-1-01',
    '20240101',
    '2024-01-01 ',
    '2024-01-01 10:00:00 +02:00',
    '2024-01-01 10:00:00+24:00',
    '',
  ])('not %j', (text) => expect(isDateLike(text)).toBe(false))
})

test('the index of pairs knows every pair again, and its reverse, and no other', () => {
  const text = fc.string({maxLength: 3})
  fc.assert(
    fc.property(fc.array(fc.tuple(text, text, text), {maxLength: 60}), (pairs) => {
      const index = createPairIndex()
      const lines = new Map<string, number>()
      for (const [line, [prompt, chosen, rejected]] of pairs.entries()) {
        if (chosen === rejected) continue
        const found = index.add(Buffer.from(prompt), Buffer.from(chosen), Buffer.from(rejected), line + 1)
        const key = JSON.stringify([prompt, chosen, rejected])
        const reverse = lines.get(JSON.stringify([prompt, rejected, chosen]))
        if (lines.has(key)) expect(found).toEqual({relation: 'duplicate', line: lines.get(key)})
        else {
          expect(found).toEqual(reverse === undefined ? undefined : {relation: 'reversed', line: reverse})
          lines.set(key, line + 1)
        }
      }
    }),
  )
})

test('the index of pairs grows', () => {
  const index = createPairIndex()
  const add = (i: number) => index.add(Buffer.from(`p${i}`), Buffer.from('a'), Buffer.from('b'), i)
  for (let i = 1; i <= 50_000; i++) expect(add(i)).toBeUndefined()
  expect(add(77)).toEqual({relation: 'duplicate', line: 77})
  expect(add(49_999)).toEqual({relation: 'duplicate', line: 49_999})
})

test.each<[string, string | undefined]>([
  ['What is the capital of France?', 'Latin'],
  ['法国的首都是哪里？', 'Han'],
  ['日本で一番高い山は何ですか。', 'Kana'],
  ['한국의 수도는 어디입니까?', 'Hangul'],
  ['Столица Франции', 'Cyrillic'],
  ['ما هي عاصمة مصر؟', 'Arabic'],
  ['Thủ đô của Việt Nam là gì?', 'Latin'],
  ['\\n\\n\\t\\n12345', undefined],
  ['42', undefined],
])('script of %s', (text, script) => expect(scriptOf(Buffer.from(text))).toBe(script))

test('control tokens, and those that come alive', () => {
  const tokens = createControlTokens()
  expect(tokens.in('a <s> b </s>')).toEqual(['<s>', '</s>'])
  expect(tokens.aliveIn('a <s> b')).toEqual([])
  expect(tokens.aliveIn('<|rew<s>ard|>')).toEqual(['<|reward|>'])
  expect(tokens.mayBeIn(Buffer.from('{"a":"x < y"}'))).toBe(false)
  expect(tokens.mayBeIn(Buffer.from('{"a":"\\u003cs>"}'))).toBe(true)
  expect(tokens.mayBeIn(Buffer.from('{"a":"[UNUSED_TOKEN_130]"}'))).toBe(true)
})

test('percentiles are exact, and every value is in a bin', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(100_000), {minLength: 1, maxLength: 300}), (values) => {
      const collector = createCollector()
      for (const value of values) collector.add(value)
      const {median, min, max, count, histogram} = collector.summary()
      const sorted = values.toSorted((a, b) => a - b)
      expect([min, median, max, count]).toEqual([
        sorted[0],
        sorted[Math.ceil(values.length / 2) - 1],
        sorted.at(-1),
        values.length,
      ])
      expect(histogram.counts.reduce((sum, n) => sum + n, 0)).toBe(values.length)
      expect(histogram.edges).toEqual(histogram.edges.toSorted((a, b) => a - b))
      for (const [i, n] of histogram.counts.entries()) {
        const isLast = i === histogram.counts.length - 1
        const inBin = values.filter((v) => v >= histogram.edges[i]! && (v < histogram.edges[i + 1]! || isLast))
        expect(n).toBe(inBin.length)
      }
    }),
  )
})
