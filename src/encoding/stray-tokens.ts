import {SCORE_TOKEN, SEPARATOR_TOKEN} from './format-tokens.js'
import {createAddedTokenFinder} from './tokenizer/added-tokens.js'
import type {TokenizerTraits} from './tokenizer/tokenizer-traits.js'
import type {Tokenizer} from './tokenizer/tokenizer.js'

/** Control tokens of an encoded text other than the separator at `separatorAt` and the score token at its end: each once, in order. */
export type FindStrayTokens = (text: string, separatorAt: number) => readonly string[]

/**
 * Upstream drops control tokens that are typed in a row, once: what the gap closes to (`<|rew<s>ard|>`) is alive again, and so is one
 * that two parts make together.
 */
export function createStrayTokenFinder(tokenizer: Tokenizer & {readonly traits?: TokenizerTraits}): FindStrayTokens {
  const find = tokenizer.traits?.find ?? createAddedTokenFinder(specialTokensOf(tokenizer))
  return (text, separatorAt) => {
    const stray = new Set<string>()
    for (const {token, start, end} of find(text)) {
      const isSeparator = start === separatorAt && token.content === SEPARATOR_TOKEN
      const isScore = end === text.length && token.content === SCORE_TOKEN
      if (token.special && !isSeparator && !isScore) stray.add(token.content)
    }
    return [...stray]
  }
}

function specialTokensOf(tokenizer: Tokenizer) {
  return [...tokenizer.specialTokens].map(([content, id]) => ({id, content, special: true, normalized: false}))
}
