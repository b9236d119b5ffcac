import {type AddedToken, createAddedTokenFinder} from './added-tokens.js'
import {createBpe} from './bpe.js'
import {createTextEncoder} from './chunks.js'
import {createDecoder} from './decode.js'
import type {MergeTable} from './merge-table.js'
import type {LoadedTokenizer} from './tokenizer-traits.js'
import {byteText, type Vocabulary} from './vocabulary.js'

/** What a tokenizer is made of, whichever files it came from. */
export interface TokenizerParts {
  readonly vocabulary: Vocabulary
  readonly merges: MergeTable
  readonly addedTokens: readonly AddedToken[]
  /** Whether a space is written as `▁` before BPE. */
  readonly spacesAreEscaped: boolean
  /** Put in front of every stretch of ordinary text: `''` or `'▁'`. */
  readonly prefix: string
  /** Ids in front of and behind every encoded text. */
  readonly before: readonly number[]
  readonly after: readonly number[]
  readonly dropLeadingSpace: boolean
  readonly cleanUpSpaces: boolean
}

export function assembleTokenizer(parts: TokenizerParts): LoadedTokenizer {
  const {merges, addedTokens, prefix, before, after, dropLeadingSpace, cleanUpSpaces} = parts
  const {vocabulary} = parts
  const space = parts.spacesAreEscaped ? 0x20 : 0x2581
  const find = createAddedTokenFinder(addedTokens)
  const encodeText = createTextEncoder(vocabulary, createBpe(vocabulary, merges, space), space)
  const added = new Map(addedTokens.map((token) => [token.id, token.content]))
  const vocabSize = Math.max(vocabulary.texts.size, ...[...added.keys()].map((id) => id + 1))
  const specialTokens = new Map(addedTokens.filter((token) => token.special).map((token) => [token.content, token.id]))
  const special = new Set(specialTokens.values())
  for (const content of specialTokens.keys()) {
    const id = vocabulary.idOf(content)
    if (id !== -1) special.add(id)
  }
  const textOf = (id: number) => added.get(id) ?? (id < vocabulary.texts.size ? vocabulary.texts.text(id) : undefined)
  const decode = createDecoder({size: vocabSize, textOf, special, dropLeadingSpace, cleanUpSpaces})

  const encodeStretch = (text: string, start: number, end: number, ids: number[]) => {
    if (start === end) return
    if (prefix === '') return encodeText(text, start, end, ids)
    const prefixed = prefix + text.slice(start, end)
    return encodeText(prefixed, 0, prefixed.length, ids)
  }
  return {
    vocabSize,
    specialTokens,
    encode(text) {
      const ids = [...before]
      let from = 0
      for (const {token, start, end} of find(text)) {
        encodeStretch(text, from, start, ids)
        ids.push(token.id)
        from = end
      }
      encodeStretch(text, from, text.length, ids)
      ids.push(...after)
      return ids
    },
    decode,
    traits: {
      find,
      isLossless: prefix === '' && !dropLeadingSpace && !cleanUpSpaces && addedTokens.every(isPlain) && !reachesBytes(vocabulary),
      extraIds: before.length + after.length,
    },
  }
}

/** Added tokens whose text may be changed before it is looked for, or when it is decoded. */
function isPlain(token: AddedToken): boolean {
  return !token.normalized && !/[ ▁]/.test(token.content)
}

/** Whether the literal text `<0x0A>` can become the byte token of that name, which is decoded to another text. */
function reachesBytes(vocabulary: Vocabulary): boolean {
  return Array.from({length: 256}, (_, byte) => byteText(byte)).some((text) =>
    [1, 2, 3, 4, 5].some((at) => vocabulary.idOf(text.slice(0, at)) !== -1 && vocabulary.idOf(text.slice(at)) !== -1),
  )
}
