import {SCORE_TOKEN, SEPARATOR_TOKEN} from '../encoding/format-tokens.js'

/** Special tokens of POLAR's checkpoints, which decoding takes out of a text. */
const POLAR_TOKENS: readonly string[] = ['<s>', '</s>', '<unk>', SEPARATOR_TOKEN, SCORE_TOKEN]

export interface ControlTokens {
  /** The tokens that a text holds, each once. */
  in(text: string): readonly string[]
  /** The tokens that are left when those are taken out. */
  aliveIn(text: string): readonly string[]
  /** Whether bytes of JSON can hold one at all: cheap, and never wrongly no. */
  mayBeIn(row: Buffer): boolean
}

export function createControlTokens(tokens: readonly string[] = POLAR_TOKENS): ControlTokens {
  const longestFirst = tokens.toSorted((a, b) => b.length - a.length)
  const pattern = new RegExp(longestFirst.map((token) => token.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)).join('|'), 'g')
  const found = (text: string) => [...new Set(text.match(pattern) ?? [])]
  const angled = tokens.filter((token) => token.startsWith('<'))
  const others = tokens.filter((token) => !token.startsWith('<'))
  return {
    in: found,
    aliveIn: (text) => found(text.replaceAll(pattern, '')),
    mayBeIn: (row) =>
      row.includes('\\u00') ||
      others.some((token) => row.includes(token)) ||
      (row.includes(0x3c) && angled.some((token) => row.includes(token))),
  }
}
