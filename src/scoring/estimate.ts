import {PolarError} from '../errors.js'
import type {RewardModel} from '../reward-models/reward-model.js'
import {durationText} from '../system/duration.js'

/** A run shorter than this needs no measuring. */
const SHORT_RUN_TOKENS = 4096

export interface RunEstimate {
  readonly seconds: number
  readonly tokensPerSecond: number
}

/**
 * How long `tokens` will take on a model that can measure itself, or undefined where it cannot or where it is not worth it.
 * Prefixes that rows share are not counted off, so the true time may be shorter.
 */
export async function estimateRun(model: RewardModel, tokens: number): Promise<RunEstimate | undefined> {
  if (tokens < SHORT_RUN_TOKENS || model.measure === undefined) return undefined
  const tokensPerSecond = await model.measure()
  return {seconds: tokens / tokensPerSecond, tokensPerSecond}
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
