import {isUtf8} from 'node:buffer'
import {byteOfText} from './vocabulary.js'

export interface DecoderOptions {
  /** Ids are below this; others are left out. */
  readonly size: number
  /** Text of an id, added tokens included; undefined for one that is not in the vocabulary. */
  textOf(id: number): string | undefined
  /** Ids that `skipSpecialTokens` leaves out. */
  readonly special: ReadonlySet<number>
  /** Whether one leading space is dropped (checkpoints that put one in front when encoding). */
  readonly dropLeadingSpace: boolean
  /** Whether spaces before English punctuation are dropped: `clean_up_tokenization_spaces` of the configuration. */
  readonly cleanUpSpaces: boolean
}

export type Decode = (ids: ArrayLike<number>, options?: {skipSpecialTokens?: boolean}) => string

/**
 * Decoding as `tokenizers` does it with Replace(▁ → space), ByteFallback and Fuse: byte tokens that stand together (after special
 * ones have gone) are one run; a run that is not UTF-8 becomes one U+FFFD for each of its bytes. Unknown ids are left out.
 */
export function createDecoder({size, textOf, special, dropLeadingSpace, cleanUpSpaces}: DecoderOptions): Decode {
  /** What an id stands for, worked out when it is first met: a byte, a text, or nothing. */
  const meanings = new Map<number, number | string>()
  const meaningOf = (id: number): number | string => {
    const known = meanings.get(id)
    if (known !== undefined) return known
    const piece = textOf(id) ?? ''
    const byte = byteOfText(piece)
    const meaning = byte >= 0 ? byte : piece.replaceAll('▁', ' ')
    meanings.set(id, meaning)
    return meaning
  }

  return (ids, {skipSpecialTokens = false} = {}) => {
    let text = ''
    let run: number[] = []
    for (let at = 0; at < ids.length; at++) {
      const id = ids[at] ?? -1
      if (id < 0 || id >= size || (skipSpecialTokens && special.has(id))) continue
      const meaning = meaningOf(id)
      if (typeof meaning === 'number') {
        run.push(meaning)
      } else if (meaning !== '') {
        if (run.length > 0) text += decodeRun(run)
        if (run.length > 0) run = []
        text += meaning
      }
    }
    if (run.length > 0) text += decodeRun(run)
    if (dropLeadingSpace && text.startsWith(' ')) text = text.slice(1)
    return cleanUpSpaces ? cleaned(text) : text
  }
}

function decodeRun(run: readonly number[]): string {
  const buffer = Buffer.from(run)
  return isUtf8(buffer) ? buffer.toString('utf8') : '\u{fffd}'.repeat(run.length)
}

/** `clean_up_tokenization` of transformers, in its order. */
function cleaned(text: string): string {
  let clean = text
  for (const mark of ['.', '?', '!', ',']) clean = clean.replaceAll(` ${mark}`, mark)
  clean = clean.replaceAll(" ' ", "'")
  for (const ending of ["n't", "'m", "'s", "'ve", "'re"]) clean = clean.replaceAll(` ${ending}`, ending)
  return clean
}
