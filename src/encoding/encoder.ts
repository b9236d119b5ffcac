import type {Row} from '../rows/row.js'
import type {EncodedInput, RowPart} from './encoded-input.js'
import {checkFormatTokens, SCORE_TOKEN, SEPARATOR_TOKEN} from './format-tokens.js'
import {partText} from './part-text.js'
import {createStrayTokenFinder} from './stray-tokens.js'
import type {TokenizerTraits} from './tokenizer/tokenizer-traits.js'
import type {Tokenizer} from './tokenizer/tokenizer.js'

export interface EncoderOptions {
  /** Tokens that a row should come to at most (default 16384). Quirks of upstream's arithmetic can leave more. */
  readonly maxLength?: number
  /** Tokens of a reference or output, its BOS included (default 4096). */
  readonly maxResponseLength?: number
  /** Which end of a long reference or output is cut: `right` (default) keeps its head. */
  readonly responseCutSide?: 'right' | 'left'
}

/** Rows to the texts that reward models score. */
export interface Encoder {
  /** The limits it was made with, defaults filled in: part of what a scoring run is known by. */
  readonly limits: Required<EncoderOptions>
  /**
   * Encodes one row as upstream's `RewardModelClient.encode` does with the fast tokenizer class.
   * Throws ROW_INVALID with `facts.pointer` for a part that has no text or that is not well-formed Unicode.
   */
  encode(row: Row): EncodedInput
}

/** Tokens that upstream sets aside in `maxLength`: separator, score token and two line breaks. */
const FORMAT_TOKENS = 4

/**
 * Makes an encoder for one tokenizer and its limits. Rules and quirks are those of `RewardModelClient.encode` (InternLM/POLAR,
 * src/polar/reward_func.py).
 * A tokenizer from `loadTokenizer` spares most rows the tokenizing: where the bytes of a part show that nothing can be cut, its text
 * is known without.
 * Throws MODEL_UNSUPPORTED where the tokenizer does not declare the separator and the score token.
 */
export function createEncoder(tokenizer: Tokenizer & {readonly traits?: TokenizerTraits}, options: EncoderOptions = {}): Encoder {
  const {maxLength = 16_384, maxResponseLength = 4096, responseCutSide = 'right'} = options
  checkFormatTokens(tokenizer)
  const findStray = createStrayTokenFinder(tokenizer)
  const traits = tokenizer.traits?.isLossless ? tokenizer.traits : undefined

  /** Ids of a response, cut as upstream does, quirks at 0 and below included: `slice` counts as Python's slices do. */
  const cutResponse = (ids: number[]) =>
    responseCutSide === 'right' ? ids.slice(0, maxResponseLength) : ids.slice(-maxResponseLength)
  const roomFor = (reference: number, output: number) => Math.floor((maxLength - FORMAT_TOKENS - reference - output) / 2)

  /** The three texts, where no part can be over its limit because it has not the bytes for it. */
  const uncut = (texts: Texts): Texts | undefined => {
    if (!traits) return undefined
    const reference = mostTokens(texts.reference, traits)
    const output = mostTokens(texts.output, traits)
    if (reference > maxResponseLength || output > maxResponseLength) return undefined
    if (mostTokens(texts.prompt, traits) > roomFor(reference, output)) return undefined
    return {
      prompt: withoutSpecialTokens(texts.prompt, traits),
      reference: withoutSpecialTokens(texts.reference, traits),
      output: withoutSpecialTokens(texts.output, traits),
    }
  }
  const cutToFit = (texts: Texts): {texts: Texts; cut: RowPart[]} => {
    const prompt = tokenizer.encode(texts.prompt)
    const wholeReference = tokenizer.encode(texts.reference)
    const wholeOutput = tokenizer.encode(texts.output)
    const reference = wholeReference.length > maxResponseLength ? cutResponse(wholeReference) : wholeReference
    const output = wholeOutput.length > maxResponseLength ? cutResponse(wholeOutput) : wholeOutput
    const room = roomFor(reference.length, output.length)
    const cut: RowPart[] = []
    if (prompt.length > room) cut.push('prompt')
    if (wholeReference.length > maxResponseLength) cut.push('reference')
    if (wholeOutput.length > maxResponseLength) cut.push('output')
    const decode = (ids: readonly number[]) => tokenizer.decode(ids, {skipSpecialTokens: true})
    // `slice(-0)` keeps everything and a negative room drops ids from the front: upstream's `ids[-room:]` does the same.
    const kept = prompt.length > room ? prompt.slice(-room) : prompt
    return {texts: {prompt: decode(kept), reference: decode(reference), output: decode(output)}, cut}
  }

  return {
    limits: {maxLength, maxResponseLength, responseCutSide},
    encode(row) {
      const texts = {prompt: partText(row, 'prompt'), reference: partText(row, 'reference'), output: partText(row, 'output')}
      const whole = uncut(texts)
      const {texts: parts, cut} = whole ? {texts: whole, cut: []} : cutToFit(texts)
      const join = row.wrapper === 'pretrain' ? '' : '\n'
      const first = parts.prompt + join + parts.reference
      const text = `${first}${SEPARATOR_TOKEN}${parts.prompt}${join}${parts.output}${SCORE_TOKEN}`
      return encodedInput(tokenizer, text, cut, findStray(text, first.length))
    },
  }
}

interface Texts {
  readonly prompt: string
  readonly reference: string
  readonly output: string
}

/** No text has more tokens than this. */
function mostTokens(text: string, traits: TokenizerTraits): number {
  return Buffer.byteLength(text) + traits.extraIds
}

/** `decode(encode(text), {skipSpecialTokens: true})` of a tokenizer that is lossless. */
function withoutSpecialTokens(text: string, traits: TokenizerTraits): string {
  const matches = traits.find(text)
  let kept = text
  if (matches.length > 0) {
    kept = ''
    let from = 0
    for (const {token, start, end} of matches) {
      kept += text.slice(from, token.special ? start : end)
      from = end
    }
    kept += text.slice(from)
  }
  return kept.replaceAll('▁', ' ')
}

function encodedInput(
  tokenizer: Tokenizer,
  text: string,
  cut: readonly RowPart[],
  strayControlTokens: readonly string[],
): EncodedInput {
  let ids: Int32Array | undefined
  return {
    text,
    cut,
    strayControlTokens,
    get ids() {
      ids ??= Int32Array.from(tokenizer.encode(text))
      return ids
    },
  }
}
