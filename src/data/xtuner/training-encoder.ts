import {SEPARATOR_TOKEN, SCORE_TOKEN} from '../../encoding/format-tokens.js'
import type {Tokenizer} from '../../encoding/tokenizer/tokenizer.js'
import {checkFormatTokens} from '../../encoding/format-tokens.js'

export interface TrainingLimits {
  /** Tokens of one sequence at most (16384 in upstream's config). */
  readonly maxLength: number
  /** Tokens of a reference or answer, its BOS included (4096). */
  readonly maxResponseLength: number
}

/** The four texts of a preference row, messages joined by line breaks. */
export interface PairTexts {
  readonly prompt: string
  readonly reference: string
  readonly chosen: string
  readonly rejected: string
  /** Only `pretrain` has a meaning. */
  readonly wrapper?: unknown
}

/** Token counts, one BOS in each of the four; `…Cut` are ids taken away. */
export interface PairTokens {
  readonly chosenIds: readonly number[]
  readonly rejectedIds: readonly number[]
  readonly prompt: number
  readonly reference: number
  readonly chosen: number
  readonly rejected: number
  readonly promptCut: number
  readonly referenceCut: number
  readonly chosenCut: number
  readonly rejectedCut: number
  /** Room for the prompt; below zero the prompt loses its first ids, and the sequence is over `maxLength` all the same. */
  readonly room: number
}

/** Separator, score token and two line breaks. */
const formatTokenCount = 4

/**
 * xtuner 0.2.0's `tokenize_ref` (preference_dataset.py) for reward models: one prompt for both answers, cut to the smaller of the
 * rooms that they leave. Facts: facts/xtuner.md §6.
 * @throws {PolarError} MODEL_UNSUPPORTED where the tokenizer does not declare the separator and the score token
 */
export function createTrainingEncoder(
  tokenizer: Tokenizer,
  {maxLength, maxResponseLength}: TrainingLimits,
): (row: PairTexts) => PairTokens {
  checkFormatTokens(tokenizer)
  const scoreId = tokenizer.specialTokens.get(SCORE_TOKEN) ?? 0
  const decode = (ids: readonly number[]) => tokenizer.decode(ids, {skipSpecialTokens: true})
  const head = (ids: number[]) => (ids.length > maxResponseLength ? ids.slice(0, maxResponseLength) : ids)
  const roomFor = (reference: number, answer: number) => Math.floor((maxLength - formatTokenCount - reference - answer) / 2)

  return ({prompt, reference, chosen, rejected, wrapper}) => {
    const whole = [prompt, reference, chosen, rejected].map((text) => tokenizer.encode(text))
    const [promptIds = [], referenceIds = [], chosenIds = [], rejectedIds = []] = whole
    const kept = {reference: head(referenceIds), chosen: head(chosenIds), rejected: head(rejectedIds)}
    const room = Math.min(
      roomFor(kept.reference.length, kept.chosen.length),
      roomFor(kept.reference.length, kept.rejected.length),
    )
    // As Python's ids[-room:], quirks at zero and below included.
    const keptPrompt = promptIds.length > room ? promptIds.slice(-room) : promptIds
    const start = decode(keptPrompt)
    const lineBreak = wrapper === 'pretrain' ? '' : '\n'
    const withAnswer = (text: string) => (text === '' ? start : start + lineBreak + text)
    const first = withAnswer(decode(kept.reference)) + SEPARATOR_TOKEN
    const sequence = (ids: readonly number[]) => [...tokenizer.encode(first + withAnswer(decode(ids))), scoreId]
    return {
      chosenIds: sequence(kept.chosen),
      rejectedIds: sequence(kept.rejected),
      prompt: promptIds.length,
      reference: referenceIds.length,
      chosen: chosenIds.length,
      rejected: rejectedIds.length,
      promptCut: promptIds.length - keptPrompt.length,
      referenceCut: referenceIds.length - kept.reference.length,
      chosenCut: chosenIds.length - kept.chosen.length,
      rejectedCut: rejectedIds.length - kept.rejected.length,
      room,
    }
  }
}
