import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, test} from 'vitest'
import {loadTokenizer} from '../../../src/encoding/tokenizer/load.js'
import {basicPieces, sentencePieceFile, type ModelFields, type Piece} from '../../fixtures/sentencepiece-file.js'
import {temporaryFolder} from '../../fixtures/temporary-folder.js'
import {tokenizerFile} from '../../fixtures/tokenizer-file.js'

async function checkpoint(files: Readonly<Record<string, unknown>>): Promise<string> {
  const directory = await temporaryFolder()
  for (const [name, body] of Object.entries(files)) {
    await writeFile(join(directory, name), Buffer.isBuffer(body) || typeof body === 'string' ? body : JSON.stringify(body))
  }
  return directory
}

const pieces: Piece[] = [...basicPieces(), ['a', -9], ['b', -9], ['▁', -9], ['ab', -1], ['▁a', -2], ['<|x|>', -9]]
const model = (fields: Partial<ModelFields> = {}) => sentencePieceFile({pieces, ...fields})
const token = (content: string, flags: Readonly<Record<string, boolean>> = {}) => ({
  content,
  special: true,
  normalized: false,
  ...flags,
})
const skip = {skipSpecialTokens: true}

// Ids of tokenizers 0.21.4 on the file that tokenizerFile() makes.
describe('tokenizer.json', () => {
  test.each<[string, number[], string]>([
    ['', [1, 2], ''],
    ['a', [1, 264, 2], 'a'],
    ['abc ab', [1, 262, 266, 262, 263, 2], 'abc ab'],
    ['a<s>ab', [1, 264, 1, 262, 263, 2], 'a ab'],
    ['  ab  c', [1, 267, 262, 263, 267, 261, 2], '  ab  c'],
    ['cab▁a', [1, 262, 261, 263, 264, 2], 'cab a'],
    ['aé', [1, 264, 198, 172, 2], 'aé'],
    ['<s> ab</s>', [1, 1, 267, 263, 2, 2], ' ab'],
  ])('%j', async (text, ids, decoded) => {
    const tokenizer = await loadTokenizer(await checkpoint({'tokenizer.json': tokenizerFile()}))
    expect(tokenizer.encode(text)).toEqual(ids)
    expect(tokenizer.decode(ids, skip)).toBe(decoded)
    expect(tokenizer.traits.isLossless).toBe(false)
  })

  test('merges as pairs are the same', async () => {
    const {model: bpe} = tokenizerFile()
    const paired = tokenizerFile({}, {merges: bpe.merges.map((merge) => merge.split(' '))})
    const tokenizer = await loadTokenizer(await checkpoint({'tokenizer.json': paired}))
    expect(tokenizer.encode('abc ab')).toEqual([1, 262, 266, 262, 263, 2])
  })
  test('for InternLM2 and Llama the configuration decides on BOS and EOS', async () => {
    const files = {'tokenizer.json': tokenizerFile(), 'tokenizer_config.json': {tokenizer_class: 'InternLM2Tokenizer'}}
    expect((await loadTokenizer(await checkpoint(files))).encode('a')).toEqual([1, 264])
  })

  test.each<[string, unknown, string]>([
    ['another model', tokenizerFile({}, {type: 'Unigram'}), 'Unigram'],
    ['no byte fallback', tokenizerFile({}, {byte_fallback: false}), 'byte fallback'],
    ['whole words first', tokenizerFile({}, {ignore_merges: true}), 'ignore_merges'],
    ['a normaliser', tokenizerFile({normalizer: {type: 'NFKC'}}), 'NFKC'],
    ['another replacement', tokenizerFile({normalizer: {type: 'Replace', pattern: {Regex: ' +'}, content: '▁'}}), 'Regex'],
    ['a pre-tokenizer', tokenizerFile({pre_tokenizer: {type: 'ByteLevel'}}), 'ByteLevel'],
    ['a post-processor', tokenizerFile({post_processor: {type: 'RobertaProcessing'}}), 'RobertaProcessing'],
    ['another decoder', tokenizerFile({decoder: {type: 'ByteLevel'}}), 'ByteLevel'],
    [
      'an added token that eats spaces',
      tokenizerFile({added_tokens: [{...token('<m>'), id: 9, lstrip: true, rstrip: false, single_word: false}]}),
      'lstrip',
    ],
    ['missing bytes', tokenizerFile({}, {vocab: {a: 0}, merges: []}), '256 of the 256 byte pieces'],
    ['ids with gaps', tokenizerFile({}, {vocab: {a: 0, b: 5}, merges: []}), '2 pieces and ids up to 5'],
    ['a merge of unknown pieces', tokenizerFile({}, {merges: ['a q']}), 'merge 0'],
    ['no JSON', '{"model":', 'not JSON'],
    ['no tokenizer', [], 'usual form'],
  ])('%s is refused', async (_name, file, found) => {
    const refusal = expect.objectContaining({code: 'MODEL_UNSUPPORTED', message: expect.stringContaining(found)})
    await expect(loadTokenizer(await checkpoint({'tokenizer.json': file}))).rejects.toThrow(refusal)
  })
})

describe('tokenizer.model', () => {
  test('merges by score, bytes for the rest', async () => {
    const tokenizer = await loadTokenizer(await checkpoint({'tokenizer.model': model()}))
    expect(tokenizer.encode(' ab aé')).toEqual([1, 261, 262, 263, 198, 172])
    expect(tokenizer.traits).toMatchObject({isLossless: true, extraIds: 1})
    expect([...tokenizer.specialTokens]).toEqual([
      ['<s>', 1],
      ['</s>', 2],
      ['<unk>', 0],
    ])
  })
  test('a dummy prefix goes in front of every stretch of text, and one space off when decoding', async () => {
    const tokenizer = await loadTokenizer(await checkpoint({'tokenizer.model': model({addDummyPrefix: true})}))
    expect(tokenizer.encode('a<s>ab')).toEqual([1, 263, 1, 261, 262])
    expect(tokenizer.decode([1, 263, 261, 262], skip)).toBe('a ab')
    expect(tokenizer.traits.isLossless).toBe(false)
  })
  test('BOS and EOS as the configuration says', async () => {
    const config = {add_bos_token: false, add_eos_token: true, eos_token: {content: '</s>', lstrip: false}}
    const tokenizer = await loadTokenizer(await checkpoint({'tokenizer.model': model(), 'tokenizer_config.json': config}))
    expect(tokenizer.encode('a')).toEqual([259, 2])
  })
  test('added tokens take the text of their id, those beyond the vocabulary follow it', async () => {
    const config = {added_tokens_decoder: {264: token('<|new|>'), 265: token('<|y|>')}}
    const tokenizer = await loadTokenizer(await checkpoint({'tokenizer.model': model(), 'tokenizer_config.json': config}))
    expect(tokenizer.encode('<|new|>a<|y|>')).toEqual([1, 264, 259, 265])
    expect(tokenizer.decode([264, 259, 265])).toBe('<|new|>a<|y|>')
    expect(tokenizer.decode([264, 259, 265], skip)).toBe('a')
    expect(tokenizer.vocabSize).toBe(266)
  })
  test('named special tokens that are not declared take their piece, or the next id', async () => {
    const config = {additional_special_tokens: ['<|x|>', '<|z|>']}
    const tokenizer = await loadTokenizer(await checkpoint({'tokenizer.model': model(), 'tokenizer_config.json': config}))
    expect(tokenizer.encode('<|x|><|z|>')).toEqual([1, 264, 265])
  })
  test('added_tokens.json and special_tokens_map.json, where the configuration declares none', async () => {
    const files = {'added_tokens.json': {'<|new|>': 265}, 'special_tokens_map.json': {additional_special_tokens: ['<|new|>']}}
    const tokenizer = await loadTokenizer(await checkpoint({'tokenizer.model': model(), ...files}))
    expect(tokenizer.specialTokens.get('<|new|>')).toBe(265)
  })
  test('of added tokens that begin together the longest is taken', async () => {
    const config = {added_tokens_decoder: {265: token('<a'), 266: token('<a>'), 267: token('a>b')}}
    const tokenizer = await loadTokenizer(await checkpoint({'tokenizer.model': model(), 'tokenizer_config.json': config}))
    expect(tokenizer.encode('<a><aa>b')).toEqual([1, 266, 265, 267])
  })
  test('spaces before punctuation go where the configuration cleans up', async () => {
    const config = {clean_up_tokenization_spaces: true}
    const tokenizer = await loadTokenizer(await checkpoint({'tokenizer.model': model(), 'tokenizer_config.json': config}))
    expect(tokenizer.decode(tokenizer.encode("a , b 's do n't ."), skip)).toBe("a, b's don't.")
  })

  test.each<[string, Readonly<Record<string, unknown>>, string]>([
    ['unigram', {'tokenizer.model': model({modelType: 1})}, 'type unigram'],
    ['rules of normalisation', {'tokenizer.model': model({charsMap: 'xyz'})}, 'normalises'],
    ['extra whitespace removed', {'tokenizer.model': model({removeExtraWhitespaces: true})}, 'extra whitespace'],
    [
      'a byte missing',
      {'tokenizer.model': model({pieces: pieces.filter(([text]) => text !== '<0x41>')})},
      '1 of the 256 byte pieces',
    ],
    ['a file cut short', {'tokenizer.model': model().subarray(0, 3000)}, 'past the end'],
    ['something else', {'tokenizer.model': '<!doctype html>'}, 'no SentencePiece model'],
    ['an empty file', {'tokenizer.model': ''}, 'no pieces'],
    [
      'a configuration that is no JSON',
      {'tokenizer.model': model(), 'tokenizer_config.json': '{'},
      'tokenizer_config.json is not JSON',
    ],
    ['a wrong configuration', {'tokenizer.model': model(), 'tokenizer_config.json': {add_bos_token: 3}}, 'add_bos_token'],
    [
      'an id that the vocabulary does not give',
      {'tokenizer.model': model(), 'tokenizer_config.json': {added_tokens_decoder: {300: token('<|new|>')}}},
      'id 300',
    ],
  ])('%s is refused', async (_name, files, found) => {
    const refusal = expect.objectContaining({code: 'MODEL_UNSUPPORTED', message: expect.stringContaining(found)})
    await expect(loadTokenizer(await checkpoint(files))).rejects.toThrow(refusal)
  })
})

test('a directory without a tokenizer is named, with what was looked for', async () => {
  const directory = await checkpoint({'config.json': {}})
  const refusal = expect.objectContaining({
    code: 'MODEL_NOT_FOUND',
    message: expect.stringContaining(directory),
    facts: {directory, lookedFor: ['tokenizer.model', 'tokenizer.json']},
  })
  await expect(loadTokenizer(directory)).rejects.toThrow(refusal)
  await expect(loadTokenizer(join(directory, 'nowhere'))).rejects.toThrow(expect.objectContaining({code: 'MODEL_NOT_FOUND'}))
})
