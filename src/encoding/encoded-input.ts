/** Part of a row that an encoder may cut. */
export type RowPart = 'prompt' | 'reference' | 'output'

/** A row as reward models take it. Tokens are made on first use of `ids`, and kept. */
export interface EncodedInput {
  /** `prompt\nreference<|reward|>prompt\noutput[UNUSED_TOKEN_130]`, exactly as upstream's client builds it. */
  readonly text: string
  /** Token ids of `text` as Hugging Face's fast tokenizer gives them, the leading BOS included. */
  readonly ids: Int32Array
  /** Parts that were over their limit (also where a quirk of upstream then kept them whole), in the order prompt, reference, output. */
  readonly cut: readonly RowPart[]
  /** Control tokens that are alive in `text` though the format did not put them there; empty in a clean row. */
  readonly strayControlTokens: readonly string[]
}
