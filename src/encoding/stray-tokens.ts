import {scoreToken, separatorToken} from './format-tokens.js'
import {createAddedTokenFinder} from './tokenizer/added-tokens.js'
import type {TextLaws} from './tokenizer/text-laws.js'
import type {Tokenizer} from './tokenizer/tokenizer.js'

/** Control tokens of an encoded text other than the separator at `separatorAt` and the score token at its end: each once, in order. */
export type FindStrayTokens = (text: string, separatorAt: number) => readonly string[]

/**
 * Upstream drops control tokens that are typed in a row, once: what the gap closes to (`<|rew<s>ard|>`) is alive again, and so is one
 * that two parts make together.
 */
export function createStrayTokenFinder(tokenizer: Tokenizer & {readonly laws?: TextLaws}): FindStrayTokens {
  const find = tokenizer.laws?.find ?? createAddedTokenFinder(specialTokensOf(tokenizer))
  return (text, separatorAt) => {
    const stray = new Set<string>()
    for (const {token, start, end} of find(text)) {
      const isSeparator = start === separatorAt && token.content === separatorToken
      const isScore = end === text.length && token.content === scoreToken
      if (token.special && !isSeparator && !isScore) stray.add(token.content)
    }
    return [...stray]
  }
}

function specialTokensOf(tokenizer: Tokenizer) {
  return [...tokenizer.specialTokens].map(([content, id]) => ({id, content, special: true, normalized: false}))
}
