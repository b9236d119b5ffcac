import {PolarError} from '../errors.js'
import type {RewardInput, RewardModel} from '../reward-models/reward-model.js'
import {durationText} from '../system/duration.js'

/** A run shorter than this needs no measuring. */
const SHORT_RUN_TOKENS = 4096

export interface RunEstimate {
  readonly seconds: number
  readonly tokensPerSecond: number
}

/**
 * How long a run will take that is `scale` times as large as `inputs`, on a model that can tell, or undefined where it cannot or
 * where it is not worth it.
 */
export async function estimateRun(
  model: RewardModel,
  inputs: readonly (RewardInput & {readonly ids: Int32Array})[],
  scale: number,
): Promise<RunEstimate | undefined> {
  const tokens = inputs.reduce((sum, {ids}) => sum + ids.length, 0)
  if (tokens * scale < SHORT_RUN_TOKENS || model.estimateSeconds === undefined) return undefined
  const seconds = await model.estimateSeconds(inputs)
  return {seconds: seconds * scale, tokensPerSecond: tokens / seconds}
}

/** Throws CONFIRMATION_NEEDED where a run on this machine's processor would take longer than `limit` seconds. */
export function demandShortRun({seconds, tokensPerSecond}: RunEstimate, limit: number): void {
  if (seconds <= limit) return
  const speed = `${Math.round(tokensPerSecond)} tokens/s`
  throw new PolarError(
    'usage',
    'CONFIRMATION_NEEDED',
    `this run would take about ${durationText(seconds)} on this processor (${speed})`,
    {
      suggestions: [
        '--yes to run it all the same; it can be stopped and taken up again with -o',
        '--limit N to score the first rows only',
        'serve the model on a GPU with vLLM, SGLang, LMDeploy or transformers instead',
      ],
      facts: {seconds: Math.round(seconds), tokensPerSecond: Math.round(tokensPerSecond)},
    },
  )
}
