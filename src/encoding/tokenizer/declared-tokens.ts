import {PolarError} from '../../errors.js'
import type {DeclaredToken, TokenizerSettings} from './tokenizer-settings.js'
import type {Vocabulary} from './vocabulary.js'

/** Refuses added tokens that take whitespace around them or match whole words only. */
export function checkDeclared(path: string, tokens: readonly DeclaredToken[]): void {
  for (const token of tokens) {
    const flag = token.lstrip ? 'lstrip' : token.rstrip ? 'rstrip' : token.single_word ? 'single_word' : undefined
    if (flag) refuse(path, `its added token ${token.content} has ${flag}, which is not read`)
  }
}

/** Ids around every text as InternLM2's and Llama's classes set them: BOS unless the configuration says no, EOS where it says yes. */
export function addBosAndEos(
  path: string,
  settings: TokenizerSettings,
  roles: Readonly<Record<string, string | undefined>>,
  idOf: (name: string) => number | undefined,
): {before: number[]; after: number[]} {
  const role = (name: 'bos_token' | 'eos_token', wanted: boolean): number[] => {
    if (!wanted) return []
    const text = roles[name]
    const id = text === undefined ? undefined : idOf(text)
    if (id === undefined) refuse(path, `texts are to have a ${name}, and ${text ?? 'none'} is not in the vocabulary`)
    return [id]
  }
  return {before: role('bos_token', settings.addBos ?? true), after: role('eos_token', settings.addEos ?? false)}
}

/** Refuses a vocabulary in which some characters have no ids at all. */
export function checkBytes(path: string, {byteIds}: Vocabulary): void {
  const missing = byteIds.filter((id) => id === -1).length
  if (missing > 0) refuse(path, `its vocabulary lacks ${missing} of the 256 byte pieces`)
}

/** Throws MODEL_UNSUPPORTED, always. */
export function refuse(path: string, found: string): never {
  throw new PolarError('environment', 'MODEL_UNSUPPORTED', `${path} is not a tokenizer that polar reads exactly: ${found}`, {
    suggestions: ['name the checkpoint as it was published, with its own tokenizer.model and tokenizer_config.json'],
    facts: {file: path},
  })
}
