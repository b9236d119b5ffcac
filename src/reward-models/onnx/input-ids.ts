import {PolarError} from '../../errors.js'
import type {RewardInput} from '../reward-model.js'

/** Ids of inputs, by the checkpoint's own tokenizer where they come as text only. */
export function idReader(directory: string): (inputs: readonly RewardInput[]) => Promise<Int32Array[]> {
  let tokenizer: Promise<{encode(text: string): number[]}> | undefined
  const load = async (): Promise<{encode(text: string): number[]}> => {
    const {loadTokenizer} = await import('../../encoding/tokenizer/load.js')
    return loadTokenizer(directory)
  }
  return async (inputs) => {
    const all: Int32Array[] = []
    for (const {text, ids} of inputs) {
      tokenizer ??= ids ? undefined : load()
      all.push(ids ?? Int32Array.from((await tokenizer)?.encode(text) ?? []))
    }
    return all
  }
}

/** Reasons why a text cannot be scored; the ids of a good one. */
export function checkIds(ids: Int32Array, vocabSize: number): Int32Array | PolarError {
  if (ids.length === 0) return new PolarError('data', 'ROW_INVALID', 'the text has no tokens')
  const stray = ids.find((id) => id < 0 || id >= vocabSize)
  if (stray === undefined) return ids
  return new PolarError('data', 'ROW_INVALID', `token id ${stray} is not in the model's vocabulary of ${vocabSize}`, {
    suggestions: ["encode the rows with this checkpoint's own tokenizer"],
    facts: {id: stray, vocabSize},
  })
}
