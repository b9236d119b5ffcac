import type {Encoder} from '../encoding/encoder.js'
import type {PolarError} from '../errors.js'
import {toOutcome, type RewardModel} from '../reward-models/reward-model.js'
import type {ParsedRow} from '../rows/parse-row.js'
import type {RawRow} from '../rows/raw-row.js'
import {encodeRow, toFailure, type EncodedRow, type RowPolicy} from './encode-row.js'
import type {Failure} from './events.js'
import type {Window} from './windows.js'

/** The reward of a row: a number, or one number a candidate where the row holds a group. */
export type RowReward = number | number[]

/** A row with its reward, or with the reason why it has none. */
export interface ScoredRow {
  readonly raw: RawRow
  /** Missing where the row could not be parsed. */
  readonly parsed?: ParsedRow
  readonly reward?: RowReward
  readonly failure?: Failure
}

/** Rewards of a window by the row's index in it; by `row.candidate` where the row holds a group. */
export type CandidateRewards = ReadonlyMap<string, number>

export interface WindowScoring {
  readonly encoder: Encoder
  readonly model: RewardModel
  readonly policy: RowPolicy
  readonly signal?: AbortSignal | undefined
  /** Rewards that are there already, of a run that was stopped in this window. */
  readonly known: CandidateRewards
  /** Only these rows are scored; all where it is missing. */
  readonly only?: ReadonlySet<number> | undefined
}

/** How far a window is: first all its tokens are counted, then come its batches. The next begins when the caller asks for it. */
export type WindowEvent =
  | {readonly type: 'encoded'; readonly tokens: number}
  | {readonly type: 'batch'; readonly rewards: CandidateRewards; readonly tokens: number}

export interface ScoredWindow {
  readonly rows: readonly ScoredRow[]
  /** Indices of rows in which the limits cut something. */
  readonly cutRows: readonly number[]
}

/** A candidate on its way through the model. */
interface Candidate {
  readonly key: string
  readonly input: {readonly text: string; readonly ids: Int32Array}
}

/**
 * Scores the rows of a window. Candidates are numbered over the whole window and batched as the model likes it, the known ones
 * included, so that a resumed run makes the same batches; a batch of which nothing is missing is not computed again.
 */
export async function* scoreWindow(window: Window, scoring: WindowScoring): AsyncGenerator<WindowEvent, ScoredWindow> {
  const {encoder, model, policy, only, signal} = scoring
  const encoded = window.rows.map((raw, i) => (only === undefined || only.has(i) ? encodeRow(raw, encoder, policy) : undefined))
  const candidates = encoded.flatMap((row, i) => candidatesOf(row, i))
  const rewards = new Map(scoring.known)
  const errors = new Map<string, PolarError>()
  yield {type: 'encoded', tokens: sum(candidates.map(({input}) => input.ids.length))}

  for (const batch of model.batches(candidates.map(({input}) => input))) {
    const missing = batch.map((index) => at(candidates, index)).filter(({key}) => !rewards.has(key))
    if (missing.length === 0) continue
    signal?.throwIfAborted()
    const outcomes = await model.rewards(missing.map(({input}) => input)) // no signal: a stop waits for the batch in hand
    const fresh = new Map<string, number>()
    let tokens = 0
    for (const [i, {key, input}] of missing.entries()) {
      const given = at(outcomes, i)
      const outcome = 'error' in given ? given : toOutcome(given.reward) // whatever the model, no NaN is ever written
      tokens += input.ids.length
      if ('error' in outcome) errors.set(key, outcome.error)
      else fresh.set(key, outcome.reward)
    }
    for (const [key, reward] of fresh) rewards.set(key, reward)
    yield {type: 'batch', rewards: fresh, tokens}
  }
  return collect(window, encoded, rewards, errors)
}

function candidatesOf(row: EncodedRow | undefined, index: number): Candidate[] {
  if (row === undefined || row.failure !== undefined) return []
  return row.inputs.map((input, i) => ({key: keyOf(row, index, i), input}))
}

function keyOf(row: {parsed: ParsedRow}, index: number, candidate: number): string {
  return row.parsed.isGroup ? `${index}.${candidate}` : String(index)
}

function collect(
  window: Window,
  encoded: readonly (EncodedRow | undefined)[],
  rewards: CandidateRewards,
  errors: ReadonlyMap<string, PolarError>,
): ScoredWindow {
  const rows: ScoredRow[] = []
  const cutRows: number[] = []
  for (const [i, raw] of window.rows.entries()) {
    const row = encoded[i]
    if (row === undefined) rows.push({raw})
    else if (row.failure !== undefined) rows.push(row)
    else {
      if (row.inputs.some((input) => input.cut.length > 0)) cutRows.push(i)
      rows.push({raw, parsed: row.parsed, ...outcomeOf(row, i, rewards, errors)})
    }
  }
  return {rows, cutRows}
}

/** A group that fails in part fails whole, with the candidate named. */
function outcomeOf(
  row: EncodedRow & {failure?: undefined},
  index: number,
  rewards: CandidateRewards,
  errors: ReadonlyMap<string, PolarError>,
): {reward: RowReward} | {failure: Failure} {
  const list: number[] = []
  for (let i = 0; i < row.inputs.length; i++) {
    const key = keyOf(row, index, i)
    const error = errors.get(key)
    if (error !== undefined) return {failure: toFailure(row.raw, error, row.parsed.isGroup ? i : undefined)}
    const reward = rewards.get(key)
    if (reward === undefined) throw new Error(`the model left out ${key} of a window`)
    list.push(reward)
  }
  return {reward: row.parsed.isGroup ? list : at(list, 0)}
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

function at<T>(list: readonly T[], index: number): T {
  const value = list[index]
  if (value === undefined) throw new Error(`no element ${index} in a list of ${list.length}`)
  return value
}
