import {PolarError} from '../../errors.js'
import type {AddedToken} from './added-tokens.js'
import {assembleTokenizer} from './assemble.js'
import {addBosAndEos, checkBytes, checkDeclared, refuse} from './declared-tokens.js'
import {buildPieceTexts} from './piece-texts.js'
import {scoreMerges} from './score-merges.js'
import {parseSentencePieceModel, type SentencePieceModel} from './sentencepiece-model.js'
import type {LoadedTokenizer} from './tokenizer-traits.js'
import type {TokenizerSettings} from './tokenizer-settings.js'
import {createVocabulary} from './vocabulary.js'

/** Special tokens that InternLM2's and Llama's classes name where the configuration does not. */
const DEFAULT_ROLES = {bos_token: '<s>', eos_token: '</s>', unk_token: '<unk>'}
/** Texts that InternLM2's converter gives the first three pieces, at score 0. */
const FIRST_PIECES = ['<unk>', '<s>', '</s>']

/**
 * The fast tokenizer that transformers 4.48 makes of a `tokenizer.model` with InternLM2's converter (tokenization_internlm2_fast.py).
 * Throws MODEL_UNSUPPORTED, naming what is not read.
 */
export function tokenizerFromSentencePiece(path: string, bytes: Buffer, settings: TokenizerSettings): LoadedTokenizer {
  const model = parse(path, bytes)
  checkModel(path, model)
  const {added, vocabulary, scores} = placeAddedTokens(path, model, settings)
  checkBytes(path, vocabulary)
  const roles = {...DEFAULT_ROLES, ...settings.roles}
  return assembleTokenizer({
    vocabulary,
    merges: scoreMerges(vocabulary, scores),
    addedTokens: added,
    spacesAreEscaped: true,
    prefix: model.addDummyPrefix ? '▁' : '',
    ...addBosAndEos(path, settings, roles, (name) => added.find((token) => token.content === name)?.id),
    dropLeadingSpace: model.addDummyPrefix,
    cleanUpSpaces: settings.cleanUpSpaces,
  })
}

function parse(path: string, bytes: Buffer): SentencePieceModel {
  try {
    return parseSentencePieceModel(bytes)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new PolarError('environment', 'MODEL_UNSUPPORTED', `${path} cannot be read: ${error.message}`, {
      suggestions: ['fetch this file again'],
      facts: {file: path},
      cause: error,
    })
  }
}

function checkModel(path: string, model: SentencePieceModel): void {
  if (model.algorithm !== 'bpe') refuse(path, `it is a SentencePiece model of type ${model.algorithm}, only bpe is read`)
  if (model.normalizer.hasRules) {
    refuse(path, `it normalises text with the rules ${model.normalizer.name || 'in the file'}, only identity is read`)
  }
  if (model.removeExtraWhitespaces) refuse(path, 'it removes extra whitespace')
  if (!model.escapeWhitespaces) refuse(path, 'it does not escape whitespace')
}

/** Added tokens take over the text of their id; those outside the vocabulary follow it, as `add_special_tokens` numbers them. */
function placeAddedTokens(path: string, model: SentencePieceModel, settings: TokenizerSettings) {
  checkDeclared(path, settings.declared)
  const {bytes, ranges} = model
  const scores = Float32Array.from(model.scores).fill(0, 0, FIRST_PIECES.length)
  const given = new Map(FIRST_PIECES.map((piece, id) => [id, piece]))
  for (const {id, content} of settings.declared) given.set(id, content)
  const builder = buildPieceTexts()
  for (let id = 0; id < scores.length; id++) {
    const text = given.get(id)
    if (text === undefined) builder.appendUtf8(bytes, ranges[2 * id] ?? 0, ranges[2 * id + 1] ?? 0)
    else builder.append(text)
  }
  const vocabulary = createVocabulary(builder.done())

  const added: AddedToken[] = []
  let next = scores.length
  const add = (content: string, normalized: boolean): number => {
    const known = vocabulary.idOf(content)
    const id = known === -1 ? next++ : known
    added.push({id, content, special: true, normalized})
    return id
  }
  for (const {id, content, normalized, special} of settings.declared) {
    const got = add(content, normalized ?? !special)
    if (got !== id) refuse(path, `the token ${content} is declared with the id ${id}, the vocabulary gives it ${got}`)
  }
  const declared = new Set(settings.declared.map((token) => token.content))
  for (const name of new Set([...Object.values(DEFAULT_ROLES), ...settings.specialNames]))
    if (!declared.has(name)) add(name, false)
  return {added, vocabulary, scores}
}
