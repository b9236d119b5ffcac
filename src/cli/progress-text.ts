import {durationText} from '../system/duration.js'

/** How far a journey has come. */
export interface ProgressState {
  /** Things done, as the user counts them. */
  readonly done: number
  readonly total?: number | undefined
  /** Share of the work that is done, 0 to 1, where it is known otherwise than as `done / total` (bytes read of a file). */
  readonly fraction?: number | undefined
  /** What is counted: `rows`, `steps`. */
  readonly unit: string
  /** Tokens that went through the model so far. */
  readonly tokens?: number | undefined
}

/** Share of the work that is done, 0 to 1, or undefined where nobody knows how much there is. */
export function fractionOf({done, total, fraction}: ProgressState): number | undefined {
  const share = fraction ?? (total === undefined || total <= 0 ? undefined : done / total)
  return share === undefined ? undefined : Math.min(1, Math.max(0, share))
}

const count = new Intl.NumberFormat('en-US')

/**
 * `120 of 500 rows, 3,400 tokens/s, 2 min left`. Rates and the time left are those since `start`, so that what an earlier run
 * had done does not flatter them.
 */
export function progressText(state: ProgressState, start: ProgressState, seconds: number): string {
  const {done, total, unit, tokens} = state
  const parts = [
    total === undefined ? `${count.format(done)} ${unit}` : `${count.format(done)} of ${count.format(total)} ${unit}`,
  ]
  if (tokens !== undefined && seconds > 0)
    parts.push(`${count.format(Math.round((tokens - (start.tokens ?? 0)) / seconds))} tokens/s`)
  const now = fractionOf(state)
  const then = fractionOf(start) ?? 0
  if (now !== undefined && now > then && seconds > 0) parts.push(`${durationText(((1 - now) / (now - then)) * seconds)} left`)
  return parts.join(', ')
}
