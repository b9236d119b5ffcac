import type {FindAddedTokens} from './added-tokens.js'
import type {Tokenizer} from './tokenizer.js'

/** What is known of a tokenizer without running it. */
export interface TokenizerTraits {
  readonly find: FindAddedTokens
  /**
   * True where decoding the ids of a text gives that text again, but for special tokens, which go, and `▁`, which becomes a space;
   * and where no text has more ids than UTF-8 bytes and `extraIds`. So it is where nothing but spaces is normalised, nothing is put
   * in front, and every id stands for at least one byte.
   */
  readonly isLossless: boolean
  /** Ids that are put before and behind every text. */
  readonly extraIds: number
}

/** A tokenizer read from a checkpoint. */
export interface LoadedTokenizer extends Tokenizer {
  readonly traits: TokenizerTraits
}
