import {PolarError} from '../../errors.js'
import type {AddedToken} from './added-tokens.js'
import {assembleTokenizer, vocabularyWithBytes} from './assemble.js'
import {addBosAndEos, checkDeclared, refuse} from './declared-tokens.js'
import {scoreMerges} from './score-merges.js'
import {parseSentencePieceModel, type SentencePieceModel} from './sentencepiece-model.js'
import type {LoadedTokenizer} from './text-laws.js'
import type {TokenizerSettings} from './tokenizer-settings.js'

/** Special tokens that InternLM2's and Llama's classes name where the configuration does not. */
const defaultRoles = {bos_token: '<s>', eos_token: '</s>', unk_token: '<unk>'}
/** Texts that InternLM2's converter gives the first three pieces, at score 0. */
const firstPieces = ['<unk>', '<s>', '</s>']

/**
 * The fast tokenizer that transformers 4.48 makes of a `tokenizer.model` with InternLM2's converter (tokenization_internlm2_fast.py).
 * @throws {PolarError} MODEL_UNSUPPORTED
 */
export function tokenizerFromSentencePiece(path: string, bytes: Uint8Array, settings: TokenizerSettings): LoadedTokenizer {
  const model = parse(path, bytes)
  checkModel(path, model)
  const {added, pieces, scores} = placeAddedTokens(path, model, settings)
  const {vocabulary, missingBytes} = vocabularyWithBytes(pieces)
  if (missingBytes > 0) refuse(path, `its vocabulary lacks ${missingBytes} of the 256 byte pieces`)
  const roles = {...defaultRoles, ...settings.roles}
  return assembleTokenizer({
    vocabulary,
    merges: scoreMerges(vocabulary, scores),
    addedTokens: added,
    spacesAreEscaped: true,
    prefix: model.addDummyPrefix ? '▁' : '',
    ...addBosAndEos(
      path,
      settings,
      roles,
      (name) => added.find((token) => token.content === name)?.id ?? vocabulary.ids.get(name),
    ),
    dropLeadingSpace: model.addDummyPrefix,
    cleanUpSpaces: settings.cleanUpSpaces,
  })
}

function parse(path: string, bytes: Uint8Array): SentencePieceModel {
  try {
    return parseSentencePieceModel(bytes)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new PolarError('environment', 'MODEL_UNSUPPORTED', `${path} cannot be read: ${error.message}`, {
      cause: error,
      facts: {path},
    })
  }
}

function checkModel(path: string, model: SentencePieceModel): void {
  if (model.algorithm !== 'bpe') refuse(path, `it is a SentencePiece model of type ${model.algorithm}, only bpe is read`)
  if (model.normalizer.hasRules)
    refuse(path, `it normalises text with the rules ${model.normalizer.name || 'in the file'}, only identity is read`)
  if (model.removeExtraWhitespaces) refuse(path, 'it removes extra whitespace')
  if (!model.escapeWhitespaces) refuse(path, 'it does not escape whitespace')
}

/** Added tokens take over the text of their id; those outside the vocabulary follow it, as `add_special_tokens` numbers them. */
function placeAddedTokens(path: string, model: SentencePieceModel, settings: TokenizerSettings) {
  checkDeclared(path, settings.declared)
  const pieces = [...model.pieces]
  const scores = Float32Array.from(model.scores)
  firstPieces.forEach((piece, id) => {
    pieces[id] = piece
    scores[id] = 0
  })
  const size = pieces.length
  for (const {id, content} of settings.declared) if (id < size) pieces[id] = content

  const added: AddedToken[] = []
  const idOf = new Map(pieces.map((piece, id) => [piece, id]))
  let next = size
  const add = (content: string, normalized: boolean): number => {
    const id = idOf.get(content) ?? next++
    idOf.set(content, id)
    added.push({id, content, special: true, normalized})
    return id
  }
  for (const {id, content, normalized, special} of settings.declared) {
    const given = add(content, normalized ?? !special)
    if (given !== id) refuse(path, `the token ${content} is declared with the id ${id}, the vocabulary gives it ${given}`)
  }
  const known = new Set(settings.declared.map((token) => token.content))
  for (const name of new Set([...Object.values(defaultRoles), ...settings.specialNames])) if (!known.has(name)) add(name, false)
  return {added, pieces, scores}
}
