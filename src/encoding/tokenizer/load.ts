import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {PolarError} from '../../errors.js'
import {tokenizerFromJson} from './tokenizer-json.js'
import {tokenizerFromSentencePiece} from './tokenizer-sentencepiece.js'
import {readTokenizerSettings} from './tokenizer-settings.js'
import type {LoadedTokenizer} from './text-laws.js'

/**
 * Loads the tokenizer of a checkpoint: `tokenizer.model` with the added tokens that the small JSON files declare, or `tokenizer.json`
 * where that is all there is. Ids are those of Hugging Face's fast tokenizer.
 * @throws {PolarError} MODEL_NOT_FOUND where `dir` has neither file, MODEL_UNSUPPORTED where it is a kind that is not read exactly
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

async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw new PolarError('environment', 'MODEL_UNSUPPORTED', `${path} cannot be read (${String(code)})`, {
      cause: error,
      facts: {path},
    })
  }
}
