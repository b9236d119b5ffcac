/** Text to token ids and back, as Hugging Face's fast tokenizer of the same checkpoint does it. */
export interface Tokenizer {
  /** Ids below this are in the vocabulary. */
  readonly vocabSize: number
  /** Special added tokens by their text, as the checkpoint declares them (`<|reward|>`, `[UNUSED_TOKEN_130]`, `<s>`, …). */
  readonly specialTokens: ReadonlyMap<string, number>
  /** Ids of `text` with BOS in front where the checkpoint's tokenizer adds one. `text` must be well-formed Unicode. */
  encode(text: string): number[]
  /** Text of `ids`. With `skipSpecialTokens` (default false) special added tokens are left out. */
  decode(ids: ArrayLike<number>, options?: {skipSpecialTokens?: boolean}): string
}
