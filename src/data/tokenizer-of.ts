import {PolarError} from '../errors.js'
import {loadTokenizer} from '../encoding/tokenizer/load.js'
import type {LoadedTokenizer} from '../encoding/tokenizer/tokenizer-traits.js'
import {resolveModel} from '../models/resolve.js'

/**
 * The tokenizer of a model, found by directory or name.
 * @throws {PolarError} MODEL_NOT_FOUND, MODEL_UNSUPPORTED
 */
export async function tokenizerOf(model: string): Promise<LoadedTokenizer> {
  const {directory} = await resolveModel(model).catch((error: unknown) => {
    throw error instanceof PolarError ? forTokenizer(error) : error
  })
  return loadTokenizer(directory)
}

/** The same error, whose suggestions name the flag that is meant here. */
function forTokenizer({kind, code, message, suggestions, facts}: PolarError): PolarError {
  return new PolarError(kind, code, message, {
    suggestions: suggestions.map((text) => text.replaceAll('--model', '--tokenizer')),
    facts,
  })
}
