import {loadTokenizer} from '../encoding/tokenizer/load.js'
import type {LoadedTokenizer} from '../encoding/tokenizer/tokenizer-traits.js'
import {resolveModel} from '../models/resolve.js'

/**
 * The tokenizer of a model, found by directory or name.
 * @throws {PolarError} MODEL_NOT_FOUND, MODEL_UNSUPPORTED
 */
export async function tokenizerOf(model: string): Promise<LoadedTokenizer> {
  return loadTokenizer((await resolveModel(model)).directory)
}
