import type {RawRow} from '../rows/raw-row.js'
import {place} from '../rows/raw-row.js'
import type {ModelIdentity} from '../reward-models/reward-model.js'
import type {Failure, ScoreSummary} from './events.js'

/** Share of cut rows from which on a run ends with a warning. */
const MANY_CUT = 0.01

/** So many cut rows are named in the meta file. */
const CUT_PLACES = 1000

/** Counts what a run does. */
export interface Tally {
  rows: number
  failed: number
  cut: number
  reused: number
  tokens: number
  /** Rewards computed in this run, one a candidate. */
  rewards: number
  /** `file:line` of cut rows, the first thousand. */
  readonly cutPlaces: readonly string[]
  addFailures(failures: readonly Failure[]): void
  addCut(rows: readonly RawRow[]): void
  summary(identity: ModelIdentity): ScoreSummary
  /** What the end of the run should say about cuts, if anything. */
  cutWarning(): string | undefined
}

export function createTally(now: () => number = () => performance.now()): Tally {
  const start = now()
  let longest: RawRow | undefined
  const cutPlaces: string[] = []
  let onlyDataFailed = true
  return {
    rows: 0,
    failed: 0,
    cut: 0,
    reused: 0,
    tokens: 0,
    rewards: 0,
    cutPlaces,
    addFailures(failures) {
      this.failed += failures.length
      onlyDataFailed &&= failures.every(({kind}) => kind === 'data')
    },
    addCut(rows) {
      this.cut += rows.length
      for (const row of rows) {
        if (cutPlaces.length < CUT_PLACES) cutPlaces.push(place(row))
        if (row.bytes.length > (longest?.bytes.length ?? 0)) longest = row
      }
    },
    summary(identity) {
      const {rows, failed, cut, reused, tokens} = this
      const seconds = Math.round(now() - start) / 1000
      return {rows, scored: rows - failed, failed, cut, reused, seconds, tokens, identity, onlyDataFailed}
    },
    cutWarning() {
      if (longest === undefined || this.cut <= this.rows * MANY_CUT) return undefined
      const share = ((100 * this.cut) / this.rows).toFixed(1)
      return (
        `${this.cut} of ${this.rows} rows (${share} %) were cut to the length limits, and are scored by what was left; ` +
        `the longest is ${place(longest)} (${longest.bytes.length} bytes). --max-length, --max-response-length or --on-too-long fail`
      )
    },
  }
}
