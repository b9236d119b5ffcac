import fc from 'fast-check'
import {beforeAll, describe, expect, test} from 'vitest'
import {loadTokenizer} from '../../../src/encoding/tokenizer/load.js'
import type {LoadedTokenizer} from '../../../src/encoding/tokenizer/tokenizer-traits.js'
import {oddText} from '../../fixtures/odd-text.js'
import {referenceTokenizer} from '../../fixtures/reference-tokenizer.js'

let tokenizer: LoadedTokenizer
beforeAll(async () => {
  tokenizer = await loadTokenizer(referenceTokenizer)
})

// Rows of fixtures/reference/tokens.jsonl.
test.each<[string, number[]]>([
  ['', [1]],
  ['\n😀', [1, 364, 243, 162, 155, 131]],
  ['中😃', [1, 60366, 243, 162, 155, 134]],
  ['❤️‍🔥', [1, 64419, 63115, 64233, 243, 162, 151, 168]],
  ['\0', [1, 354]],
])('%j has the ids of the fast tokenizer', (text, ids) => expect(tokenizer.encode(text)).toEqual(ids))

test('special tokens come from the checkpoint', () => {
  expect(Object.fromEntries(tokenizer.specialTokens)).toEqual({
    '<unk>': 0,
    '<s>': 1,
    '</s>': 2,
    '<|reward|>': 92397,
    '[UNUSED_TOKEN_130]': 92527,
  })
  expect(tokenizer.vocabSize).toBe(92544)
  expect(tokenizer.encode('a<|reward|>b[UNUSED_TOKEN_130]')).toEqual([1, 264, 92397, 260, 92527])
})

describe('properties', () => {
  test('decode(encode(text)) is the text without special tokens, ▁ a space', () => {
    fc.assert(
      fc.property(oddText(), (text) => {
        const ids = tokenizer.encode(text)
        const expected = text.replaceAll(/<\|reward\|>|\[UNUSED_TOKEN_130\]|<unk>|<s>|<\/s>/g, '').replaceAll('▁', ' ')
        expect(tokenizer.decode(ids, {skipSpecialTokens: true})).toBe(expected)
        expect(tokenizer.decode(ids)).toBe(`<s>${text.replaceAll('▁', ' ')}`)
      }),
      {numRuns: 400},
    )
  })
  test('no text has more ids than bytes and BOS', () => {
    fc.assert(
      fc.property(oddText(), (text) => tokenizer.encode(text).length <= Buffer.byteLength(text) + tokenizer.traits.extraIds),
    )
  })
  test('a text between special tokens has the ids that it has alone', () => {
    fc.assert(
      fc.property(oddText(), oddText(), (before, after) => {
        const alone = [...tokenizer.encode(before), 92397, ...tokenizer.encode(after).slice(1)]
        expect(tokenizer.encode(`${before}<|reward|>${after}`)).toEqual(alone)
      }),
    )
  })
})

test('ids that are not in the vocabulary are left out when decoding', () => {
  expect(tokenizer.decode([1, 364, -1, 92544, 1e9, 364])).toBe('<s>\n\n')
})

test('a run of bytes that is no UTF-8 becomes one U+FFFD a byte, whole characters in it included', () => {
  expect(tokenizer.decode([243, 162, 155, 131, 243, 162])).toBe('\u{fffd}'.repeat(6))
  expect(tokenizer.decode([243, 162, 1, 155, 131], {skipSpecialTokens: true})).toBe('😀')
})

test('a text of 200,000 characters without a space is encoded', () => {
  const letters = tokenizer.encode('a'.repeat(200_000))
  expect(tokenizer.decode(letters, {skipSpecialTokens: true})).toBe('a'.repeat(200_000))
  const spaces = tokenizer.encode(' '.repeat(200_000))
  expect(spaces.length).toBeLessThan(20_000)
})

test('what was met before is remembered within bounds: the same text has the same ids after much else', () => {
  const text = 'The quick brown fox, 敏捷的棕色狐狸。'
  const before = tokenizer.encode(text)
  for (let at = 0; at < 60; at++) {
    const words = Array.from({length: 5000}, (_, word) => (at * 5000 + word).toString(36).replaceAll(/\d/g, 'qz'))
    tokenizer.encode(words.join('x'))
  }
  expect(tokenizer.encode(text)).toEqual(before)
})
