import {join} from 'node:path'
import {PolarError} from '../../errors.js'
import {readIfThere} from './read-if-there.js'
import {tokenizerFromJson} from './tokenizer-json.js'
import {tokenizerFromSentencePiece} from './tokenizer-sentencepiece.js'
import {readTokenizerSettings} from './tokenizer-settings.js'
import type {LoadedTokenizer} from './tokenizer-traits.js'

/**
 * Loads the tokenizer of a checkpoint: `tokenizer.model` with the added tokens that the small JSON files declare, or `tokenizer.json`
 * where that is all there is. Ids are those of Hugging Face's fast tokenizer.
 * Throws MODEL_NOT_FOUND where `dir` has neither file, MODEL_UNSUPPORTED where it is a kind that is not read exactly, NOT_READABLE.
 */
export async function loadTokenizer(dir: string): Promise<LoadedTokenizer> {
  const model = await readIfThere(join(dir, 'tokenizer.model'))
  if (model) return tokenizerFromSentencePiece(join(dir, 'tokenizer.model'), model, await readTokenizerSettings(dir))
  const json = await readIfThere(join(dir, 'tokenizer.json'))
  if (json) return tokenizerFromJson(join(dir, 'tokenizer.json'), json.toString('utf8'), await readTokenizerSettings(dir))
  throw new PolarError(
    'environment',
    'MODEL_NOT_FOUND',
    `no tokenizer in ${dir}: neither tokenizer.model nor tokenizer.json is there`,
    {
      facts: {directory: dir, lookedFor: ['tokenizer.model', 'tokenizer.json']},
      suggestions: ['copy tokenizer.model and tokenizer_config.json of the base model into that directory'],
    },
  )
}
