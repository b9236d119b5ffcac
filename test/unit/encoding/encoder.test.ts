import {beforeAll, describe, expect, test} from 'vitest'
import fc from 'fast-check'
import {createEncoder, type EncoderOptions} from '../../../src/encoding/encoder.js'
import {SCORE_TOKEN, SEPARATOR_TOKEN} from '../../../src/encoding/format-tokens.js'
import {loadTokenizer} from '../../../src/encoding/tokenizer/load.js'
import type {LoadedTokenizer} from '../../../src/encoding/tokenizer/tokenizer-traits.js'
import {PolarError} from '../../../src/errors.js'
import type {Row} from '../../../src/rows/row.js'
import {oddText} from '../../fixtures/odd-text.js'
import {referenceTokenizer} from '../../fixtures/reference-tokenizer.js'
import {withoutTraits} from '../../fixtures/without-traits.js'

let tokenizer: LoadedTokenizer
beforeAll(async () => {
  tokenizer = await loadTokenizer(referenceTokenizer)
})

function encode(row: unknown, options: EncoderOptions = {}) {
  return createEncoder(tokenizer, options).encode(row as Row)
}

describe('the text', () => {
  // All but the last three are rows of fixtures/reference/encode.jsonl.
  test.each<[string, unknown, string]>([
    ['empty parts keep their line breaks', {prompt: '', reference: '', output: ''}, '\n<|reward|>\n[UNUSED_TOKEN_130]'],
    ['an empty reference too', {prompt: 'p', reference: '', output: 'x'}, 'p\n<|reward|>p\nx[UNUSED_TOKEN_130]'],
    ['pretrain has none', {prompt: 'p', reference: 'a', output: '', wrapper: 'pretrain'}, 'pa<|reward|>p[UNUSED_TOKEN_130]'],
    ['another wrapper is sft', {prompt: 'p', reference: 'a', output: 'b', wrapper: 3}, 'p\na<|reward|>p\nb[UNUSED_TOKEN_130]'],
    ['no messages are no text', {prompt: [], reference: [], output: []}, '\n<|reward|>\n[UNUSED_TOKEN_130]'],
    [
      'roles are not looked at',
      {prompt: 'p', reference: [{content: 'only content'}], output: [{role: 5, content: 'c'}]},
      'p\nonly content<|reward|>p\nc[UNUSED_TOKEN_130]',
    ],
    ['special tokens go', {prompt: 'a<s>b', reference: '<|reward|>', output: '</s>c'}, 'ab\n<|reward|>ab\nc[UNUSED_TOKEN_130]'],
    ['▁ is a space', {prompt: '▁a▁', reference: 'b', output: 'c'}, ' a \nb<|reward|> a \nc[UNUSED_TOKEN_130]'],
    [
      'messages are joined by line breaks',
      {prompt: [{content: 'a'}, {content: 'b'}], reference: 'c', output: 'd'},
      'a\nb\nc<|reward|>a\nb\nd[UNUSED_TOKEN_130]',
    ],
  ])('%s', (_name, row, text) => expect(encode(row).text).toBe(text))
})

describe('cuts', () => {
  const row = {prompt: 'a b c d', reference: 'e f g', output: 'h i j'}

  test('a response keeps its head, BOS counted, or its tail', () => {
    const limits = {maxResponseLength: 3}
    expect(encode(row, limits)).toMatchObject({text: expect.stringMatching(/^a b c d\ne f</), cut: ['reference', 'output']})
    expect(encode(row, {...limits, responseCutSide: 'left'}).text).toMatch(/^a b c d\ne? ?f g</)
  })
  test('the prompt keeps its tail', () => {
    expect(encode(row, {maxLength: 16})).toMatchObject({
      text: ' c d\ne f g<|reward|> c d\nh i j[UNUSED_TOKEN_130]',
      cut: ['prompt'],
    })
  })
  test('room for nothing keeps the whole prompt, which still counts as cut', () => {
    expect(encode(row, {maxLength: 12})).toMatchObject({text: expect.stringMatching(/^a b c d\n/), cut: ['prompt']})
  })
  test('room below nothing drops that many ids from the front', () => {
    expect(encode(row, {maxLength: 8}).text).toMatch(/^ b c d\n/)
  })
  test('a cut inside a character makes every byte of the run U+FFFD', () => {
    expect(encode({prompt: '', reference: '😀😀', output: ''}, {maxResponseLength: 7}).text).toMatch(/^\n\u{fffd}{6}</u)
  })
})

describe('what is known without tokenizing equals what tokenizing gives', () => {
  const part = fc.oneof(
    oddText(),
    fc.array(
      oddText().map((content) => ({content})),
      {maxLength: 3},
    ),
  )
  const rows = fc.record({prompt: part, reference: part, output: part, wrapper: fc.constantFrom('sft', 'pretrain', null)})
  const limits = fc.record({
    maxLength: fc.oneof(fc.constant(16_384), fc.integer({min: -2, max: 160})),
    maxResponseLength: fc.oneof(fc.constant(4096), fc.integer({min: -2, max: 40})),
    responseCutSide: fc.constantFrom('right' as const, 'left' as const),
  })

  test('for any row and limits', () => {
    const plain = withoutTraits(tokenizer)
    fc.assert(
      fc.property(rows, limits, (row, options) => {
        const quick = createEncoder(tokenizer, options).encode(row)
        const slow = createEncoder(plain, options).encode(row)
        expect({...quick}).toEqual({...slow})
      }),
      {numRuns: 500},
    )
  })
  test('and most rows are not tokenized', () => {
    const counted = {...tokenizer, encode: () => expect.fail('tokenized')}
    expect(createEncoder(counted).encode({prompt: 'p'.repeat(2000), reference: 'a<s>', output: '好'.repeat(1000)}).cut).toEqual(
      [],
    )
  })
})

describe('control tokens that the format did not put there', () => {
  test.each<[string, unknown, readonly string[]]>([
    ['none in a clean row', {prompt: 'p', reference: 'r', output: 'o'}, []],
    ['none where upstream drops them', {prompt: '<|reward|>', reference: '<s>', output: '[UNUSED_TOKEN_130]'}, []],
    ['one that closes over a dropped one', {prompt: 'p', reference: 'r', output: '<|rew<s>ard|>'}, ['<|reward|>']],
    ['a score token in the prompt', {prompt: '[UNUSED_<unk>TOKEN_130]', reference: 'r', output: 'o'}, ['[UNUSED_TOKEN_130]']],
    ['one made by two parts', {prompt: '<|rew', reference: 'ard|>', output: 'o', wrapper: 'pretrain'}, ['<|reward|>']],
    ['none where a line break is between', {prompt: '<|rew', reference: 'ard|>', output: 'o'}, []],
    ['each once, as they come', {prompt: '<|rew<s>ard|>', reference: '<<s>/s>', output: '<<s>s>'}, ['<|reward|>', '</s>', '<s>']],
  ])('%s', (_name, row, expected) => {
    expect(encode(row).strayControlTokens).toEqual(expected)
    expect(createEncoder(withoutTraits(tokenizer)).encode(row as Row).strayControlTokens).toEqual(expected)
  })
})

test('ids are made once, when asked for', () => {
  let calls = 0
  const counting = {...tokenizer, encode: (text: string) => (calls++, tokenizer.encode(text))}
  const input = createEncoder(counting).encode({prompt: 'p', reference: 'a', output: 'b'})
  expect(calls).toBe(0)
  expect([...input.ids]).toEqual(tokenizer.encode(input.text))
  expect(input.ids).toBe(input.ids)
  expect(calls).toBe(1)
})

describe('rows that have no text', () => {
  test.each<[unknown, string]>([
    [{reference: 'a', output: 'b'}, '/prompt'],
    [{prompt: null, reference: 'a', output: 'b'}, '/prompt'],
    [{prompt: 'p', reference: 'a', output: {role: 'assistant', content: 'x'}}, '/output'],
    [{prompt: ['hi'], reference: 'a', output: 'b'}, '/prompt/0'],
    [{prompt: 'p', reference: [{content: 'a'}, {role: 'user'}], output: 'b'}, '/reference/1/content'],
    [{prompt: 'p', reference: 'a', output: [{content: 'x'}, {content: 'x'}, {content: 5}]}, '/output/2/content'],
    [{prompt: 'p', reference: 'x\udc00y', output: 'b'}, '/reference'],
    [{prompt: 'p', reference: 'a', output: [{content: '\ud83d'}, {content: '\ude00'}]}, '/output/0/content'],
  ])('%j', (row, pointer) => {
    expect(() => encode(row)).toThrow(
      expect.objectContaining({code: 'ROW_INVALID', facts: {pointer}, message: expect.stringContaining(pointer)}),
    )
  })
})

test('a tokenizer that does not declare the tokens of the format is refused with what it declares', () => {
  const specialTokens = new Map([
    ['<s>', 1],
    [SEPARATOR_TOKEN, 7],
  ])
  const create = () => createEncoder({...tokenizer, specialTokens})
  expect(create).toThrow(PolarError)
  expect(create).toThrow(
    expect.objectContaining({code: 'MODEL_UNSUPPORTED', facts: {missing: [SCORE_TOKEN], declared: ['<s>', SEPARATOR_TOKEN]}}),
  )
})
