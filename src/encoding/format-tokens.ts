import {PolarError} from '../errors.js'
import type {Tokenizer} from './tokenizer/tokenizer.js'

/** Text of the token between the reference's half and the output's. Its id is the checkpoint's. */
export const SEPARATOR_TOKEN = '<|reward|>'
/** Text of the token at the end, from whose hidden state the reward is read. Its id is the checkpoint's. */
export const SCORE_TOKEN = '[UNUSED_TOKEN_130]'

/** Throws MODEL_UNSUPPORTED where the checkpoint does not declare both tokens of the format as special. */
export function checkFormatTokens({specialTokens}: Pick<Tokenizer, 'specialTokens'>): void {
  const missing = [SEPARATOR_TOKEN, SCORE_TOKEN].filter((token) => !specialTokens.has(token))
  if (missing.length === 0) return
  const declared = [...specialTokens.keys()]
  throw new PolarError(
    'environment',
    'MODEL_UNSUPPORTED',
    `the checkpoint's tokenizer does not declare ${missing.join(' and ')} as special, so it is not a POLAR reward model's; ` +
      `it declares ${declared.length > 0 ? declared.slice(0, 12).join(' ') : 'nothing'}${declared.length > 12 ? ' …' : ''}`,
    {facts: {missing, declared}, suggestions: ["use the checkpoint's own tokenizer_config.json"]},
  )
}
